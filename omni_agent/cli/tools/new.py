"""`omni-agent tools new`: the beginning of a plugin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def new_plugin(
    name: Annotated[str, typer.Argument(help="What it is about, in small letters: garden.")],
    into: Annotated[Path, typer.Option(help="Folder to make it in.")] = Path(),
) -> None:
    """Write a small plugin package that works, with its tests."""
    from ...scaffold import write

    folder = write(name, into)
    typer.echo(f"wrote {folder}")
    typer.echo(f"  omni-agent tools check {folder}")
    typer.echo(f"  pip install -e {folder}, then add '{name.replace('-', '_')}' to the setting tools")
