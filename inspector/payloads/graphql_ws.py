"""GraphQL over WebSocket: JSON whose `type` says what it is, and a query that is text in it.

Two subprotocols are about: `graphql-transport-ws` of today, and Apollo's older `graphql-ws`.
"""

from typing import Final

from inspector.payloads.json_text import lay_out, parsed
from inspector.payloads.view import Guess, Hints, Shown, View, shown, text_of

TYPES: Final = {
    "connection_init": "the client begins",
    "connection_ack": "the server agrees",
    "connection_error": "the server does not agree",
    "connection_terminate": "the client ends",
    "ka": "the server is still there",
    "ping": "are you there?",
    "pong": "I am here",
    "subscribe": "an operation begins",
    "start": "an operation begins",
    "next": "a result of it",
    "data": "a result of it",
    "error": "it failed",
    "complete": "it is over",
    "stop": "the client wants no more of it",
}
SUBPROTOCOLS: Final = ("graphql-transport-ws", "graphql-ws")


def _guess(data: bytes, hints: Hints) -> Guess | None:
    if hints.subprotocol.lower() in SUBPROTOCOLS and data.lstrip()[:1] == b"{":
        return Guess(90, f"the subprotocol is {hints.subprotocol}")
    return None


def _view(data: bytes, hints: Hints) -> Shown | None:
    text = text_of(data)
    value = parsed(text) if text is not None else None
    layout = lay_out(text) if text is not None else None
    kind = value.get("type") if isinstance(value, dict) else None
    if layout is None or not isinstance(value, dict) or not isinstance(kind, str):
        return None
    facts = [("type", f"{kind}: {TYPES.get(kind, 'not a type of these subprotocols')}")]
    if "id" in value:
        facts.append(("id", f"{value['id']}: which operation"))
    payload = value.get("payload")
    lines = layout.lines
    if isinstance(payload, dict) and isinstance(query := payload.get("query"), str):
        lines = [*lines, "", "the query:", *query.split("\n")]
    return shown(f"GraphQL {kind}", facts, lines, layout.notes)


GRAPHQL: Final = View("GraphQL", _guess, _view)
