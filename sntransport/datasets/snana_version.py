"""The two texts that make a folder of FITS pairs a data version of SNANA: NAME.LIST and NAME.README."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sntransport._objects.arguments import answers_mistakes
from sntransport._storage.atomic_files import atomic_path
from sntransport._storage.read_error import one_line

MOST_FILES = 499
"""That SNANA reads of one version (MXFILE_SNFITSIO of sntools_dataformat_fits.h is one more)."""


@answers_mistakes
def write_snana_version(
    folder: Path, heads: Sequence[str], *, bands: Mapping[str, str], classes: Mapping[str, int],
    templates: Sequence[str], told: Mapping[str, Any], version: str = "",
) -> tuple[Path, Path]:  # fmt: skip
    """Write ``NAME.LIST`` and ``NAME.README``, where NAME is that of the folder; same content, same bytes.

    Parameters
    ----------
    folder : Path
        Of the pairs; SNANA finds it as ``PRIVATE_DATA_PATH/NAME``.
    heads : sequence of str
        Names of all HEAD files in it, in their order.
    bands : mapping of str to str
        Letter of each band.
    classes : mapping of str to int
        SNTYPE of each class.
    templates : sequence of str
        Names in the order of SIM_TEMPLATE_INDEX, from 1.
    told : mapping
        What else to say, such as survey, generator and cosmology.
    version : str
        NAME, where the folder is yet to be called so.

    Returns
    -------
    listed, readme : Path

    Raises
    ------
    ValueError
        Where there are more files than SNANA reads.

    Examples
    --------
    >>> from pathlib import Path
    >>> from sntransport.datasets import write_snana_version
    >>> Path("SIM1").mkdir()
    >>> listed, _ = write_snana_version(
    ...     Path("SIM1"), ["SIM1-00000_HEAD.FITS"], bands={"ztfr": "r"}, classes={"Ia": 1}, templates=["hsiao"], told={}
    ... )
    >>> listed.name, listed.read_text().split()
    ('SIM1.LIST', ['SIM1-00000_HEAD.FITS'])
    """
    require_few(len(heads))
    name = version or folder.resolve().name
    lines = [
        "DOCUMENTATION:", "  OVERVIEW:", *(f"    {key}: {one_line(str(value))}" for key, value in told.items()),
        "  FILTERS:", *(f"    {letter}: {one_line(band)}" for band, letter in bands.items()),
        "  SNTYPE:", *(f"    {code}: {one_line(kind)}" for kind, code in classes.items()),
        "  SIM_TEMPLATE_INDEX:", *(f"    {i}: {one_line(one)}" for i, one in enumerate(templates, start=1)),
        "DOCUMENTATION_END:",
    ]  # fmt: skip
    texts = {".LIST": heads, ".README": lines}
    paths = folder / f"{name}.LIST", folder / f"{name}.README"
    # The list last: it is what makes a version.
    for path in reversed(paths):
        content = "".join(f"{line}\n" for line in texts[path.suffix]).encode()
        # A finished run is left as it is.
        if not path.is_file() or path.read_bytes() != content:
            with atomic_path(path) as temporary:
                temporary.write_bytes(content)
    return paths


def require_few(n_file: int) -> None:
    """Raise a ValueError where there are more HEAD files than SNANA reads of one version."""
    if n_file > MOST_FILES:
        raise ValueError(
            f"{n_file} shards, but SNANA reads at most {MOST_FILES} files of one version; make them larger (--chunk)"
        )
