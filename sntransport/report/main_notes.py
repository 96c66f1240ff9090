"""Which notes of a build change its result, in a few short lines: what one should know without asking for all."""

import re
from collections import Counter
from collections.abc import Sequence

from sntransport._storage.read_error import counted, listed
from sntransport.spectra.doubts import DOUBT

# What is done to every supernova and is as it should be. What is not named here is shown, also what is not known yet.
_ROUTINE = re.compile(
    r"pixels removed: | joined to |bridged by straight lines|raised to the floor|^interpolated (beside|at the pace)"
    r"|below signal to noise .* not used for band curves"
    r"|flux in arbitrary units, only its shape is used|^dust of the host galaxy: none assumed|^distance .* \(field "
    r"|^so near, a redshift|^phase 0 is the discovery|taken, the first claimed|^nights left out as outliers"
    r"|^instruments off the others|: noise from the error column|wavelengths sorted or repeated"
)
_SPECTRUM = re.compile(r"^(?!photometry: ).* rejected: (?P<why>.*)$")
_LEFT_OUT = re.compile(r"^spectrum of phase \S+ left out: (?P<why>.*)$")
_ROWS = re.compile(r"^photometry: (?P<n>\d+) rows? rejected, (?P<why>[^:]*)")
_GAP = re.compile(r"^gap of (?P<days>\S+) d between .* is wider than (?P<limit>\S+) d: (?P<n>\d+) phases? not covered$")
_LONGEST = 180


def main_notes(notes: Sequence[str]) -> tuple[str, ...]:
    """The notes that change the result, those of one kind in one short line; without the doubts.

    Parameters
    ----------
    notes : sequence of str
        Of a `sntransport.pipeline.BuildResult`.

    Returns
    -------
    tuple of str
        Gaps left open, no photometry, what was not calibrated, rejected spectra and photometry, what was assumed, files
        and columns not used, and everything else that is not done to every supernova; each at most about 180 characters
        long.
    """
    spectra, left_out, rows = Counter[str](), Counter[str](), Counter[str]()
    gaps: list[re.Match[str]] = []
    others: dict[str, list[str]] = {}
    for note in notes:
        if note.startswith(DOUBT) or _ROUTINE.search(note):
            continue
        if found := _ROWS.match(note):
            rows[found["why"]] += int(found["n"])
        elif found := _GAP.match(note):
            gaps.append(found)
        elif found := _LEFT_OUT.match(note):
            left_out[found["why"]] += 1
        elif found := _SPECTRUM.match(note):
            spectra[_without_numbers(found["why"])] += 1
        else:
            others.setdefault(_kind(note), []).append(note)
    lines = [
        f"{counted(count.total(), noun)} {what}: {listed(count, 4)}"
        for count, noun, what in (
            (spectra, "spectrum", "rejected"),
            (left_out, "spectrum", "left out"),
            (rows, "row", "of photometry rejected"),
        )
        if count
    ]
    lines += _of_gaps(gaps)
    # The last of a kind is that of the series itself, after that of the spectra.
    lines += [
        f"{one[-1]}{f' (and {len(one) - 1} more of this kind)' if len(one) > 1 else ''}" for one in others.values()
    ]
    return tuple(_short(line) for line in lines)


def _of_gaps(gaps: Sequence[re.Match[str]]) -> list[str]:
    """Gaps that were left open, in one line: of several how many, and the widest."""
    if len(gaps) < 2:
        return [gap.string for gap in gaps]
    widest = max(gaps, key=lambda gap: float(gap["days"]))
    n_phase = sum(int(gap["n"]) for gap in gaps)
    between = widest.string.partition(" is wider")[0].removeprefix("gap of ")
    return [f"{len(gaps)} gaps wider than {widest['limit']} d: {n_phase} phases not covered; the widest is {between}"]


def _kind(note: str) -> str:
    """A note without what differs between notes of one kind."""
    without = re.sub(r"of the (observed spectra|series)", "", note)
    return _without_numbers(re.sub(r"^\S+(?=: )", "", without))


def _without_numbers(text: str) -> str:
    """A reason without its numbers and what stands in brackets."""
    return " ".join(re.sub(r"-?\d[\d.e+%-]*", "", re.sub(r"\([^()]*\)", "", text)).split())


def _short(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 4].rstrip()} ..."
