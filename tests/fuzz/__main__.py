"""Run fuzz targets, one after another, each for so long; what fails is saved and told."""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.corpus import KEPT, NAMES, kept, load

ROOT = Path(__file__).parents[2]
PULSE = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+) .*?corp: (\d+).*?exec/s: (\d+)")
LIMITS = ("-timeout=10", "-rss_limit_mb=2048", "-use_value_profile=0")
"""Seconds and megabytes that one input may take; more is a fault, too."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="give TARGET this input only")
    parser.add_argument("--grow", type=Path, metavar="FOLDER", help="keep what it finds for later")
    options = parser.parse_args()
    if unknown := set(options.targets) - set(NAMES):
        parser.error(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    if options.replay:
        if len(options.targets) != 1:
            parser.error("--replay needs the one target that it is for")
        load(options.targets[0]).check(options.replay.read_bytes())
        print(f"{options.replay}: no fault")
        return 0
    if importlib.util.find_spec("atheris") is None:
        print("No atheris here (it is for Linux on x86-64): what is kept is replayed, no more.")
        return max(map(replay, options.targets or NAMES))
    return max(fuzz(name, options.seconds, options.grow) for name in options.targets or NAMES)


def replay(name: str) -> int:
    target = load(name)
    inputs = [*target.seeds(), *(path.read_bytes() for path in kept(name))]
    for data in inputs:
        target.check(data)
    print(f"{name}: {len(inputs)} inputs, no fault")
    return 0


def fuzz(name: str, seconds: int, grown: Path | None) -> int:
    """Run one target; 1 if it found a fault."""
    target = load(name)
    folder = KEPT / name
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        seeds = Path(temporary) / "seeds"
        seeds.mkdir()
        for number, data in enumerate(target.seeds()):
            (seeds / str(number)).write_bytes(data)
        found = grown / name if grown else Path(temporary) / "found"
        found.mkdir(parents=True, exist_ok=True)
        before = set(folder.iterdir())
        command = [
            *(sys.executable, "-m", "tests.fuzz.worker", name, str(found), str(seeds), str(folder)),
            *(f"-max_total_time={seconds}", f"-max_len={target.longest}", *LIMITS),
            f"-artifact_prefix={folder}/",
        ]
        code = watch(name, seconds, command)
    for path in sorted(set(folder.iterdir()) - before):
        shown = path.relative_to(ROOT)
        print(f"{name}: FAULT; its input is saved: {shown}")
        print(f"  see it again: python -m tests.fuzz {name} --replay {shown}")
    if not any(folder.iterdir()):
        folder.rmdir()
    return int(code != 0)


def watch(name: str, seconds: int, command: list[str]) -> int:
    """Show how it goes, a line that is written over in a terminal; its output if it fails."""
    lines: list[str] = []
    pulse = "it did not get as far as a first input"
    begun = shown = time.monotonic()
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace",
    ) as process:  # fmt: skip
        assert process.stdout
        for line in process.stdout:
            if not (found := PULSE.match(line)):
                lines.append(line)
                continue
            runs, paths, inputs, rate = map(int, found.groups())
            pulse = (
                f"{runs:,} inputs ({rate:,} a second), {paths:,} paths, {inputs:,} worth keeping"
            )
            now = time.monotonic()
            if sys.stdout.isatty() and now - shown > 0.5:
                shown = now
                print(f"\r{name}: {now - begun:.0f} of {seconds} s, {pulse}", end="", flush=True)
    start = "\r\033[K" if sys.stdout.isatty() else ""
    print(f"{start}{name}: {pulse}", flush=True)
    if process.returncode:
        sys.stdout.writelines(lines[-60:])
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
