"""Colors and markers that figures, plots and sketches share."""

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe & Ito (2008): told apart by color-blind readers; markers and line styles say it again in gray print."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def blend(share: float) -> str:
    """A color on the way from the first of `COLORS` (share 0: early, blue) to the second (share 1: late, red)."""
    ends = [[int(color[k : k + 2], 16) for k in (1, 3, 5)] for color in COLORS[:2]]
    mixed = [round((1.0 - share) * first + share * last) for first, last in zip(*ends, strict=True)]
    return "#" + "".join(f"{value:02X}" for value in mixed)
