"""`omni-agent tools check`: the conformance kit."""

from __future__ import annotations

import json as jsonlib
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from ...conformance import Finding, Outcome, Report


_MARKS = {"ok": ("green", "✓"), "failed": ("red", "✗"), "not observable": ("yellow", "·")}


def check_tools(
    subject: Annotated[str, typer.Argument(help="A plugin, package, module, .py file or folder.")],
    arguments: Annotated[
        Path | None, typer.Option(help="A TOML file: [[TOOL]] tables of arguments, [plugins.NAME], [files].")
    ] = None,
    run: Annotated[bool, typer.Option(help="Call the tools, in a sandbox; without, only look.")] = True,
    run_irreversible: Annotated[
        bool, typer.Option("--run-irreversible", help="Also call what cannot be taken back.")
    ] = False,
    network: Annotated[bool, typer.Option("--network", help="Let tools reach other machines.")] = False,
    patience: Annotated[float, typer.Option(min=0.1, help="Seconds before a call is cut off.")] = 3.0,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Check that tools do what they say, and nothing else; exit with status 1 when one does not.

    Tools run in a process of their own with an empty home, and cannot write outside of it by Python's means.
    """
    from ...conformance import check

    given, options, files = _read(arguments) if arguments else ({}, {}, {})
    report = check(
        subject,
        arguments=given,
        options=options,
        files=files,
        run=run,
        run_irreversible=run_irreversible,
        network=network,
        patience=patience,
    )
    if json:
        typer.echo(jsonlib.dumps(report.to_json(), ensure_ascii=False))
    else:
        _show(report)
    if not report.ok:
        raise typer.Exit(1)


def _read(path: Path) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any], dict[str, str]]:
    """Arguments by tool, options by plugin, and files."""
    try:
        about = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {path}: {error}", remedy="mend the file") from None
    options, files = about.pop("plugins", {}), about.pop("files", {})
    tables = all(isinstance(part, dict) for part in (options, *options.values(), files))
    lists = all(
        isinstance(part, list) and all(isinstance(item, dict) for item in part) for part in about.values()
    )
    if not tables or not lists or not all(isinstance(text, str) for text in files.values()):
        raise ConfigError(
            f"{path} holds something else than arguments", remedy="write [[TOOL]], [plugins.NAME] and [files]"
        )
    return about, options, files


def _show(report: Report) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    effects = {(tool.plugin, tool.tool): tool.effect for tool in report.tools}
    places: dict[tuple[str, str], list[Finding]] = {(finding.plugin, finding.tool): [] for finding in report}
    for finding in report:
        places[finding.plugin, finding.tool].append(finding)
    for (plugin, tool), findings in places.items():
        effect = f" ({effects[plugin, tool]})" if tool else ""
        console.print(f"{plugin}.{tool}{effect}" if tool else plugin, style="bold", markup=False)
        _lines(console, findings)
    counts = {outcome: sum(item.outcome == outcome for item in report) for outcome in _MARKS}
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    console.print(
        f"{len(report.tools)} tools: {told}", style="red" if report.failed else "green", markup=False
    )


def _lines(console: Console, findings: list[Finding]) -> None:
    """A line for all checks that found the same."""
    same: dict[tuple[Outcome, str, str], list[str]] = {}
    for finding in findings:
        same.setdefault((finding.outcome, finding.reason, finding.remedy), []).append(finding.check)
    for (outcome, reason, remedy), checks in same.items():
        style, mark = _MARKS[outcome]
        told = ("" if outcome == "ok" else f" {outcome}") + (f": {reason}" if reason else "")
        console.print(f"  {mark} {', '.join(checks)}{told}", style=style, markup=False)
        if remedy:
            console.print(f"      → {remedy}", style="dim", markup=False)
