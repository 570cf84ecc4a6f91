"""Mistakes of the user: one line on standard error, exit code 2, never a traceback.

The line says which command, what is wrong, where, and what to do. click says it in three lines; the
`Command` and `Group` here make them one, and what they say passes through `safe`, because names of
files and arguments are strangers' text as soon as they come from a script.
"""

import sys
from typing import IO, Any, Final

import click
from click.exceptions import NoArgsIsHelpError

from inspector.core.safe import safe
from inspector.screen.unwritable import CannotWrite

INTERRUPTED: Final = 130
"""The exit code after Ctrl-C, as shells have it: 128 and the number of SIGINT."""


class Mistake(click.ClickException):
    """What to tell the user: what is wrong, where, and what to do."""

    exit_code = 2

    def __init__(self, message: str, command: str = "") -> None:
        super().__init__(message)
        context = click.get_current_context(silent=True)
        self.command = command or (context.command_path if context is not None else "ws101")

    def show(self, file: IO[Any] | None = None) -> None:
        print(f"{self.command}: {safe(self.message)}", file=file or sys.stderr)


def one_line(error: click.UsageError, command: str) -> Mistake:
    """click's account of a wrong call, in our words."""
    command = error.ctx.command_path if error.ctx is not None else command
    words = error.format_message().rstrip(".")
    return Mistake(f"{words[:1].lower()}{words[1:]} (see {command} --help)", command)


class Command(click.Command):
    """A command whose wrong calls are told in one line."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        try:
            return super().make_context(info_name, args, parent, **extra)
        except NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            raise one_line(error, info_name or "ws101") from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            raise one_line(error, ctx.command_path) from None
        except CannotWrite as error:
            raise Mistake(str(error), ctx.command_path) from None
        except KeyboardInterrupt:  # click would say "Aborted!", and 1, which is a finding
            ctx.exit(INTERRUPTED)


class Group(Command, click.Group):
    """A group of such commands."""

    command_class = Command
