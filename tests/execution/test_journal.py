"""Which calls the journal lets begin, and what it says of the others."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.errors import MemoryStoreError
from omni_agent.execution import Entry, Journal, digest, idempotency_key
from omni_agent.memory import Scope
from omni_agent.messages import Image, ToolCall, ToolResult

ADA = Scope("ada", "Omni")


def entry(
    name: str = "book",
    *,
    turn: str = "t1",
    call_id: str = "c1",
    effect: str = "write",
    session: str = "s",
    **said: object,
) -> Entry:
    call = ToolCall(call_id, name, dict(said))
    return Entry(
        key=idempotency_key(ADA, session, turn, call),
        call=call,
        scope=ADA,
        session=session,
        turn=turn,
        effect=effect,
        digest=digest(call),
        planned_at=datetime(2026, 1, 1, tzinfo=UTC),
        undoable=True,
    )


def done(one: Entry, content: str = "Done.") -> ToolResult:
    return ToolResult(one.call.id, one.call.name, "done", content)


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def reborn(tmp_path: Path) -> Callable[[], Journal]:
    """A journal of a new process over the same file; the one before is gone without a word."""
    lives: list[Journal] = []

    def make() -> Journal:
        for last in lives:
            last._owner.leave()
        lives.append(Journal(tmp_path / "journal.db"))
        return lives[-1]

    return make


def test_a_call_is_begun_once_and_its_result_stands_for_it(journal: Journal) -> None:
    one = entry(table=2)
    assert journal.claim(one) == (replace(one, status="running"), True)
    assert journal.claim(one)[1] is False
    journal.settle(one.key, ToolResult("c1", "book", "done", "Booked.", (Image("media://" + "0" * 64),)))
    known, begin = journal.claim(one)
    assert not begin
    assert known.result() == ToolResult("c1", "book", "done", "Booked.", (Image("media://" + "0" * 64),))


@pytest.mark.parametrize("repeats", [False, True])
def test_the_same_call_again_in_a_turn_is_the_first_one_unless_it_is_meant(
    journal: Journal, repeats: bool
) -> None:
    first, second = entry(call_id="c1", table=2), entry(call_id="c2", table=2)
    journal.claim(first)
    journal.settle(first.key, done(first))
    assert journal.claim(second, repeats=repeats)[1] is repeats


def test_an_answer_that_was_told_frees_the_call_for_the_next_turn(journal: Journal) -> None:
    first = entry(turn="t1", table=2)
    journal.claim(first)
    journal.settle(first.key, done(first))
    again = entry(turn="t2", table=2)
    assert journal.claim(again)[0].key == first.key
    journal.tell([first.key])
    assert journal.claim(again)[1] is True


def test_on_off_and_on_again_are_three_calls(journal: Journal) -> None:
    for number, state in enumerate(["on", "off", "on"]):
        one = entry("light", turn=f"t{number}", state=state)
        assert journal.claim(one)[1] is True
        journal.settle(one.key, done(one))


@pytest.mark.parametrize(
    ("effect", "status", "runs_again"),
    [("read", "cancelled", True), ("write", "unknown", False), ("irreversible", "unknown", False)],
)
def test_what_ran_when_its_process_ended(
    reborn: Callable[[], Journal], effect: str, status: str, runs_again: bool
) -> None:
    before, one = reborn(), entry(effect=effect)
    before.plan([one])
    before.decide(one.key, one.digest, yes=True)
    assert before.claim(one)[1] is True
    after = reborn()
    assert after.entries([one.key])[one.key].status == status
    assert after.claim(one)[1] is runs_again
    if not runs_again:
        assert [late.status for late in after.untold(ADA, "s")] == ["unknown"]


def test_what_runs_in_another_living_process_still_runs(tmp_path: Path) -> None:
    one, other = Journal(tmp_path / "journal.db"), Journal(tmp_path / "journal.db")
    call = entry()
    assert one.claim(call)[1] is True
    known, begin = other.claim(call)
    assert (known.status, begin) == ("running", False)
    one.close()
    assert other.entries([call.key])[call.key].status == "unknown"
    other.close()
    assert os.listdir(tmp_path / "journal.db.owners") == []


def test_what_cannot_be_put_right_needs_a_yes_to_just_these_arguments(journal: Journal) -> None:
    one = entry("pay", effect="irreversible", euros=5)
    assert journal.claim(one)[0].status == "denied"
    journal.plan([one])
    assert journal.claim(one)[1] is False
    assert journal.decide(one.key, "another digest", yes=True) is False
    assert journal.claim(one)[1] is False

    two = entry("pay", effect="irreversible", call_id="c2", euros=5)
    journal.plan([two])
    assert journal.decide(two.key, two.digest, yes=True) is True
    dearer = replace(two, call=ToolCall("c2", "pay", {"euros": 500}))
    assert journal.claim(replace(dearer, digest=digest(dearer.call)))[1] is False
    assert journal.claim(two)[1] is True


def test_a_no_cannot_become_a_yes(journal: Journal) -> None:
    one = entry("pay", effect="irreversible")
    journal.plan([one])
    assert journal.decide(one.key, one.digest, yes=False) is False
    assert journal.decide(one.key, one.digest, yes=True) is False


def test_only_the_last_turn_that_changed_something_can_be_taken_back(journal: Journal) -> None:
    calls = [
        entry(turn="t1", call_id="a", n=1),
        entry(turn="t2", call_id="b", n=2),
        entry(turn="t2", call_id="c", n=3),
    ]
    for call in [*calls, entry("look", turn="t3", call_id="d", effect="read")]:
        journal.claim(call)
        journal.settle(call.key, done(call))
    last = journal.last_written(ADA, "s", but="undo")
    assert [one.call.id for one in last] == ["c", "b"]
    for one in last:
        journal.undone(one.key)
    assert [one.call.id for one in journal.last_written(ADA, "s", but="undo")] == ["a"]
    assert journal.last_written(Scope("eve", "Omni"), "s", but="undo") == []


def test_threads_that_want_the_same_call_get_it_once(tmp_path: Path) -> None:
    journals = [Journal(tmp_path / "journal.db") for _ in range(4)]
    begun: list[bool] = []
    ready = threading.Barrier(8)

    def claim(journal: Journal, number: int) -> None:
        ready.wait()
        begun.append(journal.claim(entry(call_id=f"c{number}", table=2))[1])

    threads = [threading.Thread(target=claim, args=(journals[n % 4], n)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(begun) == [False] * 7 + [True]
    for journal in journals:
        journal.close()


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(MemoryStoreError, match=r"journal\.db"):
        Journal(tmp_path / "journal.db").claim(entry())


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=8), max_size=4))
def test_the_order_of_arguments_does_not_matter_and_their_values_do(arguments: dict[str, object]) -> None:
    turned = dict(reversed(arguments.items()))
    assert digest(ToolCall("a", "x", arguments)) == digest(ToolCall("b", "x", turned))
    assert digest(ToolCall("a", "x", {**arguments, "more": 1})) != digest(
        ToolCall("a", "x", {**arguments, "more": 2})
    )


@given(st.text(), st.text(), st.text(), st.text())
def test_places_do_not_run_into_each_other(user: str, session: str, turn: str, call: str) -> None:
    key = idempotency_key(Scope(user, "p"), session, turn, ToolCall(call, "x"))
    assert key != idempotency_key(Scope(user, "p"), session + turn, "", ToolCall(call, "x")) or not turn
    assert key != idempotency_key(Scope(user + "p", ""), session, turn, ToolCall(call, "x"))
