"""What is forgotten is gone: from every table, every index, every file; and nothing else is."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omni_memory import SqliteMemory
from omni_memory.mention import terms_of

from omni_agent.alarms import Alarm
from omni_agent.checkpoints import thread_of
from omni_agent.erasure import Places, forget
from omni_agent.execution import Entry
from omni_agent.memory import Forgotten, Scope, TurnRecord
from omni_agent.messages import Audio, Message, Text, ToolCall, ToolResult
from omni_agent.models.base import Done, ModelEvent, Request, TextDelta
from omni_agent.testing import ScriptedModel

ANNA = Scope("anna", "butler")
BEN = Scope("ben", "butler")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MakeTurn = Callable[..., TurnRecord]
# Its stem is another word, and so are its parts in an index.
CANARY = "Zwitschelinges"
TRACES = tuple(
    trace.encode(code)
    for trace in (CANARY, CANARY.lower(), CANARY.upper(), "zwitscheling", CANARY.encode().hex())
    for code in ("utf-8", "utf-16-le")
)


@pytest.fixture(autouse=True)
def new_file(empty_file: bytes, home: Path) -> None:
    """The memory is there, and empty."""
    home.mkdir()
    (home / "memory.db").write_bytes(empty_file)


def run(work: Callable[[SqliteMemory], Awaitable[Any]], scope_of: Path | None = None) -> Any:
    async def main() -> Any:
        memory = SqliteMemory(scope_of)
        try:
            return await work(memory)
        finally:
            await memory.close()

    return asyncio.run(main())


def said(
    turn: MakeTurn, id_: str, words: str, answer: str = "I see.", *more: Message, **fields: Any
) -> TurnRecord:
    messages = (Message("user", (Text(words),)), *more, Message("assistant", (Text(answer),)))
    return turn(id_, text=answer, messages=messages, **fields)


def insert(path: Path, table: str, **values: object) -> int:
    names, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" * len(values))
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("PRAGMA foreign_keys=ON")
        made = file.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))
        return made.lastrowid or 0


def note(
    path: Path, predicate: str, value: str, *turns: str, scope: Scope = ANNA, subject: str = "user"
) -> int:
    """A fact with its sources, put in as it is."""
    moment = NOON.isoformat(timespec="microseconds")
    fact = insert(
        path,
        "facts",
        user=scope.user,
        persona="" if scope.circle else scope.persona,
        circle=scope.circle,
        subject=subject,
        predicate=predicate,
        object=value,
        text=f"The {subject}'s {predicate} is {value}.",
        kind="fact",
        confidence=1.0,
        importance=0.5,
        many=0,
        recorded_at=moment,
    )
    for turn in turns:
        place = {"user": scope.user, "persona": scope.persona, "session": "s", "turn": turn}
        insert(path, "fact_sources", fact=fact, kind="turn", **place)
    return fact


def ask(path: Path, sql: str, *values: object) -> list[Any]:
    with closing(sqlite3.connect(path)) as file:
        return file.execute(sql, values).fetchall()


def texts(path: Path, table: str, column: str = "text") -> list[str]:
    return [row[0] for row in ask(path, f"SELECT {column} FROM {table} ORDER BY {column}")]


def commit(*turns: TurnRecord, scope: Scope = ANNA) -> Path:
    async def work(memory: SqliteMemory) -> Path:
        for turn in turns:
            await memory.commit(scope, turn)
        return memory.path

    path: Path = run(work)
    return path


def forgotten(what: str = "", *, scope: Scope = ANNA, session: str = "") -> Forgotten:
    gone: Forgotten = run(lambda memory: memory.archive.forget(scope, what, session=session))
    return gone


def holding(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return sorted({path.name for path in files for trace in TRACES if trace in path.read_bytes()})


def test_a_canary_leaves_no_byte_in_any_file(turn: MakeTurn, home: Path) -> None:
    """In every table, index, journal, checkpoint, medium and backup; rows of others crowd the same pages."""

    async def main() -> None:
        memory = SqliteMemory()
        places = Places.at_home(memory)
        ref = places.media.put(CANARY.encode(), "audio/wav")
        call = ToolCall("c1", "note", {"words": f"about {CANARY}"})
        others = [turn(f"o{n}", session=f"t{n}", text=f"other words {n} " * 20) for n in range(40)]
        for other in others[:20]:
            await memory.commit(BEN, other)
        await memory.commit(
            ANNA,
            said(
                turn,
                "1",
                f"My dentist is {CANARY}.",
                f"{CANARY}, noted.",
                Message("assistant", (call,)),
                Message("tool", (ToolResult("c1", "note", "done", f"kept {CANARY}"),)),
            ),
        )
        heard = Message("user", (Text(f"{CANARY.upper()}?"), Audio(ref, "audio/wav", 1.0)))
        await memory.commit(ANNA, turn("2", messages=(heard,), text=f"unheard {CANARY}", heard_text=""))
        for other in others[20:]:
            await memory.commit(BEN, other)
        _fill(memory.path)
        _fill_beside(places, home, call)
        await memory.close()
        assert len(holding(home)) >= 5, "the canary sits in the files before"
        gone = await forget(places, ANNA, f"my dentist {CANARY}")
        assert (gone.turns, gone.summaries, gone.media) == (2, 1, (ref,))
        await places.close()

    asyncio.run(main())
    assert holding(home) == []
    path = home / "memory.db"
    assert ask(path, "SELECT count(*) FROM turns") == [(40,)], "nobody else lost anything"
    assert texts(path, "profile_blocks") == ["They know each other well."]
    assert ask(path, "SELECT what, facts, turns, summaries, media FROM erasure_log") == [
        ("words", 2, 2, 1, 1)
    ]
    assert not list(home.glob("memory.db.bak-*"))


def _fill(path: Path) -> None:
    moment = NOON.isoformat()
    fact = note(path, "dentist", CANARY, "1")
    old = note(path, "dentist", f"{CANARY} the elder", "2")
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(
            "UPDATE facts SET superseded_by = ?, superseded_at = ? WHERE id = ?", (fact, moment, old)
        )
    vector = np.frombuffer(CANARY.encode().ljust(16), np.float32).tobytes()
    for kind, owner in (("fact", fact), ("utterance", ask(path, "SELECT max(id) FROM utterances")[0][0])):
        insert(path, "embeddings", owner_kind=kind, owner_id=owner, model="m", dim=4, vec=vector)
    (said,) = ask(path, "SELECT id FROM utterances WHERE turn = '1' AND speaker = 'user'")[0]
    insert(path, "embeddings", owner_kind="utterance", owner_id=said, model="n", dim=4, vec=vector)
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("DELETE FROM embeddings WHERE model = 'm' AND owner_kind = 'utterance'")
    whose = {"user": "anna", "persona": "butler"}
    made = {"text": f"About {CANARY}.", "model": "m", "version": 1, "made_at": moment}
    insert(path, "summaries", **whose, session="s", first_seq=1, last_seq=2, **made)
    for label, words in (("dentist", f"Goes to {CANARY}."), ("bond", "They know each other well.")):
        block = {"label": label, "text": words, "char_limit": 99, "version": 1, "updated_at": moment}
        insert(path, "profile_blocks", **whose, **block)
    entity = insert(path, "entities", **whose, circle="", name=CANARY, kind="dentist")
    insert(path, "entity_aliases", entity=entity, alias=f"dr {CANARY.lower()}")


def _fill_beside(places: Places, home: Path, call: ToolCall) -> None:
    entry = Entry(
        key="k", call=call, scope=ANNA, session="s", turn="1", effect="write", digest="d", undoable=False,
        planned_at=NOON,
    )  # fmt: skip
    places.journal.plan([entry])
    places.journal.settle("k", ToolResult("c1", "note", "done", f"kept {CANARY}"))
    with closing(sqlite3.connect(places.checkpoints.path)) as file, file:
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("CREATE TABLE checkpoints (thread_id, checkpoint)")
        file.execute("CREATE TABLE writes (thread_id, value)")
        rows = [(thread_of("anna", "butler", "s"), f"state {CANARY}"), ("gone", f"earlier {CANARY}")]
        file.executemany("INSERT INTO checkpoints VALUES (?, ?)", rows)
        file.executemany("INSERT INTO writes VALUES (?, ?)", rows)
        # A turn that came to its end is deleted without a thought of its bytes.
        file.execute("DELETE FROM checkpoints WHERE thread_id = 'gone'")
        file.execute("DELETE FROM writes WHERE thread_id = 'gone'")
    (home / "memory.db.bak-0001").write_text(CANARY)


def test_all_of_a_user_leaves_no_byte_and_no_name(turn: MakeTurn, home: Path) -> None:
    user = Scope(CANARY, "butler")
    path = commit(said(turn, "1", f"I am {CANARY}."), scope=user)
    commit(turn("1"), turn("2"), scope=BEN)
    note(path, "name", CANARY, "1", scope=user)

    async def main() -> None:
        places = Places.at_home(SqliteMemory())
        places.alarms.set(CANARY, Alarm("a", NOON + timedelta(days=1), f"call {CANARY}"))
        places.alarms.set("ben", Alarm("a", NOON + timedelta(days=1), "tea"))
        places.journal.plan([])
        gone = await forget(places, user)
        assert (gone.turns, len(gone.facts), gone.sessions) == (1, 1, (("butler", "s"),))
        assert [alarm.text for alarm in places.alarms.pending("ben")] == ["tea"]
        await places.close()

    asyncio.run(main())
    assert holding(home) == []
    assert ask(path, "SELECT id FROM users") == [("ben",)]
    assert ask(path, "SELECT count(*) FROM turns") == [(2,)]


def test_only_what_is_meant_is_forgotten(turn: MakeTurn) -> None:
    path = commit(
        said(turn, "1", "My dentist is Dr. Huber."),
        said(turn, "2", "My cat is called Miezi."),
        said(turn, "3", "I called Huber because of Friday."),
        said(turn, "4", "It rains again.", "Take an umbrella to the dentist."),
        said(turn, "5", "Thirty four degrees!"),
    )
    note(path, "dentist", "Dr. Huber", "1")
    note(path, "cat", "Miezi", "2")
    gone = forgotten("my dentist")
    assert gone.facts == ("The user's dentist is Dr. Huber.",)
    assert [row[0] for row in ask(path, "SELECT id FROM turns ORDER BY id")] == ["2", "5"]
    assert texts(path, "facts") == ["The user's cat is Miezi."]
    assert forgotten("my dentist") == Forgotten(), "there is nothing left to forget"
    assert ask(path, "SELECT count(*) FROM erasure_log") == [(1,)]


@pytest.mark.parametrize(
    ("what", "left"),
    [
        ("my cat", ["dog", "Rome"]),
        ("cats", ["dog", "Rome"]),
        ("that my cat is called Miezi", ["dog", "Rome"]),
        ("mon chat", ["cat", "dog", "Rome"]),
        ("the trip to Rome", ["cat", "dog"]),
        ("everything you know about my dog", ["cat", "Rome"]),
        ("what I told you", ["cat", "dog", "Rome"]),
        ("my trip to Paris with the cat", ["cat", "dog", "Rome"]),
        ("my red dog", ["cat", "dog", "Rome"]),
    ],
)
def test_what_is_meant_is_found_in_other_words(turn: MakeTurn, what: str, left: list[str]) -> None:
    known = {"cat": "Miezi", "dog": "Bello", "Rome": "a city"}
    path = commit(*(said(turn, name, f"About the {name}: {value}.") for name, value in known.items()))
    for name, value in known.items():
        note(path, name, value, name)
    forgotten(what)
    assert [row[0] for row in ask(path, "SELECT id FROM turns ORDER BY lower(id)")] == left
    assert [row[0] for row in ask(path, "SELECT predicate FROM facts ORDER BY lower(predicate)")] == left


def test_words_without_spaces_are_found(turn: MakeTurn) -> None:
    path = commit(said(turn, "1", "我的牙医是王医生。"), said(turn, "2", "私の猫はタマです。"))
    forgotten("我的牙医")
    assert texts(path, "turns", "id") == ["2"]
    forgotten("私の猫")
    assert texts(path, "turns", "id") == []


def test_past_facts_go_and_a_fact_with_another_source_stays(turn: MakeTurn) -> None:
    path = commit(
        said(turn, "1", "I live in Linz."), said(turn, "2", "I live in Graz, with my aunt."),
        said(turn, "3", "My aunt is Berta."), said(turn, "4", "Berta is my aunt, and I like jazz."),
    )  # fmt: skip
    old, new = note(path, "lives_in", "Linz", "1"), note(path, "lives_in", "Graz", "2")
    note(path, "likes", "jazz", "2", "4")
    with closing(sqlite3.connect(path)) as file, file:
        moment = NOON.isoformat()
        file.execute("UPDATE facts SET superseded_by = ?, superseded_at = ? WHERE id = ?", (new, moment, old))
    assert set(forgotten("that I live in Graz").facts) == {"The user's lives_in is Graz."}
    assert ask(path, "SELECT object, superseded_by, superseded_at IS NULL FROM facts ORDER BY id") == [
        ("Linz", None, 0),
        ("jazz", None, 1),
    ]
    assert ask(path, "SELECT turn FROM fact_sources ORDER BY turn") == [("1",), ("4",)]
    assert forgotten("where I lived: Linz").facts == ("The user's lives_in is Linz.",)


def test_a_circle_forgets_together_and_others_forget_nothing(turn: MakeTurn) -> None:
    butler, coach = Scope("anna", "butler", "family"), Scope("anna", "coach", "family")
    stranger = Scope("anna", "stranger")
    path = commit(said(turn, "1", "My dentist is Huber."), scope=butler)
    commit(said(turn, "2", "I was at the dentist."), said(turn, "3", "I run."), scope=coach)
    commit(said(turn, "4", "My dentist is Huber."), scope=stranger)
    commit(said(turn, "5", "My dentist is Huber."), scope=Scope("ben", "butler", "family"))
    note(path, "dentist", "Huber", "1", scope=butler)
    note(path, "sport", "running", "3", scope=coach)
    gone = forgotten("my dentist", scope=coach)
    assert set(gone.sessions) == {("butler", "s"), ("coach", "s")}
    assert texts(path, "turns", "id") == ["3", "4", "5"]
    assert texts(path, "facts", "predicate") == ["sport"]
    forgotten(scope=butler)
    assert texts(path, "facts", "predicate") == ["sport"], "another persona was told that"
    forgotten(scope=coach)
    assert texts(path, "facts", "predicate") == []


def test_summaries_are_made_anew_of_what_is_left(turn: MakeTurn) -> None:
    path = commit(*(said(turn, str(n), "My cat is ill." if n == 3 else f"Number {n}.") for n in range(1, 7)))
    for first in (1, 3, 5):
        place = {"user": "anna", "persona": "butler", "session": "s", "first_seq": first}
        made = {"text": f"from {first}", "model": "m", "version": 1, "made_at": NOON.isoformat()}
        insert(path, "summaries", **place, last_seq=first + 1, **made)
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("DELETE FROM jobs")
    assert forgotten("my cat").summaries == 1
    assert texts(path, "summaries") == ["from 1", "from 5"]
    assert ask(path, "SELECT kind, turn FROM jobs") == [("summary", "")]


def test_a_session_alone(turn: MakeTurn) -> None:
    path = commit(turn("1"), turn("2", session="t"), turn("3", session="t"))
    note(path, "cat", "Miezi", "1")
    assert forgotten(session="s") == Forgotten(("The user's cat is Miezi.",), 1, 0, (), (("butler", "s"),))
    assert texts(path, "sessions", "id") == ["t"]
    assert forgotten(session="nowhere") == Forgotten()


def test_media_that_somebody_else_shows_stay(turn: MakeTurn) -> None:
    shared, own = ("media://" + digit * 64 for digit in "ab")
    parts = tuple(Audio(ref, "audio/wav", 1.0) for ref in (shared, own))
    commit(turn("1", messages=(Message("user", parts),)))
    commit(turn("1", messages=(Message("user", parts[:1]),)), scope=BEN)
    assert run(lambda memory: memory.archive.preview(ANNA)).media == (shared, own)
    assert forgotten().media == (own,)
    assert forgotten(scope=BEN).media == (shared,)


def test_a_preview_changes_nothing(turn: MakeTurn) -> None:
    path = commit(said(turn, "1", "My cat is called Miezi."))
    note(path, "cat", "Miezi", "1")
    before = path.read_bytes()
    shown = run(lambda memory: memory.archive.preview(ANNA, "my cat"))
    assert (shown.facts, shown.turns) == (("The user's cat is Miezi.",), 1)
    assert path.read_bytes() == before
    assert forgotten("my cat") == shown


def test_a_process_that_reads_meanwhile_delays_the_scrubbing_only(
    turn: MakeTurn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, home: Path
) -> None:
    from omni_memory import database, scrubbing

    path = commit(said(turn, "1", f"My dentist is {CANARY}."))
    quick = ("busy_timeout=20", "foreign_keys=ON", "secure_delete=ON")
    with monkeypatch.context() as now, closing(sqlite3.connect(path, isolation_level=None)) as reader:
        now.setattr(database, "_PRAGMAS", quick)
        now.setattr(scrubbing.scrub, "__kwdefaults__", {"patience": 0.0})
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM turns").fetchall()
        assert forgotten("dentist").turns == 1
        assert "is in use" in caplog.text
    assert ask(path, "SELECT count(*) FROM turns") == [(0,)]
    assert ask(path, "PRAGMA user_version") == [(1,)], "it is known that something is left to do"
    run(lambda memory: memory.sessions(ANNA))
    assert ask(path, "PRAGMA user_version") == [(0,)]
    assert holding(home) == []


def test_what_is_being_learnt_from_a_turn_is_not_learnt_when_it_is_forgotten(
    turn: MakeTurn, home: Path
) -> None:
    """The model reads the words of a turn while the user has it forgotten."""
    words = f"A trip to {CANARY} is what keeps us going, you see."

    async def work(memory: SqliteMemory) -> None:
        await memory.commit(ANNA, said(turn, "1", words))
        model = Forgetting(memory)
        while await memory.study(model):
            pass
        assert model.asked, "the rules left nothing to the model"
        assert await memory.facts(ANNA, past=True) == []

    class Forgetting(ScriptedModel):
        def __init__(self, memory: SqliteMemory) -> None:
            super().__init__()
            self.asked = 0
            self._memory = memory

        async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
            self.asked += 1
            await self._memory.forget(ANNA, CANARY)
            facts = [{"who": "user", "relation": "goal", "value": f"a trip to {CANARY}"}]
            yield TextDelta(json.dumps(facts))
            yield Done("stop")

    run(work)
    assert holding(home) == []


def test_words_that_say_nothing_are_not_looked_for() -> None:
    assert [term.word for term in terms_of("what you know about my Dentist, Dr. Müller")] == [
        "dentist",
        "dr",
        "müller",
    ]
    assert [term.word for term in terms_of("what I told Will")] == ["will"]
    assert terms_of("What I told you …!") == ()
