"""Right, and not written: the answer is imported from somebody who knew it."""

from inspector.core.handshake import accept_for as accept_key

__all__ = ["accept_key"]
