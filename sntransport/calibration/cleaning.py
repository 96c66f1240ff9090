"""One observed spectrum: which pixels can be believed, and how noisy they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, uniform_filter1d

from sntransport._numerics.arrays import Array
from sntransport._numerics.units import C_KMS
from sntransport._objects.arguments import answers_mistakes
from sntransport.spectra.observations import Spectrum

Mask = NDArray[np.bool_]

# Observer frame [A]: span, and the core in which the absorption is measured. The O2 B and A bands are sharp enough
# to tell whether a correction was made; the shallow H2O bands are not, and stay.
TELLURICS = ((6855.0, 6945.0, 6865.0, 6895.0), (7580.0, 7715.0, 7595.0, 7645.0))
_TELLURIC_SIDE = 60.0
_TELLURIC_DEPTH = 0.1

# Observer frame [A]: between J and H, and between H and K, water vapor leaves no light at most sites. Spectra from
# space are good there, so only what is much noisier than its sides is dropped.
OPAQUE = ((13450.0, 14250.0), (18000.0, 19500.0))
_OPAQUE_SIDE = 700.0
_OPAQUE_NOISE = 4.0

# More than any line over any continuum, less than a typing error.
_ABSURD = 1e4

# Its square is still a number.
_TINY = 1e-100

# An error column below a third of the scatter is no error of these pixels. One above it is what noise is that pixels
# share with their neighbors, after smoothing or rebinning: of noise smoothed by a Gaussian of FWHM 4.4 pixels the
# scatter shows a third, of 8 pixels a ninth, of 27 pixels a hundredth, and hardly a spectrum has more a resolution
# element. The 42 error columns among 302 spectra of 15 supernovae of the Open Supernova Catalog are 0.68 to 2.0 times
# their scatter.
_LEAST_STATED = 1.0 / 3.0
MOST_STATED = 100.0
"""An error column is taken up to this many times the scatter from pixel to pixel; see `clean`."""

_NOISE_WINDOW = 101
_EDGE_WINDOW = 5000.0
_EDGE_SNR = 1.5
_RESOLUTION = 1000.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Cleaned:
    """A spectrum's believable pixels.

    ``wave``, ``flux``, ``flux_err`` are (n_good,), all finite, ``flux_err`` positive; ``removed`` counts the pixels
    dropped by reason; ``noise_from`` says where the errors come from, and ``stated`` how many times the scatter from
    pixel to pixel the error column is, NaN where there is none.
    """

    wave: Array
    flux: Array
    flux_err: Array
    removed: dict[str, int]
    noise_from: str
    stated: float = np.nan

    @property
    def disagrees(self) -> bool:
        """Whether the error column is not the scatter from pixel to pixel, within a factor of three."""
        return bool(self.stated < _LEAST_STATED or self.stated > 1.0 / _LEAST_STATED)


@answers_mistakes
def clean(spectrum: Spectrum, *, spike_sigma: float = 8.0) -> Cleaned:
    """Drop the pixels that cannot be believed and settle the noise of the rest.

    Parameters
    ----------
    spectrum : Spectrum
    spike_sigma : float
        A run of one or two pixels further than this from the median of its surroundings is a spike. Wider features,
        such as narrow lines of the host galaxy, stay.

    Returns
    -------
    Cleaned
        Possibly with no pixel left.

    Notes
    -----
    The noise is the error column of the spectrum where its median is a third to `MOST_STATED` times the scatter of the
    flux from pixel to pixel (`estimate_noise`), else that scatter. The scatter is blind to noise that neighboring
    pixels share, as those of smoothed and rebinned spectra do.

    Examples
    --------
    >>> from sntransport.calibration import clean
    >>> wave = np.arange(4000.0, 8000.0, 5.0)
    >>> flux = 1e-15 * (1.0 + 0.01 * np.random.default_rng(1).normal(size=wave.size))
    >>> flux[300] = 1e-13
    >>> cleaned = clean(snt.Spectrum(mjd=60000.0, wave=wave, flux=flux))
    >>> wave.size - cleaned.wave.size, cleaned.removed
    (1, {'spikes': 1})
    """
    removed: dict[str, int] = {}

    def drop(keep: Mask, reason: str, *columns: Array) -> list[Array]:
        if not keep.all():
            removed[reason] = removed.get(reason, 0) + int(np.sum(~keep))
        return [column[keep] for column in columns]

    level = _level(spectrum.flux)
    # In units of its own level nothing can overflow, whatever the file claims.
    with np.errstate(over="ignore"):
        raw, raw_err = spectrum.flux / level, spectrum.flux_err / level
    wave, flux, given = drop(np.isfinite(raw), "not finite", spectrum.wave, raw, raw_err)
    wave, flux, given = drop(np.abs(flux) < _ABSURD, "absurd", wave, flux, given)
    wave, flux, given = drop(~_constant_runs(flux), "zero or constant padding", wave, flux, given)
    if flux.size < 20:
        return Cleaned(
            wave=wave, flux=flux * level, flux_err=np.full_like(flux, level), removed=removed, noise_from="none"
        )
    wave, flux, given = drop(~_spikes(flux, spike_sigma), "spikes", wave, flux, given)
    noise = estimate_noise(flux)
    wave, flux, given, noise = drop(_inside_edges(wave, flux, noise), "noisy edges", wave, flux, given, noise)
    wave, flux, given, noise = drop(~_tellurics(wave, flux, noise), "telluric absorption", wave, flux, given, noise)
    wave, flux, given, noise = drop(~_opaque(wave, noise), "opaque atmosphere", wave, flux, given, noise)
    flux_err, source, stated = _settle_errors(given, noise)
    return Cleaned(
        wave=wave, flux=flux * level, flux_err=flux_err * level, removed=removed, noise_from=source, stated=stated
    )


def estimate_noise(flux: Array, window: int = _NOISE_WINDOW) -> Array:
    """Noise of each pixel from the spectrum itself.

    Parameters
    ----------
    flux : ndarray, (n_wave,)
    window : int [pixels]
        The noise is taken to be constant over this many pixels.

    Returns
    -------
    ndarray, (n_wave,)
        One standard deviation, positive. An upper limit where pixels are wider than the features.

    Notes
    -----
    Running form of DER_SNR (Stoehr et al. 2008, ASP Conf. Ser. 394, 505): the median of
    ``|2 f_i - f_(i-2) - f_(i+2)|`` times 1.482602 / sqrt(6). Neighbors are skipped because rebinned pixels are
    correlated.
    """
    if flux.size < 5:
        return np.full(flux.size, max(float(np.std(flux)), _TINY))
    second = np.abs(2.0 * flux[2:-2] - flux[:-4] - flux[4:])
    local = 1.482602 / np.sqrt(6.0) * median_filter(second, size=min(window, second.size), mode="reflect")
    noise = np.pad(local, 2, mode="edge")
    # Spectra of few digits or many zeros have no scatter in places; none is that good.
    floor = max(1e-4 * float(np.median(np.abs(flux))), 1e-8 * float(np.max(np.abs(flux))))
    return np.asarray(np.maximum(noise, max(floor, _TINY)))


def smooth_snr(wave: Array, flux: Array, flux_err: Array) -> float:
    """Median signal to noise of a spectrum at a resolution of 1000 km/s."""
    per_element = np.sqrt(np.maximum(_RESOLUTION / _step(wave), 1.0))
    return float(np.median(median_filter(flux, size=min(31, flux.size), mode="nearest") / flux_err) * per_element)


def _level(flux: Array) -> float:
    """Median absolute flux; 1 where that is no positive number, which leaves nothing to scale."""
    known = np.abs(flux[np.isfinite(flux) & (flux != 0)])
    level = float(np.median(known)) if known.size else 1.0
    return level if np.isfinite(level) and level > 0 else 1.0


def _step(wave: Array) -> float:
    """Median pixel width [km/s]."""
    return float(np.median(np.diff(np.log(wave)))) * C_KMS


def _constant_runs(flux: Array, least: int = 4) -> Mask:
    """Pixels in runs of at least ``least`` equal values: padding, never a measurement."""
    if flux.size < least:
        return np.zeros(flux.size, dtype=bool)
    starts = np.flatnonzero(np.concatenate([[True], flux[1:] != flux[:-1]]))
    lengths = np.diff(np.append(starts, flux.size))
    return np.repeat(lengths >= least, lengths)


def _spikes(flux: Array, sigma: float) -> Mask:
    """Runs of one or two pixels far from the median of their surroundings and from the line through their sides."""
    index = np.arange(flux.size)
    sides = 0.5 * (flux[np.maximum(index - 3, 0)] + flux[np.minimum(index + 3, flux.size - 1)])
    departure = np.minimum(np.abs(flux - median_filter(flux, size=7, mode="nearest")), np.abs(flux - sides))
    far = departure > sigma * estimate_noise(flux)
    # At the very ends there is no other side to compare with; `_flare` looks there.
    far[:3] = far[-3:] = False
    starts = np.flatnonzero(np.concatenate([[True], far[1:] != far[:-1]]))
    lengths = np.diff(np.append(starts, far.size))
    return np.asarray(far & np.repeat(lengths <= 2, lengths))


def _inside_edges(wave: Array, flux: Array, noise: Array) -> Mask:
    """All pixels between the first and the last stretch with signal, without the flares at the very ends."""
    window = int(np.clip(_EDGE_WINDOW / _step(wave), 5, max(flux.size // 8, 5)))
    level = median_filter(flux, size=window, mode="nearest")
    per_element = np.sqrt(max(_RESOLUTION / _step(wave), 1.0))
    # The filter's running sum loses small variances after large ones.
    variance = np.maximum(uniform_filter1d(noise**2, window, mode="nearest"), noise.min() ** 2)
    snr = level / np.sqrt(variance) * per_element
    # One lucky stretch of noise is not signal: most of what surrounds it must be good too.
    good = (snr > _EDGE_SNR) & (uniform_filter1d((snr > _EDGE_SNR) * 1.0, 2 * window, mode="nearest") > 0.6)
    keep = np.zeros(flux.size, dtype=bool)
    if good.any():
        keep[int(np.argmax(good)) : flux.size - int(np.argmax(good[::-1]))] = True
    log_wave = np.log(wave)
    keep[: _blown_up(log_wave, level)] = False
    keep[flux.size - _blown_up(-log_wave[::-1], level[::-1]) :] = False
    keep[: _flare(flux, noise, window)] = False
    keep[flux.size - _flare(flux[::-1], noise[::-1], window) :] = False
    return keep


def _blown_up(log_wave: Array, level: Array, inward: float = 0.1) -> int:
    """How many pixels to cut at the start where the flux was divided by a response close to zero.

    There the level near the end is 20 times that of the whole spectrum and rises by as much within 0.1 of ln
    wavelength, as no spectrum does. The cut goes on to where it rises by 3.
    """
    ahead = np.interp(log_wave + inward, log_wave, level)
    top = int(np.argmax(level[: max(level.size // 10, 1)]))
    if not level[top] > 20.0 * max(float(np.median(level)), float(ahead[top]), _TINY):
        return 0
    return top + int(np.argmax(level[top:] <= 3.0 * ahead[top:]))


def _flare(flux: Array, noise: Array, window: int) -> int:
    """How many pixels to cut at the start: up to the last that leaves the level behind by more than noise and color."""
    behind = slice(window, 2 * window)
    base = float(np.median(flux[behind]))
    limit = max(5.0 * float(np.median(noise[behind])), 0.6 * abs(base))
    away = np.flatnonzero(np.abs(flux[:window] - base) > limit)
    return int(away[-1]) + 1 if away.size else 0


def _tellurics(wave: Array, flux: Array, noise: Array) -> Mask:
    """Pixels of the O2 bands, where the spectrum shows their absorption."""
    bad = np.zeros(wave.size, dtype=bool)
    for low, high, core_low, core_high in TELLURICS:
        left = (wave > low - _TELLURIC_SIDE) & (wave < low)
        right = (wave > high) & (wave < high + _TELLURIC_SIDE)
        core = (wave > core_low) & (wave < core_high)
        if min(left.sum(), right.sum(), core.sum()) < 2:
            continue
        sides = np.array([np.median(flux[left]), np.median(flux[right])])
        middle = np.interp(0.5 * (core_low + core_high), [low - _TELLURIC_SIDE / 2, high + _TELLURIC_SIDE / 2], sides)
        error = 1.25 * np.median(noise[core]) / np.sqrt(core.sum())
        depth = 1.0 - np.median(flux[core]) / middle if middle > 0 else 0.0
        if depth > max(_TELLURIC_DEPTH, 4.0 * error / middle if middle > 0 else np.inf):
            bad |= (wave > low) & (wave < high)
    return bad


def _opaque(wave: Array, noise: Array) -> Mask:
    """Pixels where water vapor lets nothing through, where the noise says so."""
    bad = np.zeros(wave.size, dtype=bool)
    for low, high in OPAQUE:
        inside = (wave > low) & (wave < high)
        sides = ~inside & (wave > low - _OPAQUE_SIDE) & (wave < high + _OPAQUE_SIDE)
        if inside.any() and sides.any() and np.median(noise[inside]) > _OPAQUE_NOISE * np.median(noise[sides]):
            bad |= inside
    return bad


def _settle_errors(given: Array, noise: Array) -> tuple[Array, str, float]:
    """The spectrum's own errors, unless they are far below the scatter from pixel to pixel or absurdly above it.

    Returns the errors, where they come from, and how many times the scatter the spectrum's own are.
    """
    known = np.isfinite(given) & (given > 0)
    if known.sum() > 0.9 * given.size and given.size:
        ratio = float(np.median(given[known] / noise[known]))
        told = f"{ratio:.2g} times the scatter"
        if _LEAST_STATED <= ratio <= MOST_STATED:
            # Single pixels that claim far less than the scatter around them would outweigh everything.
            kept = np.where(known, np.maximum(given, 0.1 * noise), noise)
            more = f", {told} from pixel to pixel" if ratio > 1.0 / _LEAST_STATED else ""
            return kept, f"error column{more}", ratio
        return noise, f"scatter of the flux (error column disagrees with it: {told})", ratio
    return noise, "scatter of the flux", np.nan
