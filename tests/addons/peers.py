"""Both ends of a connection, byte by byte: a client and an origin that say what a test says.

Real sockets, real TLS. The TLS is done in memory beside the socket, because Python's own TLS
sockets can't half-close; so a peer here can end its sending with a close_notify, a FIN, or a reset,
and tell which of them it got.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import struct
import threading
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PATIENCE = 20
"""Seconds before a test that waits for bytes gives up: no measure of anything."""

ALL: list[Peer] = []
"""Every peer there is; a fixture closes them after each test."""


class Peer:
    """One end of a connection. `sent` and `received` grow; `end` tells how the other side ended."""

    is_tls = False

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.sent = bytearray()
        self.received = bytearray()
        self.end: str | None = None
        self._taken = 0
        sock.settimeout(PATIENCE)
        ALL.append(self)

    def send(self, data: bytes) -> None:
        self.sent += data
        self.sock.sendall(self._seal(data))

    def send_in_background(self, data: bytes) -> Future[None]:
        """For more than socket buffers hold."""
        done: Future[None] = Future()

        def work() -> None:
            try:
                done.set_result(self.send(data))
            except BaseException as error:
                done.set_exception(error)

        threading.Thread(target=work, daemon=True).start()
        return done

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer only if the other side ended."""
        while len(self.received) - self._taken < size and self._more():
            pass
        return self._take(size)

    def head(self) -> bytes:
        while (at := self.received.find(b"\r\n\r\n", self._taken)) < 0:
            if not self._more():
                return self._take(len(self.received))
        return self._take(at + 4 - self._taken)

    def rest(self) -> bytes:
        """All that comes until the other side ends."""
        while self._more():
            pass
        return self._take(len(self.received))

    def shut(self) -> None:
        """Send no more: a FIN, and over TLS a close_notify before it. Reading goes on."""
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self) -> None:
        self.sock.close()

    def forget(self) -> None:
        """Count from here: what was said so far was between this peer and the proxy."""
        del self.sent[:], self.received[:]
        self._taken = 0

    def _take(self, size: int) -> bytes:
        taken = bytes(self.received[self._taken : self._taken + size])
        self._taken += len(taken)
        return taken

    def _more(self) -> bool:
        if self.end:
            return False
        try:
            data = self.sock.recv(1 << 18)
        except ConnectionResetError:
            self.end = "rst"
            return False
        self.received += self._open(data)
        if not data:
            self.end = self.end or "fin"
        return self.end is None

    def _seal(self, data: bytes) -> bytes:
        return data

    def _open(self, data: bytes) -> bytes:
        return data


class TlsPeer(Peer):
    is_tls = True

    def __init__(
        self, sock: socket.socket, context: ssl.SSLContext, *, server_name: str | None = None
    ) -> None:
        super().__init__(sock)
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self._in, self._out, server_side=server_name is None, server_hostname=server_name
        )
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                self._in.write(sock.recv(1 << 16))
        self._flush()
        self.received += self._plain()  # what came with the last of the handshake

    def shut(self, *, notify: bool = True) -> None:
        if notify:
            with contextlib.suppress(ssl.SSLWantReadError):
                self.tls.unwrap()
            self._flush()
        super().shut()

    def _flush(self) -> None:
        if data := self._out.read():
            self.sock.sendall(data)

    def _seal(self, data: bytes) -> bytes:
        self.tls.write(data)
        return self._out.read()

    def _open(self, data: bytes) -> bytes:
        if data:
            self._in.write(data)
        else:
            self._in.write_eof()
        return self._plain()

    def _plain(self) -> bytes:
        plain = bytearray()
        try:
            while piece := self.tls.read(1 << 16):
                plain += piece
            self.end = "close_notify"
        except ssl.SSLZeroReturnError:
            self.end = "close_notify"
        except (ssl.SSLWantReadError, ssl.SSLEOFError):
            pass
        return bytes(plain)


class Origin:
    """A server on a port of its own; `accept` hands out its connections as peers."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._peers: queue.Queue[Peer] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def accept(self) -> Peer:
        """The next connection; those that an earlier test left behind are closed by now."""
        while (peer := self._peers.get(timeout=PATIENCE)).sock.fileno() < 0:
            pass
        return peer

    def close(self) -> None:
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._greet, args=(sock,), daemon=True).start()

    def _greet(self, sock: socket.socket) -> None:
        if not self._context:
            self._peers.put(Peer(sock))
            return
        with contextlib.suppress(OSError):  # a client may leave, or not trust us
            self._peers.put(TlsPeer(sock, self._context))


def connect(port: int) -> Peer:
    return Peer(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))


def connect_tls(sock: socket.socket, context: ssl.SSLContext, name: str = "localhost") -> TlsPeer:
    return TlsPeer(sock, context, server_name=name)


def trusting(ca: Path, *, alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
    """A client that trusts this certificate authority only."""
    context = ssl.create_default_context(cafile=str(ca))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


class Authority:
    """A certificate authority to be thrown away, and a certificate for localhost from it."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "ca.pem"
        self._chain = folder / "localhost.pem"
        ca_key, key = (
            ec.generate_private_key(ec.SECP256R1()),
            ec.generate_private_key(ec.SECP256R1()),
        )
        ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ws101 test CA")])
        ca = (
            self._builder(ca_name, ca_name, ca_key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False
            )
            .add_extension(
                x509.KeyUsage(
                    digital_signature=True,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    key_cert_sign=True,
                    crl_sign=True,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
            .sign(ca_key, hashes.SHA256())
        )
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        leaf = (
            self._builder(name, ca_name, key)
            .add_extension(
                x509.SubjectAlternativeName(
                    [x509.DNSName("localhost"), x509.DNSName("127.0.0.1.example")]
                ),
                critical=False,
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()),
                critical=False,
            )
            .sign(ca_key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        self.certificate.write_bytes(ca.public_bytes(pem))
        self._chain.write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            + leaf.public_bytes(pem)
        )

    def server(self, *, alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._chain)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context

    @staticmethod
    def _builder(
        subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
        )


class Forwarder:
    """A CONNECT proxy that passes bytes and half-closes on, for `upstream` mode to talk to."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.asked: list[bytes] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._forward, args=(sock,), daemon=True).start()

    def _forward(self, sock: socket.socket) -> None:
        near = Peer(sock)
        head = near.head()
        self.asked.append(head)
        host, _, port = head.split()[1].decode().rpartition(":")
        far = socket.create_connection((host, int(port)), timeout=PATIENCE)
        near.send(b"HTTP/1.1 200 OK\r\n\r\n")
        with far:
            back = threading.Thread(target=self._copy, args=(far, sock), daemon=True)
            back.start()
            self._copy(sock, far)
            back.join()
        near.close()

    @staticmethod
    def _copy(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:  # a reset, or our own patience: over, both ways
            for each in source, sink:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
