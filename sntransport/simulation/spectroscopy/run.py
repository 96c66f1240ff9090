"""Spectra of a configuration's spectrograph, written with each shard of light curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sntransport._numerics.quantities import ANGSTROM, NUMBER
from sntransport._storage.config_schema import checked
from sntransport._storage.planned_config import unchanged
from sntransport.simulation.config_keys import SIMULATION
from sntransport.simulation.events.config import table_columns
from sntransport.simulation.spectroscopy.simulated_spectra import simulate_spectra
from sntransport.simulation.spectroscopy.spectrograph import Spectrograph
from sntransport.simulation.spectroscopy.spectrum_files import write_simulated_spectra

if TYPE_CHECKING:
    from pathlib import Path

    from sntransport._storage.config_sections import Section
    from sntransport.simulation.light_curves import LightCurves
    from sntransport.simulation.run import JobSource, Writer


@dataclass(frozen=True, eq=False, kw_only=True)
class Observing:
    """A spectrograph, and when it looks: arguments of `simulate_spectra`."""

    spectrograph: Spectrograph
    phases: tuple[float, ...]
    dates: tuple[float, ...] | None


@dataclass(frozen=True, eq=False, kw_only=True)
class SpectraWriter:
    """Writes a shard of light curves, and its spectra as ``STEM_spectra.fits`` beside it."""

    source: JobSource
    write: Writer
    observing: Observing

    def __call__(self, curves: LightCurves, stem: Path) -> tuple[Path, ...]:
        """The files written."""
        written = self.write(curves, stem)
        files = written if isinstance(written, tuple) else (written,)
        job, observing = self.source.job(), self.observing
        spectra = simulate_spectra(
            curves, job.templates, job.population, observing.spectrograph, phases=observing.phases,
            dates=observing.dates,
        )  # fmt: skip
        return (*files, write_simulated_spectra(spectra, stem.with_name(f"{stem.name}_spectra.fits")))


def with_spectra(source: JobSource, write: Writer) -> tuple[Writer, dict[str, str]]:
    """A writer that writes the spectra a configuration asks for, too, and what these depend on.

    Raises
    ------
    ReadError
        Where the table of the spectrograph is wrong.
    ChangedInputError
        Where a file that it names is not what it was when the run was planned.
    """
    with unchanged(source.planned):
        observing = read_observing(source.planned.section())
    if observing is None:
        return write, {}
    told = repr((observing.spectrograph, observing.phases, observing.dates))
    return SpectraWriter(source=source, write=write, observing=observing), {"spectrograph": told}


def read_observing(top: Section) -> Observing | None:
    """The spectrograph of a file's outermost table, None where it has none; a ReadError where its table is wrong."""
    top = checked(top, SIMULATION)
    if top.values["spectrograph"] is None:
        return None
    section = top.section("spectrograph")
    given: dict[str, Any] = {key: value for key, value in section.values.items() if value is not None}
    phases, dates = tuple(given.pop("phases")), given.pop("dates", None)
    for key in ("snr", "bright_snr"):
        if (table := f"{key}_table") in given:
            if key in given:
                raise section.wrong(table, f"stands beside {key}", "give one of them")
            given[key] = _curve(section, table)
            del given[table]
    if "snr" not in given:
        raise section.wrong("snr", "missing", "give snr or snr_table")
    try:
        made = Spectrograph(**given)
    except ValueError as error:
        raise section.wrong("", str(error).removeprefix("Spectrograph").lstrip(".: "), "correct it") from None
    return Observing(spectrograph=made, phases=phases, dates=None if dates is None else tuple(dates))


def _curve(section: Section, key: str) -> tuple[Any, Any]:
    columns = table_columns(section, key, {"wave": ANGSTROM, "snr": NUMBER})
    return columns["wave"], columns["snr"]
