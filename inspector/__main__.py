"""`python -m inspector`: the inspector's commands, without proxy and course."""

from importlib import import_module

import click

from inspector import __version__
from inspector.commands.mistakes import Group

COMMANDS = ("diff", "dump", "explain", "lint", "convert")


class Lazily(Group):
    """A group that imports a command when it is called: each one starts at its own speed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"inspector.commands.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Lazily)
@click.version_option(__version__, prog_name="ws101")
def main() -> None:
    """Look into WebSocket traffic: every connection, every frame, every bit."""


if __name__ == "__main__":
    main(prog_name="ws101")
