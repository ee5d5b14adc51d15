"""Kills a process that writes to the memory with `kill -9`, at random moments, and looks at what is left.

The process commits turns, notes facts, studies, and erases, as fast as it can. After each kill `damaged`
counts what is wrong: a file that does not open or fails SQLite's integrity check, a full-text index that does
not fit its table, a turn half written, a fact without its source; `lost` counts turns whose `commit` had
returned and that are not there. Limits: both 0.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sqlite3
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from omni_memory import SqliteMemory

from omni_agent.memory import Origin, Scope, TurnRecord
from omni_agent.messages import Message, Text
from omni_agent.models.base import Capabilities, Done, ModelEvent, Request, TextDelta
from omni_agent.senses import Senses

from .report import DATA, arguments, publish

ANNA, BEN = Scope("anna", "butler", "family"), Scope("ben", "butler")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATEST = 0.3
"""Seconds of writing after which the latest kill comes."""

_CHECKS = {
    "a turn that is no JSON": "SELECT count(*) FROM turns WHERE NOT json_valid(messages)",
    "a turn without its words": """SELECT count(*) FROM turns WHERE status = 'done' AND 2 != (SELECT count(*)
        FROM utterances AS u WHERE (u.user, u.persona, u.session, u.turn)
        = (turns.user, turns.persona, turns.session, turns.id))""",
    "words without their turn": """SELECT count(*) FROM utterances AS u WHERE NOT EXISTS
        (SELECT 1 FROM turns WHERE (u.user, u.persona, u.session, u.turn)
        = (turns.user, turns.persona, turns.session, turns.id))""",
    "a fact without its source": """SELECT count(*) FROM facts
        WHERE NOT EXISTS (SELECT 1 FROM fact_sources WHERE fact = facts.id)""",
    "a gap between turns": """SELECT count(*) FROM (SELECT max(seq) - count(*) AS missing FROM turns
        WHERE user = 'anna' GROUP BY session) WHERE missing""",
}


class Repeating:
    """A model that says the same, whatever it is asked."""

    capabilities = Capabilities()
    senses = Senses()

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        yield TextDelta("[]")
        yield Done("stop")

    async def prewarm(self, request: Request | None = None) -> None:
        pass

    async def close(self) -> None:
        pass


async def write(path: Path, acknowledged: int, kill: int) -> None:
    """Write for ever; each turn's id goes to the descriptor `acknowledged` when its commit has returned."""
    memory = SqliteMemory(path)
    await memory.sessions(ANNA)
    os.write(acknowledged, b"ready\n")
    number = 0
    while True:
        number += 1
        await step(memory, f"{kill}-{number}", acknowledged, erasing=number % 5 == 0)


async def step(memory: SqliteMemory, id_: str, acknowledged: int, *, erasing: bool) -> None:
    """One of everything that writes."""
    await memory.commit(ANNA, _turn(id_, f"I live in town {id_} and my sister is called Eva."))
    os.write(acknowledged, f"{id_}\n".encode())
    said = f"My dentist is Doctor {id_}."
    await memory.remember(ANNA, said, Origin("notes", f"n-{id_}", NOON))
    await memory.study(Repeating())
    if erasing:
        await memory.commit(BEN, _turn(id_, f"My secret is {id_}."))
        await memory.forget(BEN, "my secret")


def warm(folder: Path) -> None:
    """Import all that writing needs, so that each process begins at once."""

    async def once(nowhere: int) -> None:
        memory = SqliteMemory(folder / "warm.db")
        await step(memory, "0", nowhere, erasing=True)
        await memory.close()

    with open(os.devnull, "wb") as nowhere:
        asyncio.run(once(nowhere.fileno()))


def _turn(id_: str, words: str) -> TurnRecord:
    messages = (Message("user", (Text(words),)), Message("assistant", (Text("I see."),)))
    return TurnRecord(id_, "talk", messages, "I see.", "I see.", "done", NOON, NOON)


def killed(path: Path, kill: int, seconds: float) -> list[str]:
    """Have a process write for so long and kill it; the turns that it had been told are written."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            asyncio.run(write(path, writing, kill))
        finally:
            os._exit(1)
    os.close(writing)
    with open(reading, encoding="utf-8") as told:
        if told.readline() != "ready\n":
            os.waitpid(child, 0)
            return ["it could not be opened"]
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        lines = told.read().splitlines()
    return lines if os.WIFSIGNALED(status) else [*lines, "it ended by itself"]


def faults(path: Path) -> list[str]:
    """What is wrong with the file."""
    with closing(sqlite3.connect(path)) as file:
        found = [row[0] for row in file.execute("PRAGMA integrity_check") if row[0] != "ok"]
        found += ["a row refers to none" for _ in file.execute("PRAGMA foreign_key_check")]
        indexes = "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%fts5%'"
        for (name,) in file.execute(indexes).fetchall():
            try:
                file.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)")
            except sqlite3.DatabaseError as error:
                found.append(f"{name}: {error}")
        file.rollback()
        return found + [what for what, query in _CHECKS.items() if file.execute(query).fetchone()[0]]


def missing(path: Path, ids: list[str]) -> list[str]:
    """Those of some turns that are not there."""
    with closing(sqlite3.connect(path)) as file:
        there = {row[0] for row in file.execute("SELECT id FROM turns WHERE user = 'anna'")}
    return [id_ for id_ in ids if id_ not in there]


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="0 makes one up")


def main() -> None:
    """Kill, look, and report."""
    given = arguments(__doc__ or "", DATA, own=_options)
    seed = given.own.seed or random.SystemRandom().randrange(1, 2**31)
    chance = random.Random(seed)
    damage: list[str] = []
    told: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "memory.db"
        warm(Path(folder))
        for kill in range(given.limit or given.own.kills):
            told += killed(path, kill, chance.uniform(0, LATEST))
            for fault in faults(path):
                damage.append(fault)
                given.say(f"kill {kill}: {fault}")
        lost = missing(path, told)
        size = path.stat().st_size
    figures = {
        "kills": given.limit or given.own.kills,
        "damaged": len(damage),
        "lost": len(lost),
        "turns": len(told),
        "bytes": size,
        "seed": seed,
    }
    given.say(json.dumps({"damage": damage[:10], "lost": lost[:10]}))
    publish(figures)


if __name__ == "__main__":
    main()
