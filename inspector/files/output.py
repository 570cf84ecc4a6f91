"""A file being made: nobody sees the half of it, and nobody loses another for it.

It grows under a name of its own beside the place where it belongs, readable by its owner only, and
takes its name when it is whole.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Self


class CannotMake(Exception):
    """The file can't be made; the message says which one, why and what to do."""


class Output:
    """Write to `fd`, then `keep` it. As a context it is thrown away unless it was kept."""

    def __init__(self, path: Path, force: bool) -> None:
        """Raises `CannotMake`."""
        self.path = path
        self.force = force
        self._kept = False
        self._refuse_what_is_there()
        self._part = path.with_name(f".{path.name[:100]}.{os.getpid()}.part")
        try:
            self.fd = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileNotFoundError:
            raise CannotMake(f"{path}: there is no such folder; make it first") from None
        except (OSError, ValueError) as error:
            raise CannotMake(f"{path}: can't be made: {_why(error)}") from None

    def keep(self) -> None:
        """It is whole: give it its name. Raises `CannotMake`."""
        self._refuse_what_is_there()
        try:
            if self.force:
                os.replace(self._part, self.path)
            else:
                self._put_where_nothing_is()
        except FileExistsError:
            raise self._exists() from None
        except OSError as error:
            raise CannotMake(f"{self.path}: can't be made: {_why(error)}") from None
        self._kept = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            os.close(self.fd)
        if not self._kept:
            self._part.unlink(missing_ok=True)

    def _put_where_nothing_is(self) -> None:
        """A link fails where a name is taken, even if it was taken a moment ago."""
        try:
            os.link(self._part, self.path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            os.rename(self._part, self.path)
        else:
            self._part.unlink()

    def _refuse_what_is_there(self) -> None:
        try:
            there = self.path.lstat()
        except (OSError, ValueError):
            return
        if stat.S_ISDIR(there.st_mode):
            raise CannotMake(f"{self.path}: is a folder; name a file in it")
        if not stat.S_ISREG(there.st_mode):
            raise CannotMake(f"{self.path}: is there, and no file; choose another name")
        if not self.force:
            raise self._exists()

    def _exists(self) -> CannotMake:
        return CannotMake(f"{self.path}: there is such a file; another name, or --force")


def _why(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)
