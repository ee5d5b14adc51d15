"""Facts that fit are recalled, with since when they hold; those that no longer do only for the past."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from shutil import copy

import pytest
from omni_memory import SqliteMemory

from omni_agent.clock import SystemClock
from omni_agent.memory import Recollection, Scope

ANNA = Scope("anna", "butler")
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
Note = Callable[..., int]
Ask = Callable[..., list[Recollection]]


class StandingClock(SystemClock):
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the tables only, to be copied."""
    path = tmp_path_factory.mktemp("template") / "memory.db"

    async def opened() -> None:
        memory = SqliteMemory(path)
        await memory.sessions(ANNA)
        await memory.close()

    asyncio.run(opened())
    return path


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    return Path(copy(template, tmp_path / "memory.db"))


@pytest.fixture
def note(path: Path) -> Note:
    """Writes a fact; its id comes back."""

    def write(text: str, **columns: object) -> int:
        row = {
            "user": "anna", "persona": "butler", "circle": "", "subject": "user", "predicate": "is",
            "object": "", "text": text, "kind": "fact", "confidence": 1.0, "importance": 0.5, "many": 0,
            "recorded_at": "2026-05-01T00:00:00.000000+00:00", **columns,
        }  # fmt: skip
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("INSERT OR IGNORE INTO users VALUES (?, ?)", (row["user"], row["recorded_at"]))
            added = connection.execute(
                f"INSERT INTO facts ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                tuple(row.values()),
            )
            assert added.lastrowid
            return added.lastrowid

    return write


@pytest.fixture
def ask(path: Path) -> Iterator[Ask]:
    """Recalls."""
    memory = SqliteMemory(path, clock=StandingClock())
    with asyncio.Runner() as runner:
        yield lambda query, scope=ANNA: runner.run(memory.recall(scope, query))
        runner.run(memory.close())


def test_a_fact_is_told_as_its_sentence_with_since_when(note: Note, ask: Ask) -> None:
    id_ = note("The user's dentist is Dr. Huber.", valid_from="2026-05-03T10:00:00.000000+00:00")
    (found,) = ask("who is my dentist?")
    assert found.text == "The user's dentist is Dr. Huber (since 3 May 2026)."
    assert found.source == f"fact:{id_}"


def test_what_is_superseded_is_told_for_the_past_only_and_as_past(note: Note, ask: Ask) -> None:
    old = note("The user lives in Graz.", superseded_at="2026-08-01T00:00:00.000000+00:00")
    new = note("The user lives in Vienna.")
    assert [one.source for one in ask("where do I live, in Graz or in Vienna?")] == [f"fact:{new}"]
    past = {one.source: one.text for one in ask("did I used to live in Graz?")}
    assert past[f"fact:{old}"] == "No longer true (until 1 August 2026): The user lives in Graz."


def test_a_past_time_asks_for_what_held_then(note: Note, ask: Ask) -> None:
    old = note(
        "The user lives in Graz.",
        valid_from="2020-01-01T00:00:00.000000+00:00",
        valid_to="2024-08-01T00:00:00.000000+00:00",
        superseded_at="2024-08-01T00:00:00.000000+00:00",
    )
    note("The user lives in Vienna.", valid_from="2024-08-01T00:00:00.000000+00:00")
    assert ask("where did I live in 2022?")[0].source == f"fact:{old}"


def test_another_name_finds_the_facts_of_whom_it_stands_for(path: Path, note: Note, ask: Ask) -> None:
    id_ = note("Eva works as a pilot.", subject="Eva")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO entities VALUES (1, 'anna', 'butler', '', 'Eva', 'person')")
        connection.execute("INSERT INTO entity_aliases VALUES (1, 'my sister')")
    assert [one.source for one in ask("what does my sister do?")] == [f"fact:{id_}"]


def test_a_circle_knows_what_it_shares_and_nobody_else_does(note: Note, ask: Ask) -> None:
    shared = note("The user plays the violin.", persona="", circle="house")
    own = note("The user plays the violin badly.")
    note("The user plays the violin in secret.", persona="tutor")
    note("The user plays the violin too.", user="bert")
    sources = {one.source for one in ask("violin", Scope("anna", "butler", "house"))}
    assert sources == {f"fact:{shared}", f"fact:{own}"}
    assert {one.source for one in ask("violin")} == {f"fact:{own}"}
    assert ask("violin", Scope("anna", "cook", "other")) == []


def test_facts_in_scripts_without_spaces_are_found(path: Path, note: Note, ask: Ask) -> None:
    id_ = note("ユーザーの犬はポチです。")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO facts_cjk (rowid, grams) VALUES (?, '犬は ポチ')", (id_,))
    assert [one.source for one in ask("犬はポチですか？")] == [f"fact:{id_}"]


def test_a_summary_that_holds_the_words_comes_last(path: Path, note: Note, ask: Ask) -> None:
    fact = note("The user collects stamps.")
    moment = "2026-05-01T00:00:00.000000+00:00"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO personas VALUES ('butler', ?)", (moment,))
        connection.execute(
            "INSERT INTO sessions (user, persona, id, started_at, last_at) "
            "VALUES ('anna', 'butler', 's', ?, ?)",
            (moment, moment),
        )
        connection.execute(
            "INSERT INTO summaries (user, persona, session, first_seq, last_seq, text, model, version,"
            " made_at) VALUES ('anna', 'butler', 's', 1, 9, 'Stamps were collected and shown.', '', 1, ?)",
            (moment,),
        )
    found = ask("which stamps do I collect?")
    assert [one.source.partition(":")[0] for one in found] == ["fact", "summary"]
    assert found[0].source == f"fact:{fact}"
    assert found[1].text == "Summed up on 1 May 2026: Stamps were collected and shown."
