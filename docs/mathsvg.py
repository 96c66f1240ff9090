"""Formulas as drawings within the page, made when it is built: no script, no font and no network for the reader.

A math renderer of Sphinx (``html_math_renderer = "mathsvg"``) on ziamath, which draws TeX with STIX Two Math. What it
does not know it would print as TeX; here it is a warning, and so an error of the build. The drawing takes the color of
the text, so it can be read in the dark theme too, and says its TeX to screen readers.
"""

import re
from html import escape
from typing import Any

import ziamath
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

_logger = logging.getLogger(__name__)
_SIZE = 20.0
# STIX is smaller than the letters of the theme at the same size.
_EM = _SIZE / 1.1
_BOX = re.compile(r'^<svg (.*?)width="\S+" height="\S+" viewBox="(\S+) (\S+) (\S+) (\S+)">')

# Plain paths: symbols would need names that are unique on a page.
ziamath.config.svg2 = False


def drawn(tex: str, *, inline: bool) -> str:
    """One formula as an <svg> element as high as the text around it."""
    formula = ziamath.Latex(tex, size=_SIZE, inline=inline, color="currentColor")
    if "\\" in formula.mathmlstr():
        raise ValueError("not all of it is known to ziamath")
    made = formula.svg()
    found = _BOX.match(made)
    if found is None:
        raise ValueError("ziamath draws in another way than it did; see docs/mathsvg.py")
    _, top, width, height = (float(number) for number in found.groups()[1:])
    style = f"width:{width / _EM:.3f}em;height:{height / _EM:.3f}em;"
    # A drawing stands on its lower edge; the baseline of the formula is above that.
    style += f"vertical-align:{-(top + height) / _EM:.3f}em" if inline else "max-width:100%"
    told = f'role="img" aria-label="{escape(tex)}" style="{style}"'
    box = " ".join(found.groups()[1:])
    # Lines, such as that over a mean, are black whatever color was asked for.
    inside = made[found.end() :].replace('"black"', '"currentColor"')
    return f'<svg {found[1]}viewBox="{box}" {told}>{inside}'


def _write(translator: Any, node: nodes.Element, *, inline: bool) -> None:
    try:
        made = drawn(node.astext(), inline=inline)
        translator.body.append(made if inline else f'<div style="text-align:center;margin:0 0 1.15rem">{made}</div>')
    except Exception as error:
        _logger.warning("formula %r: %s", node.astext(), error, location=node)
    raise nodes.SkipNode


def _inline(translator: Any, node: nodes.Element) -> None:
    _write(translator, node, inline=True)


def _block(translator: Any, node: nodes.Element) -> None:
    _write(translator, node, inline=False)


def setup(app: Sphinx) -> dict[str, Any]:
    """Make the renderer known to Sphinx."""
    app.add_html_math_renderer("mathsvg", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
