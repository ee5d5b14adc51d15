"""`omni-agent conformance`: whether a Realtime server does what clients need, and its report for people."""

from __future__ import annotations

import asyncio
import json as jsonlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..testing.realtime_conformance import Finding, Report

_MARKS = {"ok": ("green", "✓"), "failed": ("red", "✗"), "inconclusive": ("yellow", "?")}


def conformance(
    url: Annotated[
        str, typer.Argument(help="Of the server: http://127.0.0.1:8000/v1, wss://host/v1/realtime.")
    ] = "",
    key: Annotated[str, typer.Option(envvar="OMNI_AGENT_SERVER_KEY", help="The server's key.")] = "",
    model: Annotated[str, typer.Option(help="Which model to ask for.")] = "",
    voice: Annotated[Path | None, typer.Option(help="A recording of somebody who speaks.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this requirement, or those that begin so: voice.")
    ] = None,
    patience: Annotated[float, typer.Option(min=0.1, help="Seconds of silence that are waited out.")] = 20.0,
    strict: Annotated[bool, typer.Option("--strict", help="What a server should do counts too.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="Tell the requirements, and check nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Check a Realtime server over its WebSocket; exit with status 1 where it fails what it must do."""
    if listed:
        _tell(json=json)
        return
    if not url:
        raise typer.BadParameter("which server? Such as http://127.0.0.1:8000/v1", param_hint="URL")
    from ..testing.realtime_conformance import check_server

    checked = check_server(url, key=key, model=model, spoken=voice, only=only or (), patience=patience)
    report = asyncio.run(checked)
    if json:
        typer.echo(jsonlib.dumps(report.to_json(), ensure_ascii=False))
    else:
        _show(report)
    if not report.ok or (strict and report.failed):
        raise typer.Exit(1)


def _tell(*, json: bool) -> None:
    from dataclasses import asdict

    from ..testing.realtime_conformance import requirements

    rows = [asdict(row) for row in requirements().values()]
    if json:
        typer.echo(jsonlib.dumps(rows, ensure_ascii=False))
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for row in rows:
        console.print(f"{row['id']} ({row['level']}) {row['requires']}", markup=False)
        console.print(f"    {row['source']}", style="dim", markup=False)


def _show(report: Report) -> None:
    """A line for each finding, with what was seen where it is not well, and the counts."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for finding in report:
        style, mark = _MARKS[finding.outcome]
        console.print(f"  {mark} {_line(finding)}", style=style, markup=False)
        if finding.outcome == "failed":
            asked = finding.requirement
            console.print(f"      → {asked.requires} ({asked.source})", style="dim", markup=False)
    counts = {outcome: sum(item.outcome == outcome for item in report) for outcome in _MARKS}
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    console.print(f"{report.subject}: {told}", style="green" if report.ok else "red", markup=False)
    if not report.typed:
        note = "events were not held against OpenAI's types: pip install openai"
        console.print(note, style="dim", markup=False)


def _line(finding: Finding) -> str:
    asked = finding.requirement
    if finding.outcome == "ok":
        return asked.id
    level = "" if asked.level == "must" else f" ({asked.level})"
    return f"{asked.id}{level} {finding.outcome}: {finding.reason}"
