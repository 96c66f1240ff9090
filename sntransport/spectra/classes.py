"""Classes of supernovae in the spellings that people and catalogs use."""

import re

_OTHERS = (
    "slsn", "tde", "agn", "qso", "kn", "kilonova", "lbv", "ilot", "ilrt", "lrn", "lrv", "cv", "nova", "galaxy", "star",
    "fbot", "sn-imp", "impostor", "gap", "ca-rich", "other", "pisn", "cart", "bl-lac", "frb", "grb", "varstar",
    "m-dwarf",
)  # fmt: skip
# A class begins a type, after words that say no more than that it is one.
_WORDS = re.compile(r"^(?:supernova|sne?|type|typ|class)(?![a-z])[\s_:.-]*|^sn(?=i|[12][abp])")


def plain_type(sn_type: str) -> str:
    """A type in lower case without what may stand around it: "SN Type II-P" becomes "iip", "Ib/c" "ibc", "1a" "ia"."""
    text = " ".join(sn_type.replace("_", " ").lower().split())
    while (shorter := _WORDS.sub("", text)) != text:
        text = shorter
    text = re.sub(r"^1(?=[abc])", "i", re.sub(r"^2(?=[abclnp]?(?![a-z]))", "ii", text))
    return re.sub(r"[\s/().?*:-]", "", text)


def known_class(sn_type: str) -> str | None:
    """Class of a type, "Ia", "II", "Ib/c" or "other"; None where it is none that is known here.

    Parameters
    ----------
    sn_type : str
        In any spelling: "Ia", "SN Ia", "ia-norm", "SNIa-91T-like", "1a"; "II P", "IIP", "type II-P"; "Ib/c", "Ic BL".

    Returns
    -------
    str or None
        IIb count as "II"; "Ib/c" are the types that begin with Ib or Ic; "other" are superluminous supernovae, tidal
        disruptions and whatever else is no supernova of those three. None for what could be several of them ("I",
        "Ia/Ic").
    """
    parts = [part for part in re.split(r"/|\||,|;|\bor\b", re.sub(r"(?i)b */ *c", "bc", sn_type)) if part.strip()]
    found = {_one_class(part) for part in parts}
    return found.pop() if len(found) == 1 else None


def class_note(sn_type: str) -> str:
    """What to say of a type that is not known; empty where it is known or not given."""
    if not sn_type or known_class(sn_type) is not None:
        return ""
    return (
        f"class {sn_type!r} not known: nothing is assumed of it; known are Ia, II, Ib/c and their kin (pass sn_type=, "
        "or say type = ... in sn.toml)"
    )


def _one_class(text: str) -> str | None:
    plain = plain_type(text)
    if any(plain.startswith(one.replace("-", "")) for one in _OTHERS):
        return "other"
    for start, name in (("ia", "Ia"), ("ib", "Ib/c"), ("ic", "Ib/c"), ("bc", "Ib/c"), ("ii", "II")):
        if plain.startswith(start) and not plain.startswith("iii"):
            return name
    return None
