"""`omni-agent tools list`: every tool of every installed plugin."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Collection, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ...config import Settings
    from ...errors import OmniError
    from ...tool import Tool

Row = dict[str, str]


def list_tools(
    tools_dir: Annotated[str, typer.Option(help="A folder of Python files with tools.")] = "",
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show every installed tool, with its effect, where it comes from, and whether it is on.

    All installed plugins are imported for it, also those that no agent would load.
    """
    from ...config import Settings

    # What a plugin prints while it is imported is none of the list.
    with redirect_stdout(sys.stderr):
        rows, problems = _rows(Settings.load(), tools_dir)
    for problem in problems:
        typer.echo(f"omni-agent: {problem}", err=True)
    if json:
        typer.echo(jsonlib.dumps(rows, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    styles = {"on": "green", "off": "dim", "denied": "red"}
    table = Table(box=None)
    for name in ("tool", "effect", "state", "plugin", "source", "description"):
        table.add_column(name, overflow="fold", no_wrap=name in {"tool", "effect", "state", "plugin"})
    for row in rows:
        state = Text(row["state"], styles[row["state"]])
        source = f"{row['source']} {row['version']}".strip()
        table.add_row(row["tool"], row["effect"], state, row["plugin"], source, Text(row["description"]))
    Console().print(table)


def _rows(settings: Settings, tools_dir: str) -> tuple[list[Row], list[OmniError]]:
    from ...errors import OmniError
    from ...plugins import installed

    rows: list[Row] = []
    problems: list[OmniError] = []
    for plugin in installed("tools").values():
        try:
            tools = plugin.tools(settings.plugins.get(plugin.name, {}))
        except OmniError as error:
            problems.append(error)
            continue
        on = plugin.name in settings.tools
        about = {"plugin": plugin.name, "source": plugin.source, "version": plugin.version}
        rows += _of(tools, about, settings.deny, on=on)
    if folder := tools_dir or settings.tools_dir:
        more, wrong = _in_folder(Path(folder).expanduser(), settings.deny)
        rows += more
        problems += wrong
    return rows, problems


def _in_folder(folder: Path, deny: Collection[str]) -> tuple[list[Row], list[OmniError]]:
    from ...errors import OmniError
    from ...plugin_modules import tool_files, tools_in

    rows: list[Row] = []
    problems: list[OmniError] = []
    try:
        files = tool_files(folder)
    except OmniError as error:
        return [], [error]
    for path in files:
        try:
            about = {"plugin": path.stem, "source": str(path), "version": ""}
            rows += _of(tools_in(path), about, deny, on=True)
        except OmniError as error:
            problems.append(error)
    return rows, problems


def _of(tools: list[Tool], about: Row, deny: Collection[str], *, on: bool) -> Iterator[Row]:
    from ...plugins import allowed

    for tool in tools:
        state = "on" if on else "off"
        if not allowed(about["plugin"], [tool], deny):
            state = "denied"
        own = {"tool": tool.name, "effect": tool.effect, "description": tool.spec.description}
        yield own | about | {"state": state}
