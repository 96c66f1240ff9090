"""The file of a series: one FITS file that other programs read and that comes back to the last bit.

Images FLUX, FLUX_ERR and ORIGIN with their axes in the tables PHASE and WAVE, and TARGET (name, type, date of phase
0); the same with the prefix SPARSE_ for the observed spectra that it was built from; tables SIGHTLINE, PAIRS and
LIGHTCURVE where known; NOTES and PROVENANCE. The primary header repeats the main values for people and for programs
that read only headers, and the images have world coordinates (`sntransport._numerics.world_coordinates`); neither is
read back, since a header holds neither NaN nor every float64.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sntransport._numerics.arrays import Array, readonly, require_shape, set_fields
from sntransport._numerics.world_coordinates import axis_cards
from sntransport._objects.arguments import answers_mistakes
from sntransport._objects.mistakes import is_path, require_path, wrong_kind
from sntransport._objects.value_object import ValueObject
from sntransport._storage.atomic_files import atomic_path
from sntransport._storage.fits_tables import (
    card_text,
    column,
    part,
    require_intact,
    require_unit,
    table_hdu,
    texts,
    to_bytes,
)
from sntransport._version import __version__
from sntransport.spectra.observations import LightCurve
from sntransport.spectra.series import SpectralSeries, require_series
from sntransport.spectra.sightline import Sightline

# Value and comment of a header card.
_Card = tuple[str | float | bool, str]
_Hdu: TypeAlias = Any  # type: ignore[explicit-any]  # of astropy, which carries no types

FORMAT = "sntransport series"
FORMAT_VERSION = 1
_FLUX_UNIT = "erg s-1 cm-2 Angstrom-1"
_IMAGE_UNITS = {"FLUX": _FLUX_UNIT, "FLUX_ERR": _FLUX_UNIT, "ORIGIN": ""}
_SIGHTLINE_UNITS = {
    "z": "", "distance_modulus": "mag", "ebv_mw": "mag", "ebv_host": "mag", "rv_mw": "", "rv_host": "",
    "law_mw": "", "law_host": "",
}  # fmt: skip
_LIGHT_CURVE_UNITS = {"mjd": "d", "band": "", "flux": "nJy", "flux_err": "nJy", "instrument": ""}


@dataclass(frozen=True, eq=False, kw_only=True)
class SeriesFile(ValueObject):
    """All that a series file holds.

    Parameters
    ----------
    series : SpectralSeries
    sightline : Sightline or None
        Where the supernova was observed through.
    sparse : SpectralSeries or None
        The prepared, calibrated observed spectra.
    light_curve : LightCurve or None
        The observed photometry.
    pairs : array_like of int, (n_pair, 2), or None
        Indices into the phases of ``sparse``: the spectra of every pair that was interpolated.
    weight : array_like, (n_phase, n_pair), or None
        Share of each pair in each spectrum of ``series``.
    notes : sequence of str
        What was assumed or rejected, and why.
    provenance : mapping of str to str
        How it was made; by custom "input", "input_sha256", "command", "options", "version", and "aliases", other
        names of the supernova (see `aliases_of`).
    mjd_ref_meaning : str
        What happened at phase 0.

    Raises
    ------
    ValueError
        Where shapes differ, or ``pairs`` points to a spectrum that is not there.

    Examples
    --------
    >>> from sntransport.spectra import read_series_file
    >>> series = snt.SpectralSeries(phase=[0.0], wave=[4000.0, 5000.0], flux=[[1.0, 2.0]], name="made up")
    >>> snt.write_series(series, "made_up.fits", sightline=snt.Sightline(z=0.1, distance_modulus=38.3))
    >>> read_series_file("made_up.fits").sightline.z
    0.1
    """

    series: SpectralSeries
    sightline: Sightline | None = None
    sparse: SpectralSeries | None = None
    light_curve: LightCurve | None = None
    pairs: NDArray[np.int64] | None = None
    weight: Array | None = None
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    mjd_ref_meaning: str = ""

    def __post_init__(self) -> None:
        for held in (self.series, *(() if self.sparse is None else (self.sparse,))):
            require_series(held, "a series file")
        provenance = MappingProxyType({str(key): str(value) for key, value in self.provenance.items()})
        set_fields(self, notes=tuple(str(note) for note in self.notes), provenance=provenance)
        if self.pairs is not None:
            pairs = readonly(self.pairs, "pairs", ndim=2, dtype=np.int64)
            require_shape(pairs, "pairs", (pairs.shape[0], 2), "(n_pair, 2)")
            if self.sparse is not None and pairs.size and not 0 <= pairs.min() <= pairs.max() < self.sparse.n_phase:
                raise ValueError(f"pairs has indices outside 0 to {self.sparse.n_phase - 1}, the spectra of sparse")
            set_fields(self, pairs=pairs)
        if self.weight is not None:
            if self.pairs is None:
                raise ValueError("weight without pairs: the pairs that it belongs to are needed too")
            weight = readonly(self.weight, "weight", ndim=2)
            require_shape(weight, "weight", (self.series.n_phase, len(self.pairs)), "(n_phase, n_pair)")
            set_fields(self, weight=weight)


@answers_mistakes
def write_series(
    series: SpectralSeries,
    path: str | os.PathLike[str],
    *,
    sightline: Sightline | None = None,
    sparse: SpectralSeries | None = None,
    light_curve: LightCurve | None = None,
    pairs: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    notes: Sequence[str] = (),
    provenance: Mapping[str, str] | None = None,
    mjd_ref_meaning: str = "",
) -> None:
    """Write a series and what belongs to it to one FITS file, all of it or nothing.

    Parameters
    ----------
    series : SpectralSeries
        At least one phase and one wavelength.
    path : path-like
        Replaced where it exists; its folder is created.
    sightline, sparse, light_curve, pairs, weight, notes, provenance, mjd_ref_meaning
        See `SeriesFile`.

    Raises
    ------
    TypeError
        Where ``series`` is none, or ``path`` no path.
    ValueError
        Where the parts do not fit together, a series is empty, or the name asks for compression.
    OSError
        Where the file cannot be written.

    Notes
    -----
    The same input gives the same bytes: the file carries no date. Every HDU has the FITS CHECKSUM and DATASUM.

    Examples
    --------
    >>> series = snt.SpectralSeries(phase=[0.0], wave=[4000.0, 5000.0], flux=[[1.0, np.nan]], name="made up")
    >>> snt.write_series(series, "made_up.fits", notes=["two bins, one of them not known"])
    >>> snt.read_series("made_up.fits").origin.tolist()
    [[1, 0]]
    """
    if is_path(series):
        raise wrong_kind("write_series", "the series first", series, {"": "write write_series(series, {})"})
    require_path(path, "write_series", {"": "the path comes second: write_series(series, path)"})
    pairs, weight = (None if value is None else np.asarray(value) for value in (pairs, weight))
    content = SeriesFile(
        series=series,
        sightline=sightline,
        sparse=sparse,
        light_curve=light_curve,
        pairs=pairs,
        weight=weight,
        notes=tuple(notes),
        provenance=provenance or {},
        mjd_ref_meaning=mjd_ref_meaning,
    )
    if Path(path).suffix.lower() in {".gz", ".bz2", ".xz", ".zst", ".zip"}:
        raise ValueError(f"{path}: series files are not compressed; choose a name that ends in .fits")
    raw = to_bytes(_hdu_list(content))
    with atomic_path(path) as temporary:
        temporary.write_bytes(raw)


@answers_mistakes
def read_series(path: str | os.PathLike[str]) -> SpectralSeries:
    """Read the series of a series file; `read_series_file` reads all that is in one.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    SpectralSeries
        Equal to what was written, to the last bit.

    Raises
    ------
    ValueError, OSError
        As `read_series_file`.

    Examples
    --------
    >>> series = snt.SpectralSeries(phase=[0.0], wave=[4000.0, 5000.0], flux=[[1.0, 2.0]], name="made up")
    >>> snt.write_series(series, "made_up.fits")
    >>> snt.read_series("made_up.fits").name
    'made up'
    """
    return read_series_file(path).series


@answers_mistakes
def read_series_file(path: str | os.PathLike[str]) -> SeriesFile:
    """Read all that a series file holds.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    SeriesFile
        Equal to what was written, to the last bit.

    Raises
    ------
    ValueError
        One line with the file and what is wrong with it: not a series file, truncated or damaged (its checksum does
        not match), made by a newer version, a part missing, another unit.
    OSError
        Where the file cannot be opened.

    Examples
    --------
    >>> from sntransport.spectra import read_series_file
    >>> series = snt.SpectralSeries(phase=[0.0], wave=[4000.0, 5000.0], flux=[[1.0, 2.0]], name="made up")
    >>> snt.write_series(series, "made_up.fits", notes=["by hand"], provenance={"command": "none"})
    >>> content = read_series_file("made_up.fits")
    >>> content.notes, content.provenance["command"]
    (('by hand',), 'none')
    """
    require_path(path, "read_series", {"SpectralSeries": "it is one already", "BuildResult": "write result.series"})
    if Path(path).is_dir():
        raise ValueError(f"{path}: a folder, expected a series file: the NAME.fits in it that build wrote")
    if not Path(path).exists():
        raise FileNotFoundError(f"{path}: no such file; check the path")
    raw = Path(path).read_bytes()
    try:
        require_intact(raw)
        return _from_bytes(raw)
    except (ValueError, KeyError, OSError, TypeError, AttributeError, IndexError, OverflowError) as error:
        # Those after OSError come from astropy, of cards that make no sense under a checksum that matches.
        message = " ".join(str(error.args[0] if error.args else error).split())
        raise ValueError(f"{path}: {message}") from None


_BETWEEN_ALIASES = " | "


def with_aliases(provenance: Mapping[str, str], aliases: Sequence[str]) -> dict[str, str]:
    """Provenance with other names of the supernova; unchanged where there are none."""
    return {**provenance, **({"aliases": _BETWEEN_ALIASES.join(aliases)} if aliases else {})}


def aliases_of(provenance: Mapping[str, str]) -> tuple[str, ...]:
    """Other names of the supernova that provenance has from `with_aliases`."""
    return tuple(name for name in provenance.get("aliases", "").split(_BETWEEN_ALIASES) if name)


def _hdu_list(content: SeriesFile) -> _Hdu:
    from astropy.io import fits

    hdus = fits.HDUList([fits.PrimaryHDU(), *_hdus(content)])
    # Counted, so that a file that was cut between two HDUs is recognized.
    hdus[0].header["NHDU"] = (len(hdus), "number of HDUs in this file")
    for keyword, (value, comment) in _summary(content).items():
        text = card_text(value) if isinstance(value, str) else ""
        # astropy cuts a comment that does not fit beside a text, and warns.
        has_room = len(text) + text.count("'") + len(comment) <= 60
        hdus[0].header[keyword] = (text if isinstance(value, str) else value, comment if has_room else "")
    return hdus


def _summary(content: SeriesFile) -> dict[str, _Card]:
    """Header cards for people."""
    series = content.series
    cards: dict[str, _Card] = {
        "FORMAT": (FORMAT, "kind of file"),
        "FMTVER": (FORMAT_VERSION, "version of the format"),
        "CREATOR": (f"sntransport {__version__}", "program that wrote the file"),
        "OBJECT": (series.name, "name of the supernova"),
        "SNTYPE": (series.sn_type, "class of the supernova"),
        "FRAME": ("rest", "frame of phases, wavelengths and fluxes"),
        "FLUXUNIT": (_FLUX_UNIT, "unit of FLUX and FLUX_ERR"),
        "DISTPC": (10.0, "[pc] distance that the fluxes are for"),
        "DUSTFREE": (True, "fluxes are free of dust extinction"),
    }
    if np.isfinite(series.mjd_ref):
        cards["MJDPHAS0"] = (series.mjd_ref, "[d] MJD of phase 0, observer frame")
    if content.mjd_ref_meaning:
        cards["PHASE0IS"] = (content.mjd_ref_meaning, "what happened at phase 0")
    for keyword, key, comment in (("INFILE", "input", "input file"), ("INSHA256", "input_sha256", "its checksum")):
        if key in content.provenance:
            cards[keyword] = (content.provenance[key], comment)
    return cards if content.sightline is None else cards | _sightline_summary(content.sightline)


def _sightline_summary(sightline: Sightline) -> dict[str, _Card]:
    return {
        "Z": (sightline.z, "heliocentric redshift"),
        "DISTMOD": (sightline.distance_modulus, "[mag] distance modulus"),
        "EBVMW": (sightline.ebv_mw, "[mag] E(B-V) of the Milky Way"),
        "RVMW": (sightline.rv_mw, "R(V) of the Milky Way"),
        "EBVHOST": (sightline.ebv_host, "[mag] E(B-V) of the host galaxy"),
        "RVHOST": (sightline.rv_host, "R(V) of the host galaxy"),
        "LAWMW": (sightline.law_mw, "dust law of the Milky Way"),
        "LAWHOST": (sightline.law_host, "dust law of the host galaxy"),
    }


def _hdus(content: SeriesFile) -> list[_Hdu]:
    hdus = _series_hdus(content.series, "", content.mjd_ref_meaning)
    if content.sparse is not None:
        hdus += _series_hdus(content.sparse, "SPARSE_", content.mjd_ref_meaning)
    if content.sightline is not None:
        values = {key: [getattr(content.sightline, key)] for key in _SIGHTLINE_UNITS}
        hdus.append(table_hdu("SIGHTLINE", values, _SIGHTLINE_UNITS))
    if content.pairs is not None:
        columns: dict[str, ArrayLike] = {"FIRST": content.pairs[:, 0], "SECOND": content.pairs[:, 1]}
        if content.weight is not None:
            columns["WEIGHT"] = content.weight.T
        hdus.append(table_hdu("PAIRS", columns))
    if content.light_curve is not None:
        values = {key: getattr(content.light_curve, key) for key in _LIGHT_CURVE_UNITS}
        hdus.append(table_hdu("LIGHTCURVE", values, _LIGHT_CURVE_UNITS))
    hdus.append(table_hdu("NOTES", {"NOTE": texts(content.notes)}))
    keys, entries = texts(content.provenance), texts(content.provenance.values())
    hdus.append(table_hdu("PROVENANCE", {"KEY": keys, "VALUE": entries}))
    return hdus


def _series_hdus(series: SpectralSeries, prefix: str, mjd_ref_meaning: str) -> list[_Hdu]:
    from astropy.io import fits

    if not series.flux.size:
        what = "sparse series" if prefix else "series"
        raise ValueError(f"the {what} has {series.n_phase} phases and {series.n_wave} wavelengths: nothing to write")
    hdus = []
    for name, unit in _IMAGE_UNITS.items():
        hdus.append(fits.ImageHDU(getattr(series, name.lower()), name=prefix + name))
        if unit:
            hdus[-1].header["BUNIT"] = unit
        hdus[-1].header.update(axis_cards(series.wave, series.phase))
    strings = {"NAME": series.name, "SN_TYPE": series.sn_type, "MJD_REF_MEANING": mjd_ref_meaning}
    target = {key: texts([text]) for key, text in strings.items()}
    return [
        *hdus,
        table_hdu(f"{prefix}PHASE", {"PHASE": series.phase}, {"PHASE": "d"}),
        table_hdu(f"{prefix}WAVE", {"WAVE": series.wave}, {"WAVE": "Angstrom"}),
        table_hdu(f"{prefix}TARGET", {**target, "MJD_REF": [series.mjd_ref]}, {"MJD_REF": "d"}),
    ]


def _from_bytes(raw: bytes) -> SeriesFile:
    from astropy.io import fits

    with fits.HDUList.fromstring(raw) as hdus:
        header = hdus[0].header
        if header.get("FORMAT") != FORMAT:
            raise ValueError("a FITS file, but not a series file of sntransport")
        if not header.get("DUSTFREE", True):
            raise ValueError("the fluxes are not free of dust (DUSTFREE = F): a series is dust-free by definition")
        if header["FMTVER"] > FORMAT_VERSION:
            raise ValueError(
                f"made by a newer version, {header.get('CREATOR')} (format {header['FMTVER']}); "
                f"this one reads format {FORMAT_VERSION}: update sntransport"
            )
        if header["NHDU"] != len(hdus):
            raise ValueError(f"the file is truncated: {len(hdus)} of {header['NHDU']} HDUs are there")
        return _content({hdu.name: hdu for hdu in hdus})


def _content(parts: Mapping[str, _Hdu]) -> SeriesFile:
    sightline = light_curve = None
    if "SIGHTLINE" in parts:
        # The first files had no laws: theirs is F99, the default.
        there = [name for name in _SIGHTLINE_UNITS if "LAW_MW" in parts["SIGHTLINE"].columns.names or "law" not in name]
        values = {name: column(parts, "SIGHTLINE", name, _SIGHTLINE_UNITS[name])[0] for name in there}
        sightline = Sightline(**values)
    if "LIGHTCURVE" in parts:
        columns = {name: column(parts, "LIGHTCURVE", name, unit) for name, unit in _LIGHT_CURVE_UNITS.items()}
        light_curve = LightCurve(**columns)
    series = _series(parts, "")
    pairs, weight = _pairs(parts, series.n_phase)
    keys, entries = (column(parts, "PROVENANCE", name) for name in ("KEY", "VALUE"))
    return SeriesFile(
        series=series,
        sightline=sightline,
        sparse=_series(parts, "SPARSE_") if "SPARSE_FLUX" in parts else None,
        light_curve=light_curve,
        pairs=pairs,
        weight=weight,
        notes=tuple(column(parts, "NOTES", "NOTE")),
        provenance=dict(zip(keys, entries, strict=True)),
        mjd_ref_meaning=column(parts, "TARGET", "MJD_REF_MEANING")[0],
    )


def _series(parts: Mapping[str, _Hdu], prefix: str) -> SpectralSeries:
    phase = column(parts, prefix + "PHASE", "PHASE", "d")
    wave = column(parts, prefix + "WAVE", "WAVE", "Angstrom")
    images = {}
    for name, unit in _IMAGE_UNITS.items():
        hdu = part(parts, prefix + name)
        require_unit(prefix + name, hdu.header.get("BUNIT", ""), unit)
        images[name.lower()] = hdu.data
    target = prefix + "TARGET"
    name, sn_type = (column(parts, target, key)[0] for key in ("NAME", "SN_TYPE"))
    mjd_ref = column(parts, target, "MJD_REF", "d")[0]
    return SpectralSeries(phase=phase, wave=wave, **images, name=name, sn_type=sn_type, mjd_ref=mjd_ref)


def _pairs(parts: Mapping[str, _Hdu], n_phase: int) -> tuple[NDArray[np.int64] | None, Array | None]:
    if "PAIRS" not in parts:
        return None, None
    pairs = np.stack([column(parts, "PAIRS", name) for name in ("FIRST", "SECOND")], axis=1)
    if "WEIGHT" not in parts["PAIRS"].columns.names:
        return pairs, None
    # FITS drops the second axis of a column that has one value a row.
    return pairs, column(parts, "PAIRS", "WEIGHT").reshape(len(pairs), n_phase).T
