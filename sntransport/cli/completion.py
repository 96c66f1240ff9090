"""The command ``completion``."""

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what completes commands, options and files with the tab key.

    bash: add  eval "$(sntransport completion bash)"  to ~/.bashrc; zsh: the same with zsh to ~/.zshrc; fish:
    sntransport completion fish > ~/.config/fish/completions/sntransport.fish
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(ctx.find_root().command, {}, "sntransport", "_SNTRANSPORT_COMPLETE").source())
