"""How many of the facts in hand-written sentences are found, and how many that are found are right.

With the rules alone and with the model for what they leave open. `false` counts sentences without facts
from which some were taken all the same.
Limits: precision 0.9 and no false ones with the rules, 0.8 with the model.
"""

from __future__ import annotations

import argparse
import asyncio
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from omni_memory.learning.asking import extract
from omni_memory.learning.reading import read

from omni_agent.memory import Statement
from omni_agent.models.base import OmniModel
from omni_agent.models.llama import LlamaLanguage
from omni_agent.models.store import ModelStore

from .report import arguments, publish

CASES = Path(__file__).parents[1] / "tests" / "memory" / "learning" / "cases.toml"
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass(slots=True)
class Score:
    """What was wanted, what was found of it, and what was found beside it."""

    wanted: int = 0
    found: int = 0
    right: int = 0
    stated: int = 0
    false: int = 0

    def mark(self, expected: Sequence[str], statements: Sequence[Statement]) -> list[str]:
        """Count a sentence; the faults in it as lines for people."""
        missed = [want for want in expected if not any(fits(want, said) for said in statements)]
        wrong = [said for said in statements if not any(fits(want, said) for want in expected)]
        self.wanted += len(expected)
        self.found += len(expected) - len(missed)
        self.stated += len(statements)
        self.right += len(statements) - len(wrong)
        self.false += bool(statements and not expected)
        return [f"missed {want}" for want in missed] + [f"wrong {said.text}" for said in wrong]

    def figures(self) -> dict[str, Any]:
        """Recall, precision and the sentences that should have given nothing."""
        return {
            "recall": round(self.found / max(self.wanted, 1), 3),
            "precision": round(self.right / max(self.stated, 1), 3),
            "false": self.false,
        }


def fits(wanted: str, said: Statement) -> bool:
    """Whether a statement is what a case wants: "subject | predicate | value"."""
    subject, predicate, value = (part.strip().casefold() for part in wanted.split("|"))
    named = predicate in ("*", said.predicate)
    return named and said.subject.casefold() == subject and value in said.object.casefold()


def parts(statements: Sequence[Statement]) -> list[Statement]:
    """The statements that say something by themselves: an end without a value goes with another."""
    return [said for said in statements if said.object or said.valid_to]


async def measure(cases: Sequence[dict[str, Any]], model: OmniModel | None) -> tuple[Score, list[str]]:
    """Read every case, with the model for what is left open if there is one."""
    score, faults = Score(), []
    for case in cases:
        reading = read(case["said"], AT, language=case.get("language", ""))
        said = parts(reading.statements)
        if model and reading.open:
            said += await extract(model, reading.open, at=AT)
        faults += [f"{case['said']}: {fault}" for fault in score.mark(case.get("facts", ()), said)]
    return score, faults


def own(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--rules-only", action="store_true", help="do not run the language model")


async def run() -> None:
    """Measure with and without the model, and print the figures."""
    given = arguments("Precision and recall of the facts taken from what users say.", CASES, own=own)
    cases = tomllib.loads(given.data.read_text(encoding="utf-8"))["case"][: given.limit or None]
    rules, faults = await measure(cases, None)
    figures: dict[str, object] = {"n": len(cases), "facts": rules.wanted, "rules": rules.figures()}
    if not given.own.rules_only:
        model = LlamaLanguage(lambda: ModelStore().ensure("language"))
        await model.prewarm()
        started = time.perf_counter()
        both, faults = await measure(cases, model)
        figures |= {"model": both.figures(), "seconds": round(time.perf_counter() - started, 1)}
        await model.close()
    for fault in faults:
        given.say(fault)
    publish(figures)


if __name__ == "__main__":
    asyncio.run(run())
