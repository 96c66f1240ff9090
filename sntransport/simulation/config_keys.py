"""The keys of a configuration of ``sntransport simulate``, with kinds, ranges, defaults, meaning and an example."""

from dataclasses import replace
from typing import get_args

from sntransport._storage.config_schema import Key, Table
from sntransport._storage.slurm import SLURM
from sntransport.simulation.events.rates import RATES
from sntransport.simulation.selection_keys import CUTS, DETECTION, PRESCALE, SPECTROSCOPY
from sntransport.simulation.surveys.footprint import Where

SURVEY = Table(
    keys={
        "source": Key(
            kind=str,
            words="lsst_wfd, lsst_ddf, ztf, atlas, or a file relative to this one",
            required=True,
            example=('"ztf"', '"atlas"'),
        ),
        "years": Key(kind=float, words="length of a survey with a name [yr]", example=("1.0", "1.0")),
    },
    words="several: the same events seen by each",
    others=Key(kind=object, words="other options of `load_survey` for this kind of survey"),
    required=True,
    several=True,
)
"""A survey, as `sntransport.load_survey` takes it."""

PLACES = Key(
    kind=str,
    words="which of several surveys look where and when events are",
    default="first",
    choices=get_args(Where),
)
"""Where and when events are."""

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


def _distribution(words: str, example: str) -> Table:
    return Table(
        keys={**_KINDS, "max": _MAX},
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

EVENTS: dict[str, Key | Table] = {
    "redshift": REDSHIFT,
    "mag_offset": _distribution("gray, added to the template [mag]", "{ normal = [0.0, 0.15] }"),
    "ebv_host": _distribution("E(B-V) of the host [mag], with an upper bound", "{ exponential = 0.1, max = 0.6 }"),
    "rv_host": Key(kind=float, words="R(V) of the host; 3.1 unless stated"),
    "law_host": Key(kind=str, words="dust law of the host; F99 unless stated"),
    "ebv_mw": Table(
        keys={"table": Key(kind=str, words="file with columns ra, dec, ebv", required=True)},
        words="E(B-V) of the Milky Way [mag], or a table of positions, of which the nearest counts",
        number=True,
        example=("0.05",),
    ),
    "law_mw": Key(kind=str, words="dust law of the Milky Way; F99 unless stated"),
    "peculiar_velocity": Key(kind=float, words="standard deviation [km/s]", example=("300.0",)),
}
"""What explodes, whatever the templates: fields of `sntransport.Population`."""

DISTRIBUTION = Table(keys=REDSHIFT.keys)
"""All that may describe one, for the page."""

POPULATION = Table(
    keys={
        "name": Key(kind=str, words="also that of its files", required=True, example=('"Ia"',)),
        "templates": Key(
            kind=list[str],
            words="hsiao, or series files, relative to this one, such as templates/*.fits",
            required=True,
            example=('["hsiao"]',),
        ),
        "template_weight": Key(kind=list[float], words="how often each is drawn; all alike unless stated"),
        "peak_band": Key(
            kind=str,
            words="templates are scaled to an absolute magnitude in this rest-frame band",
            example=('"bessellb"',),
        ),
        "peak_mag": Key(kind=float, words="which is this one [AB mag]", example=("-19.3",)),
        "objects": Key(
            kind=int,
            words="left out: as many as the rate gives in the footprint while the survey lasts",
            least=1,
            example=("3000",),
        ),
        **EVENTS,
    },
    words="several, each with a seed of its own made from seed and its number",
    required=True,
    several=True,
)

SIMULATION = Table(
    keys={
        "seed": Key(kind=int, words="of all random numbers", default=1, example=("1",)),
        "keep": Key(
            kind=str,
            words="which are written; with cuts selected unless stated",
            choices=("triggered", "selected", "observed", "all"),
            example=('"triggered"',),
        ),
        "uncovered": Key(
            kind=str,
            words="what to do with measurements in bands that a template does not cover",
            default="error",
            choices=("error", "nan", "drop"),
        ),
        "places": PLACES,
        "dates": Key(
            kind=list[float], words="first and last date of phase 0 [MJD]; those of the surveys unless stated", n=2
        ),
        "margin": Key(
            kind=list[float],
            words="how long before and after its template an object is measured [d]",
            default=[0.0, 0.0],
            n=2,
        ),
        "max_gap": Key(
            kind=float, words="widest step between phases of a template to interpolate over [d]; 5 unless stated"
        ),
        "cosmology": Table(
            keys={
                "h0": Key(
                    kind=float,
                    words="Hubble constant [km/s/Mpc]",
                    default=70.0,
                    least=1.0,
                    most=1000.0,
                    example=("70.0",),
                ),
                "om0": Key(
                    kind=float,
                    words="matter; the universe is flat",
                    default=0.3,
                    least=0.001,
                    most=1.0,
                    example=("0.3",),
                ),
            }
        ),
        "survey": SURVEY,
        "detection": Table(
            keys={
                "threshold": Key(
                    kind=float, words="in standard deviations; 5 unless stated. Or searcheff", example=("5.0",)
                ),
                "searcheff": Key(kind=str, words="SNANA's table of efficiencies, relative to this file"),
                "n_epochs": Key(kind=int, words="detections that make a trigger", default=2, least=1, example=("2",)),
                "epoch_window": Key(
                    kind=float,
                    words="detections closer than this are one epoch [d]",
                    default=0.02,
                    least=0.0,
                    example=("0.02",),
                ),
                **DETECTION,
            }
        ),
        "spectroscopy": SPECTROSCOPY,
        "host_redshift": replace(
            SPECTROSCOPY, words="whose host has a redshift: columns has_host_redshift and host_redshift_probability"
        ),
        "cuts": CUTS,
        "prescale": PRESCALE,
        "population": POPULATION,
        "slurm": SLURM,
    }
)
"""A whole file."""

EXAMPLE = "sntransport simulate examples/simulation.toml -o OUT"
"""The command in the first line of the example."""
