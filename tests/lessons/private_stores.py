"""A private Redis and a private PostgreSQL for tests, as a lesson's session has them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lessons.course.child import SCRATCH
from lessons.course.stores import Stores
from tests.needs import program


@contextmanager
def private_stores(*names: str) -> Iterator[Stores]:
    """Those of these names, running. Their scratch folder has a short name, which a Unix socket
    needs, and may be entered by PostgreSQL's user, which pytest's may not."""
    program("redis-server")
    program("postgres")
    scratch = Path(tempfile.mkdtemp(prefix="ws101-"))
    stores = Stores(scratch, {SCRATCH: str(scratch)})
    try:
        for name in names:
            stores.ask(name)
        yield stores
    finally:
        stores.close()
        shutil.rmtree(scratch, ignore_errors=True)


def lab_settings(stores: Stores) -> dict[str, str]:
    """How the demo app is told where they are."""
    return {f"WS101_LAB_{name.upper()}": where for name, where in stores.addresses().items()}
