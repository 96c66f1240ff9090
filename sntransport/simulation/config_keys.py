"""The keys of a configuration of ``sntransport simulate``, with kinds, ranges, defaults, meaning and an example."""

from sntransport._storage.config_schema import Key, Table
from sntransport._storage.workers import SLURM
from sntransport.simulation.rates import RATES

SURVEY = Table(
    {
        "source": Key(
            str, "lsst_wfd, lsst_ddf, ztf, atlas, or a file relative to this one", required=True,
            example=('"ztf"', '"atlas"'),
        ),
        "years": Key(float, "length of a survey with a name [yr]", example=("1.0", "1.0")),
    },
    "several: the same events seen by each; places are drawn from the first",
    others=Key(object, "other options of `load_survey` for this kind of survey"),
    required=True, several=True,
)  # fmt: skip
"""A survey, as `sntransport.load_survey` takes it."""

_KINDS = {
    "value": Key(float, "always this"),
    "uniform": Key(list[float], "least and largest", n=2),
    "log_uniform": Key(list[float], "least and largest", n=2),
    "normal": Key(list[float], "mean and standard deviation", n=2),
    "two_sided": Key(list[float], "mode and the widths below and above", n=3),
    "exponential": Key(float, "scale"),
    "table": Key(str, "file with columns value and density, relative to this one"),
}
_MAX = Key(float, "where an exponential distribution is cut")


def _distribution(words: str, example: str) -> Table:
    return Table({**_KINDS, "max": _MAX}, words, number=True, one_of=tuple(_KINDS), beside={"max": "exponential"},
                 example=(example,))  # fmt: skip


REDSHIFT = Table(
    {
        **_KINDS,
        "rate": Key(str, "volumetric rate", choices=tuple(RATES)),
        "max": _MAX,
        "range": Key(list[float], "the least and largest redshift", n=2, required=True),
    },
    "of the expansion alone; a distribution here may also be a rate with its range", number=True, required=True,
    one_of=(*_KINDS, "rate"), beside={"max": "exponential", "range": "rate"},
    example=('{ rate = "frohmaier2019", range = [0.005, 0.15] }',),
)  # fmt: skip

EVENTS: dict[str, Key | Table] = {
    "redshift": REDSHIFT,
    "mag_offset": _distribution("gray, added to the template [mag]", "{ normal = [0.0, 0.15] }"),
    "ebv_host": _distribution("E(B-V) of the host [mag], with an upper bound", "{ exponential = 0.1, max = 0.6 }"),
    "rv_host": Key(float, "R(V) of the host; 3.1 unless stated"),
    "law_host": Key(str, "dust law of the host; F99 unless stated"),
    "ebv_mw": Table(
        {"table": Key(str, "file with columns ra, dec, ebv", required=True)},
        "E(B-V) of the Milky Way [mag], or a table of positions, of which the nearest counts", number=True,
        example=("0.05",),
    ),
    "law_mw": Key(str, "dust law of the Milky Way; F99 unless stated"),
    "peculiar_velocity": Key(float, "standard deviation [km/s]", example=("300.0",)),
}  # fmt: skip
"""What explodes, whatever the templates: fields of `sntransport.Population`."""

DISTRIBUTION = Table(REDSHIFT.keys)
"""All that may describe one, for the page."""

POPULATION = Table(
    {
        "name": Key(str, "also that of its files", required=True, example=('"Ia"',)),
        "templates": Key(
            list[str], "hsiao, or series files, relative to this one, such as templates/*.fits", required=True,
            example=('["hsiao"]',),
        ),
        "template_weight": Key(list[float], "how often each is drawn; all alike unless stated"),
        "peak_band": Key(
            str, "templates are scaled to an absolute magnitude in this rest-frame band", example=('"bessellb"',)
        ),
        "peak_mag": Key(float, "which is this one [AB mag]", example=("-19.3",)),
        "objects": Key(
            int, "left out: as many as the rate gives in the footprint while the survey lasts", least=1,
            example=("3000",),
        ),
        **EVENTS,
    },
    "several, each with a seed of its own made from seed and its number", required=True, several=True,
)  # fmt: skip

SIMULATION = Table(
    {
        "seed": Key(int, "of all random numbers", 1, example=("1",)),
        "keep": Key(
            str, "which light curves are written", "triggered", choices=("triggered", "observed", "all"),
            example=('"triggered"',),
        ),
        "uncovered": Key(
            str, "what to do with measurements in bands that a template does not cover", "error",
            choices=("error", "nan", "drop"),
        ),
        "dates": Key(list[float], "first and last date of phase 0 [MJD]; those of the first survey unless stated", n=2),
        "margin": Key(list[float], "how long before and after its template an object is measured [d]", [0.0, 0.0], n=2),
        "max_gap": Key(float, "widest step between phases of a template to interpolate over [d]; 5 unless stated"),
        "cosmology": Table({
            "h0": Key(float, "Hubble constant [km/s/Mpc]", 70.0, least=1.0, most=1000.0, example=("70.0",)),
            "om0": Key(float, "matter; the universe is flat", 0.3, least=0.001, most=1.0, example=("0.3",)),
        }),
        "survey": SURVEY,
        "detection": Table({
            "threshold": Key(float, "in standard deviations; 5 unless stated. Or searcheff", example=("5.0",)),
            "searcheff": Key(str, "SNANA's table of efficiencies, relative to this file"),
            "n_epochs": Key(int, "detections that make a trigger", 2, least=1, example=("2",)),
            "epoch_window": Key(float, "detections closer than this are one epoch [d]", 0.02, least=0.0,
                                example=("0.02",)),
        }),
        "population": POPULATION,
        "slurm": SLURM,
    }
)  # fmt: skip
"""A whole file."""

EXAMPLE = "sntransport simulate examples/simulation.toml -o OUT"
"""The command in the first line of the example."""
