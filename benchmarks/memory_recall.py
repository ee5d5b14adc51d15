"""Evidence recall on LoCoMo: of the utterances that hold an answer, how many are among the first k found.

No model judges anything. Categories 1 to 4, questions with evidence, mean over questions; intervals are 95 %
by bootstrap over questions. Each conversation is one user's with one persona and goes through `SqliteMemory`,
without vectors (`r10`, `r20`, `p95_ms`) and with. Peers in the same run: FTS5 as it comes (one table, porter,
the words joined by OR), and LangGraph's own store with the same vectors.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from omni_memory import SqliteMemory

from omni_agent.clock import SystemClock

from .locomo import CATEGORIES, Conversation, Question, conversations, turns
from .memory_peers import Fts5, LangGraphStore
from .report import DATA, Arguments, arguments, publish, quantile

KS = (5, 10, 20, 50)
LIMITS = {"r10": 0.76, "r20": 0.82, "p95_ms": 10.0}
_RESAMPLES = 1000

TIMED = 20
"""How many are asked for where time is taken; the turns of an agent ask for fewer."""

Find = Callable[[Conversation, str, int], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found for a question: by k the share of its evidence, and in how many milliseconds."""

    question: Question
    shares: tuple[float, ...]
    ms: float


class At(SystemClock):
    """A clock that stands still."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class Ours:
    """`SqliteMemory`, one file a conversation."""

    def __init__(self, folder: Path, *, vectors: bool) -> None:
        self.folder, self.vectors = folder, vectors
        self.memories: dict[str, SqliteMemory] = {}
        self.ids: dict[str, dict[str, str]] = {}

    async def fill(self, conversation: Conversation) -> None:
        """Write the turns of a conversation."""
        name = f"{len(self.memories)}"
        memory = SqliteMemory(self.folder / f"{name}.db", clock=At(conversation.end), vectors=self.vectors)
        for record, ids in turns(conversation):
            await memory.commit(conversation.scope, record)
            self.ids.setdefault(conversation.user + conversation.persona, {}).update(
                {f"turn:{record.id}/{side}": id_ for side, id_ in ids.items()}
            )
        self.memories[conversation.user + conversation.persona] = memory

    async def find(self, conversation: Conversation, query: str, most: int) -> list[str]:
        """Ids of what is found, best first."""
        key = conversation.user + conversation.persona
        found = await self.memories[key].recall(conversation.scope, query, limit=most)
        return [self.ids[key][one.source] for one in found]

    async def close(self) -> None:
        """Release the files."""
        for memory in self.memories.values():
            await memory.close()


async def measured(find: Find, talks: Sequence[Conversation], limit: int) -> list[Answer]:
    """Ask every question, or `limit` of each conversation."""
    answers = []
    for talk in talks:
        for _ in range(4):
            await find(talk, "a first question opens files, compiles patterns, makes vectors", TIMED)
        for question in talk.questions[: limit or None]:
            started = time.perf_counter()
            await find(talk, question.text, TIMED)
            spent = (time.perf_counter() - started) * 1000
            found = await find(talk, question.text, KS[-1])
            shares = tuple(len(question.evidence & set(found[:k])) / len(question.evidence) for k in KS)
            answers.append(Answer(question, shares, spent))
    return answers


def figures(answers: Sequence[Answer]) -> dict[str, object]:
    """Recall at each k, milliseconds, and how many."""
    spent = [answer.ms for answer in answers]
    return {
        **{f"r{k}": _mean(answers, place) for place, k in enumerate(KS)},
        "p50_ms": round(statistics.median(spent), 2),
        "p95_ms": round(quantile(spent, 0.95), 2),
        "n": len(answers),
    }


def by_category(answers: Sequence[Answer]) -> dict[str, object]:
    """Recall at 10 and 20 of each category with its interval."""
    made: dict[str, object] = {}
    for number, name in CATEGORIES.items():
        of_it = [answer for answer in answers if answer.question.category == number]
        if of_it:
            made[name] = {
                "r10": _mean(of_it, 1),
                "r10_ci": interval(of_it, 1),
                "r20": _mean(of_it, 2),
                "r20_ci": interval(of_it, 2),
                "n": len(of_it),
            }
    return made


def interval(answers: Sequence[Answer], place: int) -> list[float]:
    """The 95 % interval of a mean, by resampling questions."""
    drawn = random.Random(0)
    values = [answer.shares[place] for answer in answers]
    means = sorted(statistics.fmean(drawn.choices(values, k=len(values))) for _ in range(_RESAMPLES))
    return [round(means[int(share * _RESAMPLES)], 3) for share in (0.025, 0.975)]


def _of(talk: Conversation, answers: Sequence[Answer]) -> dict[str, object]:
    """The figures of one conversation."""
    asked = set(map(id, talk.questions))
    made = figures([answer for answer in answers if id(answer.question) in asked])
    return {key: made[key] for key in ("r10", "r20", "n")}


def _mean(answers: Sequence[Answer], place: int) -> float:
    return round(statistics.fmean(answer.shares[place] for answer in answers), 4)


async def run(given: Arguments, folder: Path) -> dict[str, object]:
    """All figures."""
    talks = conversations(given.data)
    given.say(f"{len(talks)} conversations, {sum(len(talk.questions) for talk in talks)} questions")
    ours = Ours(folder, vectors=False)
    for talk in talks:
        await ours.fill(talk)
    answers = await measured(ours.find, talks, given.limit)
    await ours.close()
    made = figures(answers) | {"r10_ci": interval(answers, 1), "r20_ci": interval(answers, 2)}
    given.say(f"ours: {made}")
    made["categories"] = by_category(answers)
    made["spread"] = [_of(talk, answers) for talk in talks]
    if not given.own.alone:
        made["peers"] = await _peers(given, talks, folder)
    made["limits"] = LIMITS
    return made


async def _peers(given: Arguments, talks: Sequence[Conversation], folder: Path) -> dict[str, object]:
    made: dict[str, object] = {}
    (folder / "vectors").mkdir()
    for name, peer in (
        ("fts5", Fts5()),
        ("langgraph_store", LangGraphStore()),
        ("ours_with_vectors", Ours(folder / "vectors", vectors=True)),
    ):
        for talk in talks:
            await peer.fill(talk)
        made[name] = figures(await measured(peer.find, talks, given.limit))
        await peer.close()
        given.say(f"{name}: {made[name]}")
    return made


def main() -> None:
    """Measure and print the figures."""

    def own(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--alone", action="store_true", help="without the peers")

    given = arguments("Evidence recall on LoCoMo.", DATA / "locomo", own=own)
    with tempfile.TemporaryDirectory() as folder:
        publish(asyncio.run(run(given, Path(folder))))


if __name__ == "__main__":
    main()
