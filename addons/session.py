"""One run of the proxy: mitmproxy in this process, with no more addons than it needs.

This process relays and records, nothing else. Whoever wants to see the capture reads the growing
file in a process beside it (`aside`), so that neither a slow terminal nor a stuck pipe is felt by
the traffic.
"""

# mypy: untyped-calls-exclude=mitmproxy

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

from mitmproxy import http, options
from mitmproxy.addons import disable_h2c, next_layer, proxyserver, tlsconfig
from mitmproxy.master import Master
from mitmproxy.proxy.mode_specs import ReverseMode
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from addons import aside, websocket_tap
from addons.plan import Plan
from addons.relay import authority
from inspector.core.safe import safe
from inspector.files.recorder import CaptureWriter

WEEK = 7 * 24 * 3600
"""Seconds of silence that a connection may keep: a WebSocket is often silent for long."""
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that end the proxy in good order."""


def run(plan: Plan, writer: CaptureWriter) -> int:
    """Relay and record until a signal comes.

    The exit code: 0, 1 if not all could be recorded, 2 if we could not listen.
    """
    session = Session(plan, writer)
    logging.basicConfig(handlers=[Log()], level=logging.WARNING, force=True)
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # of peers that are gone, at each write
    asyncio.run(session.relay())
    code = session.conclude()
    for number in STOPS:  # all is said and done: a late one must not turn that into a death
        signal.signal(number, signal.SIG_IGN)
    return code


class Session:
    """An addon, too: mitmproxy calls `running` when all is set up."""

    def __init__(self, plan: Plan, writer: CaptureWriter) -> None:
        self.plan = plan
        self.writer = writer
        self.listening = False
        self.patience: float | None = None
        """Seconds for the readers to come to the end; None if a second Ctrl-C can cut it short."""
        self.viewer: subprocess.Popen[bytes] | None = None
        self.copier: subprocess.Popen[bytes] | None = None
        writer.on_loss = self.report_loss

    async def relay(self) -> None:
        plan = self.plan
        master = Master(options.Options())
        self.servers = proxyserver.Proxyserver()
        master.addons.add(
            self.servers,
            disable_h2c.DisableH2C(),
            *websocket_tap.make(self.writer),
            Manners(),
            next_layer.NextLayer(),
            tlsconfig.TlsConfig(),
            self,
        )
        master.options.update(
            mode=[plan.mode],
            listen_host=plan.host,
            listen_port=plan.port,
            confdir=str(plan.configuration),
            ssl_insecure=plan.insecure,
            ssl_verify_upstream_trusted_ca=existing("SSL_CERT_FILE"),
            ssl_verify_upstream_trusted_confdir=existing("SSL_CERT_DIR"),
            keep_host_header=True,
            # In front of a server, connect to it once we know what for: then we can say why not.
            connection_strategy="lazy" if plan.mode.startswith("reverse") else "eager",
            tcp_timeout=WEEK,
            http2=not plan.everything,
            ws101_http=plan.everything,
        )
        self.master = master
        loop = asyncio.get_running_loop()
        heard = list(STOPS)
        if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # that is what nohup is for
            heard.remove(signal.SIGHUP)
        for number in heard:
            loop.add_signal_handler(number, self.stop, number)
        await master.run()
        signal.pthread_sigmask(signal.SIG_BLOCK, heard)  # none is to fall between two handlers
        for number in heard:
            loop.remove_signal_handler(number)
            signal.signal(number, self.hurry)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, heard)

    def running(self) -> None:
        plan = self.plan
        addresses = self.servers.listen_addrs()
        if not addresses:  # somebody took it after we had looked
            say(f"ws101 proxy: {plan.host}:{plan.port} is taken: name another with --listen")
            self.master.shutdown()
            return
        self.listening = True
        host, port = addresses[0][:2]
        say(f"ws101 proxy listening on http://{authority(host, port)}")
        if plan.mode.startswith("reverse"):
            say(f"  a WebSocket client goes to ws://{authority(host, port)}")
        say(f"  {plan.purpose}")
        say(f"  recording to {safe(str(plan.capture))}")
        if not plan.mode.startswith("reverse:http:"):
            certificate = plan.configuration / "mitmproxy-ca-cert.pem"
            say("  a client that uses TLS has to trust this authority, in a throw-away profile:")
            say(f"    {safe(str(certificate))}")
        if plan.public:
            say("  WARNING: other machines can reach this address, and use it without a password")
        say("  stop with Ctrl-C")
        if plan.to_stdout:
            self.copier = aside.start("copy", plan.capture)
        if plan.show:
            output = None
            if plan.to_stdout:
                output = sys.stderr.fileno() if sys.stderr else subprocess.DEVNULL
            options = ["--http"] if plan.everything else []
            self.viewer = aside.start("show", plan.capture, *options, output=output)

    def stop(self, number: signal.Signals) -> None:
        self.patience = None if number == signal.SIGINT else aside.PATIENCE
        self.master.shutdown()

    def hurry(self, *_: object) -> None:
        """Another signal, while those who read the capture come to its end: they need not."""
        for reader in (self.viewer, self.copier):
            if reader:
                reader.kill()

    def report_loss(self, error: OSError) -> None:
        say(f"ws101: the capture is incomplete: {error.strerror}: {safe(str(self.plan.capture))}")
        say("  traffic goes on; what can't be recorded is counted")

    def conclude(self) -> int:
        """After the traffic: let those who read the capture come to its end."""
        plan, writer = self.plan, self.writer
        if not self.listening:
            plan.capture.unlink(missing_ok=True)
            return 2
        file = safe(str(plan.capture))
        if self.viewer and not writer.complete:
            aside.release(self.viewer)  # it would wait for the end of the capture
        summed_up = self.viewer is not None and aside.wait(self.viewer, self.patience) == 0
        passed_on = False
        if self.copier:
            aside.release(self.copier)
            passed_on = aside.wait(self.copier) == 0
        there = writer.is_at(plan.capture)
        plural = "" if writer.connections == 1 else "s"
        amount = f"{writer.connections} connection{plural}, {writer.bytes} bytes "
        done = "passed on to standard output" if passed_on else f"recorded in {file}"
        say(f"ws101 proxy: {'' if summed_up else amount}{done}")
        if writer.lost_records:
            say(f"  {writer.lost_records} records ({writer.lost_bytes} bytes) could not be written")
        if self.copier and not passed_on:
            say(f"  not all of it was passed on; it is kept in {file}")
        if there and passed_on:
            plan.capture.unlink(missing_ok=True)
        elif not there and not passed_on:
            say("  which was removed or replaced while it was written: what it held is lost")
            return 1
        return 1 if writer.lost_records else 0


class Manners:
    """How our proxy behaves where mitmproxy's defaults would be felt by client or server."""

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """The certificate has to be the named server's, whatever Host header is passed on."""
        mode = data.client.proxy_mode
        if isinstance(mode, ReverseMode) and not data.server.sni:
            data.server.sni = mode.address[0]

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        flow.request.stream = flow.request.stream or True

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Bodies as they come, not when they are complete: some never are (server-sent events)."""
        if flow.response:
            flow.response.stream = flow.response.stream or True


class Log(logging.Handler):
    """mitmproxy's warnings, a safe line each: they quote what peers sent."""

    def emit(self, record: logging.LogRecord) -> None:
        words = record.getMessage()
        if "failed to listen on" in words:
            return  # we say so ourselves, without mitmproxy's advice about its own options
        if record.exc_info and (error := record.exc_info[1]):
            if isinstance(error, asyncio.CancelledError):
                return  # Python 3.12, of each connection that our end cuts off
            words += f" ({error!r})"
        say(f"ws101 proxy: {safe(words, 500)}")


def say(words: str) -> None:
    """A line on standard error, which may be closed or gone: nobody's traffic depends on it."""
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr:  # print would take standard output in its place
            print(words, file=sys.stderr, flush=True)


def existing(variable: str) -> str | None:
    """OpenSSL's variables for a certificate authority of one's own, where they name something."""
    path = os.environ.get(variable)
    return path if path and Path(path).exists() else None
