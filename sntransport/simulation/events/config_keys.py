"""The keys that say what explodes, with kinds, ranges, defaults, meaning and an example."""

import dataclasses

from sntransport._storage.config_schema import Key, Table
from sntransport.simulation.events.joint import PARAMETERS
from sntransport.simulation.events.rates import RATES

_KINDS = {
    "value": Key(kind=float, words="always this"),
    "uniform": Key(kind=list[float], words="least and largest", n=2),
    "log_uniform": Key(kind=list[float], words="least and largest", n=2),
    "normal": Key(kind=list[float], words="mean and standard deviation", n=2),
    "two_sided": Key(kind=list[float], words="mode and the widths below and above", n=3),
    "exponential": Key(kind=float, words="scale"),
    "table": Key(kind=str, words="file with columns value and density, relative to this one"),
}
_MAX = Key(kind=float, words="where an exponential distribution is cut")
_MORE = {
    "within": Key(kind=list[float], words="what is outside of these two is drawn again; not of redshifts", n=2),
    "shift": Key(kind=list[float], words="polynomial in z, from its constant on, added to what is drawn; as within"),
    "scale": Key(kind=list[float], words="polynomial in z that what is drawn is multiplied by before; as within"),
    "shift_table": Key(kind=str, words="in place of shift, a file with columns z and value, linear between; as within"),
    "scale_table": Key(kind=str, words="in place of scale, likewise; as within"),
}


def _distribution(words: str, example: str) -> Table:
    return Table(
        keys={**_KINDS, "max": _MAX, **_MORE},
        words=words,
        number=True,
        one_of=tuple(_KINDS),
        beside={"max": "exponential"},
        example=(example,),
    )


REDSHIFT = Table(
    keys={
        **_KINDS,
        "rate": Key(kind=str, words="volumetric rate", choices=tuple(RATES)),
        "max": _MAX,
        "range": Key(kind=list[float], words="the least and largest redshift", n=2, required=True),
    },
    words="of the expansion alone; a distribution here may also be a rate with its range",
    number=True,
    required=True,
    one_of=(*_KINDS, "rate"),
    beside={"max": "exponential", "range": "rate"},
    example=('{ rate = "frohmaier2019", range = [0.005, 0.15] }',),
)

JOINT = Table(
    keys={
        "names": Key(kind=list[str], words=f"which parameters: {', '.join(PARAMETERS)}"),
        "mean": Key(kind=object, words="of each: a number, or a list, which is a polynomial in z"),
        "covariance": Key(kind=object, words="rows of the matrix, in the units of the parameters"),
        "sigma": Key(kind=object, words="in place of covariance, with correlation; of each, as mean"),
        "correlation": Key(kind=object, words="rows of the matrix"),
        "low": Key(kind=list[float], words="of each: what is below is drawn again"),
        "high": Key(kind=list[float], words="of each: what is above is drawn again"),
        "samples": Key(
            kind=str,
            words="in place of all this, a file whose rows are drawn: columns named as the parameters, weight and z",
        ),
        "tolerance": Key(kind=float, words="of the redshift, where samples has a column z", default=0.01),
    },
    words="parameters that are drawn together, normal or from a table",
    optional=True,
)
"""A joint distribution of parameters."""

HOSTS = Table(
    keys={
        "file": Key(kind=str, words="galaxies: ECSV, FITS, CSV or a HOSTLIB, relative to this one", required=True),
        "weight_map": Key(kind=str, words="SNANA's weight map, relative to this one"),
        "hold_weights": Key(kind=bool, words="hold galaxies beyond the weight map at its edge", default=False),
        "bands": Table(
            others=Key(kind=str, words="a band as surveys name it"),
            words='bands of the file and as surveys name them, such as g = "lsstg"',
        ),
        "tolerance": Key(
            kind=list[float], words="polynomial in z: how far off a galaxy's redshift may be", default=[0.002, 0.04]
        ),
        "positions": Key(
            kind=str,
            words="what stays where it is, events in the footprint or galaxies",
            default="event",
            choices=("event", "host"),
        ),
        "noise": Key(kind=bool, words="whether the host's light adds Poisson noise", default=False),
        "psf": Table(others=Key(kind=float, words="FWHM"), words="by band, FWHM of the PSF for the noise [arcsec]"),
        "step": Table(
            keys={
                "column": Key(kind=str, words="of the galaxies", required=True),
                "at": Key(kind=float, words="the step is at this value and above", required=True),
                "mag": Key(kind=float, words="added to mag_offset there [mag]", required=True),
            },
            words="a step of brightness, such as that in host mass",
            optional=True,
        ),
    },
    words="galaxies that events are in",
    optional=True,
)
"""Hosts of events."""

COLOR_SCATTER = Table(
    keys={
        "sigma": Key(kind=float, words="of a Gaussian process in ln wavelength [mag]"),
        "sigma_table": Key(kind=str, words="in place of sigma, a file with columns wave [rest-frame A] and sigma"),
        "length": Key(kind=float, words="of the process, in ln wavelength"),
        "wave_range": Key(kind=list[float], words="where it is not held [A]", default=[2000.0, 11000.0], n=2),
        "wave": Key(kind=list[float], words="or: rest-frame wavelengths of a covariance [A]"),
        "covariance": Key(kind=object, words="with wave, the rows of the matrix [mag2]"),
    },
    words="random change of magnitude by rest-frame wavelength, one an object",
    optional=True,
)
"""Scatter of color."""

EVENTS: dict[str, Key | Table] = {
    "redshift": REDSHIFT,
    "mag_offset": _distribution("gray, added to the template [mag]", "{ normal = [0.0, 0.15] }"),
    "ebv_host": _distribution("E(B-V) of the host [mag], with an upper bound", "{ exponential = 0.1, max = 0.6 }"),
    "rv_host": dataclasses.replace(_distribution("R(V) of the host; 3.1 unless stated", ""), example=()),
    "stretch": dataclasses.replace(
        _distribution("phases of the template are times this, 0.1 to 10; 1 unless stated", ""), example=()
    ),
    "law_host": Key(kind=str, words="dust law of the host; F99 unless stated"),
    "ebv_mw": Table(
        keys={"table": Key(kind=str, words="file with columns ra, dec, ebv", required=True)},
        words="E(B-V) of the Milky Way [mag], or a table of positions, of which the nearest counts",
        number=True,
        example=("0.05",),
    ),
    "law_mw": Key(kind=str, words="dust law of the Milky Way; F99 unless stated"),
    "peculiar_velocity": Key(kind=float, words="standard deviation [km/s]", example=("300.0",)),
    "solar_motion": Key(
        kind=bool, words="whether heliocentric redshifts have the Sun's motion in them; false unless stated"
    ),
    "joint": JOINT,
    "hosts": HOSTS,
    "color_scatter": COLOR_SCATTER,
}
"""What explodes, whatever the templates: fields of `sntransport.Population`."""

DISTRIBUTION = Table(keys={**REDSHIFT.keys, **_MORE})
"""All that may describe one, for the page."""
