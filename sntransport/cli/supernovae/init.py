"""The command ``init``."""

from __future__ import annotations

from pathlib import Path

import click

from sntransport.cli.terminal.console import advise, conclude, say, speaking
from sntransport.cli.terminal.options import FOLDER

_SN_TOML = """\
# A supernova of your own, for: sntransport build {shown}
# Lines that begin with # are not read: take the # away and put your value in. All keys are in docs/howto/own-data.md.
name = {name}
{sn_type}# class: "Ia", "II", "Ib", "Ic", ...
{z}# heliocentric redshift

# Distance; from the redshift by Hubble's law where neither is given.
# distance_modulus = 33.1     # [mag]
# distance_mpc = 41.7

# Dust: E(B-V) [mag]; 0 where it is not given. R(V) is 3.1 unless rv_mw or rv_host says otherwise.
# ebv_mw = 0.05               # of the Milky Way, such as from Schlafly & Finkbeiner (2011)
# ebv_host = 0.1              # of the host galaxy

# Date that phases count from [MJD], and what happened then.
# mjd_ref = 60000.0
# mjd_ref_meaning = "B maximum"

# Magnitude system of rows that do not name one.
# default_system = "AB"       # or "Vega"

# Photometry is photometry.csv. Without any, say so: photometry = []

# Spectra are all files in spectra/. One whose file does not say its date needs an entry:
# [[spectra]]
# file = "spectra/first.txt"
# mjd = 59995.3
# flux_unit = "erg/s/cm2/A"   # "" where it is only relative, then calibrated = false
"""

_PHOTOMETRY = """\
# One row a measurement. band: a name of `sntransport bands`; system: AB or Vega. In place of mag and mag_err: flux and
# flux_err in nJy. An example, to be replaced: 59998.4,bessellb,17.32,0.03,Vega
mjd,band,mag,mag_err,system
"""

_SPECTRA = """\
One file a spectrum: text with the columns wavelength [Angstrom], flux [erg/s/cm2/A] and, if known, its error, below a
line such as

    # MJD = 59995.3

or FITS or ECSV. Observer frame, dust still on. This file is not read.
"""


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--name", help="Of the supernova; that of the folder when left out.")
@click.option("--type", "sn_type", help="Its class, such as Ia or II.")
@click.option("--z", type=float, help="Its redshift.")
@speaking
def init(folder: Path, name: str | None, sn_type: str | None, z: float | None) -> None:
    """Begin a folder for a supernova of your own: sn.toml with comments, and empty tables.

    sntransport init SN2030abc --type Ia --z 0.02, then fill in photometry.csv and put spectra into spectra/. `build`
    says what is missing. A folder that holds anything is left as it is.
    """
    import shlex

    from sntransport._storage.atomic_folders import atomic_folder
    from sntransport._storage.config_sections import toml_text
    from sntransport._storage.read_error import one_line
    from sntransport.spectra.classes import class_note
    from sntransport.spectra.ranges import require_redshift

    if z is not None:
        require_redshift(z, "--z")
    if sn_type is not None and (unknown := class_note(sn_type)):
        raise ValueError(f"--type: {unknown.partition(' (')[0]}")
    if folder.is_dir() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} holds something already; nothing was written: name a new or an empty folder")
    words = {
        "shown": one_line(shlex.quote(str(folder))), "name": toml_text(name or folder.resolve().name),
        "sn_type": _line("type", None if sn_type is None else toml_text(sn_type), '"Ia"'),
        "z": _line("z", None if z is None else repr(z), "0.01"),
    }  # fmt: skip
    texts = {"spectra/README.txt": _SPECTRA, "photometry.csv": _PHOTOMETRY, "sn.toml": _SN_TOML.format(**words)}
    with atomic_folder(folder, last=("sn.toml",), replace=False) as new:
        (new / "spectra").mkdir()
        for path, text in texts.items():
            (new / path).write_text(text, encoding="utf-8")
    say(f"wrote {folder}: sn.toml, photometry.csv and spectra/")
    advise(f"next: fill them in, then sntransport info {folder}, and sntransport build {folder} -o out")
    conclude([{"folder": folder, "files": [folder / path for path in texts]}])


def _line(key: str, value: str | None, example: str) -> str:
    """A key with its value, or as a comment with an example, as wide as the others."""
    line = f"# {key} = {example}" if value is None else f"{key} = {value}"
    return f"{line:<30}"
