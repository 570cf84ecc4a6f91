"""`explain`: every bit of pasted bytes, as a picture or as JSON."""

import json
import sys
from typing import Final, Literal

import click

from inspector.commands.alone import Said, judged
from inspector.commands.mistakes import Command, Mistake
from inspector.commands.pasted import NotBytes, Pasted, read_bytes, read_pasted
from inspector.core.explain import Part
from inspector.core.explain import explain as explain_bytes
from inspector.core.fields import Field
from inspector.core.rfc import Side
from inspector.payloads.told import as_json as chain_as_json
from inspector.payloads.told import tell
from inspector.screen.lines import Line
from inspector.screen.paper import paper_for
from inspector.screen.picture import picture

MOST: Final = 16 * 1024 * 1024
"""Bytes of standard input."""


@click.command(cls=Command)
@click.argument("hex", nargs=-1)
@click.option(
    "--from", "side", type=click.Choice(["client", "server"]),
    help="Who sent it; else each mask bit tells, as clients mask and servers don't.",
)  # fmt: skip
@click.option("--deflate", is_flag=True, help="permessage-deflate was agreed: inflate messages.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text",
    help="Pictures (the default), or a JSON list of every part with its fields.",
)  # fmt: skip
@click.pass_context
def explain(
    context: click.Context,
    hex: tuple[str, ...],
    side: Side | None,
    deflate: bool,
    form: Literal["text", "json"],
) -> None:
    """Say what every bit of a frame or a head means.

    HEX is bytes in any spacing, several frames in a row if you like. Hex dumps (xxd, hexdump, od,
    tcpdump -X, tshark -x, Wireshark's copies), strings with \\x escapes, arrays of numbers and
    base64 are understood, too; what they were taken for is said. Whole packets are peeled down to
    what they carry. - reads standard input, which may also be the bytes themselves, or the text of
    heads, the frames behind them in hex. If a guess is wrong, put hex:, base64:, decimal: or text:
    before the bytes.

    \b
    ws101 explain 818537fa213d7f9f4d5158
    ws101 explain --from server 81 05 48 65 6c 6c 6f
    printf 'GET /chat HTTP/1.1\\r\\nUpgrade: websocket\\r\\n\\r\\n' | ws101 explain -
    """
    paper = paper_for(sys.stdout)
    try:
        pasted = _read_input(hex)
    except NotBytes as error:
        raise Mistake(str(error)) from None
    if pasted.taken_for:
        print(f"read as {pasted.taken_for}: {len(pasted.data)} bytes", file=sys.stderr)
    parts = explain_bytes(pasted.data, side, True if deflate else None)
    if form == "json":
        rows = [with_chain(each) for each in judged(parts, deflate)]
        paper.text(json.dumps(rows, indent=2) + "\n")
    else:
        said = judged(parts, deflate)
        frames = sum(each.number is not None for each in said)
        for number, each in enumerate(said):
            if number:
                paper.lines([Line()])
            name = f"frame {each.number}" if each.number is not None and frames > 1 else ""
            paper.lines(
                picture(
                    each.part,
                    paper.width,
                    name=name,
                    notes=_notes(each, deflate),
                    message=each.message,
                    beside=each.beside,
                    findings=each.findings,
                )
            )
    paper.close()


def _read_input(hex: tuple[str, ...]) -> Pasted:
    if hex and hex != ("-",):
        return read_pasted(" ".join(hex))
    if not hex and sys.stdin.isatty():
        raise NotBytes("nothing to explain; give bytes as hex, such as 81 85 37 fa 21 3d")
    data = sys.stdin.buffer.read(MOST + 1)
    if len(data) > MOST:
        raise NotBytes(f"standard input is longer than {MOST} bytes; give the part in question")
    if not data:
        raise NotBytes("standard input is empty; pipe hex or bytes into it")
    return read_bytes(data)


def _notes(said: Said, deflate: bool) -> list[str]:
    frame = said.part.frame
    if frame is None or not frame.rsv1 or frame.is_control or deflate:
        return []
    if said.message is not None and said.message.compressed:
        return []
    return ["RSV1 is set: if permessage-deflate was agreed, --deflate inflates it"]


def with_chain(said: Said) -> dict[str, object]:
    """A part as the contract has it, and the chain of a frame that has one."""
    row = as_json(said.part)
    if said.part.frame is not None:
        steps = chain_as_json(tell(said.part.frame, said.message, said.beside))
        if steps:
            row["chain"] = steps
    return row


def as_json(part: Part) -> dict[str, object]:
    """A part as the contract has it."""
    return {"kind": part.kind, "fields": [_field(field) for field in part.fields]}


def _field(field: Field) -> dict[str, object]:
    """A field; one that is made of parts has them, too."""
    told: dict[str, object] = {
        "name": field.name,
        "bits": list(field.bits),
        "value": field.value,
        "words": field.words,
        "rfc": field.rfc,
    }
    if field.parts:
        told["parts"] = [_field(part) for part in field.parts]
    return told
