"""Numbers that carry more than numbers: units, dates and masks are converted or refused, never dropped.

numpy drops a unit and a mask without a word: 300 nm would be taken for 300 A, a masked value for a measurement.
astropy is imported only where something of its own comes in.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

DAY, ANGSTROM, MAGNITUDE, DEGREE, NUMBER = "d", "Angstrom", "mag", "deg", ""
"""Units that a field may have; a `NUMBER` has none."""
F_LAMBDA, NANOJANSKY = "erg / (s cm2 Angstrom)", "nJy"
"""Units of flux densities, per wavelength and per frequency."""
MJD = "MJD"
"""A date, which is no duration: an astropy ``Time`` or a numpy ``datetime64`` is converted, a duration is refused."""

_MJD_EPOCH = np.datetime64("1858-11-17T00:00:00")


def bare(value: Any, name: str, unit: str | None = None, wave: ArrayLike | None = None) -> Any:
    """A value without units and masks, in the unit of its field.

    Parameters
    ----------
    value : object
        Anything that numpy takes; an astropy ``Quantity``, ``Time`` or column with a unit; masked or not.
    name : str
        Of the field, for messages.
    unit : str, optional
        Unit of the field, such as `ANGSTROM`; None: it has none that is known here, so that units are refused.
    wave : array_like [A], optional
        Wavelengths, where a flux density per frequency may be converted to one per wavelength.

    Returns
    -------
    object
        What carried neither unit nor mask is returned as it came. Masked numbers become NaN.

    Raises
    ------
    ValueError
        Where a unit cannot be converted, or something is masked that cannot be NaN.
    """
    if type(value) in (float, int, str) or value is None:
        return value
    kind = _kind(value)
    if type(value) is np.ndarray and kind not in ("m", "M", "c"):
        return value
    if kind in ("m", "M"):
        value = _from_numpy_time(value, is_date=kind == "M", name=name, unit=unit)
    elif kind == "c":
        raise ValueError(f"{name} cannot be read as numbers: they are complex")
    elif hasattr(value, "mjd") and hasattr(value, "scale"):
        value = _from_time(value, name, unit)
    elif hasattr(value, "jd1") and hasattr(value, "to_value"):  # astropy's difference of two dates
        value = value.to("day")
    elif hasattr(value, "units") and not hasattr(value, "unit"):
        raise ValueError(f"{name} has the unit {value.units} of another package than astropy; give {_told(unit)}")
    if getattr(value, "unit", None) is not None:
        value = _from_quantity(value, name, unit, wave)
    return _unmasked(value, name)


def bare_number(value: object, name: str, unit: str | None = None) -> float:
    """One number, as `bare` converts it.

    Raises
    ------
    ValueError
        Where it is none, or masked.
    """
    plain = bare(value, name, unit)
    try:
        number = float(plain)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {shown(value)}, expected a number") from None
    if np.isnan(number) and value is not plain and np.any(getattr(value, "mask", False)):
        raise ValueError(f"{name} is masked, expected a number")
    return number


def shown(value: object, length: int = 60) -> str:
    """The beginning of what ``repr`` says, of one line."""
    return repr(value).partition("\n")[0][:length]


def _kind(value: Any) -> str:
    """The kind of a numpy type: of an array or series, or of the first element of a list; empty where there is none."""
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], np.generic):
        value = value[0]
    return str(getattr(getattr(value, "dtype", None), "kind", ""))


def _from_numpy_time(value: Any, *, is_date: bool, name: str, unit: str | None) -> Any:
    """MJD of datetime64, days of timedelta64, of numpy or pandas."""
    array = np.asarray(value)
    if array.dtype.kind == "O":
        raise ValueError(f"{name} has dates with a time zone; give them in UTC, without one")
    if unit != (MJD if is_date else DAY):
        raise ValueError(f"{name} is a {'date' if is_date else 'duration'} of numpy, expected {_told(unit)}")
    return (array - _MJD_EPOCH if is_date else array) / np.timedelta64(1, "D")


def _from_time(value: Any, name: str, unit: str | None) -> Any:
    """MJD (UTC) of astropy's Time; one without an epoch of the calendar is refused by astropy itself."""
    if unit != MJD:
        raise ValueError(f"{name} is a date (astropy Time), expected {_told(unit)}")
    try:
        return value.utc.mjd
    except Exception as error:  # of erfa and astropy, of several kinds
        raise ValueError(f"{name} cannot be converted to MJD (UTC): {error}") from None


def _from_quantity(value: Any, name: str, unit: str | None, wave: ArrayLike | None) -> Any:
    """Numbers of a Quantity, or of a column of a table with a unit, in the unit of the field."""
    from astropy import units as u

    if unit is None or unit == MJD:
        remedy = "an MJD as a number or an astropy Time" if unit == MJD else "plain numbers in the unit of the field"
        raise ValueError(f"{name} has the unit {value.unit}: give {remedy}")
    # A column of a table keeps its unit beside its numbers; masks are looked at again afterwards.
    try:
        quantity = value if hasattr(value, "to_value") else u.Quantity(_unmasked(value, name), value.unit)
    except TypeError:  # a column of text
        raise ValueError(f"{name} has the unit {value.unit}, but is no column of numbers") from None
    if unit == NUMBER and str(quantity.unit) == "redshift":  # of astropy.cosmology: a plain number
        return quantity.value
    logarithmic = hasattr(quantity.unit, "physical_unit")
    try:
        if logarithmic and name.endswith("_err"):
            raise u.UnitConversionError("an error in magnitudes is relative")
        wanted = u.dimensionless_unscaled if unit == NUMBER else u.Unit(unit)
        # A unit may be 0 or infinite of another; the numbers are then no numbers, which callers refuse.
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            return quantity.to_value(wanted, equivalencies=_equivalencies(unit, wave))
    except (u.UnitsError, TypeError) as error:
        has = str(value.unit) or "dimensionless"
        raise ValueError(f"{name} has the unit {has}, expected {_told(unit)} ({error})") from None


def _equivalencies(unit: str, wave: ArrayLike | None) -> Any:
    from astropy import units as u

    if unit == ANGSTROM:
        return u.spectral()
    if unit == F_LAMBDA and wave is not None:
        return u.spectral_density(np.asarray(wave) * u.Unit(ANGSTROM))
    if unit == NANOJANSKY:
        return u.zero_point_flux(1 * u.ABflux)
    if unit == MAGNITUDE:
        # E(B-V) is customarily written without its unit.
        return [(u.dimensionless_unscaled, u.mag)]
    return []


def _unmasked(value: Any, name: str) -> Any:
    """Masked numbers as NaN; masked texts and whole numbers have no such value."""
    mask = getattr(value, "mask", None)
    if mask is None or not (isinstance(value, np.ma.MaskedArray) or hasattr(value, "unmasked")):
        return value
    if not np.any(mask):
        return np.asarray(value.data if isinstance(value, np.ma.MaskedArray) else value.unmasked)
    plain: NDArray[Any] = np.asarray(value.data if isinstance(value, np.ma.MaskedArray) else value.unmasked)
    if plain.dtype.kind not in "fiu":
        count = int(np.sum(mask))
        raise ValueError(f"{name} has {count} masked values, which cannot be NaN; leave those rows out")
    return np.where(mask, np.nan, plain)


def _told(unit: str | None) -> str:
    return "numbers without a unit" if unit in (None, NUMBER) else f"{unit}"
