"""An HTTP response among the server's frames, after a Close of either side.

Some web servers believe that the request which became a WebSocket still waits for its response, and
write one onto the socket. It stands where a frame should begin, and the server's own Close may come
behind it: so it is passed over as what it is, and frames are read on.
"""

from typing import Final

from inspector.core.frames import FrameDecoder
from inspector.core.heads import Head
from inspector.core.http1 import HttpReader, body_framing
from inspector.core.safe import quoted

START: Final = b"HTTP/1."
MAX_LATE_HTTP: Final = 64 * 1024
"""Bytes of such a response that are waited for; a longer one is raw to the end."""


def begins_http(decoder: FrameDecoder) -> bool:
    """Could what stands at the next frame's first byte be an HTTP response, as far as it came?"""
    start = decoder.peek(len(START))
    return start != b"" and START.startswith(start)


class LateResponse:
    """One such response: `read` what has come of it, until `size` is known or it is `endless`."""

    def __init__(self) -> None:
        self.size: int | None = None
        """Bytes of the whole response, once they are there."""
        self.endless = False
        """It has no end before the connection's, or none within MAX_LATE_HTTP."""
        self._reader = HttpReader()
        self._head: Head | None = None
        self._read = 0

    def read(self, decoder: FrameDecoder) -> None:
        """Read on in the decoder's waiting bytes; they stay there."""
        data = decoder.peek(MAX_LATE_HTTP - self._read, self._read)
        self._reader.feed(data)
        self._read += len(data)
        if self._head is None:
            self._head = self._reader.next_head()
            if self._head is not None:
                self._reader.expect(*body_framing(self._head))
        if self._head is not None and self._reader.pass_body():
            self.size = self._read - len(self._reader.buffer)
        else:
            full = self._read == MAX_LATE_HTTP
            self.endless = full or self._reader.overflown or self._reader.reads_to_end

    def words(self, decoder: FrameDecoder) -> str:
        """Its status line, for a finding."""
        line = decoder.peek(80).split(b"\r\n", 1)[0].decode("iso-8859-1")
        return f"{quoted(line)} among the frames"
