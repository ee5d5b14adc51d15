"""What every benchmark shares: its arguments, its figures, and the machine they were measured on."""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

DATA = Path(os.environ.get("OMNI_AGENT_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")

_Z = 1.96  # standard deviations that hold 95 % of a normal distribution


@dataclass(frozen=True, slots=True)
class Arguments:
    """Where the data are, how many to use, whether to print JSON only, and a benchmark's own options."""

    data: Path
    limit: int
    json: bool
    own: argparse.Namespace

    def say(self, line: str) -> None:
        """Progress for people; kept off standard output where a program reads it."""
        print(line, file=sys.stderr if self.json else sys.stdout, flush=True)


def arguments(
    description: str,
    data: Path,
    limit: int = 0,
    *,
    own: Callable[[argparse.ArgumentParser], object] | None = None,
) -> Arguments:
    """Read the command line; a limit of 0 means all. `own` adds a benchmark's own options."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=data)
    parser.add_argument("--limit", type=int, default=limit)
    parser.add_argument("--json", action="store_true", help="nothing but the figures on standard output")
    if own:
        own(parser)
    given = parser.parse_args()
    return Arguments(given.data, given.limit, given.json, given)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies (nearest rank), rounded to milliseconds."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)


def median(values: Sequence[float]) -> float:
    """The median, rounded to milliseconds."""
    return round(statistics.median(values), 3)


def publish(figures: dict[str, object]) -> None:
    """Print the figures with the machine and the versions, as the last line."""
    packages = ("omni-agent-framework", "xllamacpp", "faster-whisper", "piper-tts", "langgraph")
    machine = {"machine": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
    print(json.dumps({**figures, **machine, "versions": {name: version(name) for name in packages}}))


def interval(found: int, of: int) -> tuple[float, float]:
    """The shares between which the true one lies with 95 % confidence, where `found` of `of` were counted.

    Wilson's score interval (E. B. Wilson, JASA 22, 1927), which holds for few cases too.
    """
    if not of:
        return 0.0, 1.0
    share, spread = found / of, _Z**2 / of
    centre = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, round(centre - half, 3)), min(1.0, round(centre + half, 3))
