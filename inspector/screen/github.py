"""Findings as workflow commands: lines that GitHub's runner turns into annotations.

    ::error file=chat.pcapng,title=frame-masked-server::connection 1, frame 2, ...

The runner undoes the escapes below, in properties those of `:` and `,`, too. A line that a stranger
could begin would be a command of theirs, so all text is made safe, of one line, before.
"""

from typing import Final

from inspector.core.findings import Finding
from inspector.core.safe import safe
from inspector.files.dissect import Connection
from inspector.screen.findings import place

COMMANDS: Final = {"error": "error", "warning": "warning", "info": "notice"}
"""The runner's word for each severity."""

_DATA: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def annotation(connection: Connection, finding: Finding, path: str) -> str:
    """The command for one finding in the capture at `path` (`-`: it has no file)."""
    properties = {"title": finding.rule.id}
    if path != "-":
        properties = {"file": path} | properties
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    where = f"connection {connection.number}, {place(finding)}, RFC {finding.rule.rfc}"
    words = safe(f"{where}: {finding.words}").translate(_DATA)
    return f"::{COMMANDS[finding.rule.severity]} {told}::{words}"


def _property(text: str) -> str:
    return safe(text).translate(_PROPERTY)
