"""Nothing is done twice and nothing is lost, whatever is cut off, repeated or killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from hypothesis import settings

# A schedule takes a second and a half, mostly the start of programs that are then killed.
SCHEDULES = 500 if settings.get_current_profile_name() == "explore" else 24
ROOT = Path(__file__).parents[2]


def test_schedules_of_interruption_duplicates_death_and_restart() -> None:
    half = SCHEDULES // 2
    runs = [_start(first, first + half) for first in (0, half)]
    lines = [json.loads(line) for run in runs for line in run.communicate(timeout=1200)[0].splitlines()]
    wrong = [line for line in lines if "wrong" in line]
    assert not wrong, "\n".join(f"seed {line['seed']}: {line['wrong']}" for line in wrong[:3])
    assert sum(line["schedules"] for line in lines) == SCHEDULES
    # Whether the schedules were any trouble at all.
    assert sum(line["kills"] for line in lines) > SCHEDULES


def _start(first: int, last: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.execution.chaos", str(first), str(last)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
