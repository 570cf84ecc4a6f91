"""mitmproxy's own code, which complains on import about how it calls a parser library."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from mitmproxy.addons.savehar import SaveHar
    from mitmproxy.io import FlowReader, FlowWriter
    from mitmproxy.test import tflow
    from mitmproxy.websocket import WebSocketMessage

__all__ = ["FlowReader", "FlowWriter", "SaveHar", "WebSocketMessage", "tflow"]
