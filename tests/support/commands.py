"""Every command that writes: words that make a result, and words that make another at the same place before it."""

from dataclasses import dataclass

SIMULATION = """
[[survey]]
source = "ztf"
years = 0.2
[[population]]
name = "II"
templates = ["SN2099zz.fits"]
objects = 60
redshift = { uniform = [0.005, 0.02] }
"""
AUGMENTATION = """
series = ["SN2099z[yz].fits"]
[split]
train = 1.0
[[survey]]
source = "ztf"
years = 0.2
[population]
redshift = { uniform = [0.005, 0.02] }
[simulation]
n = 20
keep = "all"
[target.train]
II = 1
"""


@dataclass(frozen=True)
class Writing:
    """A command whose result is in ``{out}``, a folder, from what is in ``{given}``.

    ``earlier`` makes another result with the same names; without, the command goes on with a folder that is there, or
    (``once``) refuses it. ``whole``: the folder as a whole is the old one or the new one.
    """

    words: tuple[str, ...]
    earlier: tuple[str, ...] = ()
    whole: bool = False
    once: bool = False

    def told(self, given, out, *, earlier=False):
        """The words with their places."""
        return [word.format(given=given, out=out) for word in (self.earlier if earlier else self.words)]


def _with(*words, other):
    """Words, and the same with others at their end."""
    return Writing(words, (*words, *other))


_K = ("kcorrect", "{given}/SN2099zz.fits", "--band-rest", "bessellv", "--band-obs", "bessellv", "-o", "{out}")
_SERIES = ("{given}/SN2099zz.fits", "{given}/SN2099zy.fits")
_EXPORT = ("--to", "snana", "-o", "{out}")

WRITING = {
    "augment": Writing(("augment", "{given}/augment.toml", "-o", "{out}")),
    "bandtest": _with("bandtest", "{given}/SN2099zz.json", "-o", "{out}", other=("--style", "column")),
    "bolometric": _with("bolometric", "{given}/SN2099zz.fits", "-o", "{out}", other=("--policy", "blackbody")),
    "build": _with("build", "{given}/SN2099zz.json", "-o", "{out}", other=("--cadence", "2")),
    "convert": Writing(("convert", "{given}/curves.parquet", "--to", "fits", "-o", "{out}"), whole=True, once=True),
    "demo": _with("demo", "-o", "{out}", other=("--seed", "2")),
    "export": Writing(
        ("export", "{given}/bump.fits", "--overwrite", *_EXPORT), ("export", *_SERIES[:1], "--brightest", *_EXPORT),
        whole=True,
    ),
    "init": Writing(("init", "{out}", "--name", "SN2099zz"), whole=True, once=True),
    "kcorrect": Writing((*_K, "--z", "0.01"), (*_K, "--z", "0.02")),
    "photometry": Writing(
        ("photometry", *_SERIES, "--bands", "bessellv", "-o", "{out}"),
        ("photometry", *_SERIES, "--bands", "bessellv", "--z", "0.02", "--distance-modulus", "35", "-o", "{out}"),
    ),
    "plot": _with("plot", "{given}/SN2099zz.fits", "-o", "{out}", other=("--style", "column")),
    "report": _with("report", "{given}/SN2099zz.fits", "-o", "{out}/report.html", other=("--no-gap-test",)),
    "schema": Writing(
        ("schema", "simulate", "-o", "{out}/schema.json"), ("schema", "augment", "-o", "{out}/schema.json")
    ),
    "simulate": Writing(("simulate", "{given}/simulation.toml", "-o", "{out}")),
    "survey": _with("survey", "ztf", "--option", "years=0.1", "--to-simlib", "{out}/ztf.simlib", other=("--cell", "4")),
    "template build": _with("template", "build", *_SERIES, "-o", "{out}/template.fits", other=("--name", "other")),
    "template mean": _with("template", "mean", "hsiao", "-o", "{out}/template.fits", other=("--name", "other")),
    "validate": Writing(
        ("validate", "{given}/SN2099zz.json", "{given}/SN2099zy.json", "--interpolator", "linear", "-o", "{out}"),
        ("validate", "{given}/SN2099zz.json", "--interpolator", "wasserstein", "-o", "{out}"),
    ),
}  # fmt: skip
READING = ("bands", "completion", "info")


def write_material(folder):
    """What the commands are given: two supernovae with their series, another series, light curves, configurations."""
    from click.testing import CliRunner

    from sntransport.cli.main import main
    from sntransport.datasets.nested_parquet import write_nested_parquet
    from sntransport.spectra.series_file import write_series
    from tests.datasets.test_formats import curves
    from tests.export.test_exports import bump
    from tests.flows.test_faults import write_input

    for name in ("SN2099zz", "SN2099zy"):
        given = write_input(folder / f"{name}.json", name)
        done = CliRunner().invoke(main, ["build", str(given), "-o", str(folder)])
        assert done.exit_code == 0, done.output
    write_series(bump(), folder / "bump.fits")
    write_nested_parquet(curves(), folder / "curves.parquet")
    (folder / "simulation.toml").write_text(SIMULATION)
    (folder / "augment.toml").write_text(AUGMENTATION)
    return folder


def visible(folder):
    """Bytes of all files that are output, by their path: not what begins with a dot, nor the notes of a run."""
    from pathlib import Path

    found = {}
    for path in sorted(Path(folder).rglob("*")) if Path(folder).is_dir() else ():
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith((".", "_parts", "_lock", "_work")) for part in parts):
            found["/".join(parts)] = path.read_bytes()
    return found


def leaves(group, words=()):
    """All commands of a group and the groups in it, by their words."""
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from leaves(one, (*words, name))
        else:
            yield " ".join((*words, name))
