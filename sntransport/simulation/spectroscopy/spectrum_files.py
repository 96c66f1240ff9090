"""Simulated spectra in files: many in one FITS file, or each object a folder that `sntransport.build` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage import fits_tables
from sntransport._storage.atomic_files import atomic_path
from sntransport._storage.atomic_folders import atomic_folder
from sntransport._storage.config_sections import toml_text
from sntransport._storage.contents import opened_content, require_countable
from sntransport._storage.read_error import ReadError
from sntransport._storage.tables import write_table
from sntransport.simulation.events.population import Population
from sntransport.simulation.light_curves import LightCurves
from sntransport.simulation.spectroscopy.simulated_spectra import SimulatedSpectra
from sntransport.spectra.observations import Spectrum

_FLUX = "erg s-1 cm-2 Angstrom-1"
_OURS = ("sn.toml", "spectra", "photometry.ecsv")
_UNITS = {"wave": "Angstrom", "flux": _FLUX, "flux_err": _FLUX}


@answers_mistakes
def write_simulated_spectra(spectra: SimulatedSpectra, path: str | Path) -> Path:
    """Write spectra as one FITS file with the tables SPECTRA and PIXELS.

    Parameters
    ----------
    spectra : SimulatedSpectra
    path : str or Path

    Returns
    -------
    Path
        Row i of SPECTRA (OBJECT_ID, PHASE, MJD) has the pixels ``FIRST`` to ``FIRST + COUNT`` (from 0) of PIXELS (WAVE,
        FLUX, FLUX_ERR).

    Examples
    --------
    >>> from sntransport.simulation.spectroscopy import SimulatedSpectra, write_simulated_spectra
    >>> spectrum = snt.Spectrum(mjd=60000.0, wave=[5000.0, 5010.0], flux=[1e-16, 2e-16], flux_err=[1e-17, 1e-17])
    >>> made = SimulatedSpectra(object_id=[7], phase=[0.0], spectra=[spectrum])
    >>> write_simulated_spectra(made, "spectra.fits").name
    'spectra.fits'
    """
    from astropy.io import fits

    path = Path(path)
    count = np.array([one.wave.size for one in spectra.spectra], dtype=np.int64)
    first = np.concatenate([[0], np.cumsum(count)])[:-1].astype(np.int64) if count.size else count
    rows = {
        "object_id": spectra.object_id, "phase": spectra.phase, "mjd": np.array([one.mjd for one in spectra.spectra]),
        "first": first, "count": count, "source": np.array([one.source for one in spectra.spectra], dtype=str),
    }  # fmt: skip
    pixels = {name: np.concatenate([getattr(one, name) for one in spectra.spectra] or [np.zeros(0)]) for name in _UNITS}
    tables = [fits_tables.table_hdu("SPECTRA", rows, {"phase": "d", "mjd": "d"})]
    tables.append(fits_tables.table_hdu("PIXELS", pixels, _UNITS))
    with atomic_path(path) as temporary:
        temporary.write_bytes(fits_tables.to_bytes(fits.HDUList([fits.PrimaryHDU(), *tables])))
    return path


@answers_mistakes
def read_simulated_spectra(path: str | Path) -> SimulatedSpectra:
    """Read what `write_simulated_spectra` wrote.

    Raises
    ------
    ReadError
        Where the file is no such file.

    Examples
    --------
    >>> from sntransport.simulation.spectroscopy import SimulatedSpectra, read_simulated_spectra
    >>> from sntransport.simulation.spectroscopy import write_simulated_spectra
    >>> spectrum = snt.Spectrum(mjd=60000.0, wave=[5000.0, 5010.0], flux=[1e-16, 2e-16], flux_err=[1e-17, 1e-17])
    >>> path = write_simulated_spectra(SimulatedSpectra(object_id=[7], phase=[0.0], spectra=[spectrum]), "spectra.fits")
    >>> read_simulated_spectra(path).spectra[0].wave
    array([5000., 5010.])
    """
    from astropy.io import fits

    try:
        raw = opened_content(path, None, "decompress it")
        if not raw.startswith(b"SIMPLE"):
            raise ValueError("not a FITS file")
        require_countable(raw)
        with fits.HDUList.fromstring(raw) as parts:
            rows = {
                name: np.array(parts["SPECTRA"].data[name]) for name in ("OBJECT_ID", "PHASE", "MJD", "FIRST", "COUNT")
            }
            sources = fits_tables.column({part.name: part for part in parts}, "SPECTRA", "source")
            pixels = {name: np.array(parts["PIXELS"].data[name.upper()], dtype=np.float64) for name in _UNITS}
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise ReadError(
            path, f"holds no simulated spectra ({error})", "give a file of write_simulated_spectra"
        ) from None
    spectra = []
    for first, count, mjd, source in zip(rows["FIRST"], rows["COUNT"], rows["MJD"], sources, strict=True):
        part = slice(int(first), int(first + count))
        wave, flux, flux_err = (pixels[name][part] for name in _UNITS)
        spectra.append(Spectrum(mjd=float(mjd), wave=wave, flux=flux, flux_err=flux_err, source=source))
    return SimulatedSpectra(object_id=rows["OBJECT_ID"], phase=rows["PHASE"], spectra=tuple(spectra))


@answers_mistakes
def write_folders(
    spectra: SimulatedSpectra, curves: LightCurves, population: Population, out: str | Path
) -> tuple[Path, ...]:  # fmt: skip
    """Write each object with spectra as a folder that `sntransport.read_supernova` and ``sntransport build`` read.

    Parameters
    ----------
    spectra : SimulatedSpectra
    curves : LightCurves
        With those objects; their photometry is written, too.
    population : Population
        Whose dust laws they have.
    out : str or Path

    Returns
    -------
    tuple of Path
        ``out/SIM00000012`` and so on, by the object's number, with ``sn.toml`` (the true redshift, distance modulus and
        dust), ``spectra/`` and ``photometry.ecsv``. The distance modulus is that of the redshift, so that a supernova
        brighter than its template is so when it is built, too. A folder of an earlier run is replaced when the new one
        is complete; what else is in it stays.

    Raises
    ------
    ValueError
        Where an object is not in ``curves``.

    Examples
    --------
    >>> from sntransport.cli.supernovae.demo import template
    >>> from sntransport.simulation.events.distributions import Constant
    >>> from sntransport.simulation.spectroscopy import Spectrograph, simulate_spectra, write_folders
    >>> series = template(np.arange(-15.0, 60.0, 3.0), np.arange(2000.0, 11000.0, 20.0))
    >>> survey, population = snt.load_survey("ztf", years=0.5), snt.Population(redshift=Constant(value=0.05))
    >>> curves = snt.simulate([series], survey, population, n=3, seed=1, keep="observed")
    >>> camera = Spectrograph(wave_range=(4000.0, 9000.0), step=10.0, snr=20.0, mag=18.0, resolution=100.0)
    >>> spectra = simulate_spectra(curves, [series], population, camera, phases=[0.0, 10.0])
    >>> folder = write_folders(spectra, curves, population, "simulated")[0]
    >>> len(snt.read_supernova(folder).spectra)
    2
    """
    numbers = curves.truth.object_id
    made = []
    for number in np.unique(spectra.object_id):
        found = np.flatnonzero(numbers == number)
        if not found.size:
            raise ValueError(f"object {number} has spectra and is not among the light curves")
        folder = Path(out) / f"SIM{number:08d}"
        # As a whole: a spectrum that is left of an earlier run would be read as one of this.
        with atomic_folder(folder, own=_OURS.__contains__, last=("sn.toml",)) as new:
            (new / "spectra").mkdir()
            entries = [_write_spectrum(new, k, one) for k, one in enumerate(spectra.of(int(number)))]
            curve = curves.light_curve(int(found[0]))
            if curve.mjd.size:
                _write_photometry(new, curve)
            text = _toml(folder.name, curves, population, int(found[0])) + "".join(entries)
            (new / "sn.toml").write_text(text, encoding="utf-8")
        made.append(folder)
    return tuple(made)


def _write_spectrum(folder: Path, k: int, spectrum: Spectrum) -> str:
    """Write one spectrum; its entry of sn.toml."""
    from astropy.table import Table

    name = f"spectra/{k:03d}.ecsv"
    columns = {key: getattr(spectrum, key) for key in _UNITS}
    write_table(Table(columns, units=_UNITS, meta={"MJD": spectrum.mjd, "medium": "vacuum"}), folder / name)
    return (
        f'\n[[spectra]]\nfile = "{name}"\nmjd = {spectrum.mjd!r}\ninstrument = {toml_text(spectrum.source)}\n'
        'medium = "vacuum"\n'
    )


def _write_photometry(folder: Path, curve: Any) -> None:
    from astropy.table import Table

    columns = {name: getattr(curve, name) for name in ("mjd", "band", "flux", "flux_err", "instrument")}
    units = {"mjd": "d", "flux": "nJy", "flux_err": "nJy"}
    write_table(Table(columns, units=units), folder / "photometry.ecsv")


def _toml(name: str, curves: LightCurves, population: Population, i: int) -> str:
    truth, meta = curves.truth, curves.meta
    names = ("z", "distance_modulus", "ebv_mw", "ebv_host", "rv_host")
    numbers = {key: float(getattr(truth, key)[i]) for key in names}
    numbers |= {"rv_mw": float(meta.get("rv_mw", 3.1)), "mjd_ref": float(truth.mjd_ref[i])}
    told = {
        "name": name,
        "type": curves.template_types[truth.template[i]],
        "mjd_ref_meaning": "phase 0 of the template",
    }
    told |= {"law_mw": population.law_mw, "law_host": population.law_host}
    lines = [f"{key} = {toml_text(value)}" for key, value in told.items() if value]
    lines += [f"{key} = {value!r}" for key, value in numbers.items()]
    if not np.diff(curves.offset)[i]:
        lines.append("photometry = []")
    return "\n".join(lines) + "\n"
