"""Where lines are written: a terminal, a pipe or a file, each with its manners.

A terminal gets colour and its own width, a pipe plain text of 80 columns, a stream that can't say
`┌` an ASCII corner. When nobody reads any more (`| head`), that is no error: the paper is `gone`.
A full disk is one, and so is a standard output that the caller has closed: `CannotWrite`.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TextIO

from inspector.screen.lines import Lines
from inspector.screen.theme import wants_colour
from inspector.screen.unwritable import CannotWrite

DEFAULT_WIDTH: Final = 80
LEAST_WIDTH: Final = 40
"""Narrower terminals wrap our lines themselves."""

_ASCII: Final = str.maketrans(
    {
        **dict.fromkeys("┌┐└┘├┤┬┴┼", "+"),
        **dict(zip("─│…·§×►◄═╌┊", "-|~.Sx><=-:", strict=True)),
        **dict(zip("▏▎▍▌▋▊▉█", "...-==##", strict=True)),
        **dict(zip("▁▂▃▄▅▆▇", "__.-=+#", strict=True)),
    }
)


def terminal_width() -> int:
    """Columns of the terminal, or what `COLUMNS` says; 80 where there is neither."""
    return max(LEAST_WIDTH, shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns)


@dataclass(slots=True)
class Paper:
    """A stream to write lines to. `live` writes each one out at once."""

    stream: TextIO
    width: int = DEFAULT_WIDTH
    colour: bool = False
    live: bool = False
    gone: bool = False
    """Nobody reads any more: what is written now goes nowhere."""
    before: Callable[[], object] | None = None
    """Called before something is written: a line of progress has to make room for it."""
    _begun: bool = field(init=False, default=False)
    _only_ascii: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        encoding = (self.stream.encoding or "ascii").lower().replace("-", "")
        self._only_ascii = not encoding.startswith("utf")

    def rendered(self, lines: Lines) -> str:
        """Lines as they would be written."""
        if self.colour:
            return "".join([f"{line.ansi}\n" for line in lines])
        return "".join([f"{line.plain}\n" for line in lines])

    def lines(self, lines: Lines) -> None:
        """Write lines in their styles."""
        self.text(self.rendered(lines))

    def text(self, text: str) -> None:
        """Write whole lines of text that was made safe before: rendered lines, or JSON.

        What comes first needs no empty line above it.
        """
        if self.gone or not text:
            return
        if not self._begun:
            text = text.removeprefix("\n")
            self._begun = True
        if self.before is not None:
            self.before()
        text = self.encodable(text)
        with self._writing():
            self.stream.write(text)
            if self.live:
                self.stream.flush()

    def close(self) -> None:
        """Write out what waits."""
        with self._writing():
            self.stream.flush()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Raises `CannotWrite`."""
        try:
            yield
        except BrokenPipeError:
            self._lose()
        except OSError as error:
            self._lose()
            words = error.strerror or str(error)
            raise CannotWrite(f"can't write to standard output: {words}") from None

    def encodable(self, text: str) -> str:
        """`text` as this stream can say it; what it has no letters for is escaped."""
        if not self._only_ascii:
            return text
        encoding = self.stream.encoding or "ascii"
        return (
            text.translate(_ASCII).encode(encoding, "backslashreplace").decode(encoding, "replace")
        )

    def _lose(self) -> None:
        """Let what still waits in the stream go nowhere, or Python complains when it exits."""
        self.gone = True
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)


def paper_for(stream: TextIO | None, *, live: bool = False) -> Paper:
    """The paper that suits a stream. Raises `CannotWrite` where there is none."""
    if stream is None:  # what Python makes of a standard output that is closed
        raise CannotWrite("can't write to standard output: it is closed")
    return Paper(stream, terminal_width(), wants_colour(stream), live)
