"""How much a command may take: estimated first, and refused with the reason instead of filling the memory."""

MOST_BYTES = 4 * 2**30
"""Most memory that the arrays of one call may take [bytes], by an estimate before any is made."""

MOST_PHASES = 20_000
"""Most phases of one series that is built: 55 years of days. A wrong date or a unit of time makes more."""


def require_memory(n_bytes: float, what: str, remedy: str) -> None:
    """Raise a ValueError where an estimate is above `MOST_BYTES`.

    Parameters
    ----------
    n_bytes : float
        The estimate.
    what : str
        What would take that much, with its size: "a series of 63000 phases at 1700 wavelengths".
    remedy : str
        What to do: "use a larger cadence".
    """
    if n_bytes > MOST_BYTES:
        needed, most = (size / 2**30 for size in (n_bytes, MOST_BYTES))
        raise ValueError(f"{what} would take about {needed:.1f} GiB of memory, more than {most:g} GiB; {remedy}")
