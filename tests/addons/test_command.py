"""`ws101 proxy` as a user has it: its words, its refusals, its files and its streams."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from addons.command import addon, proxy
from tests.addons.peers import PATIENCE, Origin
from tests.addons.proxies import ADDON, ROOT, Proxy, Way, mitmdump, ws101
from tests.addons.talk import KEY, Talk, frame, text
from tests.addons.walk import walk


@pytest.fixture
def origin() -> Origin:
    return Origin()


def target(origin: Origin) -> list[str]:
    return ["--quiet", "--to", f"http://127.0.0.1:{origin.port}"]


# What it refuses.


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "localhost:5000"], "Perhaps http://localhost:5000"),
        (["--to", "127.0.0.1"], "Perhaps http://127.0.0.1"),
        (["--to", "ftp://x"], "not a URL"),
        (["--to", "ftp://x"], "http, https, ws or wss"),
        (["--to", "http://x:99999"], "ort"),
        (["--to", "http://x:0"], "port"),
        (["--to", "http://x y"], "no server can have this name"),
        (["--to", "http://[::1"], "http://[::1"),
        (["--to", "http://x/path"], "only scheme, host and port"),
        (["--to", "http://me:secret@x"], "only scheme, host and port"),
        (["--upstream", "ws://x"], "http or https"),
        (["--to", "http://a", "--upstream", "http://b"], "exclude each other"),
        (["--listen", "here"], "HOST:PORT"),
        (["--listen", ":8101"], "HOST:PORT"),
        (["--listen", "127.0.0.1:99999"], "HOST:PORT"),
        (["--listen", "no.such.host.invalid:0"], "no.such.host.invalid"),
        (["--listen", "192.0.2.1:8101"], "192.0.2.1"),
        (["--listen", "127.0.0.1:8765", "--to", "http://localhost:8765"], "itself listens"),
        (["--listen", "0.0.0.0:8765", "--upstream", "http://127.0.0.1:8765"], "itself listens"),
        (["--to", "http://\x1b[31mx y"], "␛"),
        (["--listen", "127.0.0.1:0", "-o", "/proc/none/x"], "/proc/none is no folder"),
    ],
)
def test_refusals_are_one_line(arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(proxy, arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert words in line
    assert "\x1b" not in line


def test_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = CliRunner().invoke(proxy, ["--listen", f"127.0.0.1:{other.getsockname()[1]}"])
    assert done.exit_code == 2
    assert done.stderr.endswith("or --listen 127.0.0.1:0 for any free port\n")


def test_existing_capture(tmp_path: Path, origin: Origin) -> None:
    capture = tmp_path / "capture.pcapng"
    capture.write_text("dear")
    done = CliRunner().invoke(proxy, ["--listen", "127.0.0.1:0", "-o", str(capture)])
    assert done.exit_code == 2
    assert done.stderr == (
        f"proxy: {capture}: File exists; choose another name, or add --force to replace it\n"
    )
    assert capture.read_text() == "dear"
    forced = ws101(tmp_path, "--force", *target(origin))
    forced.process.end()
    assert walk(capture).statistics


@pytest.mark.slow
def test_existing_capture_of_mitmdump(tmp_path: Path) -> None:
    capture = tmp_path / "capture.pcapng"
    capture.write_text("dear")
    command = [
        *(str(Path(sys.executable).parent / "mitmdump"), "-s", str(ADDON)),
        *("--set", f"ws101_file={capture}", "--set", f"confdir={tmp_path}"),
        *("--listen-host", "127.0.0.1", "--listen-port", "0"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1
    assert "File exists; name another, or add --set ws101_force=true" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert capture.read_text() == "dear"
    forced = mitmdump(tmp_path, "--set", "ws101_force=true")
    forced.process.end()
    assert walk(capture).statistics


def test_addon_prints_its_path() -> None:
    assert Path(CliRunner().invoke(addon).stdout.strip()) == ADDON


def test_the_addon_finds_the_project_by_itself(tmp_path: Path) -> None:
    """A foreign mitmdump, in a foreign folder, where Python has never heard of this project."""
    copied = tmp_path / "elsewhere"
    for package in "addons", "inspector":
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, copied / package, ignore=ignored)
    command = [
        *(sys.executable, "-I", "-S", "-u", "-c"),
        "import sys; sys.path += [p for p in sys.argv.pop(1).split(':') if 'site-packages' in p];"
        "sys.modules['lessons'] = None;"
        "from mitmproxy.tools.main import mitmdump; mitmdump()",
        ":".join(sys.path),
        *("-s", str(copied / "addons" / "websocket_tap.py")),
        *("--set", f"ws101_file={tmp_path / 'x.pcapng'}", "--set", f"confdir={tmp_path}"),
        *("--listen-host", "127.0.0.1", "--listen-port", "0"),
    ]
    started = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert started.stdout
    with started:
        output = ""
        while "listening" not in output and (line := started.stdout.readline()):
            output += line
        started.send_signal(signal.SIGINT)
        output += started.stdout.read()
    assert "Traceback" not in output
    assert walk(tmp_path / "x.pcapng").statistics


# What it does.


def test_first_words(tmp_path: Path, origin: Origin) -> None:
    proxy = ws101(tmp_path, *target(origin))
    proxy.process.wait_for("Ctrl-C")
    assert proxy.process.lines == [
        f"ws101 proxy listening on http://127.0.0.1:{proxy.port}",
        f"  a WebSocket client goes to ws://127.0.0.1:{proxy.port}",
        f"  forwarding to http://127.0.0.1:{origin.port}, the Host header as the client sent it",
        f"  recording to {proxy.capture}",
        "  stop with Ctrl-C",
    ]
    proxy.process.end()


def test_a_capture_of_its_own(tmp_path: Path, origin: Origin) -> None:
    first = ws101(tmp_path, *target(origin), capture="")
    second = ws101(tmp_path, *target(origin), capture="")
    names = []
    for each in first, second:
        name = Path(each.process.wait_for(r"recording to (\S+)")[1])
        assert name.parent == tmp_path / "home" / "captures"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(-\d+)?\.pcapng", name.name)
        assert stat.S_IMODE(name.stat().st_mode) == 0o600
        names.append(name)
        each.process.end()
        assert walk(name).statistics
    assert len(set(names)) == 2
    configuration = tmp_path / "home" / "mitmproxy"
    assert stat.S_IMODE(configuration.stat().st_mode) == 0o700
    secrets = [file for file in configuration.iterdir() if b"PRIVATE KEY" in file.read_bytes()]
    assert [stat.S_IMODE(file.stat().st_mode) for file in secrets] == [0o600]


def listening_sockets(pid: int) -> set[str]:
    """Local addresses that a process listens on (TCP) or is bound to (UDP), as Linux has it."""
    inodes = {
        os.readlink(fd).removeprefix("socket:[").removesuffix("]")
        for fd in Path(f"/proc/{pid}/fd").iterdir()
        if fd.is_symlink() and os.readlink(fd).startswith("socket:[")
    }
    found = set()
    for table, state in ("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes and fields[3] == state:
                found.add(fields[1].split(":")[0])
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc, which Linux has")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_only_this_machine_can_reach_it(tmp_path: Path, origin: Origin, scheme: str) -> None:
    proxy = ws101(tmp_path, "--quiet", "--to", f"{scheme}://localhost:{origin.port}")
    loopback = "0100007F", "00000000000000000000000001000000"
    assert listening_sockets(proxy.process.popen.pid) <= set(loopback)
    assert "WARNING" not in proxy.process.output
    proxy.process.end()


def test_others_can_reach_it_if_asked_and_it_says_so(tmp_path: Path, origin: Origin) -> None:
    proxy = ws101(tmp_path, "--listen", "0.0.0.0:0", *target(origin), listen=r"0\.0\.0\.0")
    proxy.process.wait_for("WARNING: other machines can reach this address")
    proxy.process.end()


def test_ipv6(tmp_path: Path, origin: Origin) -> None:
    proxy = ws101(tmp_path, "--listen", "[::1]:0", *target(origin), listen=r"\[::1\]")
    Talk.open(Way("ipv6", proxy, origin, host="::1")).end()
    recorded = proxy.connection(-1)
    assert (recorded.client[0], recorded.server) == ("::1", ("::1", proxy.port))
    proxy.process.end()


def test_a_request_for_the_proxy_itself_does_not_go_round(tmp_path: Path) -> None:
    proxy = ws101(tmp_path, "--quiet")
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE) as client:
        client.sendall(f"GET http://127.0.0.1:{proxy.port}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert client.recv(100).startswith(b"HTTP/1.1 502 ")
    proxy.process.end()


# A full disk.


def test_a_full_disk_never_stops_the_traffic(tmp_path: Path, origin: Origin) -> None:
    command = ["sh", "-c", 'ulimit -f 200; exec "$@"', "sh"]
    proxy = ws101(tmp_path, *target(origin), before=command)
    talk = Talk.open(Way("full", proxy, origin))
    for number in range(40):
        talk.up(frame(2, bytes([number]) * 10_000, key=KEY))
        talk.down(frame(2, bytes([number]) * 10_000))
    talk.up_end()
    talk.down_end()
    assert proxy.process.end() == 1
    output = proxy.process.output
    assert output.count("the capture is incomplete: File too large") == 1
    lost = re.search(r"(\d+) records \((\d+) bytes\) could not be written", output)
    assert lost
    walked = proxy.walked()
    assert not walked.cut
    (recorded,) = walked.connections
    size = len(recorded.sent) + len(recorded.answered)
    assert size > 50_000
    assert size + int(lost[2]) == len(talk.client.sent) + len(talk.server.sent)
    assert talk.client.sent.startswith(recorded.sent[:10_000])


# Standard output.


def piped(folder: Path, origin: Origin) -> tuple[Proxy, int]:
    """A proxy that streams its capture; the proxy and the end of the pipe to read from."""
    reader, writer = os.pipe()
    proxy = ws101(folder, *target(origin), capture="-", stdout=writer)
    os.close(writer)
    proxy.capture = Path(proxy.process.wait_for(r"recording to (\S+)")[1])
    return proxy, reader


def read_all(fd: int) -> bytes:
    with open(fd, "rb") as file:
        return file.read()


def test_the_capture_on_standard_output(tmp_path: Path, origin: Origin) -> None:
    proxy, reader = piped(tmp_path, origin)
    talk = Talk.open(Way("piped", proxy, origin))
    talk.up(frame(2, bytes(30_000), key=KEY))
    head = os.read(reader, 8)  # it comes while the proxy runs
    talk.end()
    whole = proxy.capture.read_bytes()
    assert proxy.process.end() == 0
    streamed = tmp_path / "streamed.pcapng"
    streamed.write_bytes(head + read_all(reader))
    assert streamed.read_bytes().startswith(whole)
    assert walk(streamed).statistics
    assert not proxy.capture.exists(), "all of it was passed on"


def test_a_pipe_that_nobody_reads_stalls_nothing(tmp_path: Path, origin: Origin) -> None:
    proxy, reader = piped(tmp_path, origin)
    talk = Talk.open(Way("blocked", proxy, origin))
    for _ in range(20):
        talk.up(frame(2, bytes(200_000), key=KEY))
    talk.up_end()
    talk.down_end()
    assert proxy.process.end() == 0
    assert f"not all of it was passed on; it is kept in {proxy.capture}" in proxy.process.output
    assert walk(proxy.capture).connections[0].sent == talk.client.sent
    os.close(reader)


def test_a_pipe_whose_reader_leaves(tmp_path: Path, origin: Origin) -> None:
    proxy, reader = piped(tmp_path, origin)
    talk = Talk.open(Way("left", proxy, origin))
    os.close(reader)
    talk.up(text(b"one", key=KEY))
    proxy.process.wait_for("nobody reads standard output any more")
    talk.up(text(b"two", key=KEY))
    talk.end()
    assert proxy.process.end() == 0
    assert proxy.capture.exists()
    assert "Traceback" not in proxy.process.output


def test_no_process_stays_behind(tmp_path: Path, origin: Origin) -> None:
    """The copying process ends with the proxy, however that ended."""
    proxy, reader = piped(tmp_path, origin)
    Talk.open(Way("killed", proxy, origin)).end()
    os.kill(proxy.process.popen.pid, signal.SIGKILL)
    streamed = tmp_path / "streamed.pcapng"
    streamed.write_bytes(read_all(reader))  # ends when the last process that writes has ended
    assert len(walk(streamed).connections) == 1
    proxy.process.end()


# Live frames.


def watched(folder: Path, origin: Origin, *options: str) -> Proxy:
    target = f"http://127.0.0.1:{origin.port}"
    return ws101(folder, "--to", target, *options, session=True)


def test_frames_live_and_a_summary(tmp_path: Path, origin: Origin) -> None:
    """Ctrl-C in a terminal reaches all processes there; the frames go on to the end."""
    proxy = watched(tmp_path, origin)
    talk = Talk.open(Way("live", proxy, origin))
    talk.up(text(b"Can you see me?", key=KEY))
    proxy.process.wait_for("Can you see me")
    talk.down(text(b"The last words"))  # which the client has: so they are recorded, too
    os.killpg(proxy.process.popen.pid, signal.SIGINT)
    assert proxy.process.end(None) == 0
    output = proxy.process.output
    assert "The last words" in output
    assert re.search(r"^1 connection, 2 frames .*\d bytes$", output, re.MULTILINE)
    assert re.search("^findings: ", output, re.MULTILINE)
    assert proxy.process.lines[-1] == f"ws101 proxy: recorded in {proxy.capture}"
    assert "Traceback" not in output


def test_the_frames_end_with_the_proxy_however_it_ended(tmp_path: Path, origin: Origin) -> None:
    proxy = watched(tmp_path, origin)
    talk = Talk.open(Way("killed", proxy, origin))
    talk.up(text(b"Can you see me?", key=KEY))
    os.kill(proxy.process.popen.pid, signal.SIGKILL)
    proxy.process.end()  # waits for the end of the output, which the frames' process holds open
    assert "Can you see me" in proxy.process.output
    assert not proxy.process.reading


def test_frames_that_nobody_reads_stall_nothing(tmp_path: Path, origin: Origin) -> None:
    reader, writer = os.pipe()
    target = f"http://127.0.0.1:{origin.port}"
    proxy = ws101(tmp_path, "--to", target, stdout=writer)
    os.close(writer)
    talk = Talk.open(Way("blocked", proxy, origin))
    talk.up(text(b"words", key=KEY) * 20_000)
    talk.end()
    assert proxy.process.end(signal.SIGTERM) == 0
    assert "20000" not in proxy.process.output
    assert f"bytes recorded in {proxy.capture}" in proxy.process.lines[-1]
    os.close(reader)


def test_a_full_disk_does_not_keep_the_frames_waiting(tmp_path: Path, origin: Origin) -> None:
    command = ["sh", "-c", 'ulimit -f 200; exec "$@"', "sh"]
    proxy = ws101(tmp_path, "--to", f"http://127.0.0.1:{origin.port}", before=command)
    talk = Talk.open(Way("full", proxy, origin))
    for _ in range(30):
        talk.up(frame(2, bytes(10_000), key=KEY))
    talk.up_end()
    talk.down_end()
    assert proxy.process.end() == 1
    assert "could not be written" in proxy.process.lines[-1]
