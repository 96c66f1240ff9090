"""The command ``schema``."""

from __future__ import annotations

from pathlib import Path

import click

from sntransport.cli.terminal.console import asked_for, conclude, say, speaking

# Module and table of each command that has a configuration.
CONFIGURATIONS = {
    "simulate": ("simulation.config_keys", "SIMULATION"),
    "augment": ("augmentation.config", "AUGMENTATION"),
}


@click.command()
@click.argument("command", type=click.Choice(list(CONFIGURATIONS)))
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="File; standard output when left out."
)
@speaking
def schema(command: str, out: Path | None) -> None:
    """JSON Schema of the configuration of a command, by which editors complete keys and mark mistakes.

    sntransport schema simulate -o simulate.schema.json, then, as first line of the configuration,
    #:schema ./simulate.schema.json (Taplo, Even Better TOML and others read it).
    """
    import json
    from importlib import import_module

    from sntransport._storage.atomic_files import write_text
    from sntransport.cli.inspection.json_schema import json_schema

    module, name = CONFIGURATIONS[command]
    table = getattr(import_module(f"sntransport.{module}"), name)
    made = json_schema(table, f"Configuration of sntransport {command}")
    text = json.dumps(made, indent=2)
    if out is None:
        if not asked_for("json"):
            click.echo(text)
        conclude([{"schema": made}])
        return
    say(f"wrote {write_text(text, out)}")
    conclude([{"files": [out]}])
