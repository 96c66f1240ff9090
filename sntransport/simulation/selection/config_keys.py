"""The keys of selection in configurations of ``simulate`` and ``augment``."""

from dataclasses import replace

from sntransport._storage.config_schema import Key, Table

SPECTRUM: dict[str, Key | Table] = {
    "file": Key(
        kind=str, words="SNANA's SEARCHEFF_SPEC or SEARCHEFF_zHOST file, relative to this one; or band and half"
    ),
    "columns": Table(others=Key(kind=str, words="column of the truth"), words="what variables of the file are called"),
    "band": Key(kind=str, words="whose peak magnitude decides", example=('"ztfr"',)),
    "half": Key(kind=float, words="where half of them get it [mag]", example=("18.5",)),
    "width": Key(kind=float, words="scale of the logistic fall [mag]", default=0.5, example=("0.5",)),
}
"""A chance: SNANA's file, or a logistic in peak magnitude."""

SPECTROSCOPY = Table(
    keys={name: replace(key, example=()) for name, key in SPECTRUM.items()},
    words="who gets a spectrum: columns has_spectrum and spectrum_probability",
)
"""Of `Selection.spectroscopy`, without an example."""

CUTS = Table(
    keys={
        "quantity": Key(kind=str, words="such as snr_max, n_nights, z; those of `Cut`", required=True),
        "least": Key(kind=float, words="included"),
        "most": Key(kind=float, words="included"),
        "bands": Key(kind=list[str], words="names or their ends; all unless stated"),
        "n_bands": Key(kind=int, words="in how many bands, each for itself; 0: all together", default=0),
        "phase": Key(kind=list[float], words="only measurements between these [rest-frame d]", n=2),
        "snr": Key(kind=float, words="only measurements with this ratio of flux to error or more"),
        "rest_wave": Key(kind=list[float], words="only bands whose mean wavelength at rest is between these [A]", n=2),
        "detected": Key(kind=bool, words="only detections", default=False),
        "name": Key(kind=str, words="what rejections are counted under; made of the others unless stated"),
    },
    words="what objects must fulfil to be kept, in this order",
    several=True,
)
"""Of `Selection.cuts`."""

PRESCALE = Table(
    keys={
        "factor": Key(kind=float, words="one in so many", required=True, least=1.0),
        "fields": Key(kind=list[str], words="of objects in these; all unless stated", default=[]),
        "classes": Key(kind=list[str], words="of templates of these types; all unless stated", default=[]),
        "z": Key(kind=list[float], words="of redshifts from the first up to the second", n=2),
    },
    words="of many objects only some are kept, with the weight of all; the first that is for an object counts",
    several=True,
)
"""Of `Selection.prescale`."""

DETECTION: dict[str, Key | Table] = {
    "trigger": Key(kind=str, words='in place of n_epochs, such as "2 of g, r, i within 30 d"'),
    "logic": Key(kind=str, words="in place of trigger: SNANA's SEARCHEFF_PIPELINE_LOGIC file, relative to this one"),
    "logic_survey": Key(kind=str, words="whose line of that file"),
    "fields": Table(
        others=Key(kind=str, words="SNANA's table of efficiencies for objects in the field of this name"),
        words="by field, in place of threshold or searcheff",
    ),
}
"""Of ``[detection]``."""
