"""A Flask app as anybody would write it, with flask-sock: `python -m tests.peers.flask_app`
runs it on Werkzeug's development server, gunicorn takes `tests.peers.flask_app:app`."""

from __future__ import annotations

from flask import Flask, request
from flask_sock import Sock
from simple_websocket import Server
from werkzeug.serving import make_server

from tests.peers.manners import answer
from tests.peers.script import SUBPROTOCOLS

app = Flask(__name__)
app.config["SOCK_SERVER_OPTIONS"] = {"subprotocols": SUBPROTOCOLS}
sock = Sock(app)


@sock.route("/echo")
def echo(ws: Server) -> None:
    while True:
        said = answer(ws.receive())
        for message in said.messages:
            ws.send(message)
        if said.close:
            ws.close(*said.close)


@app.before_request
def refuse() -> tuple[str, int] | None:
    return ("not you", 403) if request.path == "/refuse" else None


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(f"listening on {server.port}", flush=True)
    server.serve_forever()
