"""The rules, by subject. Importing this package fills `inspector.core.findings.RULES`."""

from inspector.core.rules import closing, compression, control, framing, messages, request, response

__all__ = ["closing", "compression", "control", "framing", "messages", "request", "response"]
