"""What is too old goes, once a day, and takes along what it is to take along."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from omni_memory import SqliteMemory

from omni_agent.config import Settings
from omni_agent.erasure import Places
from omni_agent.errors import ConfigError
from omni_agent.execution import Entry
from omni_agent.memory import Forgotten, Origin, Retention, Scope, TurnRecord
from omni_agent.messages import Audio, Message, Text, ToolCall
from omni_agent.retention import keep_within, read_retention
from omni_agent.testing import VirtualClock

ANNA = Scope("anna", "butler")
BEN = Scope("ben", "butler")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=40)
MakeTurn = Callable[..., TurnRecord]


@pytest.fixture(autouse=True)
def new_file(empty_file: bytes, home: Path) -> Path:
    """The memory is there, and empty."""
    home.mkdir()
    (home / "memory.db").write_bytes(empty_file)
    return home / "memory.db"


def ask(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as file:
        return file.execute(sql).fetchall()


def ids(path: Path) -> list[str]:
    return [row[0] for row in ask(path, "SELECT id FROM turns ORDER BY id")]


async def _fill(memory: SqliteMemory, turn: MakeTurn) -> None:
    """Two users, an old turn and a new one each; of the first each is the source of a fact."""
    for scope in (ANNA, BEN):
        for name, at in (("old", OLD), ("new", NOW)):
            what = "cat is called Miezi" if name == "old" else "dog is called Bello"
            words = Message("user", (Text(f"My {what}."),))
            done = turn(f"{name}-{scope.user}", messages=(words,), started_at=at, ended_at=at)
            await memory.commit(scope, done)
            if scope is ANNA:
                await memory.remember(scope, f"my {what}", Origin("s", done.id, at))


def kept(turn: MakeTurn, retention: Retention) -> tuple[Forgotten, list[str], list[Any]]:
    """What went, and what turns and facts are left, with what these rest on."""

    async def main() -> tuple[Forgotten, Path]:
        clock = VirtualClock(NOW)
        memory = SqliteMemory(clock=clock)
        await _fill(memory, turn)
        places = Places.at_home(memory)
        gone = await keep_within(places, retention)
        await places.close()
        return gone, memory.path

    gone, path = asyncio.run(main())
    rests = "SELECT object, fact_sources.kind, turn FROM facts"
    rests += " JOIN fact_sources ON fact = facts.id ORDER BY object"
    return gone, ids(path), ask(path, rests)


def test_without_a_setting_everything_is_kept(turn: MakeTurn) -> None:
    gone, turns, _ = kept(turn, read_retention(Settings().retention))
    assert gone == Forgotten()
    assert turns == ["new-anna", "new-ben", "old-anna", "old-ben"]


def test_old_turns_go_with_the_facts_that_rest_on_them(turn: MakeTurn, new_file: Path) -> None:
    gone, turns, facts = kept(turn, read_retention({"turns": "30d"}))
    assert (gone.turns, len(gone.facts)) == (2, 1)
    assert turns == ["new-anna", "new-ben"]
    assert facts == [("Bello", "turn", "new-anna")]
    assert b"Miezi" not in new_file.read_bytes()
    assert b"miezi" not in new_file.read_bytes()


def test_facts_outlive_their_turns_where_that_is_set(turn: MakeTurn) -> None:
    gone, turns, facts = kept(turn, read_retention({"turns": "30d", "facts": "forever"}))
    assert (gone.turns, gone.facts) == (2, ())
    assert turns == ["new-anna", "new-ben"]
    assert facts == [("Bello", "turn", "new-anna"), ("Miezi", "erased", None)]


def test_media_go_before_their_turns(turn: MakeTurn, home: Path) -> None:
    async def main() -> None:
        memory = SqliteMemory(clock=VirtualClock(NOW))
        places = Places.at_home(memory)
        refs = [places.media.put(data, "audio/wav") for data in (b"old", b"both", b"new")]
        for name, at, shown in (("old", OLD, refs[:2]), ("new", NOW, refs[1:])):
            parts = tuple(Audio(ref, "audio/wav", 1.0) for ref in shown)
            words = Message("user", (Text("Listen!"), *parts))
            await memory.commit(ANNA, turn(name, messages=(words,), started_at=at, ended_at=at))
        gone = await keep_within(places, read_retention({"media": "30d"}))
        assert (gone.media, gone.turns) == ((refs[0],), 0)
        assert sorted(path.read_bytes() for path in (home / "media").rglob("*.wav")) == [b"both", b"new"]
        assert [one.id for one in await memory.history(ANNA, "s")] == ["old", "new"]
        await places.close()

    asyncio.run(main())


def test_it_is_done_once_a_day_and_calls_go_too(turn: MakeTurn) -> None:
    async def main() -> None:
        clock = VirtualClock(NOW)
        memory = SqliteMemory(clock=clock)
        places = Places.at_home(memory)
        entry = Entry("k", ToolCall("c", "note", {}), ANNA, "s", "old", "write", "d", OLD)
        places.journal.plan([entry])
        await _fill(memory, turn)
        retention = Retention(turns=timedelta(days=30))
        assert (await keep_within(places, retention)).turns == 2
        assert places.journal.entries(["k"]) == {}
        await memory.commit(ANNA, turn("late", started_at=OLD, ended_at=OLD))
        assert await keep_within(places, retention) == Forgotten()
        clock.advance(timedelta(days=1, seconds=1).total_seconds())
        assert (await keep_within(places, retention)).turns == 1
        clock.advance(timedelta(days=2).total_seconds())
        assert await keep_within(places, retention) == Forgotten()
        assert ids(memory.path) == ["new-anna", "new-ben"]
        await places.close()

    asyncio.run(main())


def test_settings_are_read(tmp_path: Path) -> None:
    file = tmp_path / "omni-agent.toml"
    file.write_text('[retention]\nturns = "2y"\nmedia = "4w"\nfacts = "900d"\n')
    assert read_retention(Settings.load(tmp_path).retention) == Retention(
        timedelta(days=730), timedelta(days=28), timedelta(days=900), outlive=True
    )
    assert not read_retention({"turns": "", "facts": "forever"}).turns
    file.write_text("[retention]\nturns = 30\n")
    with pytest.raises(ConfigError, match="table of texts"):
        Settings.load(tmp_path)


@pytest.mark.parametrize(
    "wrong", [{"turns": "soon"}, {"turns": "0d"}, {"words": "3d"}, {"media": "3 months"}]
)
def test_what_is_no_age_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        read_retention(wrong)
