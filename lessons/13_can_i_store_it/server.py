"""The demo app of this lesson has the lab: a live connection, and ways to try to store it."""

from lessons.demo.app import sock
from lessons.demo.lab import blueprint

CONFIG = {"WS101_PAGES": (("/lab", "Lab"),)}
bp = blueprint(sock)
