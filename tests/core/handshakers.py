"""Two handshakes that others wrote, asked: would you have this head?"""

from __future__ import annotations

from websockets.client import ClientProtocol
from websockets.http11 import Request as WebsocketsRequest
from websockets.server import ServerProtocol
from websockets.uri import parse_uri
from wsproto import ConnectionType, WSConnection, events
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from inspector.core.heads import Head, parse_head


def websockets_request(data: bytes) -> str | None:
    """Why `websockets`, as a server, refuses a request; None if it doesn't."""
    protocol = ServerProtocol()
    protocol.receive_data(data)
    for request in protocol.events_received():
        assert isinstance(request, WebsocketsRequest)
        protocol.accept(request)
    error = protocol.handshake_exc
    return None if error is None and protocol.close_rcvd is None else f"{error!r}"


def websockets_response(request: bytes, data: bytes) -> str | None:
    """Why `websockets`, as the client that sent this request, refuses an answer."""
    head = parse_head(request)
    protocol = ClientProtocol(
        parse_uri("ws://server.example.com/chat"),
        subprotocols=[each.strip() for each in _all(head, "sec-websocket-protocol")] or None,  # type: ignore[misc]
    )
    protocol.key = head.get("sec-websocket-key") or ""
    protocol.send_request(protocol.connect())
    protocol.key = head.get("sec-websocket-key") or ""
    protocol.receive_data(data)
    error = protocol.handshake_exc
    return None if error is None else f"{error!r}"


def _all(head: Head, name: str) -> list[str]:
    return [part for line in head.all(name) for part in line.value.split(",")]


def wsproto_request(data: bytes) -> str | None:
    """Why wsproto, as a server, refuses a request; None if it doesn't."""
    connection = WSConnection(ConnectionType.SERVER)
    try:
        connection.receive_data(data)
        asked = [event for event in connection.events() if isinstance(event, events.Request)]
        if not asked:
            return "it waits for more"
        connection.send(events.AcceptConnection())
    except (RemoteProtocolError, LocalProtocolError, ValueError) as error:
        return f"{error!r}"
    return None
