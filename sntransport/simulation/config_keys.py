"""The keys of a configuration of ``sntransport simulate``, with kinds, ranges, defaults, meaning and an example."""

from dataclasses import replace
from typing import get_args

from sntransport._storage.config_schema import Key, Table
from sntransport._storage.slurm import SLURM
from sntransport.corrections.extrapolation import WAVE_POLICIES
from sntransport.simulation.events.class_codes import CODES
from sntransport.simulation.events.config_keys import EVENTS
from sntransport.simulation.noise.noise_model import CHOICES
from sntransport.simulation.selection.config_keys import CUTS, DETECTION, PRESCALE, SPECTROSCOPY
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

NOISE: dict[str, Key | Table] = {
    "reported_at": Key(
        kind=str,
        words="flux that the reported error has the Poisson noise of; SNANA's is the measured one",
        default="true",
        choices=CHOICES["reported_at"],
    ),
    "template": Key(
        kind=str,
        words="noise of the template: common to an object's visits in a band, anew for each visit, or left out",
        default="common",
        choices=CHOICES["template"],
    ),
    "zero_point": Key(
        kind=str, words="error of the zero point: of the band, or of each visit", default="band",
        choices=CHOICES["zero_point"],
    ),
    "zero_point_in": Key(
        kind=str,
        words="whether it is drawn and reported, only in fluxes, only in errors, or left out",
        default="both",
        choices=CHOICES["zero_point_in"],
    ),
    "saturated": Key(
        kind=str,
        words="a saturated flux is NaN, or 0 with an error of 1e8 nJy",
        default="nan",
        choices=CHOICES["saturated"],
    ),
    "errors": Key(kind=str, words="SNANA's FLUXERRMODEL file, relative to this one"),
    "unreported": Key(kind=list[str], words="names of its maps that the reported errors do not know of"),
}  # fmt: skip
"""Fields of `NoiseModel`."""

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
        "extend": Table(
            keys={
                "range": Key(kind=list[float], words="wavelengths to reach [rest-frame A]", n=2, required=True),
                "policy": Key(kind=str, words="how", required=True, choices=(*WAVE_POLICIES, "hsiao")),
            },
            words="templates are extrapolated in wavelength before anything is simulated",
            optional=True,
        ),
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

SPECTROGRAPH = Table(
    keys={
        "wave_range": Key(kind=list[float], words="observer-frame wavelengths [A]", n=2, required=True),
        "step": Key(kind=float, words="width of a pixel [A]", required=True),
        "resolution": Key(kind=float, words="wavelength over the FWHM of a narrow line, or fwhm"),
        "fwhm": Key(kind=float, words="of a narrow line [A]"),
        "snr": Key(kind=float, words="signal-to-noise ratio in a pixel, or snr_table"),
        "snr_table": Key(kind=str, words="file with columns wave [A] and snr, relative to this one"),
        "mag": Key(kind=float, words="brightness that this is at [AB mag]; at every brightness unless stated"),
        "bright_snr": Key(kind=float, words="the same at a brighter magnitude, or bright_snr_table"),
        "bright_snr_table": Key(kind=str, words="as snr_table"),
        "bright_mag": Key(kind=float, words="the brighter magnitude [AB mag]"),
        "phases": Key(kind=list[float], words="when each object is looked at [rest-frame d]", default=[0.0]),
        "dates": Key(kind=list[float], words="in place of phases: when all are looked at [MJD]"),
    },
    words="spectra of the objects that are written and, where that is drawn, have one",
    optional=True,
)
"""A spectrograph, and when it looks."""

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
            words="what to do with measurements in bands that a template does not cover; drop_for_all: drop those that "
            "any template of any population does not",
            default="error",
            choices=("error", "nan", "drop", "drop_for_all"),
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
        "true_flux": Key(
            kind=bool,
            words="whether files have the flux before noise of every measurement; SNANA's always do",
            default=False,
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
                "epochs": Key(
                    kind=str,
                    words="what begins an epoch: a detection, or any visit, as SNANA's NEWMJD_DIF",
                    default="detections",
                    choices=("detections", "visits"),
                ),
                "snr": Key(
                    kind=str,
                    words="signal-to-noise ratio that detection depends on; SNANA's is the true one",
                    default="measured",
                    choices=("measured", "true"),
                ),
                **DETECTION,
            }
        ),
        "noise": Table(keys=NOISE),
        "spectroscopy": SPECTROSCOPY,
        "host_redshift": replace(
            SPECTROSCOPY, words="whose host has a redshift: columns has_host_redshift and host_redshift_probability"
        ),
        "cuts": CUTS,
        "prescale": PRESCALE,
        "population": POPULATION,
        "spectrograph": SPECTROGRAPH,
        "codes": CODES,
        "slurm": SLURM,
    }
)
"""A whole file."""

EXAMPLE = "sntransport simulate examples/simulation.toml -o OUT"
"""The command in the first line of the example."""
