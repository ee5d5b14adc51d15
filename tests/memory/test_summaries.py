"""Long conversations: the window folds by segments, keeps what is whole, and survives an erasure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omni_memory import SqliteMemory
from omni_memory.summarising import grounded

from omni_agent.memory import Scope, TurnRecord, Window
from omni_agent.messages import Message, Text, ToolCall, ToolResult
from omni_agent.models.base import Capabilities
from omni_agent.testing import ScriptedModel, Step

pytestmark = pytest.mark.anyio

ANNA = Scope("anna", "butler")
MakeTurn = Callable[..., TurnRecord]


def long_turn(turn: MakeTurn, number: int) -> TurnRecord:
    said = f"thing number {number} is here and " + "it is rather long, " * 12
    words = (Message("user", (Text(said),)), Message("assistant", (Text("Fine."),)))
    return turn(f"t{number}", messages=words, text="Fine.")


class Summing(ScriptedModel):
    """Sums up by naming the things; keeps count."""

    def __init__(self) -> None:
        super().__init__(capabilities=Capabilities(context_tokens=4000))
        self.summed: list[str] = []

    def _next(self, request: Any) -> Step:
        told = request.messages[-1].text
        if "User:" not in told:
            return Step(says="[]")
        self.summed.append(told)
        numbers = [word for word in told.split() if word.isdigit()]
        return Step(says=f"The user spoke of the things {' and '.join(numbers)}. Zebra 999 is invented.")


@pytest.fixture
def memory(home: Path) -> SqliteMemory:
    return SqliteMemory()


async def settle(memory: SqliteMemory, model: ScriptedModel) -> None:
    while await memory.study(model):
        pass


async def test_a_long_conversation_is_folded_and_stays_whole_in_the_history(
    memory: SqliteMemory, turn: MakeTurn
) -> None:
    model, seen, window = Summing(), list[int](), Window("", ())
    for number in range(40):
        await memory.commit(ANNA, long_turn(turn, number))
        await settle(memory, model)
        window = await memory.window(ANNA, "s")
        seen = [int(one.id[1:]) for one in window.turns]
        assert seen == list(range(seen[0], number + 1)), "the turns after the fold, without a gap"
        assert seen[0] == 0 or window.summary
    assert len(seen) < 20
    assert f"things {seen[0] - 1}" in window.summary or f"and {seen[0] - 1}." in window.summary
    assert "999" not in window.summary, "what was not told is no part of a summary"
    assert len(await memory.history(ANNA, "s", limit=100)) == 40
    told = "\n".join(model.summed)
    assert all(told.count(f"thing number {number} is") == 1 for number in range(seen[0]))
    await memory.close()


async def test_the_window_moves_seldom(memory: SqliteMemory, turn: MakeTurn) -> None:
    model, starts = Summing(), []
    for number in range(60):
        await memory.commit(ANNA, long_turn(turn, number))
        await settle(memory, model)
        starts.append((await memory.window(ANNA, "s")).turns[0].id)
    assert 2 <= len(set(starts)) <= 10
    await memory.close()


async def test_calls_stay_with_their_results(memory: SqliteMemory, turn: MakeTurn) -> None:
    model = Summing()
    for number in range(30):
        plain = long_turn(turn, number)
        call = ToolCall("c", "clock", {})
        done = ToolResult("c", "clock", "done", "noon")
        asked, told = plain.messages
        messages = (asked, Message("assistant", (call,)), Message("tool", (done,)), told)
        await memory.commit(ANNA, turn(f"t{number}", messages=messages, text="Fine."))
        await settle(memory, model)
    window = await memory.window(ANNA, "s")
    assert window.summary
    roles = {tuple(message.role for message in one.messages) for one in window.turns}
    assert roles == {("user", "assistant", "tool", "assistant")}
    await memory.close()


async def test_another_conversation_and_another_user_are_not_touched(
    memory: SqliteMemory, turn: MakeTurn
) -> None:
    model = Summing()
    for number in range(30):
        await memory.commit(ANNA, long_turn(turn, number))
    await memory.commit(Scope("ben", "butler"), turn("b"))
    await settle(memory, model)
    assert (await memory.window(ANNA, "s")).summary
    ben = await memory.window(Scope("ben", "butler"), "s")
    assert (ben.summary, [one.id for one in ben.turns]) == ("", ["b"])
    assert (await memory.window(Scope("anna", "cook"), "s")).turns == ()
    await memory.close()


SENTENCES = st.lists(st.sampled_from(["Karl came.", "He met Eva in Graz!", "It was 40 euros.", "No end"]))


@given(SENTENCES, st.sampled_from(["Karl met Eva in Graz for 40 euros", "nothing", ""]))
def test_a_summary_holds_only_whole_sentences_with_names_and_numbers_that_were_told(
    sentences: list[str], told: str
) -> None:
    kept = grounded(" ".join(sentences), told)
    assert "No end" not in kept or "No end " in " ".join(sentences)
    if told == "nothing":
        assert "Eva" not in kept
        assert "40" not in kept
