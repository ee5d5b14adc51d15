"""`omni-agent tools`: what is installed."""

from __future__ import annotations

import json as jsonlib
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def tools() -> None:
    """The tools that are installed."""


@app.command("list")
def list_tools(json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show every installed tool with its source, version and effect."""
    from ..plugins import installed, load_tools

    rows = []
    for plugin in installed("tools").values():
        found, problems = load_tools([plugin.name])
        for tool in found:
            about = {"tool": tool.name, "effect": tool.effect, "description": tool.spec.description}
            rows.append({"plugin": plugin.name, "source": f"{plugin.source} {plugin.version}", **about})
        for problem in problems:
            typer.echo(f"omni-agent: {problem}", err=True)
    if json:
        typer.echo(jsonlib.dumps(rows, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("tool", "effect", "plugin", "source", "description", box=None)
    for row in rows:
        table.add_row(row["tool"], row["effect"], row["plugin"], row["source"], row["description"])
    Console().print(table)
