"""What every Realtime server must do: a suite of checks over a WebSocket, for any server.

    report = await check_server("http://127.0.0.1:8000/v1")
    assert report.ok, str(report)

Sixteen short conversations are held, half of them spoken, in real time; then each requirement is looked for
in what came. A requirement fails by what it is about, and by nothing else: where one event is missing, what
depends on it is inconclusive.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ...errors import ConfigError
from . import answering, calling, events, interrupting, keeping, lifecycle, listening, refusing, setting
from .check import Check
from .manifest import Requirement, requirements
from .report import Finding, Outcome, Report
from .shapes import typed
from .sound import voice
from .subject import Subject
from .wire import Closed, Dial, Wire, address, dialler

_ALL = (answering, calling, events, interrupting, keeping, lifecycle, listening, refusing, setting)
_BY_ID = {check.requirement.id: check for part in _ALL for check in part.CHECKS}

CHECKS: tuple[Check, ...] = tuple(_BY_ID[name] for name in requirements() if name in _BY_ID)
"""All checks, in the order of the requirements."""


async def check_server(
    url: str = "",
    *,
    key: str = "",
    model: str = "",
    spoken: Path | None = None,
    only: Collection[str] = (),
    patience: float = 20.0,
    quiet: float = 1.0,
    dial: Dial | None = None,
) -> Report:
    """Check a server.

    Args:
        url: Of the server or of its socket: `http://127.0.0.1:8000/v1`, `wss://host/v1/realtime`.
        key: The server's; empty for none.
        model: What to ask for; empty for what the address says.
        spoken: A recording of somebody who speaks; by default our own.
        only: Ids of requirements, or their first words, as in `voice`; empty for all.
        patience: Seconds without any event after which nothing more is awaited.
        quiet: Seconds that are waited for what must not come.
        dial: Opens a connection, where it is no WebSocket of the usual kind: for tests in process.

    Raises:
        ConfigError: The address is none, or `only` names what there is not.
        MediaError: The recording cannot be used.
        ModelUnavailable: The server cannot be reached, or refuses.
    """
    chosen = _chosen(only)
    where = "in process" if dial else address(url, model)
    subject = Subject(dial or dialler(where, key), voice(spoken), patience=patience, quiet=quiet)
    findings = [await check.of(subject) for check in chosen]
    return Report(where, tuple(findings), typed())


def _chosen(only: Collection[str]) -> list[Check]:
    if not only:
        return list(CHECKS)
    for name in only:
        if not any(_is(check, name) for check in CHECKS):
            raise ConfigError(f"there is no requirement '{name}'", remedy="omni-agent conformance --list")
    return [check for check in CHECKS if any(_is(check, name) for name in only)]


def _is(check: Check, name: str) -> bool:
    return check.requirement.id == name or check.requirement.id.startswith(f"{name}.")


__all__ = [
    "CHECKS",
    "Check",
    "Closed",
    "Dial",
    "Finding",
    "Outcome",
    "Report",
    "Requirement",
    "Wire",
    "address",
    "check_server",
    "requirements",
]
