"""What is exported comes back the same, elsewhere or again, whole or not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omni_memory import SqliteMemory

from omni_agent.errors import MemoryStoreError
from omni_agent.memory import Archived, Restored, Scope, TurnRecord
from omni_agent.memory.document import (
    BlockEntry,
    Document,
    EntityEntry,
    FactEntry,
    SessionEntry,
    SourceEntry,
    SummaryEntry,
    TurnEntry,
    WorkEntry,
)
from omni_agent.messages import Audio, Message, Text

ANNA = Scope("anna", "butler", "family")
BEN = Scope("ben", "butler", "friends")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
REF = "media://" + "a" * 64
MakeTurn = Callable[..., TurnRecord]

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
names = words.filter(bool)
moments = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)).map(
    lambda at: at.replace(tzinfo=UTC).isoformat(timespec="microseconds")
)
shares = st.floats(0, 1)


def open_at(path: Path, work: Callable[[SqliteMemory], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        memory = SqliteMemory(path)
        try:
            return await work(memory)
        finally:
            await memory.close()

    return asyncio.run(main())


@st.composite
def turn_entries(draw: st.DrawFn, id_: str, seq: int) -> TurnEntry:
    spoken, answer = draw(words), draw(words)
    parts: list[Any] = [Text(spoken)]
    if draw(st.booleans()):
        parts.append(Audio(REF, "audio/wav", 1.0))
    messages = [Message("user", tuple(parts)), Message("assistant", (Text(answer),))]
    return TurnEntry(
        id=id_,
        seq=seq,
        started_at=draw(moments),
        ended_at=draw(moments),
        status=draw(st.sampled_from(["done", "interrupted"])),
        text=answer,
        heard_text=answer,
        messages=[message.to_json() for message in messages],
        timings={
            "ingested": None,
            "recalled": None,
            "first_text": 0.5,
            "first_speech": None,
            "total": 2.0,
            "tools": 0.0,
        },
        usage={"prompt_tokens": 3, "cached_tokens": 0, "completion_tokens": 0},
        asked_by=draw(st.sampled_from(["user", "agent"])),
    )


@st.composite
def session_entries(draw: st.DrawFn, id_: str) -> SessionEntry:
    places = sorted(draw(st.sets(st.integers(1, 9), min_size=1, max_size=3)))
    turns = [draw(turn_entries(f"{id_}-{place}", place)) for place in places]
    summaries = [
        SummaryEntry(places[0], places[-1], draw(words), draw(words), 1, draw(moments))
        for _ in range(draw(st.integers(0, 1)))
    ]
    waiting = [WorkEntry("facts", turns[0].id), WorkEntry("summary", "")][: draw(st.integers(0, 2))]
    folded = draw(st.sampled_from([0, places[0]]))
    return SessionEntry(id_, turns, summaries, waiting, folded)


@st.composite
def fact_entries(draw: st.DrawFn, number: int, of: int, sessions: list[SessionEntry]) -> FactEntry:
    places = [SourceEntry("turn", session.id, turn.id) for session in sessions for turn in session.turns]
    sources = draw(
        st.lists(st.sampled_from([*places, SourceEntry("program")]), min_size=1, max_size=2, unique=True)
    )
    return FactEntry(
        number=number,
        subject=draw(st.sampled_from(["user", "Eva"])),
        predicate="likes",
        object=draw(words),
        text=f"{number}: {draw(words)}",
        kind=draw(st.sampled_from(["fact", "preference", "relation", "event"])),
        confidence=draw(shares),
        importance=draw(shares),
        many=draw(st.booleans()),
        shared=draw(st.booleans()),
        valid_from=draw(st.none() | moments),
        valid_to=draw(st.none() | moments),
        recorded_at=draw(moments),
        superseded_at=draw(st.none() | moments),
        superseded_by=draw(st.none() | st.integers(1, of)),
        sources=sources,
    )


@st.composite
def documents(draw: st.DrawFn) -> Document:
    ids = sorted(draw(st.sets(names, min_size=1, max_size=2)))
    sessions = [draw(session_entries(id_)) for id_ in ids]
    count = draw(st.integers(0, 3))
    entities = [EntityEntry("Eva", "sister", draw(st.booleans()), sorted(draw(st.sets(names, max_size=2))))]
    labels = sorted(draw(st.sets(names, max_size=2)))
    return Document(
        format="omni-agent-memory",
        version=1,
        user="anna",
        persona="butler",
        sessions=sessions,
        facts=[draw(fact_entries(number, count, sessions)) for number in range(1, count + 1)],
        entities=entities,
        blocks=[BlockEntry(label, draw(words), 99, 1, draw(moments)) for label in labels],
        media=[],
    )


@given(document=documents())
@settings(max_examples=12)
def test_it_comes_back_the_same(
    document: Document, empty_file: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("archive")
    for name in ("one.db", "two.db"):
        (folder / name).write_bytes(empty_file)
    data = json.loads(json.dumps(document.to_json()))

    async def once(memory: SqliteMemory) -> Any:
        assert isinstance(memory, Archived)
        await memory.archive.restore(ANNA, data)
        first = await memory.archive.export(ANNA)
        again = await memory.archive.restore(ANNA, first)
        assert again == Restored(0, 0, 0)
        assert await memory.archive.export(ANNA) == first
        return first

    first = open_at(folder / "one.db", once)
    assert first["sessions"] == data["sessions"]
    assert first["facts"] == data["facts"]
    assert (first["entities"], first["blocks"]) == (data["entities"], data["blocks"])
    assert {entry["ref"] for entry in first["media"]} <= {REF}

    async def elsewhere(memory: SqliteMemory) -> Any:
        await memory.archive.restore(BEN, json.loads(json.dumps(first)))
        return await memory.archive.export(BEN)

    assert open_at(folder / "two.db", elsewhere) == {**first, "user": "ben"}


@pytest.fixture(autouse=True)
def new_file(empty_file: bytes, home: Path) -> None:
    """The memory is there, and empty."""
    home.mkdir()
    for name in ("memory.db", "other.db"):
        (home / name).write_bytes(empty_file)


@pytest.fixture
def document(turn: MakeTurn, home: Path) -> Any:
    """An export of two turns and a fact."""

    async def work(memory: SqliteMemory) -> Any:
        heard = (Message("user", (Text("I like tea."), Audio(REF, "audio/wav", 1.0))),)
        await memory.commit(ANNA, turn("1", messages=heard))
        await memory.commit(ANNA, turn("2", started_at=NOON + timedelta(hours=1)))
        data = await memory.archive.export(ANNA)
        fact = FactEntry(
            1, "user", "likes", "tea", "The user likes tea.", "preference", 1.0, 0.5, True, False, None, None,
            NOON.isoformat(), None, None, [SourceEntry("turn", "s", "1")],
        )  # fmt: skip
        data["facts"] = [asdict(fact)]
        return json.loads(json.dumps(data))

    return open_at(home / "other.db", work)


def test_what_is_imported_can_be_used(document: Any, home: Path) -> None:
    async def work(memory: SqliteMemory) -> None:
        assert await memory.archive.restore(BEN, document) == Restored(2, 1, 0)
        assert [one.id for one in await memory.history(BEN, "s")] == ["1", "2"]
        (fact,) = await memory.facts(BEN)
        assert (fact.said.text, fact.turns) == ("The user likes tea.", ("1",))
        contents = await memory.archive.contents(BEN)
        assert (contents.turns, contents.facts, contents.media) == (2, 1, 1)
        assert contents.bytes >= contents.path.stat().st_size
        assert await memory.archive.scopes("ben") == [Scope("ben", "butler")]
        assert (await memory.archive.forget(BEN, "tea")).turns == 1
        assert await memory.archive.restore(BEN, document) == Restored(1, 1, 0), "what is missing is added"
        assert [one.id for one in await memory.history(BEN, "s")] == ["2", "1"]

    open_at(home / "memory.db", work)


def test_what_is_there_stays_as_it_is(document: Any, turn: MakeTurn, home: Path) -> None:
    async def work(memory: SqliteMemory) -> None:
        own = turn("1", text="my own")
        await memory.commit(BEN, own)
        document["sessions"][0]["summaries"] = [
            {
                "first_seq": 1,
                "last_seq": 2,
                "text": "s",
                "model": "",
                "version": 1,
                "made_at": NOON.isoformat(),
            }
        ]
        document["sessions"][0]["turns"][1]["seq"] = 7
        assert await memory.archive.restore(BEN, document) == Restored(1, 1, 0)
        assert [one.text for one in await memory.history(BEN, "s")] == ["my own", "answer 2"]

    open_at(home / "memory.db", work)


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        (lambda data: data.pop("format"), "no export"),
        (lambda data: data.update(version=2), "version is 2"),
        (lambda data: data.pop("facts"), "facts"),
        (lambda data: data["facts"][0].update(kind="rumour"), r"facts\.0\.kind"),
        (lambda data: data["facts"][0].update(superseded_by=9), "superseded by 9"),
        (lambda data: data["facts"][0].update(sources=[]), "no source"),
        (lambda data: data["facts"][0]["sources"][0].update(turn="3"), "rests on a turn"),
        (lambda data: data["facts"][0].update(valid_from="yesterday"), "is no time"),
        (lambda data: data["facts"].append(data["facts"][0]), "fact 1 is there twice"),
        (lambda data: data["sessions"].append(data["sessions"][0]), "session 's' is there twice"),
        (lambda data: data["sessions"][0].update(turns=[]), "has no turns"),
        (lambda data: data["facts"].clear() or data["sessions"][0].update(id="\0"), "cannot be the name"),
        (lambda data: data["sessions"][0]["turns"][1].update(id="1"), "'1' is there twice"),
        (lambda data: data["sessions"][0]["turns"][1].update(seq=1), "1 is there twice"),
        (lambda data: data["sessions"][0]["turns"][1].update(seq=0), "its place is 0"),
        (lambda data: data["sessions"][0]["turns"][1].update(ended_at="2026-01-01"), "has no zone"),
        (lambda data: data["sessions"][0]["turns"][1].update(messages=[{"role": 3}]), "turn 2 of session s"),
        (lambda data: data["sessions"][0].update(waiting=[{"kind": "facts", "turn": "9"}]), "work waits"),
    ],
)
def test_a_document_with_a_fault_is_refused_and_nothing_is_imported(
    document: Any, home: Path, wrong: Callable[[Any], Any], cause: str
) -> None:
    data = deepcopy(document)
    wrong(data)

    async def work(memory: SqliteMemory) -> None:
        with pytest.raises(MemoryStoreError, match=cause):
            await memory.archive.restore(BEN, data)
        assert await memory.sessions(BEN) == []
        assert await memory.facts(BEN) == []

    open_at(home / "memory.db", work)


@pytest.mark.parametrize("data", [None, [], "text", {}, {"format": "omni-agent-memory"}])
def test_what_is_no_document_is_refused(data: Any) -> None:
    with pytest.raises(MemoryStoreError) as caught:
        Document.parse(data)
    assert caught.value.code == "memory_document_invalid"


def test_what_another_persona_was_told_is_a_source_without_a_turn(turn: MakeTurn, home: Path) -> None:
    coach = Scope("anna", "coach", "family")

    async def work(memory: SqliteMemory) -> Any:
        await memory.commit(ANNA, turn("1"))
        fact = {"subject": "user", "predicate": "likes", "object": "tea", "text": "The user likes tea."}
        data = await memory.archive.export(ANNA)
        data["facts"] = [
            {
                **fact, "number": 1, "kind": "fact", "confidence": 1, "importance": 1, "many": False,
                "shared": True, "valid_from": None, "valid_to": None, "recorded_at": NOON.isoformat(),
                "superseded_at": None, "superseded_by": None,
                "sources": [{"kind": "turn", "session": "s", "turn": "1"}],
            }
        ]  # fmt: skip
        await memory.archive.restore(ANNA, data)
        return await memory.archive.export(coach)

    exported = open_at(home / "memory.db", work)
    assert exported["sessions"] == []
    assert exported["facts"][0]["sources"] == [{"kind": "persona", "session": None, "turn": None}]
    Document.parse(exported)
