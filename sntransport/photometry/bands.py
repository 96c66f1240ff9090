"""Filters: the curves that ship with the package and those a user brings, and where they stand against Vega.

The curves are in the folder ``filters`` (its README has the origin and license of each); this module is the only one
that finds them. A throughput is always per photon.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import numpy as np

from sntransport._numerics.arrays import Array, readonly, require_finite, require_increasing, require_shape, set_fields
from sntransport._numerics.quantities import ANGSTROM, MAGNITUDE, NUMBER, bare_number, shown
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.card import Card
from sntransport._objects.drawing import axes_or_new, band_looks, label_text
from sntransport._objects.foreign_bands import foreign_curve
from sntransport._objects.sketch import lines
from sntransport._objects.tables import Tabular
from sntransport._objects.value_object import ValueObject
from sntransport._storage.contents import MAX_TEXT_BYTES, opened_content, require_parsable
from sntransport._storage.read_error import shallow
from sntransport.photometry.svo_files import is_votable, parse_svo

if TYPE_CHECKING:
    import sncosmo
    from matplotlib.axes import Axes
    from speclite.filters import FilterResponse
    from synphot import SpectralElement

_MANIFEST = "SHA256SUMS"
# What a YAML header holds shows only when it is read; `_parse` and `read_bandpass` check what they take from it.
_Header: TypeAlias = dict[str, Any]  # type: ignore[explicit-any]
# Families of names, those first that a letter alone most often means.
_FAMILIES = ("sdss", "ztf", "bessell", "lsst", "ps1::", "2mass", "atlas", "des", "gaia::", "uvot::", "csp", "ptf48")
_SYNONYMS = {
    "sloan": "sdss", "johnson": "bessell", "cousins": "bessell", "landolt": "bessell", "bessel": "bessell",
    "panstarrs": "ps1", "panstarrs1": "ps1", "rubin": "lsst", "swift": "uvot", "p48": "ptf48", "ptf": "ptf48",
}  # fmt: skip
# An optical or infrared band below this is in nanometers or microns.
_SHORTEST = 900.0
# No filter is outside of these: wavelengths [A], and the least value of a largest throughput (its inverse is the most).
_WAVES, _WEAKEST = (1e-3, 1e12), 1e-100
_ANGSTROM_PER = {"Angstrom": 1.0, "angstrom": 1.0, "AA": 1.0, "nm": 10.0, "um": 1e4, "micron": 1e4}


@dataclass(frozen=True, eq=False, kw_only=True)
class Bandpass(ValueObject, Tabular):
    """One filter, with everything the light passes after it where the source has that.

    Parameters
    ----------
    name : str
    wave : array_like, (n,) [A]
        Strictly increasing, in air or vacuum as the source has it; an astropy ``Quantity`` is converted.
    throughput : array_like, (n,)
        Photon response (counts per photon) on any scale, not negative; piecewise linear between its points and
        zero outside.
    vega_ab : float [mag]
        AB magnitude of Vega; NaN where it is not known.
    vega_mag : float [mag]
        Magnitude that the band's customary standards give Vega.
    source, version, vega_source : str
        Where curve and ``vega_ab`` come from.

    Raises
    ------
    ValueError
        Where an array does not fit, is not finite, is negative or zero everywhere, or wavelengths are not in Angstrom.

    Examples
    --------
    >>> box = snt.Bandpass(name="box", wave=[5000.0, 5010.0, 6000.0, 6010.0], throughput=[0.0, 1.0, 1.0, 0.0])
    >>> from sntransport.photometry import effective_wave
    >>> print(f"{effective_wave(box):.0f} A")
    5505 A
    """

    name: str
    wave: Array
    throughput: Array
    vega_ab: float = np.nan
    vega_mag: float = 0.0
    source: str = ""
    version: str = ""
    vega_source: str = ""

    _UNITS: ClassVar = {"wave": ANGSTROM, "throughput": ""}
    _HEADER: ClassVar = ("name", "vega_ab", "vega_mag", "source", "version", "vega_source")

    def __post_init__(self) -> None:
        label = f"band {self.name!r}: "
        wave, throughput = (
            readonly(self.wave, f"{label}wave", unit=ANGSTROM),
            readonly(self.throughput, f"{label}throughput", unit=NUMBER),
        )
        require_shape(throughput, f"{label}throughput", wave.shape, "(n,)")
        if wave.size < 2:
            raise ValueError(f"{label}wave has {wave.size} points, expected 2 or more")
        require_increasing(wave, f"{label}wave", positive=True)
        require_finite(throughput, f"{label}throughput")
        if throughput.min() < 0:
            i = int(np.argmin(throughput))
            raise ValueError(f"{label}throughput[{i}] is {throughput[i]:g}, expected 0 or more")
        if throughput.max() == 0:
            raise ValueError(f"{label}throughput is zero everywhere")
        peak = throughput.max()
        # Means would overflow, or be lost in rounding.
        if wave[0] < _WAVES[0] or wave[-1] > _WAVES[1] or not _WEAKEST < peak < 1.0 / _WEAKEST:
            raise ValueError(
                f"{label}wave from {wave[0]:g} to {wave[-1]:g} A and throughput up to {peak:g}, expected wave from "
                f"{_WAVES[0]:g} to {_WAVES[1]:g} A and throughput of {_WEAKEST:g} to {1.0 / _WEAKEST:g}"
            )
        set_fields(self, wave=wave, throughput=throughput)
        for name in ("vega_ab", "vega_mag"):
            set_fields(self, **{name: bare_number(getattr(self, name), f"{label}{name}", MAGNITUDE)})
        if np.isinf(self.vega_ab) or not np.isfinite(self.vega_mag):
            raise ValueError(
                f"{label}vega_ab is {self.vega_ab} and vega_mag {self.vega_mag}, expected finite magnitudes, or NaN as "
                "vega_ab where it is not known"
            )
        effective = effective_wave(self)
        if effective < _SHORTEST:
            unit = "nm" if effective > 100 else "micron"
            raise ValueError(f"{label}the effective wavelength is {effective:g}, expected Angstrom; is wave in {unit}?")

    @property
    def ab_offset(self) -> float:
        """What to add to a magnitude of the band's Vega system to get the AB magnitude [mag]."""
        return self.vega_ab - self.vega_mag

    def to_sncosmo(self) -> sncosmo.Bandpass:
        """A ``sncosmo.Bandpass`` with the same points, also photons per photon; `load_bands` takes it back."""
        import sncosmo

        return sncosmo.Bandpass(self.wave, self.throughput, name=self.name)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the throughput over wavelength; on axes of matplotlib, or of a new figure."""
        axes = axes_or_new(ax, "Bandpass.plot")
        color = band_looks([self.name])[0].color
        # Bands of one color, such as the g of two surveys, differ in the line.
        dash = ("-", "--", "-.", ":")[sum(line.get_color() == color for line in axes.lines) % 4]
        axes.plot(self.wave, self.throughput, color=color, ls=dash, label=label_text(self.name))
        axes.set_xlabel("Wavelength [Å]")
        axes.set_ylabel("Photon response")
        return axes

    def _card(self) -> Card:
        used = self.wave[self.throughput > 0.01 * self.throughput.max()]
        return Card(
            title=f"Bandpass {self.name}",
            rows=[
                ("wave", f"{self.wave.size} points; above 1% of the peak from {used[0]:.0f} to {used[-1]:.0f} A"),
                ("effective", f"{effective_wave(self):.1f} A, pivot {pivot_wave(self):.1f} A"),
                ("vega", "" if np.isnan(self.vega_ab) else f"{self.vega_ab:+.3f} mag AB"),
                ("source", self.source),
            ],
            picture=lambda: lines(
                self.wave, self.throughput[None], [band_looks([self.name])[0].color], f"throughput of {self.name}"
            ),
        )


AnyBand: TypeAlias = "str | Bandpass | sncosmo.Bandpass | FilterResponse | SpectralElement"
"""What stands for a band: its name, a `Bandpass`, or a filter of another package; see `load_bands`."""


@answers_mistakes
def effective_wave(band: Bandpass) -> float:
    """Mean wavelength of the photon response, ``int T lambda / int T`` [A]; sncosmo's ``wave_eff``.

    Examples
    --------
    >>> from sntransport.photometry import effective_wave
    >>> (band,) = snt.load_bands(["bessellv"])
    >>> print(f"{effective_wave(band):.0f} A")
    5489 A
    """
    return _moment(band, 1) / _moment(band, 0)


@answers_mistakes
def pivot_wave(band: Bandpass) -> float:
    """Pivot wavelength, ``sqrt(int T lambda / int T / lambda)`` [A] (Bessell & Murphy 2012, PASP 124, 140).

    It takes a mean flux density per wavelength to one per frequency exactly: ``f_nu = f_lambda pivot**2 / c``.

    Examples
    --------
    >>> from sntransport.photometry import pivot_wave
    >>> (band,) = snt.load_bands(["lsstr"])
    >>> print(f"{pivot_wave(band):.0f} A")
    6208 A
    """
    return float(np.sqrt(_moment(band, 1) / _moment(band, -1)))


@answers_mistakes
def band_names() -> tuple[str, ...]:
    """Names of all bands that ship with the package, sorted.

    Examples
    --------
    >>> from sntransport.photometry import band_names
    >>> [name for name in band_names() if name.startswith("ztf")]
    ['ztfg', 'ztfi', 'ztfr']
    """
    return tuple(sorted(_manifest()))


def likely_bands(name: str, most: int = 4) -> list[str]:
    """Bands that somebody who wrote another name may mean, the likeliest first; for messages.

    Parameters
    ----------
    name : str
        Such as "g" (sdssg, ztfg, ...), "SDSS g'", "g_ZTF", "Johnson V" or "lstg".
    most : int
        How many at most.

    Returns
    -------
    list of str
        Empty where nothing is near.
    """
    words = [_SYNONYMS.get(word, word) for word in re.findall(r"[a-z0-9]+", name.lower())]
    plain = {_letters(known): known for known in band_names()}
    for text in ("".join(words), "".join(reversed(words))):
        if text in plain:
            return [plain[text]]
    # A letter alone, or the letter of a word: the bands of all systems that have it.
    letter = words[-1] if words and len(words[-1]) <= 2 else "".join(words)
    wanted = (letter, f"{letter}s", f"{letter}x") if letter else ()
    same = [
        known
        for family in _FAMILIES
        for known in band_names()
        if known.startswith(family) and known.removeprefix(family) in wanted
    ]
    close = difflib.get_close_matches("".join(words), plain, n=most, cutoff=0.5)
    return (same or [plain[text] for text in close])[:most]


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


@answers_mistakes
def load_bands(names: Sequence[AnyBand]) -> tuple[Bandpass, ...]:
    """Bands by name.

    Parameters
    ----------
    names : sequence of str, Bandpass, or filters of sncosmo, speclite or synphot
        Names as `band_names` lists them (sncosmo's); a `Bandpass` passes through. A ``sncosmo.Bandpass``, a
        ``speclite.filters.FilterResponse`` or a ``synphot.SpectralElement`` is taken as it is, point by point: all read
        a curve as a photon response, linear between its points. What it is in the Vega system it does not say
        (``vega_ab`` is NaN).

    Returns
    -------
    tuple of Bandpass
        In the order asked for.

    Raises
    ------
    ValueError
        For an unknown name; the message lists the closest ones.
    TypeError
        For a single name instead of a sequence, or one that is neither name nor filter.

    Examples
    --------
    >>> [band.name for band in snt.load_bands(["bessellv", "lsstg"])]
    ['bessellv', 'lsstg']
    >>> snt.load_bands(["bessellw"])
    Traceback (most recent call last):
        ...
    ValueError: unknown band 'bessellw'; did you mean bessellv, bessellr, besselli, bessellb?
    """
    if isinstance(names, str | Bandpass) or foreign_curve(names) is not None:
        given = names if isinstance(names, str) else getattr(names, "name", "band")
        raise TypeError(f"load_bands takes a sequence of names, got one: write [{given!r}]")
    return tuple(_band(item) for item in names)


@answers_mistakes
def read_bandpass(
    path: str | Path,
    name: str | None = None,
    vega_ab: float | None = None,
    detector: Literal["photon", "energy"] | None = None,
) -> Bandpass:
    """A curve from a file.

    Parameters
    ----------
    path : str or Path
        ECSV with the columns ``wavelength`` and ``throughput`` (units Angstrom, nm or micron) and optionally
        the header entries of the package's own files; a VOTable as the SVO Filter Profile Service hands it out; or two
        columns of text, wavelength [A] and throughput, where lines that begin with ``#`` are comments.
    name : str, optional
        Default: the header's, or the file's name without its ending.
    vega_ab : float, optional [mag]
        AB magnitude of Vega; default: the header's, or not known (NaN).
    detector : {"photon", "energy"}, optional
        What the numbers are: a response per photon or per energy, which is divided by wavelength. Default: what a file
        of the service states, "photon" for the others.

    Returns
    -------
    Bandpass

    Raises
    ------
    ValueError
        Where the file is not such a table; the message has file and line. Where a file of the service does not state
        its detector.

    Examples
    --------
    >>> from sntransport.photometry import effective_wave, read_bandpass
    >>> np.savetxt("narrow.txt", [[6500.0, 0.0], [6550.0, 1.0], [6600.0, 0.0]])
    >>> band = read_bandpass("narrow.txt")
    >>> band.name, round(effective_wave(band))
    ('narrow', 6550)
    """
    path = Path(path)
    if detector not in ("photon", "energy", None):
        raise ValueError(f"detector is {detector!r}, expected 'photon' or 'energy'")
    content = opened_content(path, MAX_TEXT_BYTES, "give a curve with fewer points")
    require_parsable(path, content, "give a curve with fewer points")
    if is_votable(content):
        found = parse_svo(path, content)
        detector = detector or found.detector  # type: ignore[assignment]  # checked next
        if not detector:
            raise ValueError(f"{path}: does not state its detector: write detector='photon' or detector='energy'")
        meta: _Header = {
            "name": found.name,
            "vega_ab": found.vega_ab,
            "origin": f"SVO Filter Profile Service, {found.name}",
        }
        unit, table = 1.0, np.column_stack([found.wave, found.throughput])
    else:
        meta, unit, table = _parse(path, content)
    text = {key: str(meta.get(key, "")) for key in ("version", "vega_source")}
    # Numbers that are none are the Bandpass's to refuse.
    with np.errstate(all="ignore"):
        wave = table[:, 0] * unit
        throughput = table[:, 1] / wave if detector == "energy" else table[:, 1]
    try:
        return Bandpass(
            name=name or str(meta.get("name", path.stem)),
            wave=wave,
            throughput=throughput,
            vega_ab=meta.get("vega_ab", np.nan) if vega_ab is None else vega_ab,
            vega_mag=meta.get("vega_mag", 0.0),
            source=str(meta.get("origin", path.name)),
            **text,
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{path}: {error}") from None


@answers_mistakes
def check_filters() -> tuple[str, ...]:
    """What is wrong with the curves that ship with the package; empty where nothing is.

    Returns
    -------
    tuple of str
        One line for each file that is missing, changed (by its SHA-256) or not listed.

    Examples
    --------
    >>> from sntransport.photometry import check_filters
    >>> check_filters()
    ()
    """
    folder = _folder()
    listed = dict(_manifest().values())
    found = {path.relative_to(folder).as_posix(): path for path in folder.glob("*/*.ecsv")}
    problems = [f"{path}: missing" for path in listed if path not in found]
    for path, file in sorted(found.items()):
        if path not in listed:
            problems.append(f"{path}: not listed in {_MANIFEST}")
        elif hashlib.sha256(file.read_bytes()).hexdigest() != listed[path]:
            problems.append(f"{path}: does not match its checksum")
    return tuple(problems)


def _moment(band: Bandpass, power: int) -> float:
    """``int T lambda**power`` for power -1, 0 or 1, exact for the piecewise linear throughput."""
    low, high, left, right = band.wave[:-1], band.wave[1:], band.throughput[:-1], band.throughput[1:]
    step = high - low
    if power < 0:
        slope = (right - left) / step
        return float(np.sum((left - slope * low) * np.log(high / low) + slope * step))
    # Simpson's rule is exact up to the third power.
    middle = (0.5 * (left + right)) * (0.5 * (low + high)) ** power
    return float(np.sum((left * low**power + 4.0 * middle + right * high**power) * step) / 6.0)


def _folder() -> Path:
    """The folder of the curves: inside the installed package, or beside it in a checkout."""
    here = Path(str(resources.files("sntransport"))).resolve()
    for folder in (here / "filters", here.parent / "filters"):
        if (folder / _MANIFEST).is_file():
            return folder
    raise FileNotFoundError(
        f"the filter curves are missing: no {_MANIFEST} in {here / 'filters'}; reinstall sntransport"
    )


@cache
def _manifest() -> dict[str, tuple[str, str]]:
    """Name to (path, SHA-256) of every curve; ``::`` in a name is ``_`` in its path."""
    entries = {}
    for line in (_folder() / _MANIFEST).read_text().splitlines():
        digest, path = line.split(maxsplit=1)
        entries[Path(path).stem.replace("_", "::")] = (path, digest)
    return entries


def _band(item: AnyBand) -> Bandpass:
    """A band from its name, or from what is one already."""
    if isinstance(item, Bandpass):
        return item
    if isinstance(item, str):
        return _load(str(item))
    curve = foreign_curve(item)
    if curve is None:
        raise TypeError(
            f"{shown(item)} is no band: expected a name, a Bandpass or a filter of sncosmo, speclite or synphot, "
            f"got {type(item).__name__}"
        )
    return Bandpass(name=curve.name, wave=curve.wave, throughput=curve.throughput, source=curve.source)


@cache
def _load(name: str) -> Bandpass:
    """A band that ships with the package."""
    known = _manifest()
    if name not in known:
        close = likely_bands(name)
        hint = f"did you mean {', '.join(close)}?" if close else "see sntransport.photometry.bands.band_names()"
        raise ValueError(f"unknown band {name!r}; {hint}")
    return read_bandpass(_folder() / known[name][0])


def _parse(path: Path, content: bytes) -> tuple[_Header, float, Array]:
    """Header entries, Angstrom per unit of wavelength, and the table (n, 2)."""
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise ValueError(f"{path}: is not text") from None
    rows = [(i, line) for i, line in enumerate(lines, start=1) if line.strip() and not line.lstrip().startswith("#")]
    if not lines or not lines[0].startswith("# %ECSV"):
        return {}, 1.0, _numbers(path, rows, (0, 1))
    meta, columns = _header(path, lines)
    order = [str(column["name"]) for column in columns]
    if not {"wavelength", "throughput"} <= set(order):
        raise ValueError(f"{path}: has the columns {', '.join(order)}, expected wavelength and throughput")
    unit = str(columns[order.index("wavelength")].get("unit", "Angstrom"))
    if unit not in _ANGSTROM_PER:
        raise ValueError(f"{path}: wavelength has the unit {unit!r}, expected one of {', '.join(_ANGSTROM_PER)}")
    # The first row that is not a comment repeats the names.
    return (
        meta,
        _ANGSTROM_PER[unit],
        _numbers(path, rows[1:], (order.index("wavelength"), order.index("throughput"))),
    )


def _header(path: Path, lines: Sequence[str]) -> tuple[_Header, list[_Header]]:
    """Header entries and columns of an ECSV file."""
    # Slow to import, and only a file with a header needs it.
    import yaml

    text = "\n".join(line[2:] for line in lines[1:] if line.startswith("#"))
    try:
        # Tags (!!omap, !astropy.units.Unit) only say how to build objects that are not needed here.
        header = yaml.safe_load(re.sub(r"(?m)(?<=[:\s-])!+[\w.]+", "", text))
        columns = [dict(column) for column in header["datatype"]]
        meta = header.get("meta") or {}
        if isinstance(meta, list):  # an ordered mapping
            meta = {key: value for item in meta for key, value in item.items()}
        return shallow(meta), [column for column in map(shallow, columns) if "name" in column]
    except (yaml.YAMLError, TypeError, KeyError, AttributeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: the ECSV header cannot be read: {' '.join(str(error).split())}") from None


def _numbers(path: Path, rows: Sequence[tuple[int, str]], columns: tuple[int, int]) -> Array:
    """Two columns of a table; a bad line is named."""
    table = np.empty((len(rows), 2))
    if not rows:
        raise ValueError(f"{path}: has no rows, expected wavelength and throughput")
    for i, (number, line) in enumerate(rows):
        cells = line.replace(",", " ").split()
        try:
            table[i] = [float(cells[column]) for column in columns]
        except (IndexError, ValueError):
            raise ValueError(
                f"{path}, line {number}: expected wavelength and throughput, got {line.strip()!r}"
            ) from None
    return table
