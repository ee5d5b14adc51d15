"""What grounding gets right, and what it costs: the hand-written cases, each with fresh evidence.

`passed` counts the cases of `tests/grounding/cases` of which just the wanted calls run and just the missing
arguments are asked for. The milliseconds are those of one model's answer, its words met for the
first time, after `prewarm`. Limit: 5 ms at p95.
"""

from __future__ import annotations

import time

from omni_agent.grounding import prewarm
from tests.grounding.case import FOLDER, Case, cases

from .report import arguments, median, publish, quantile

LIMIT_MS = 5.0


def milliseconds(case: Case) -> float:
    """What grounding a case's calls takes."""
    started = time.perf_counter()
    case.ground()
    return (time.perf_counter() - started) * 1000


def main() -> None:
    """Ground every case, tell which fail, and print the figures."""
    given = arguments("Share of right calls and milliseconds of grounding.", FOLDER)
    prewarm()
    every = list(cases(given.data))[: given.limit or None]
    spent = [milliseconds(case) for case in every]
    failed = [case for case in every if not case.passes()]
    for case in failed:
        given.say(f"failed: {case.name}: {case.data['said']}")
    publish(
        {
            "passed": len(every) - len(failed),
            "share": round(1 - len(failed) / len(every), 3),
            "p50_ms": median(spent),
            "p95_ms": quantile(spent, 0.95),
            "ratio_to_limit": round(quantile(spent, 0.95) / LIMIT_MS, 3),
            "n": len(every),
        }
    )


if __name__ == "__main__":
    main()
