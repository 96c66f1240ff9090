"""Names of bands as astronomers write them, for pictures; tables and files keep the names that load a band."""

import re
from collections import Counter
from collections.abc import Sequence

_SURVEYS = (
    ("bessell", "Bessell"), ("sdss", "SDSS"), ("lsst", "LSST"), ("ztf", "ZTF"), ("ps1::", "PS1"), ("des", "DES"),
    ("atlas", "ATLAS"), ("2mass", "2MASS"), ("gaia::", "Gaia"), ("uvot::", "UVOT"), ("csp", "CSP"), ("ptf48", "PTF"),
)  # fmt: skip
"""How the names of a survey's bands begin, and how the survey is written."""

# Letters that are not written as they stand in the name. The R of PTF is the Mould R filter (filters/README.md).
_LETTERS = {
    "bessell": {"ux": "U", "b": "B", "v": "V", "r": "R", "i": "I"},
    "2mass": {"j": "J", "h": "H", "ks": "Ks"},
    "gaia::": {"g": "G", "gbp": "BP", "grp": "RP"},
    "uvot::": {"u": "U", "b": "B", "v": "V", "uvw1": "UVW1", "uvw2": "UVW2", "uvm2": "UVM2"},
    "ptf48": {"r": "R"},
    "csp": {
        "b": "B", "v3009": "V", "v3014": "V", "v9844": "V", "jd": "J", "js": "J", "hd": "H", "hs": "H", "yd": "Y",
        "ys": "Y",
    },
}  # fmt: skip
# Filters that one survey had twice: what tells them apart. "s" and "d": Swope and du Pont, of Las Campanas.
_TWICE = {"v3009": "V3009", "v3014": "V3014", "v9844": "V9844"}
_TELESCOPES = {"s": "Swope", "d": "du Pont"}


def short_band_names(names: Sequence[str], surveys: Sequence[str] = ()) -> list[str]:
    """Short names of the bands of one picture: B, V, g, r.

    Parameters
    ----------
    names : sequence of str
        Names as `load_bands` takes them; all bands of the picture, also several times the same.
    surveys : sequence of str, optional
        The survey of each, where light curves state one: it is told where two surveys have the same band.

    Returns
    -------
    list of str
        In the order of ``names``. Where two bands would read the same, each has its survey before it (ZTF g, LSST g),
        and where a survey has two of that letter, the filter or the telescope (CSP V3009, CSP J du Pont). A name of
        no survey that ships with the package stays as it is.
    """
    labels = {name: _spellings(name) for name in names}
    for level in (1, 2):
        count = Counter(spelled[0] for spelled in labels.values())
        labels = {
            name: (spelled[level], *spelled[1:]) if count[spelled[0]] > 1 else spelled
            for name, spelled in labels.items()
        }
    shown = [labels[name][0] for name in names]
    if not surveys:
        return shown
    homes: dict[str, set[str]] = {}
    for name, survey in zip(names, surveys, strict=True):
        homes.setdefault(name, set()).add(survey)
    return [
        f"{label} ({survey})" if len(homes[name]) > 1 else label
        for name, survey, label in zip(names, surveys, shown, strict=True)
    ]


def _spellings(name: str) -> tuple[str, str, str]:
    """A name by its letter, with its survey, and with what tells two filters of a survey apart."""
    for prefix, survey in _SURVEYS:
        letter = name.removeprefix(prefix)
        # A band of one's own may begin like a survey; those of surveys go on with a few letters.
        if letter != name and re.fullmatch(r"[a-z]{1,2}|[vw]\d{4}|uv[wm]\d|gbp|grp|open", letter):
            short = _LETTERS.get(prefix, {}).get(letter, letter)
            whole = _TWICE.get(letter, short)
            if prefix == "csp" and len(letter) == 2:
                whole = f"{short} {_TELESCOPES[letter[1]]}"
            return short, f"{survey} {short}", f"{survey} {whole}"
    return name, name, name
