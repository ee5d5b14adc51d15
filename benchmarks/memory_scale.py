"""Memory with years in it: 100,000 turns and 20,000 facts of several users, most of them one user's.

The words are made up, as often as words of a language are (Zipf), and the same in every run. The file is
filled in one large transaction; what is measured then goes through `SqliteMemory`: `write` are further turns,
`recall` are questions made of words of a sentence, rare ones and common ones. `first_recall_s` is what a new
process needs from opening the file to its first answer, `imports_s` what it needs for importing before that.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection

import numpy as np
from omni_memory import SqliteMemory
from omni_memory.database import Database
from omni_memory.repository.rows import to_row, written
from omni_memory.repository.utterances import to_utterances
from omni_memory.upgrading import prepare

from omni_agent.memory import Scope, TurnRecord
from omni_agent.messages import Message, Text

from .report import DATA, arguments, publish, quantile

TURNS, FACTS = 100_000, 20_000
LIMITS = {"recall_p95_ms": 20.0, "write_p95_ms": 10.0, "first_recall_s": 0.3}
HEAVY = Scope("heavy", "omni")
SCOPES = (*[HEAVY] * 16, *(Scope(f"user{number}", "omni") for number in range(4)))
START = datetime(2020, 1, 1, tzinfo=UTC)
_VOCABULARY, _LONGEST, _SESSION = 30_000, 24, 40
_COMMON = [
    "i",
    "you",
    "my",
    "the",
    "a",
    "to",
    "in",
    "and",
    "was",
    "it",
    "is",
    "of",
    "for",
    "that",
    "we",
    "on",
    "at",
    "with",
    "have",
]

_FIRST = """
import sys, time
from pathlib import Path
began = time.perf_counter()
import asyncio
import omni_memory.recall, omni_memory.repository.repository, omni_memory.store
from omni_agent.memory import Scope
imported = time.perf_counter()
async def first():
    memory = omni_memory.store.SqliteMemory(Path(sys.argv[1]))
    await memory.recall(Scope(sys.argv[2], sys.argv[3]), sys.argv[4])
    spent = time.perf_counter() - imported
    await memory.close()
    return spent
print(imported - began, asyncio.run(first()))
"""


@dataclass(frozen=True, slots=True)
class Words:
    """Made-up words, the common ones first."""

    known: Sequence[str]
    drawn: random.Random

    @classmethod
    def made(cls, seed: int = 0) -> Words:
        """A vocabulary; the same for the same seed."""
        drawn = random.Random(seed)
        syllables = [a + b for a in "bcdfghklmnprstvwz" for b in "aeiou"]
        words = dict.fromkeys(
            "".join(drawn.choices(syllables, k=drawn.choice((2, 3, 3, 4)))) for _ in range(2 * _VOCABULARY)
        )
        return cls([*_COMMON, *words][:_VOCABULARY], drawn)

    def sentences(self, count: int) -> Iterator[str]:
        """Sentences of 4 to 24 words."""
        generator = np.random.default_rng(self.drawn.randrange(2**32))
        shares = 1 / np.arange(1, len(self.known) + 1) ** 1.05
        picked = generator.choice(len(self.known), (count, _LONGEST), p=shares / shares.sum())
        lengths = generator.integers(4, _LONGEST + 1, count)
        for row, length in zip(picked.tolist(), lengths.tolist(), strict=True):
            places: list[int] = row[:length]
            yield " ".join([self.known[place] for place in places])


def turn(number: int, said: str, answered: str) -> TurnRecord:
    """A turn of the session that its number belongs to."""
    at = START + timedelta(minutes=25 * number)
    messages = (Message("user", (Text(said),)), Message("assistant", (Text(answered),)))
    session = f"s{number // (_SESSION * len(SCOPES))}"
    ended = at + timedelta(seconds=20)
    return TurnRecord(f"t{number}", session, messages, answered, answered, "done", at, ended)


def fill(path: Path, words: Words, turns: int, facts: int) -> int:
    """Make the file: users, sessions, turns with what recall searches of them, and facts; its bytes."""
    prepare(path)
    with closing(Database(path).connect()) as connection:
        connection.execute("BEGIN")
        for scope in dict.fromkeys(SCOPES):
            connection.execute("INSERT INTO users VALUES (?, ?)", (scope.user, written(START)))
        connection.execute("INSERT INTO personas VALUES ('omni', ?)", (written(START),))
        said = words.sentences(2 * turns)
        for number in range(turns):
            _write_turn(
                connection, SCOPES[number % len(SCOPES)], turn(number, next(said), next(said)), number
            )
        for number, text in enumerate(words.sentences(facts)):
            _write(connection, "facts", _fact(SCOPES[number % len(SCOPES)], text, number))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


def _write_turn(connection: Connection, scope: Scope, record: TurnRecord, number: int) -> None:
    seq = number // len(SCOPES) % _SESSION * len(SCOPES) + number % len(SCOPES) + 1
    row = to_row(scope, record)
    session = {"user": scope.user, "persona": scope.persona, "id": record.session}
    times = {"started_at": row["started_at"], "last_at": row["ended_at"]}
    _write(connection, "sessions", session | times, "OR IGNORE")
    _write(connection, "turns", row | {"seq": seq})
    for utterance in to_utterances(scope, record, seq):
        _write(connection, "utterances", utterance)


def _write(connection: Connection, table: str, row: Mapping[str, object], how: str = "") -> None:
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT {how} INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))


def _fact(scope: Scope, text: str, number: int) -> dict[str, object]:
    at = written(START + timedelta(minutes=125 * number))
    value = text.split()[-1]
    return {
        "user": scope.user, "persona": scope.persona, "circle": "", "subject": "user", "predicate": "likes",
        "object": value, "text": f"The user likes {text}.", "kind": "fact", "confidence": 1.0,
        "importance": 0.5, "many": 1, "valid_from": at, "recorded_at": at,
    }  # fmt: skip


async def ask(memory: SqliteMemory, words: Words, count: int) -> list[float]:
    """Milliseconds of questions: words that were said, from the commonest to the rarest."""
    spent = []
    for number, said in enumerate(words.sentences(count)):
        picked = words.drawn.sample(said.split(), k=min(4 + number % 5, len(said.split())))
        scope = words.drawn.choice(SCOPES)
        started = time.perf_counter()
        await memory.recall(scope, f"when did I talk about {' '.join(picked)} last summer?")
        spent.append((time.perf_counter() - started) * 1000)
    return spent


async def write(memory: SqliteMemory, words: Words, first: int, count: int) -> list[float]:
    """Milliseconds of further turns."""
    spent = []
    said = words.sentences(2 * count)
    for number in range(first, first + count):
        record = turn(number, next(said), next(said))
        started = time.perf_counter()
        await memory.commit(SCOPES[number % len(SCOPES)], record)
        spent.append((time.perf_counter() - started) * 1000)
    return spent


def first_recall(path: Path, question: str) -> tuple[float, float]:
    """Seconds of importing, and from opening to the first answer, in a process of its own."""
    command = [sys.executable, "-c", _FIRST, str(path), HEAVY.user, HEAVY.persona, question]
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=True
    )
    imports, spent = done.stdout.split()
    return float(imports), float(spent)


async def figures(path: Path, turns: int, count: int) -> dict[str, object]:
    """Fill the file and measure."""
    words = Words.made()
    began = time.perf_counter()
    size = await asyncio.to_thread(fill, path, words, turns, FACTS * turns // TURNS)
    filled = time.perf_counter() - began
    question = f"what did I say about {' '.join(words.drawn.sample(words.known[50:3000], 3))}?"
    starts = [await asyncio.to_thread(first_recall, path, question) for _ in range(3)]
    memory = SqliteMemory(path)
    await ask(memory, words, 10)
    written_ms = await write(memory, words, turns, count)
    recalled_ms = await ask(memory, words, count)
    await memory.close()
    return {
        "recall_p50_ms": round(quantile(recalled_ms, 0.5), 2),
        "recall_p95_ms": round(quantile(recalled_ms, 0.95), 2),
        "write_p50_ms": round(quantile(written_ms, 0.5), 2),
        "write_p95_ms": round(quantile(written_ms, 0.95), 2),
        "first_recall_s": round(min(spent for _, spent in starts), 3),
        "imports_s": round(min(imports for imports, _ in starts), 3),
        "bytes_per_turn": size // turns,
        "fill_s": round(filled, 1),
        "turns": turns,
        "facts": FACTS * turns // TURNS,
        "n": count,
        "limits": LIMITS,
    }


def main() -> None:
    """Measure and print the figures; `--limit` is the number of turns."""
    given = arguments("Recall and writing in a file of 100,000 turns.", DATA, limit=TURNS)
    with tempfile.TemporaryDirectory() as folder:
        publish(asyncio.run(figures(Path(folder) / "memory.db", given.limit, 300)))


if __name__ == "__main__":
    main()
