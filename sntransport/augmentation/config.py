"""The configuration of an augmentation: a TOML file, every key known and of its kind, or left at its default."""

import dataclasses
from pathlib import Path
from typing import Any

from sntransport._storage.config_schema import Key, Table, checked
from sntransport._storage.config_sections import Section, read_toml
from sntransport._storage.slurm import SLURM
from sntransport.simulation.config_keys import PLACES, SURVEY
from sntransport.simulation.events.class_codes import CODES
from sntransport.simulation.events.config_keys import EVENTS
from sntransport.simulation.selection.config_keys import CUTS, SPECTRUM

AUGMENTATION = Table(
    keys={
        "seed": Key(kind=int, words="of all random numbers", default=1, example=("1",)),
        "series": Key(
            kind=list[str],
            words="series files, or supernovae, which are built; relative to this file",
            required=True,
            example=('["series/*.fits", "SN2013am.json.gz"]',),
        ),
        "split": Table(
            words="shares of the splits, by supernova",
            others=Key(kind=float, words="share"),
            default={"train": 0.7, "test": 0.3},
            example_others={"train": "0.7", "test": "0.3"},
        ),
        "templates": Table(
            keys={
                "mixtures": Key(kind=int, words="of each class, in each augmented split", default=0, example=("20",)),
                "draws": Key(
                    kind=int,
                    words="realizations of every series and mixture from its errors",
                    default=0,
                    example=("2",),
                ),
                "barycenter": Key(
                    kind=str,
                    words="how features are mixed",
                    default="features",
                    choices=("features", "wasserstein", "linear"),
                    example=('"features"',),
                ),
                "parents": Key(kind=int, words="of a mixture", default=2, example=("2",)),
                "concentration": Key(
                    kind=float, words="of the Dirichlet distribution of weights", default=1.0, example=("1.0",)
                ),
                "augmented": Key(
                    kind=list[str],
                    words="splits of these; the others keep to what was observed",
                    default=["train"],
                    example=('["train"]',),
                ),
            }
        ),
        "survey": SURVEY,
        "population": Table(keys=EVENTS, words="the same for all classes", required=True),
        "simulation": Table(
            keys={
                "n": Key(kind=int, words="light curves to choose from", required=True, example=("100000",)),
                "keep": Key(
                    kind=str,
                    words="which may be chosen",
                    default="triggered",
                    choices=("triggered", "observed", "all"),
                    example=('"triggered"',),
                ),
                "uncovered": Key(
                    kind=str,
                    words="what to do with bands that a series does not cover",
                    default="drop",
                    choices=("error", "nan", "drop", "drop_for_all"),
                    example=('"drop"',),
                ),
                "true_flux": Key(
                    kind=bool,
                    words="whether files have the flux before noise of every measurement; SNANA's always do",
                    default=False,
                ),
                "places": dataclasses.replace(PLACES, example=('"first"',)),
            }
        ),
        "target": Table(
            words="how many to choose in each split, by class",
            others=Key(kind=dict[str, int], words="by class"),
            required=True,
            example_others={"train": "{ Ia = 1000, II = 1000 }", "test": "{ Ia = 200, II = 200 }"},
        ),
        "balance": Table(
            keys={
                "z_edges": Key(
                    kind=list[float],
                    words="bins of redshift, balanced in every class",
                    default=[],
                    example=("[0.02, 0.1, 0.2]",),
                ),
                "z_shares": Key(
                    kind=list[float], words="shares of the bins; equal unless stated", default=[], example=("[1, 2]",)
                ),
            }
        ),
        "selection": Table(
            keys={
                **SPECTRUM,
                "biased": Key(
                    kind=list[str],
                    words="splits that only hold what got one",
                    default=["train"],
                    example=('["train"]',),
                ),
                "undo": Key(
                    kind=bool,
                    words="weights times the inverse propensity, at most 100 times that of a sure one",
                    default=False,
                    example=("true",),
                ),
            },
            words="who gets a spectrum",
        ),
        "cuts": CUTS,
        "codes": CODES,
        "slurm": SLURM,
    }
)
"""A whole file."""

EXAMPLE = "sntransport augment examples/augment.toml -o OUT"
"""The command in the first line of the example."""


def read_augmentation(path: Path) -> dict[str, dict[str, Any]]:
    """Read and check a configuration.

    Parameters
    ----------
    path : Path
        See docs/howto/augmentation.md for its tables and keys.

    Returns
    -------
    dict of str to dict
        Every table with all of its keys; those outside of tables are in the one named "".

    Raises
    ------
    ReadError
        Where the file is missing or no TOML, a table or key is not known (with those most like it), a value is of
        another kind or out of its range, or one that is needed is left out.
    """
    return augmentation_of(read_toml(path))


def augmentation_of(top: Section) -> dict[str, dict[str, Any]]:
    """As `read_augmentation`, of the outermost table of a file."""
    values = checked(top, AUGMENTATION).values
    tables = {name: values[name] for name, known in AUGMENTATION.keys.items() if isinstance(known, Table)}
    return {"": {name: value for name, value in values.items() if name not in tables}, **tables}
