"""Tables of the keys of configuration files, and examples of them, made from the schemas that check the files.

A page holds one between two marks,

    <!-- keys: NAME -->
    <!-- /keys -->

and ``python docs/config_tables.py`` fills them in, as does the build; `tests/project/test_config_tables.py` fails where
a page, or examples/simulation.toml, says something else.
"""

import re
from pathlib import Path

from sntransport._storage.config_schema import example, key_table
from sntransport.augmentation import config as augmentation
from sntransport.simulation import config_keys as simulation
from sntransport.simulation.events.config_keys import DISTRIBUTION

HERE = Path(__file__).resolve().parent
PAGES = (HERE / "simulation.md", HERE / "augmentation.md")
EXAMPLE_FILE = HERE.parent / "examples" / "simulation.toml"
MARKED = re.compile(r"(<!-- keys: ([\w ]+) -->\n).*?(<!-- /keys -->)", flags=re.DOTALL)

EXAMPLE = example(simulation.SIMULATION, simulation.EXAMPLE)
TEXTS = {
    "simulation": key_table(simulation.SIMULATION),
    "distributions": key_table(DISTRIBUTION),
    "augmentation": key_table(augmentation.AUGMENTATION),
    "augmentation example": f"```toml\n{example(augmentation.AUGMENTATION, augmentation.EXAMPLE)}```",
}


def filled(text: str) -> str:
    """A page with everything between marks made anew."""
    return MARKED.sub(lambda found: f"{found[1]}{TEXTS[found[2]]}\n{found[3]}", text)


def main() -> None:
    """Fill in all pages in place, and write the example."""
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
    EXAMPLE_FILE.write_text(EXAMPLE, encoding="utf-8")


if __name__ == "__main__":
    main()
