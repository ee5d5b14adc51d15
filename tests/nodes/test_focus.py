"""A question about the user is shown its answer and nothing else; what nothing tells, it is said so."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from omni_agent import Agent
from omni_agent.grounding.meaning import available
from omni_agent.messages import Message, Text, ToolCall
from omni_agent.models.base import Capabilities, Request
from omni_agent.nodes.evidence import lines
from omni_agent.nodes.focus import Shown, focused
from omni_agent.testing import ScriptedModel, Step

pytestmark = pytest.mark.skipif(not available(), reason="wordllama is not installed")

NOW = datetime(2026, 10, 11, 12, tzinfo=UTC)
KNOWN = '2 February: "My brother Olav keeps bees."\n3 March: "I play the cello in a quartet."'
TALK = (
    Message("user", (Text("What does my brother keep?"),)),
    Message("assistant", (Text("He keeps bees."),)),
)


def shown(question: str, history: tuple[Message, ...] = TALK, known: str = KNOWN) -> Shown:
    all_of_it = Shown(known, history, ())
    return focused(question, all_of_it, lines((), known, history, NOW), 200)


def test_the_answer_stands_alone() -> None:
    found = shown("Where do I play the cello?")
    assert found.alone
    assert (found.background, found.history) == ("", ())
    assert found.remembered == ('What you remember: 3 March: "I play the cello in a quartet."',)


def test_the_exchange_before_stays_where_the_question_leans_on_it() -> None:
    found = shown("And does he keep bees, my brother Olav?")
    assert found.alone
    assert found.history == TALK


def test_an_exchange_with_calls_is_left_out() -> None:
    called = (TALK[0], Message("assistant", (ToolCall("c1", "look_up", {}),)))
    assert shown("And does he keep bees, my brother Olav?", called).history == ()


def test_what_nothing_tells_is_said_to_be_unknown() -> None:
    found = shown("What's the name of my landlord?", ())
    assert found.alone
    assert found.remembered == ("What you remember: nothing about that. Say that you do not know it.",)


def test_a_name_that_stands_elsewhere_is_not_told_for_the_one_that_is_asked_for() -> None:
    known = '2 February: "My ferret is called Bruno."\n3 March: "We saw a lovely hamster cage in town."'
    found = shown("What's my canary called?", (), known)
    assert found.remembered == ("What you remember: nothing about that. Say that you do not know it.",)


def test_somebody_else_is_told_of_where_memory_is_sure() -> None:
    assert "bees" in shown("Does Olav keep any bees?", ()).remembered[0]
    assert not shown("What does Mozart mean to Vienna?", ()).alone


def test_who_asks_for_his_own_name_is_shown_how_he_introduced_himself() -> None:
    known = '9 January: "Evening, Piet Vos reporting for duty."\n2 February: "My brother is called Olav."'
    found = shown("D'you remember what I'm called?", (), known)
    assert found.alone
    assert "Piet Vos" in found.remembered[0]


def test_where_nothing_is_near_enough_everything_stays() -> None:
    found = shown("Which instrument do I play?")
    assert not found.alone
    assert found.history == TALK


def test_where_neither_shows_everything_stays() -> None:
    found = shown("What is my name?", TALK, "")
    assert not found.alone
    assert found.history == TALK


@pytest.mark.anyio
async def test_an_agent_asks_for_what_it_was_told_alone(tmp_path: Path) -> None:
    from omni_memory import SqliteMemory

    asked: list[Request] = []

    def seen(request: Request) -> Step:
        asked.append(request)
        return Step(says="In a string quartet.")

    model = ScriptedModel(otherwise=seen, capabilities=Capabilities(invents=True))
    async with Agent(model=model, memory=SqliteMemory(tmp_path / "memory.db"), learns=False) as agent:
        await agent.memory_of("anna").remember("I play the cello in a string quartet.")
        await agent.ask("It rains.", user="anna", session="one", speak=False)
        await agent.ask("Where do I play the cello?", user="anna", session="one", speak=False)
    plain, alone = asked[-2:]
    assert not plain.recalling
    assert alone.recalling
    assert [message.text for message in alone.messages] == ["Where do I play the cello?"]
    assert "cello" in alone.context
