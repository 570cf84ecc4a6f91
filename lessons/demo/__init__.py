"""The demo app: a chat, a ticker and a whiteboard over WebSocket, and the ticker's HTTP twins.

    from lessons.demo import create_app      # the Flask app
    from lessons.demo.server import DemoServer, serve

Rooms: `app` gathers; `gate` decides who may come in; `polite` and `sock` are the WebSockets;
`live` knows who is here now; `chat`, `ticker`, `board`, `pages` are what there is to see;
`server` and `command` start it; `dirty` is the specimen of how it looks without `polite`.
"""

from lessons.demo.app import create_app

__all__ = ["create_app"]
