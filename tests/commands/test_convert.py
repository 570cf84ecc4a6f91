"""`convert`: the same capture in another format, and files that nobody loses for it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from inspector.files.capture import open_capture
from tests.commands.run import run
from tests.files.round_trip import streams
from tests.screen.specimens import SPECIMENS, capture


# What is made out behind a hole is told late, and so comes back in another order.
@pytest.fixture(params=[name for name in SPECIMENS if name != "holes"])
def specimen(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    name: str = request.param
    return capture(tmp_path / f"{name}.pcapng", SPECIMENS[name])


def converted(*arguments: str | Path, given: bytes = b"", code: int = 0) -> str:
    """What `convert` says on standard error."""
    done = run("convert", *arguments, given=given)
    assert done.returncode == code, done.stderr
    return done.stderr.decode()


def dumped(path: Path) -> str:
    """Every JSON line, but for the numbers of TCP connections of plain exchanges."""
    done = run("dump", path, "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def test_there_and_back_through_json_lines(specimen: Path, tmp_path: Path) -> None:
    converted(specimen, tmp_path / "there.jsonl")
    assert dumped(tmp_path / "there.jsonl") == dumped(specimen)
    converted(tmp_path / "there.jsonl", tmp_path / "back.pcapng")
    assert dumped(tmp_path / "back.pcapng") == dumped(specimen)


def test_a_copy_says_the_same(specimen: Path, tmp_path: Path) -> None:
    assert converted(specimen, tmp_path / "copy.pcapng") == ""
    with open_capture(specimen) as before, open_capture(tmp_path / "copy.pcapng") as after:
        assert list(before)[:-1] == list(after)[:-1]  # the last counts the packets written


def test_holes_come_through(tmp_path: Path) -> None:
    """All that was there, the gaps at their places, whatever the order; and the gaps are told."""
    specimen = capture(tmp_path / "holes.pcapng", SPECIMENS["holes"])

    def told(path: Path) -> list[tuple[str, str, int, int | str | None]]:
        lines = map(json.loads, dumped(path).splitlines())
        keys = ("header", "bytes", "size")
        return sorted(
            (line["type"], line["from"], line["offset"], next(line[k] for k in keys if k in line))
            for line in lines
            if line["type"] in ("frame", "raw", "gap")
        )

    for name in ("copy.pcapng", "there.jsonl"):
        said = converted(specimen, tmp_path / name)
        assert said == "note: bytes missing in the capture: 654, gaps: 2\n"
        assert told(tmp_path / name) == told(specimen)
    assert [line[0] for line in told(specimen)].count("gap") == 2


def test_a_file_is_made_for_its_owner_only(specimen: Path, tmp_path: Path) -> None:
    converted(specimen, tmp_path / "new.jsonl")
    assert stat.S_IMODE((tmp_path / "new.jsonl").stat().st_mode) == 0o600
    assert sorted(os.listdir(tmp_path)) == sorted([specimen.name, "new.jsonl"])


def test_nothing_is_replaced_without_force(chat: Path, tmp_path: Path) -> None:
    out = tmp_path / "there.jsonl"
    out.write_text("mine")
    said = converted(chat, out, code=2)
    assert said == f"ws101 convert: {out}: there is such a file; another name, or --force\n"
    assert out.read_text() == "mine"
    converted(chat, out, "--force")
    assert out.read_text().startswith('{"type": "connection"')


def test_a_capture_is_not_written_over_itself(chat: Path, tmp_path: Path) -> None:
    before = chat.read_bytes()
    (tmp_path / "link.pcapng").symlink_to(chat)
    for name in (chat, tmp_path / "link.pcapng"):
        assert "is the capture itself" in converted(chat, name, "--force", code=2)
    assert chat.read_bytes() == before


@pytest.mark.parametrize("name", ["out.xyz", "out"])
def test_an_unknown_extension_is_told_with_those_that_are_known(
    chat: Path, tmp_path: Path, name: str
) -> None:
    said = converted(chat, tmp_path / name, code=2)
    assert said.count("\n") == 1
    assert ".pcapng" in said
    assert ".jsonl" in said
    converted(chat, tmp_path / name, "--to", "jsonl")


def test_standard_input_and_output(chat: Path, tmp_path: Path) -> None:
    done = run("convert", "-", "-", "--to", "jsonl", given=chat.read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == dumped(chat)
    back = run("convert", "-", "-", "--to", "pcapng", given=done.stdout)
    (tmp_path / "back.pcapng").write_bytes(back.stdout)
    assert dumped(tmp_path / "back.pcapng") == dumped(chat)
    assert "--to FORMAT" in converted(chat, "-", code=2)


def test_what_stands_before_the_damage_is_written(chat: Path, tmp_path: Path) -> None:
    whole_file = chat.read_bytes()
    damaged = tmp_path / "damaged.pcapng"
    at = len(whole_file) // 2
    with open_capture(chat) as capture_:
        expected = streams(capture_)
    damaged.write_bytes(whole_file[:at] + b"\xff" * 40)
    said = converted(damaged, tmp_path / "before.jsonl", code=2)
    assert "byte " in said
    assert said.endswith("; what stands before it was read\n")
    told = [json.loads(line) for line in (tmp_path / "before.jsonl").read_text().splitlines()]
    assert told[0]["type"] == "connection"
    with open_capture(tmp_path / "before.jsonl") as capture_:
        for side, data in streams(capture_).items():
            assert data
            assert expected[side].startswith(data)


def test_nothing_is_made_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"what is this")
    said = converted(tmp_path / "in", tmp_path / "out.jsonl", code=2)
    assert said.count("\n") == 1
    (tmp_path / "in").write_bytes(b"")
    assert "it is empty" in converted(tmp_path / "in", tmp_path / "out.jsonl", code=2)
    assert os.listdir(tmp_path) == ["in"]
    said = converted(tmp_path / "none", tmp_path / "out.jsonl", code=2)
    assert said.endswith("no such file; check the name\n")
    said = converted(tmp_path / "in", tmp_path / "no" / "out.jsonl", code=2)
    assert "no such folder" in said


def test_what_a_format_cannot_hold_is_counted(tmp_path: Path) -> None:
    several = capture(tmp_path / "several.pcapng", SPECIMENS["several"])
    said = converted(several, tmp_path / "several.jsonl")
    assert said == ("left out, since the format can't hold it: bodies of plain HTTP exchanges: 1\n")


def test_a_full_disk_is_told_and_leaves_nothing(chat: Path) -> None:
    with open("/dev/full", "wb") as full:
        for form in ("jsonl", "pcapng"):
            import subprocess

            from tests.commands.run import command, environment

            done = subprocess.run(
                command("convert", chat, "-", "--to", form), stdout=full, stderr=subprocess.PIPE,
                env=environment(), timeout=60, check=False,
            )  # fmt: skip
            assert done.returncode == 2
            assert b"standard output: can't be written: No space left on device" in done.stderr
            assert done.stderr.count(b"\n") == 1


def test_findings_ride_along_as_comments(faults: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.pcapng"
    assert converted(faults, out, "--annotate") == ""
    found = json.loads(run("lint", faults, "--format", "jsonl").stdout.splitlines()[0])
    assert found["rule"].encode() in out.read_bytes()
    assert dumped(out) == dumped(faults)
    given = run("convert", "-", "-", "--to", "pcapng", "--annotate", given=faults.read_bytes())
    assert (given.returncode, given.stdout) == (0, out.read_bytes())
    said = converted(faults, tmp_path / "found.jsonl", "--annotate", code=2)
    assert "jsonl has no comments" in said
    assert not (tmp_path / "found.jsonl").exists()


@pytest.mark.parametrize("extension", ["har", "flow"])
def test_formats_of_messages_are_made_and_read(chat: Path, tmp_path: Path, extension: str) -> None:
    out = tmp_path / f"chat.{extension}"
    assert "masking keys: 7" in converted(chat, out)

    def said(path: Path) -> list[object]:
        told = map(json.loads, dumped(path).splitlines())
        return [line["text"] for line in told if line["type"] == "message" and "text" in line]

    assert said(out) == said(chat)
    with out.open("rb") as given:
        done = run("dump", "-", "--format", "jsonl", given=given.read())
    assert done.stdout.decode() == dumped(out)
