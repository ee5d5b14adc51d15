"""`omni-agent models check`: the conformance suite, and its report for people."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..testing.model_conformance import Finding, Report

_MARKS = {
    "ok": ("green", "✓"),
    "failed": ("red", "✗"),
    "inconclusive": ("yellow", "?"),
    "skipped": ("dim", "·"),
}


async def checked(spec: str, *, reproducible: bool, patience: float) -> Report:
    """The report on the model of a spec.

    Raises:
        ConfigError: There is no such model.
        ModelUnavailable: It cannot be loaded or reached.
    """
    from ..config import Settings
    from ..models.spec import parsed
    from ..plugins import load_model
    from ..testing.model_conformance import check_model

    name = " | ".join(map(str, parsed(spec)))
    model = load_model(spec, Settings.load())
    try:
        return await check_model(model, name=name, reproducible=reproducible, patience=patience)
    finally:
        with suppress(Exception):  # a close that fails is a finding already
            await model.close()


def show(report: Report) -> None:
    """Print a line for each finding, what failed with its reason and remedy, and the counts."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for finding in report:
        style, mark = _MARKS[finding.outcome]
        told = "" if finding.outcome == "ok" else f" {finding.outcome}: {finding.reason}"
        console.print(f"  {mark} {finding.check}{told}", style=style, markup=False)
        for line in _advice(finding):
            console.print(f"      → {line}", style="dim", markup=False)
    counts = {outcome: sum(item.outcome == outcome for item in report) for outcome in _MARKS}
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    console.print(f"{report.subject}: {told}", style="red" if report.failed else "green", markup=False)


def _advice(finding: Finding) -> list[str]:
    if finding.outcome != "failed":
        return []
    return [line for line in (finding.requires, finding.remedy) if line]
