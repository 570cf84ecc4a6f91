"""Options that several commands of the course have, each said once."""

from __future__ import annotations

import click

FOLDER = click.option(
    "--dir", "folder", metavar="FOLDER", help="Your folder, if not ~/ws101 or WS101_HOME."
)
FORM = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="How to say it: for people or for programs.",
)  # fmt: skip
