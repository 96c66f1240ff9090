"""Tables of the keys of configuration files, and examples of them, made from the schemas that check the files.

A page holds one between two marks,

    <!-- keys: NAME -->
    <!-- /keys -->

and ``python docs/config_tables.py`` fills them in, as does the build; `tests/project/test_config_tables.py` fails where
a page, or a file in examples/, says something else.
"""

import re
from pathlib import Path

from sntransport._storage.config_schema import example, key_sections, key_table
from sntransport.augmentation import config as augmentation
from sntransport.simulation import config_keys as simulation
from sntransport.simulation.events.config_keys import DISTRIBUTION

HERE = Path(__file__).resolve().parent
PAGES = (
    HERE / "howto" / "augmentation.md",
    HERE / "reference" / "simulation-keys.md",
    HERE / "reference" / "training-set-keys.md",
)
MARKED = re.compile(r"(<!-- keys: ([\w ]+) -->\n).*?(<!-- /keys -->)", flags=re.DOTALL)

EXAMPLES = {
    "simulate": example(simulation.SIMULATION, simulation.EXAMPLE),
    "augment": example(augmentation.AUGMENTATION, augmentation.EXAMPLE),
}
EXAMPLE_FILES = {
    "simulate": HERE.parent / "examples" / "simulation.toml",
    "augment": HERE.parent / "examples" / "augment.toml",
}
TEXTS = {
    "simulation": key_sections(simulation.SIMULATION),
    "distributions": key_table(DISTRIBUTION),
    "augmentation": key_sections(augmentation.AUGMENTATION),
    "augmentation example": f"```toml\n{EXAMPLES['augment']}```",
}


def filled(text: str) -> str:
    """A page with everything between marks made anew."""
    return MARKED.sub(lambda found: f"{found[1]}{TEXTS[found[2]]}\n{found[3]}", text)


def main() -> None:
    """Fill in all pages in place, and write the examples."""
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
    for command, path in EXAMPLE_FILES.items():
        path.write_text(EXAMPLES[command], encoding="utf-8")


if __name__ == "__main__":
    main()
