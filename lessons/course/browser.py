"""Browsers: the learner's own, opened on request, and a headless Chromium where there is one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import webbrowser
from contextlib import ExitStack, suppress

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

SHORT = 55
"""Characters of a folder's name that leave room for a socket's in it."""
END_SECONDS = 4.0
"""What a browser has for a clean end."""
IN_THE_TERMINAL = ("www-browser", "links", "links2", "elinks", "lynx", "w3m", "browsh")
"""Browsers that would take the terminal from us."""


def find_chromium() -> str | None:
    """The path of a Chromium: `WS101_CHROMIUM` (empty for none), or where it usually lies."""
    named = os.environ.get("WS101_CHROMIUM")
    if named is not None:
        return shutil.which(named) if named else None
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or next((path for path in PLACES if os.access(path, os.X_OK)), None)


def show_headless(chromium: str, url: str, profile: str = "") -> None:
    """Show `url` in a headless Chromium until SIGTERM, with a throw-away profile unless a folder
    for one is named."""
    with ExitStack() as stack:
        place = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="ws101-chromium-", ignore_cleanup_errors=True)
        )
        home = profile or place
        # Chromium does not remove its temporary folder. A socket lies in it, so its name is short.
        temporary = {"TMPDIR": place} if len(place) <= SHORT else {}
        command = [
            chromium,
            "--headless",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--no-default-browser-check",
            f"--user-data-dir={home}",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append(
                "--no-sandbox"
            )  # it refuses to start as root otherwise; ours is the page
        process = subprocess.Popen(
            [*command, url], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, **temporary, "HOME": home},
        )  # fmt: skip

        def kill() -> None:
            with suppress(ProcessLookupError, PermissionError):  # macOS says so of the buried
                os.killpg(process.pid, signal.SIGKILL)

        def end(*_: object) -> None:
            process.terminate()  # it ends its helpers itself, once they have written what they hold
            late = threading.Timer(END_SECONDS, kill)
            late.daemon = True
            late.start()

        signal.signal(signal.SIGTERM, end)
        print("ws101 browser started", flush=True)
        process.wait()
        kill()  # its helpers, if any outlived it


def open_for_learner(url: str) -> bool:
    """Open the learner's own browser, if it can be done from here without taking the terminal."""
    screen = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
    if os.name == "posix" and not screen and not shutil.which("open"):
        return False
    with suppress(webbrowser.Error, OSError):
        browser = webbrowser.get()
        plain = isinstance(browser, webbrowser.GenericBrowser)
        if not plain or isinstance(browser, webbrowser.BackgroundBrowser):
            return browser.open(url)
        if os.path.basename(browser.name) not in IN_THE_TERMINAL:  # a program of their own choice
            command = [browser.name, *(part.replace("%s", url) for part in browser.args)]
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            threading.Thread(target=process.wait, daemon=True).start()  # when it ends, bury it
            return True
    return False
