"""Two decoders that others wrote, asked the same question: what does this direction say?

Both stop at the first fault. Neither sees more than one direction, nor its end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from websockets.extensions.permessage_deflate import PerMessageDeflate as WebsocketsDeflate
from websockets.frames import Frame as WebsocketsFrame
from websockets.frames import Opcode as WebsocketsOpcode
from websockets.protocol import CLIENT, OPEN, SERVER, Protocol
from wsproto.extensions import Extension
from wsproto.extensions import PerMessageDeflate as WsprotoDeflate
from wsproto.frame_protocol import FrameProtocol, Opcode, ParseFailed

from inspector.core.handshake import Deflate
from inspector.core.rfc import Side

Kind = Literal["text", "binary"]


@dataclass(slots=True)
class Answer:
    """What an oracle read: whole messages, control frames in order, and whether it gave up."""

    messages: list[tuple[Kind, bytes]] = field(default_factory=list)
    control: list[tuple[int, bytes]] = field(default_factory=list)
    error: str | None = None


def wsproto(side: Side, data: bytes, deflate: dict[Side, Deflate] | None = None) -> Answer:
    """What wsproto makes of `data`, sent by `side`."""
    extensions: list[Extension] = []
    if deflate is not None:
        extension = WsprotoDeflate(
            client_no_context_takeover=not deflate["client"].context_takeover,
            server_no_context_takeover=not deflate["server"].context_takeover,
            client_max_window_bits=deflate["client"].window_bits,
            server_max_window_bits=deflate["server"].window_bits,
        )
        extension._enabled = True  # as its handshake would
        extensions = [extension]
    protocol = FrameProtocol(side == "server", extensions)
    protocol.receive_bytes(data)
    answer = Answer()
    parts: list[bytes] = []
    kind: Kind = "text"
    try:
        for frame in protocol.received_frames():
            if frame.opcode is Opcode.CLOSE:
                assert isinstance(frame.payload, tuple)
                code, reason = frame.payload
                body = b"" if code == 1005 else int(code).to_bytes(2) + (reason or "").encode()
                answer.control.append((8, body))
            elif frame.opcode in (Opcode.PING, Opcode.PONG):
                answer.control.append((int(frame.opcode), bytes(frame.payload)))
            else:
                kind = "text" if isinstance(frame.payload, str) else "binary"
                payload = frame.payload
                parts.append(payload.encode() if isinstance(payload, str) else bytes(payload))
                if frame.frame_finished and frame.message_finished:
                    answer.messages.append((kind, b"".join(parts)))
                    parts = []
    except (ParseFailed, AssertionError) as fault:
        answer.error = f"{type(fault).__name__}: {fault}"
    return answer


def websockets(side: Side, data: bytes, deflate: dict[Side, Deflate] | None = None) -> Answer:
    """What websockets makes of `data`, sent by `side`."""
    protocol = Protocol(SERVER if side == "client" else CLIENT, state=OPEN, max_size=None)
    if deflate is not None:
        own, peer = deflate["server" if side == "client" else "client"], deflate[side]
        protocol.extensions = [
            WebsocketsDeflate(
                remote_no_context_takeover=not peer.context_takeover,
                local_no_context_takeover=not own.context_takeover,
                remote_max_window_bits=peer.window_bits,
                local_max_window_bits=max(9, own.window_bits),
            )
        ]
    protocol.receive_data(data)
    answer = Answer()
    parts: list[bytes] = []
    kind: Kind = "text"
    for frame in protocol.events_received():
        assert isinstance(frame, WebsocketsFrame)
        if frame.opcode >= 8:
            answer.control.append((int(frame.opcode), bytes(frame.data)))
            continue
        if frame.opcode is not WebsocketsOpcode.CONT:
            kind = "text" if frame.opcode is WebsocketsOpcode.TEXT else "binary"
        parts.append(bytes(frame.data))
        if frame.fin:
            answer.messages.append((kind, b"".join(parts)))
            parts = []
    if protocol.parser_exc is not None and not isinstance(protocol.parser_exc, EOFError):
        answer.error = f"{type(protocol.parser_exc).__name__}: {protocol.parser_exc}"
    return answer
