"""What is committed comes back, in order, in its place, and to nobody else."""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omni_memory import SqliteMemory

from omni_agent.errors import MemoryStoreError
from omni_agent.events import Timings, TurnStatus, Usage
from omni_agent.memory import MemoryStore, Scope, SessionSummary, TurnRecord
from omni_agent.messages import (
    Audio,
    Hearing,
    Image,
    Message,
    Reading,
    Text,
    TextBox,
    ToolCall,
    ToolResult,
    Video,
)

ANNA = Scope("anna", "butler")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MakeTurn = Callable[..., TurnRecord]

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
moments = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.sampled_from([UTC]))
seconds = st.none() | st.floats(0, 100)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
hearings = st.builds(Hearing, words, words, st.floats(0, 1), st.floats(0, 1), st.tuples(words))
boxes = st.builds(TextBox, words, st.tuples(*[st.integers(0, 9)] * 4), st.floats(0, 1))
parts = st.one_of(
    st.builds(Text, words),
    st.builds(Audio, words, words, st.floats(0, 9), st.none() | hearings),
    st.builds(
        Image, words, words, st.integers(0, 9), st.integers(0, 9), st.builds(Reading, st.tuples(boxes))
    ),
    st.builds(Video, words),
    st.builds(ToolCall, words, words, st.dictionaries(words, json_values, max_size=2)),
    st.builds(ToolResult, words, words, st.sampled_from(["done", "failed"]), words),
)
messages = st.builds(
    Message, st.sampled_from(["user", "assistant", "tool"]), st.lists(parts, max_size=2).map(tuple)
)
turns = st.builds(
    TurnRecord,
    id=st.sampled_from("123"),
    session=st.sampled_from(["s", "t"]),
    messages=st.lists(messages, max_size=2).map(tuple),
    text=words,
    heard_text=words,
    status=st.sampled_from(get_args(TurnStatus)),
    started_at=moments,
    ended_at=moments,
    timings=st.builds(Timings, seconds, seconds, seconds, seconds, seconds, st.floats(0, 9)),
    usage=st.builds(Usage, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)),
)
numbers = itertools.count()  # not drawn: an example that is run again needs users of its own again
scopes = st.builds(Scope, st.sampled_from(["a", "b"]), st.sampled_from(["a", "b"]))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, SqliteMemory]]:
    """One open store and its event loop for all examples of a property."""
    memory = SqliteMemory(tmp_path_factory.mktemp("shared") / "memory.db")
    with asyncio.Runner() as runner:
        yield runner, memory
        runner.run(memory.close())


@settings(max_examples=40, deadline=None)
@given(writes=st.lists(st.tuples(scopes, turns), max_size=8))
def test_each_scope_gives_back_its_own_turns_in_order(
    shared: tuple[asyncio.Runner, SqliteMemory], writes: list[tuple[Scope, TurnRecord]]
) -> None:
    runner, memory = shared
    fresh = next(numbers)
    expected: dict[Scope, dict[str, dict[str, TurnRecord]]] = {}

    def own(scope: Scope) -> Scope:
        return Scope(f"{scope.user} {fresh}", scope.persona)

    async def main() -> None:
        for scope, turn in writes:
            await memory.commit(own(scope), turn)
            expected.setdefault(scope, {}).setdefault(turn.session, {})[turn.id] = turn
        for scope in (Scope(user, persona) for user in "ab" for persona in "ab"):
            remembered = expected.get(scope, {})
            for session in ("s", "t"):
                assert await memory.history(own(scope), session) == list(remembered.get(session, {}).values())
            listed = await memory.sessions(own(scope))
            assert sorted(listed, key=lambda one: one.id) == [
                SessionSummary(
                    id=session,
                    turns=len(remembered[session]),
                    started_at=min(turn.started_at for turn in remembered[session].values()),
                    last_at=max(turn.ended_at for turn in remembered[session].values()),
                )
                for session in sorted(remembered)
            ]
            assert [one.last_at for one in listed] == sorted((one.last_at for one in listed), reverse=True)

    runner.run(main())


@settings(max_examples=40, deadline=None)
@given(
    said=st.text(st.characters(exclude_categories=[]) | st.sampled_from("\0\ud83d\ude00"), max_size=8),
)
def test_any_text_is_kept_with_only_what_text_cannot_hold_replaced(
    shared: tuple[asyncio.Runner, SqliteMemory], said: str
) -> None:
    runner, memory = shared
    scope, kept = Scope(f"any {next(numbers)}", "p"), mended(said)
    call = ToolCall("c", "say", {"words": [said]})
    turn = TurnRecord(
        "1",
        "s",
        (Message("user", (Text(said),)), Message("assistant", (call,))),
        said,
        said,
        "done",
        NOON,
        NOON,
    )
    runner.run(memory.commit(scope, turn))
    (back,) = runner.run(memory.history(scope, "s"))
    assert (back.text, back.heard_text, back.messages[0].text) == (kept, kept, kept)
    assert back.messages[1].tool_calls[0].arguments == {"words": [kept]}


def mended(text: str) -> str:
    """The rule in the store's docstring, letter by letter."""
    out = ""
    for letter in text:
        if out and "\ud800" <= out[-1] <= "\udbff" and "\udc00" <= letter <= "\udfff":
            out = out[:-1] + chr(0x10000 + ((ord(out[-1]) - 0xD800) << 10) + ord(letter) - 0xDC00)
        else:
            out += letter
    return "".join("\ufffd" if letter == "\0" or "\ud800" <= letter <= "\udfff" else letter for letter in out)


def test_the_store_fits_the_protocol_and_lives_at_home(home: Path) -> None:
    store: MemoryStore = SqliteMemory()
    assert isinstance(store, MemoryStore)
    assert SqliteMemory().path == home / "memory.db"


def test_history_is_the_last_turns_oldest_first(turn: MakeTurn) -> None:
    async def main() -> None:
        memory = SqliteMemory()
        for number in range(7):
            await memory.commit(ANNA, turn(str(number)))
        assert [one.id for one in await memory.history(ANNA, "s", limit=3)] == ["4", "5", "6"]
        assert await memory.history(ANNA, "s", limit=0) == []
        assert await memory.history(ANNA, "s", limit=-1) == []
        assert len(await memory.history(ANNA, "s")) == 7
        assert await memory.history(ANNA, "other") == []
        await memory.close()

    asyncio.run(main())


def test_sessions_are_listed_newest_first_and_cut_at_the_limit(turn: MakeTurn) -> None:
    async def main() -> None:
        memory = SqliteMemory()
        for hour, session in enumerate(["a", "b", "c", "a"]):
            await memory.commit(ANNA, turn(str(hour), session=session, ended_at=NOON + timedelta(hours=hour)))
        assert [(one.id, one.turns) for one in await memory.sessions(ANNA)] == [("a", 2), ("c", 1), ("b", 1)]
        assert [one.id for one in await memory.sessions(ANNA, limit=1)] == ["a"]
        assert await memory.sessions(ANNA, limit=-1) == []
        await memory.close()

    asyncio.run(main())


def test_a_turn_written_again_keeps_its_place(turn: MakeTurn) -> None:
    async def main() -> None:
        memory = SqliteMemory()
        for name in "abc":
            await memory.commit(ANNA, turn(name))
        again = turn("b", text="longer", heard_text="long", status="interrupted")
        await memory.commit(ANNA, again)
        assert [one.id for one in await memory.history(ANNA, "s")] == ["a", "b", "c"]
        assert (await memory.history(ANNA, "s"))[1] == again
        await memory.close()

    asyncio.run(main())


def test_times_come_back_as_the_same_moment_in_utc(turn: MakeTurn) -> None:
    local = datetime(2026, 11, 22, 23, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-7)))

    async def main() -> None:
        memory = SqliteMemory()
        await memory.commit(ANNA, turn("1", started_at=local, ended_at=local))
        (back,) = await memory.history(ANNA, "s")
        assert back.started_at == local
        assert back.started_at.tzinfo is UTC
        await memory.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    "broken",
    [
        {"ended_at": datetime(2026, 11, 22)},
        {"messages": (Message("assistant", (ToolCall("c", "f", {"bytes": b""}),)),)},
    ],
)
def test_a_turn_that_cannot_be_stored_faithfully_is_refused(turn: MakeTurn, broken: dict[str, Any]) -> None:
    async def main() -> None:
        memory = SqliteMemory()
        with pytest.raises(MemoryStoreError) as caught:
            await memory.commit(ANNA, turn("1", **broken))
        assert caught.value.code == "memory_turn_invalid"
        assert await memory.sessions(ANNA) == []
        await memory.close()

    asyncio.run(main())


def test_floats_that_json_lacks_do_not_spoil_the_row(turn: MakeTurn, home: Path) -> None:
    call = ToolCall("c", "f", {"x": float("nan"), "y": [float("-inf")]})

    async def main() -> None:
        memory = SqliteMemory()
        await memory.commit(ANNA, turn("1", messages=(Message("assistant", (call,)),)))
        (back,) = await memory.history(ANNA, "s")
        assert back.messages[0].tool_calls[0].arguments == {"x": "NaN", "y": ["-Infinity"]}
        await memory.close()

    asyncio.run(main())
    with closing(sqlite3.connect(home / "memory.db")) as file:
        assert file.execute("SELECT json_valid(messages) FROM turns").fetchone() == (1,)


@pytest.mark.parametrize("name", ["\ud800", "a\0b"])
def test_names_that_would_have_to_be_mended_are_refused(turn: MakeTurn, name: str) -> None:
    async def main() -> None:
        memory = SqliteMemory()
        for call in (
            memory.history(Scope(name, "p"), "s"),
            memory.history(ANNA, name),
            memory.sessions(Scope("u", name)),
            memory.commit(Scope(name, "p"), turn("1")),
            memory.commit(ANNA, turn(name)),
        ):
            with pytest.raises(MemoryStoreError) as caught:
                await call
            assert caught.value.code == "memory_name_invalid"

    asyncio.run(main())


@pytest.mark.parametrize(
    "damage",
    [
        'messages = \'[{"role": "nobody"}]\'',
        "messages = 'not JSON'",
        "messages = '7'",
        "status = 'unheard of'",
        "started_at = 'yesterday'",
        'usage = \'{"prompt_tokens": "many"}\'',
        "timings = CAST(x'ff00' AS TEXT)",
    ],
)
def test_a_row_that_cannot_be_read_costs_one_turn_and_a_warning(
    turn: MakeTurn, home: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    async def main() -> None:
        memory = SqliteMemory()
        for name in "abc":
            await memory.commit(ANNA, turn(name))
        with closing(sqlite3.connect(home / "memory.db")) as file, file:
            file.execute(f"UPDATE turns SET {damage} WHERE id = 'b'")
        with caplog.at_level(logging.WARNING):
            assert [one.id for one in await memory.history(ANNA, "s")] == ["a", "c"]
        assert "turn b" in caplog.text
        await memory.close()

    asyncio.run(main())


def test_a_session_that_cannot_be_read_is_left_out_of_the_list(
    turn: MakeTurn, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        memory = SqliteMemory()
        for name in "ab":
            await memory.commit(ANNA, turn("1", session=name))
        with closing(sqlite3.connect(home / "memory.db")) as file, file:
            file.execute("UPDATE sessions SET last_at = 'tomorrow' WHERE id = 'a'")
        with caplog.at_level(logging.WARNING):
            assert [one.id for one in await memory.sessions(ANNA)] == ["b"]
        assert "session a" in caplog.text
        await memory.close()

    asyncio.run(main())


def test_bytes_that_are_no_text_cost_some_letters_only(turn: MakeTurn, home: Path) -> None:
    async def main() -> None:
        memory = SqliteMemory()
        await memory.commit(ANNA, turn("1"))
        with closing(sqlite3.connect(home / "memory.db")) as file, file:
            file.execute("UPDATE turns SET text = CAST(x'4869ff' AS TEXT)")
        assert [one.text for one in await memory.history(ANNA, "s")] == ["Hi\ufffd"]
        await memory.close()

    asyncio.run(main())


def test_fields_of_a_later_version_do_not_hide_a_turn(turn: MakeTurn, home: Path) -> None:
    async def main() -> None:
        memory = SqliteMemory()
        await memory.commit(ANNA, turn("1", timings=Timings(total=2.5)))
        with closing(sqlite3.connect(home / "memory.db")) as file, file:
            file.execute("UPDATE turns SET timings = json_set(timings, '$.dreamt', 1.0)")
        assert [one.timings for one in await memory.history(ANNA, "s")] == [Timings(total=2.5)]
        await memory.close()

    asyncio.run(main())


def test_a_closed_store_opens_again(turn: MakeTurn) -> None:
    async def main() -> None:
        memory = SqliteMemory()
        await memory.close()
        await memory.commit(ANNA, turn("1"))
        await memory.close()
        await memory.close()
        assert len(await memory.history(ANNA, "s")) == 1
        await memory.close()

    asyncio.run(main())
    gc.collect()  # an unclosed connection would warn here, and warnings are errors


def test_close_waits_for_what_is_under_way(turn: MakeTurn) -> None:
    async def main() -> None:
        memory = SqliteMemory()
        writing = [asyncio.create_task(memory.commit(ANNA, turn(str(number)))) for number in range(5)]
        await asyncio.sleep(0)
        await memory.close()
        await asyncio.gather(*writing)
        assert len(await memory.history(ANNA, "s")) == 5
        await memory.close()

    asyncio.run(main())
    gc.collect()


def test_one_store_serves_one_event_loop_after_another(turn: MakeTurn) -> None:
    memory = SqliteMemory()

    async def crowd(first: int) -> None:
        # More at once than there are connections, so that locks and pool are waited for in each loop.
        await asyncio.gather(*(memory.commit(ANNA, turn(str(first + number))) for number in range(6)))
        await asyncio.gather(*(memory.history(ANNA, "s") for _ in range(9)))

    asyncio.run(crowd(0))
    asyncio.run(crowd(6))
    assert len(asyncio.run(memory.history(ANNA, "s"))) == 12
    asyncio.run(memory.close())
    gc.collect()


def test_a_cancelled_commit_writes_the_whole_turn_or_nothing(turn: MakeTurn) -> None:
    async def main() -> None:
        memory = SqliteMemory()
        before = turn("before")
        await memory.commit(ANNA, before)
        attempts = [turn(str(step), session=str(step)) for step in range(40)]
        for step, attempt in enumerate(attempts):
            task = asyncio.create_task(memory.commit(ANNA, attempt))
            for _ in range(step):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        await memory.close()
        counts = {one.id: one.turns for one in await memory.sessions(ANNA)}
        for attempt in attempts:
            found = await memory.history(ANNA, attempt.session)
            # What has begun is finished; the very first was cancelled before it began.
            assert found == ([] if attempt.session == "0" else [attempt])
            assert counts.get(attempt.session, 0) == len(found)
        assert await memory.history(ANNA, "s") == [before]
        await memory.close()

    asyncio.run(main())
    gc.collect()


@pytest.mark.parametrize("step", range(0, 60, 6))
def test_an_event_loop_that_ends_leaves_the_whole_turn_or_nothing(turn: MakeTurn, step: int) -> None:
    memory = SqliteMemory()
    attempt = replace(turn("1"), messages=(Message("user", (Text("long " * 5000),)),))

    async def abandon() -> None:
        await memory.sessions(ANNA)
        writing = asyncio.create_task(memory.commit(ANNA, attempt))
        for _ in range(step):
            await asyncio.sleep(0)
        assert not writing.cancelled()

    async def look() -> None:
        found = await memory.history(ANNA, "s")
        assert found in ([], [attempt])
        assert [one.turns for one in await memory.sessions(ANNA)] == [1] * len(found)
        await memory.commit(ANNA, attempt)
        assert await memory.history(ANNA, "s") == [attempt]
        await memory.close()

    asyncio.run(abandon())
    asyncio.run(look())
    gc.collect()
