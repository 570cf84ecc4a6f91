"""The rules, by subject. Importing this package fills `RULES`, the table of them all."""

from inspector.core.findings import RULES
from inspector.core.rules import (
    closing,
    compression,
    control,
    cross,
    framing,
    messages,
    negotiation,
    request,
    response,
)

__all__ = [
    "RULES",
    "closing",
    "compression",
    "control",
    "cross",
    "framing",
    "messages",
    "negotiation",
    "request",
    "response",
]
