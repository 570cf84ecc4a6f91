"""The chain of a frame, drawn: a line a step, its words below, and the application's view last."""

from collections.abc import Iterator
from typing import Final

from inspector.core.chain import Step
from inspector.payloads.table import Answer, Decoded
from inspector.screen.fields import section
from inspector.screen.lines import Line, fit, sided, wrap
from inspector.screen.words import count, hexed

AT: Final = 12
LINES_OF_VIEW: Final = 40


def steps_lines(steps: list[Step], width: int) -> Iterator[Line]:
    """From the wire to what is read; nothing where the unmasking has shown it all."""
    if not {"joined", "inflated"} & {step.name for step in steps}:
        return
    yield Line("from the wire to what is read", "title")
    for number, step in enumerate(steps, 1):
        size = count(len(step.data), "byte").rjust(13)
        line = Line(f"  {number} ", "number").add(step.name, "name").to(AT + 2).add(size).add("  ")
        if step.text is not None:
            shown = fit(step.text, width - line.width - 2)
            line.add(f'"{shown}"', "text")
        else:
            line.add(hexed(step.data, width - line.width), "payload")
        yield line
        words = [step.words, *step.facts]
        for position, each in enumerate(words):
            rfc = section(step.rfc) if position == 0 else ""
            yield from sided(Line().to(AT + 2, gap=0), each, rfc, width, "quiet")


def view_lines(answer: Answer, width: int) -> Iterator[Line]:
    """What an application's format says, as a guess."""
    for failed in answer.failed:
        yield from sided(Line("view  ", "quiet"), f"{failed}: it was passed over", "", width)
    if answer.decoded is not None:
        yield from _decoded(answer.decoded, width)


def _decoded(decoded: Decoded, width: int) -> Iterator[Line]:
    shown = decoded.shown
    yield from (Line(piece, "title") for piece in wrap(f"decoded: {shown.what}", width))
    why = f"a guess: {decoded.why}"
    yield from (Line("  ").add(piece, "quiet") for piece in wrap(why, width - 2))
    for name, value in shown.facts:
        label = fit(name, 20)
        yield from sided(Line("  ").add(label, "name").to(AT + 2, gap=2), value, "", width)
    lines = [piece for line in shown.lines[:LINES_OF_VIEW] for piece in _wrapped(line, width - 4)]
    for piece in lines[:LINES_OF_VIEW]:
        yield Line("    ").add(piece, "text")
    left = shown.left_out + max(0, len(shown.lines) - LINES_OF_VIEW)
    left = left or max(0, len(lines) - LINES_OF_VIEW)
    if left:
        yield Line(f"    … {count(left, 'more line')}", "quiet")
    for note in shown.notes:
        for number, piece in enumerate(wrap(note, width - 5)):
            yield Line("     " if number else "  !! ", "warning").add(piece)


def _wrapped(line: str, cells: int) -> list[str]:
    """A line in pieces, those after the first indented as far as it is."""
    indent = len(line) - len(line.lstrip(" "))
    indent = min(indent, cells // 2)
    pieces = wrap(line.strip(" "), cells - indent - 2)
    return [" " * (indent + (2 if number else 0)) + piece for number, piece in enumerate(pieces)]
