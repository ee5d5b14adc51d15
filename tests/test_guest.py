"""A turn of a conversation that the caller keeps: his history, his tools, his terms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent import Agent
from omni_agent.errors import InputError
from omni_agent.events import AgentEvent, ApprovalRequested, TextDelta, ToolFinished, ToolRequested, TurnEnded
from omni_agent.memory import Scope, TransientMemory
from omni_agent.messages import Audio, Hearing, Message, Text, ToolCall, ToolResult, ToolSpec
from omni_agent.models.base import ANY_TOOL, Capabilities, Request
from omni_agent.nodes.stop import StopAt
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm
from omni_agent.terms import ANY_TOOL as ANY_OF_THEM
from omni_agent.terms import NO_TOOL, Terms
from omni_agent.testing import ScriptedEars, ScriptedModel, Step
from tests.recipes import delete_recipe, deleted, find_recipe

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_deleted")]

WEATHER = ToolSpec(
    "get_weather",
    "Tell the weather.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


def user(words: str) -> Message:
    return Message("user", (Text(words),))


def agent_says(words: str) -> Message:
    return Message("assistant", (Text(words),))


def called(call: ToolRequested) -> Message:
    return Message("assistant", (ToolCall(call.id, call.name, call.arguments),))


def result(call: ToolRequested, content: str) -> Message:
    return Message("tool", (ToolResult(call.id, call.name, "done", content),))


async def events(agent: Agent, *messages: Message, **terms: Any) -> list[AgentEvent]:
    named = {key: terms.pop(key) for key in ("user", "session") if key in terms}
    return [event async for event in agent.answer(messages, terms=Terms(**terms), **named)]


def of(kind: type[Any], seen: list[AgentEvent]) -> list[Any]:
    return [event for event in seen if isinstance(event, kind)]


def words(seen: list[AgentEvent]) -> str:
    return "".join(event.text for event in of(TextDelta, seen))


def told(request: Request) -> list[str]:
    return [message.text for message in request.messages]


async def test_the_callers_history_is_what_the_model_sees() -> None:
    model = ScriptedModel(Step(says="Green."))
    async with Agent(model=model, memory=None) as agent:
        seen = await events(agent, user("I like red."), agent_says("Good."), user("And you?"))
    assert words(seen) == "Green."
    assert told(model.requests[0]) == ["I like red.", "Good.", "And you?"]


async def test_instructions_go_after_the_personas_own() -> None:
    model = ScriptedModel(Step(says="Ahoy."))
    async with Agent(model=model, memory=None) as agent:
        own = agent.persona.prompt(agent.name)
        await events(agent, user("Hello."), instructions="Speak like a sailor.")
    assert model.requests[0].system == f"{own}\nSpeak like a sailor."


async def test_a_tool_of_the_callers_ends_the_turn_and_its_result_goes_on_with_it() -> None:
    model = ScriptedModel(Step(calls={"get_weather": {"city": "Oslo"}}), Step("rain", says="It rains."))
    async with Agent(model=model, memory=None) as agent:
        asked = user("How is the weather in Oslo?")
        seen = await events(agent, asked, tools=(WEATHER,))
        [call] = of(ToolRequested, seen)
        assert (call.name, call.arguments) == ("get_weather", {"city": "Oslo"})
        assert seen[-1].status == "calling"  # type: ignore[union-attr]
        assert not of(ToolFinished, seen)
        seen = await events(agent, asked, called(call), result(call, "rain"), tools=(WEATHER,))
    assert words(seen) == "It rains."
    assert seen[-1].status == "done"  # type: ignore[union-attr]


async def test_the_agents_own_tools_run_inside_and_the_callers_are_handed_out_after_them() -> None:
    calls = {"find_recipe": {"dish": "soup"}, "get_weather": {"city": "Oslo"}}
    async with Agent(model=ScriptedModel(Step(calls=calls)), memory=None, tools=[find_recipe]) as agent:
        seen = await events(agent, user("A soup recipe, and the weather in Oslo."), tools=(WEATHER,))
    assert [event.name for event in of(ToolFinished, seen)] == ["find_recipe"]
    assert [event.name for event in of(ToolRequested, seen)] == ["get_weather"]
    assert of(ToolFinished, seen)[0] in seen[: seen.index(of(ToolRequested, seen)[0])]


async def test_a_remembered_turn_is_one_turn_before_and_after_the_callers_call() -> None:
    model = ScriptedModel(Step(calls={"get_weather": {"city": "Oslo"}}), Step("rain", says="It rains."))
    memory = TransientMemory()
    where = {"user": "ana", "session": "s"}
    async with Agent(name="A", model=model, memory=memory) as agent:
        seen = await events(agent, user("The weather in Oslo?"), tools=(WEATHER,), **where)
        [call] = of(ToolRequested, seen)
        await events(agent, user("The weather in Oslo?"), called(call), result(call, "rain"), **where)
        [record] = await memory.history(Scope("ana", "A"), "s")
    assert record.status == "done"
    assert [message.role for message in record.messages] == ["user", "assistant", "tool", "assistant"]
    assert record.text == "It rains."


async def test_a_call_whose_result_never_came_leaves_a_valid_history() -> None:
    model = ScriptedModel(Step(calls={"get_weather": {"city": "Oslo"}}), Step(says="Hello."))
    where = {"user": "ana", "session": "s"}
    async with Agent(model=model, memory=TransientMemory()) as agent:
        await events(agent, user("The weather in Oslo?"), tools=(WEATHER,), **where)
        await events(agent, user("Hello?"), **where)
    history = model.requests[1].messages
    calls = [call.id for message in history for call in message.tool_calls]
    answered = [p.call_id for message in history for p in message.parts if isinstance(p, ToolResult)]
    assert calls
    assert calls == answered


async def test_what_was_said_in_a_named_conversation_is_known_where_the_caller_does_not_send_it() -> None:
    model = ScriptedModel(Step(says="Nice."), Step(says="Red."))
    where = {"user": "ana", "session": "s"}
    async with Agent(model=model, memory=TransientMemory()) as agent:
        await events(agent, user("I like red."), **where)
        await events(agent, user("What do I like?"), **where)
    assert told(model.requests[1]) == ["I like red.", "Nice.", "What do I like?"]


async def test_nothing_is_remembered_of_nobody() -> None:
    memory = TransientMemory()
    async with Agent(name="A", model=ScriptedModel(Step(says="Hello.")), memory=memory) as agent:
        await events(agent, user("Hello."))
        assert not await memory.sessions(Scope("nobody", "A"))


async def test_what_needs_a_yes_is_not_run_where_nobody_can_be_asked() -> None:
    model = ScriptedModel(Step(calls={"delete_recipe": {"title": "soup"}}), Step("nobody", says="I did not."))
    async with Agent(model=model, memory=None, tools=[delete_recipe]) as agent:
        seen = await events(agent, user("Delete the recipe soup."))
    assert words(seen) == "I did not."
    assert not deleted


async def test_what_needs_a_yes_waits_in_a_named_conversation() -> None:
    model = ScriptedModel(Step(calls={"delete_recipe": {"title": "soup"}}), Step(says="Done."))
    where = {"user": "ana", "session": "s"}
    async with Agent(model=model, memory=TransientMemory(), tools=[delete_recipe]) as agent:
        seen = await events(agent, user("Delete the recipe soup."), **where)
        assert of(ApprovalRequested, seen)
        assert not deleted
        await events(agent, user("Yes, please."), **where)
    assert deleted == ["soup"]


@pytest.mark.parametrize(
    ("choice", "sent"), [(ANY_OF_THEM, ANY_TOOL), ("get_weather", "get_weather"), ("unknown", "")]
)
async def test_the_callers_choice_holds_until_a_tool_was_called(choice: str, sent: str) -> None:
    model = ScriptedModel(Step(calls={"find_recipe": {"dish": "soup"}}), Step(says="There."))
    async with Agent(model=model, memory=None, tools=[find_recipe]) as agent:
        await events(agent, user("A soup recipe."), tools=(WEATHER,), tool_choice=choice)
    assert [request.tool_choice for request in model.requests] == [sent, ""]


async def test_no_tool_is_offered_where_the_caller_wants_none() -> None:
    model = ScriptedModel(Step(says="No."))
    async with Agent(model=model, memory=None, tools=[find_recipe]) as agent:
        await events(agent, user("A soup recipe."), tools=(WEATHER,), tool_choice=NO_TOOL)
    assert not model.requests[0].tools


async def test_an_answer_ends_before_a_stop_word_wherever_it_is_cut() -> None:
    model = ScriptedModel(Step(says="One two. END three four."))
    async with Agent(model=model, memory=None) as agent:
        seen = await events(agent, user("Count."), stop=("END",))
    assert words(seen).strip() == "One two."


@given(st.text("abE", max_size=12), st.lists(st.text("abE", min_size=1, max_size=3), max_size=3), st.data())
def test_stop_words_cut_at_the_first_of_them(text: str, stops: list[str], data: st.DataObject) -> None:
    stop, out, left = StopAt(stops), "", text
    while left:
        size = data.draw(st.integers(1, len(left)))
        out, left = out + stop.feed(left[:size]), left[size:]
    out += stop.finish()
    ends = [at for word in stops if (at := text.find(word)) >= 0]
    if ends:
        assert stop.reached
        assert text.startswith(out)
        assert not any(word in out for word in stops)
    else:
        assert out == text


async def test_words_that_have_to_fit_a_schema_are_asked_for_when_no_tool_is_called() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    model = ScriptedModel(Step(says="It is three."), Step(says='{"n": 3}'))
    async with Agent(model=model, memory=None, tools=[find_recipe]) as agent:
        seen = await events(agent, user("How many?"), format=schema)
    assert words(seen) == '{"n": 3}'
    assert [bool(request.format) for request in model.requests] == [False, True]
    assert not model.requests[1].tools


async def test_an_answer_that_ran_out_of_tokens_says_so() -> None:
    model = ScriptedModel(Step(says="One two", stops="length"))
    async with Agent(model=model, memory=None) as agent:
        seen = await events(agent, user("Count."), max_tokens=2)
    assert model.requests[0].max_tokens == 2
    assert of(TurnEnded, seen)[0].truncated


async def test_sounds_of_earlier_messages_are_heard_once(tmp_path: Path) -> None:
    ears = ScriptedEars(Hearing("I like red.", "en"))
    able = Capabilities()
    model = ScriptedModel(Step(says="Good."), Step(says="Red."), capabilities=able, senses=Senses(ears=ears))
    async with Agent(model=model, memory=None) as agent:
        ref = agent.parts.media.put(Pcm.silence(0.5, 16_000).to_wav(), "audio/wav")
        spoken = Message("user", (Audio(ref, "audio/wav", 0.5),))
        for _ in range(2):
            await events(agent, spoken, agent_says("Good."), user("What do I like?"))
    assert [told(request)[0] for request in model.requests] == ["I like red.", "I like red."]


@pytest.mark.parametrize(
    "messages",
    [
        (),
        (agent_says("Hello."),),
        (user("Hello."), agent_says("Hello.")),
        (user("Hello."), Message("assistant", (ToolCall("1", "x"),)), Message("tool", ())),
    ],
)
async def test_a_conversation_that_nobody_is_to_answer_is_refused(messages: tuple[Message, ...]) -> None:
    async with Agent(model=ScriptedModel(), memory=None) as agent:
        with pytest.raises(InputError):
            await events(agent, *messages)


async def test_a_tool_that_no_model_can_be_offered_is_refused() -> None:
    bad = ToolSpec("x", "", {"type": "array"})
    async with Agent(model=ScriptedModel(), memory=None) as agent:
        with pytest.raises(InputError):
            await events(agent, user("Hello."), tools=(bad,))
