"""`ws101`: all commands under one name.

Each is imported when it is asked for and not before, so that `ws101 dump` does not wait for Flask
or mitmproxy. What a command does in one line stands here, for the list that `ws101` alone prints.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, Final, NamedTuple, cast

import click

from inspector import __version__
from inspector.commands.mistakes import Group
from inspector.core.safe import safe
from lessons.course.program import command


class Entry(NamedTuple):
    """Where a command is found, under which heading it is listed, and what it does."""

    module: str
    heading: str
    words: str


COMMANDS: Final[dict[str, Entry]] = {
    "learn": Entry("lessons.course.commands.learn", "Learn", "take the course, on your own wire"),
    "check": Entry("lessons.course.commands.check", "Learn", "check what you wrote"),
    "progress": Entry(
        "lessons.course.commands.progress", "Learn", "how far you are; take it along"
    ),
    "course": Entry("lessons.course.commands.course", "Learn", "let the course prove itself"),
    "dump": Entry("inspector.commands.dump", "Look", "what a capture holds, frame by frame"),
    "explain": Entry("inspector.commands.explain", "Look", "every bit of a frame or a head"),
    "lint": Entry("inspector.commands.lint", "Look", "which rules a capture breaks"),
    "convert": Entry("inspector.commands.convert", "Look", "a capture in another format"),
    "diff": Entry("inspector.commands.diff", "Look", "what a proxy changed between its two legs"),
    "proxy": Entry("addons.command", "Capture", "record WebSockets on their way, byte for byte"),
    "demo": Entry("lessons.demo.command", "Capture", "start the demo app alone"),
    "addon": Entry("addons.command", "Capture", "where the addon for your own mitmproxy is"),
}
EXAMPLES: Final = f"Begin with:  {command('learn')}"


class Lazy(Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name].module)
        return cast(click.Command, getattr(module, cmd_name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no command is called {args[0]!r}; there are {', '.join(COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading in dict.fromkeys(entry.heading for entry in COMMANDS.values()):
            rows = [(n, e.words) for n, e in COMMANDS.items() if e.heading == heading]
            with formatter.section(heading):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, OSError, SystemExit):
            raise
        except Exception as fault:  # a mistake of ours: a line for people, the rest on request
            if os.environ.get("WS101_TRACEBACK"):
                raise
            words = safe(f"{type(fault).__name__}: {fault}", 300)
            print(f"ws101: a mistake of ours, please report it: {words}", file=sys.stderr)
            print("  WS101_TRACEBACK=1 shows where", file=sys.stderr)
            ctx.exit(70)


@click.command(cls=Lazy, epilog=EXAMPLES)
@click.version_option(__version__, prog_name="ws101")
def main() -> None:
    """WebSocket 101: a course and an inspector.

    Your own browser talks to a small app, every byte is recorded on the way, and each lesson is
    read off those bytes.
    """


if __name__ == "__main__":
    main()
