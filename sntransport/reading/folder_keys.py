"""What somebody means who writes a key of another program, or of a paper, into ``sn.toml``."""

import re

# Remedy and keys, in letters alone.
_MEANT = (
    ("write z = ..., the heliocentric redshift", "redshift zhelio zhel zcmb velocity cz"),
    ("write distance_modulus = ... [mag]", "dm mu distmod modulus distancemod"),
    ("write distance_mpc = ... or distance_modulus = ...", "distance dist mpc dl lumdist"),
    ("write ebv_mw = A_V / R_V, where R_V is 3.1 unless rv_mw says otherwise", "av avmw amw"),
    ("write ebv_host = A_V / R_V, where R_V is 3.1 unless rv_host says otherwise", "avhost hostav"),
    ("write ebv_mw = ... [mag], that of the Milky Way", "ebv mwebv ebvgal ebvmilkyway sfd"),
    ("write ebv_host = ... [mag]", "hostebv ebvh"),
    ("write rv_mw = ... or rv_host = ...", "rv"),
    ("write type = ...", "class sntype claimedtype"),
    ("write mjd = ..., which is the Julian date minus 2400000.5", "jd hjd bjd"),
    ("write mjd = ... in the [[spectra]] entry of the file", "date dateobs mjdobs time epoch"),
    (
        "write mjd_ref = ..., the date of phase 0, and mjd_ref_meaning = ..., what happened then",
        "t tzero tmax tpeak texp mjdmax mjdpeak mjdexp explosion discovery jdref",
    ),
    ("write aliases = [...]", "alias othernames"),
    ("write file = ...", "path filename"),
    ('write default_system = "AB" or "Vega"', "system zpsys magsys"),
)
_BY_KEY = {key: remedy for remedy, keys in _MEANT for key in keys.split()}


def instead_of(key: str) -> str:
    """What to write instead of a key that is not known, such as "A_V"; empty where nothing is known of it."""
    return _BY_KEY.get(re.sub(r"[^a-z]", "", key.lower()), "")
