"""What `ws101 proxy` was told to do: checked by `command`, done by `session`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Plan:
    mode: str
    """As mitmproxy spells it: `regular`, `reverse:http://host:port`, `upstream:http://...`."""
    host: str
    port: int
    """Where to listen; 0 for any free port."""
    purpose: str
    """The same in words."""
    public: bool
    """Others than this machine can reach it."""
    insecure: bool
    everything: bool
    show: bool
    to_stdout: bool
    capture: Path
    configuration: Path
    """mitmproxy's folder, for its certificate authority."""
