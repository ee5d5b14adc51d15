"""An agent hands a conversation over: who answers from then on, with what, and in whose voice."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from omni_agent import Agent, Persona, Settings, tool
from omni_agent.errors import ToolDefinitionError
from omni_agent.events import (
    AgentEvent,
    ErrorRaised,
    HandedOver,
    SpeechChunk,
    TextDelta,
    ToolStarted,
    TurnEnded,
)
from omni_agent.handoff import MOST, PHRASES
from omni_agent.memory import MemoryStore, Scope, TransientMemory
from omni_agent.messages import Hearing, ToolResult
from omni_agent.models.base import Capabilities, Request
from omni_agent.persona import LANGUAGES
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedEars, ScriptedModel, Step, ToneVoice

pytestmark = pytest.mark.anyio

TO_BILLING = {"transfer_to_billing": dict[str, Any]()}
TO_SUPPORT = {"transfer_to_support": dict[str, Any]()}
TO_FRONT = {"transfer_to_front": dict[str, Any]()}

paid: list[str] = []


@pytest.fixture(autouse=True)
def nothing_paid() -> None:
    paid.clear()


@tool(effect="read")
async def list_bills() -> str:
    """List the bills that are open."""
    return "Gas, 40 euros."


@tool(effect="irreversible")
async def pay_bill(name: str) -> str:
    """Pay a bill.

    Args:
        name: Which one.
    """
    paid.append(name)
    return f"Paid {name}."


@tool(effect="write")
async def take_note(text: str) -> str:
    """Take a note.

    Args:
        text: What to write.
    """
    return f"Noted {text}."


def billing(*steps: Step, voice: ToneVoice | None = None, **more: Any) -> Agent:
    return Agent(
        name="Billing",
        description="bills and payments",
        model=ScriptedModel(*steps, senses=Senses(voice=voice)),
        tools=[list_bills, pay_bill],
        memory=None,
        **more,
    )


def support(*steps: Step, **more: Any) -> Agent:
    return Agent(
        name="Support", description="things that are broken", model=ScriptedModel(*steps), memory=None, **more
    )


def front(
    *steps: Step,
    to: list[Agent],
    memory: str | MemoryStore | None = None,
    senses: Senses | None = None,
    invents: bool = False,
    **more: Any,
) -> Agent:
    model = ScriptedModel(*steps, senses=senses, capabilities=Capabilities(invents=invents))
    described: dict[str, Any] = {"description": "everything else"} | more
    return Agent(name="Front", model=model, memory=memory, tools=[take_note], handoffs=to, **described)


def requests(agent: Agent) -> list[Request]:
    model = agent.model
    assert isinstance(model, ScriptedModel)
    return model.requests


def tools(request: Request) -> set[str]:
    return {spec.name for spec in request.tools}


def finish(*agents: Agent) -> None:
    for agent in agents:
        assert isinstance(agent.model, ScriptedModel)
        agent.model.finish()


async def collected(stream: Any) -> list[AgentEvent]:
    async with aclosing(stream) as events:
        return [event async for event in events]


def ended(events: list[AgentEvent]) -> TurnEnded:
    assert isinstance(events[-1], TurnEnded)
    return events[-1]


async def test_the_other_agent_goes_on_in_the_same_turn() -> None:
    taker = billing(Step("from here on", says="It is gas."), persona=Persona(style="exact"))
    agent = front(Step("bill", calls=TO_BILLING), to=[taker])
    events = await collected(agent.stream("what is on my bill?", speak=False))
    assert [event.agent for event in events if isinstance(event, HandedOver)] == ["Billing"]
    assert (ended(events).text, ended(events).status) == ("It is gas.", "done")
    [asked], [taken] = requests(agent), requests(taker)
    assert tools(asked) == {"take_note", "transfer_to_billing"}
    assert tools(taken) == {"list_bills", "pay_bill"}
    assert "You are Billing" in taken.system
    assert "exact" in taken.system
    [spec] = [spec for spec in asked.tools if spec.name == "transfer_to_billing"]
    assert spec.description == "Hand the conversation over to Billing: bills and payments"


async def test_the_tools_of_the_one_who_took_over_run_and_no_others() -> None:
    taker = billing(
        Step(calls={"take_note": {"text": "x"}}),
        Step("there is no tool 'take_note'", calls={"list_bills": {}}),
        Step("Gas", says="Gas."),
    )
    agent = front(Step(calls=TO_BILLING), to=[taker])
    reply = await agent.ask("my bills", speak=False)
    assert [call.name for call in reply.tool_calls] == ["transfer_to_billing", "list_bills"]
    assert reply.text == "Gas."


async def test_later_turns_are_the_others_in_one_history() -> None:
    memory = TransientMemory()
    taker = billing(Step(says="Gas."), Step("how much", says="Forty."))
    agent = front(Step(calls=TO_BILLING), Step("hello", says="Front here."), to=[taker], memory=memory)
    await agent.ask("my bills", speak=False)
    await agent.ask("how much", speak=False)
    assert [m.text for m in requests(taker)[1].messages if m.role == "user"] == ["my bills", "how much"]
    await agent.ask("hello", session="another", speak=False)
    assert len(await memory.history(Scope("local", "Front"), "default")) == 2
    finish(agent, taker)


async def test_it_holds_after_a_restart_and_back_again() -> None:
    async def run(text: str, ours: list[Step], theirs: list[Step]) -> str:
        taker = billing(*theirs)
        async with front(*ours, to=[taker], memory="") as agent:
            taker.handoffs = [agent]
            reply = await agent.ask(text, speak=False)
            finish(agent, taker)
        return reply.text

    assert await run("my bills", [Step(calls=TO_BILLING)], [Step(says="Gas.")]) == "Gas."
    assert await run("and now?", [], [Step("and now?", says="Still me.")]) == "Still me."
    assert await run("something else", [Step(says="Front.")], [Step(calls=TO_FRONT)]) == "Front."
    assert await run("hello", [Step("hello", says="Front still.")], []) == "Front still."


async def test_where_the_other_is_no_more_the_root_answers() -> None:
    taker = billing(Step(says="Gas."))
    async with front(Step(calls=TO_BILLING), to=[taker], memory="") as agent:
        await agent.ask("my bills", speak=False)
    other = support()
    async with front(Step("and now?", says="Front."), to=[other], memory="") as agent:
        assert (await agent.ask("and now?", speak=False)).text == "Front."


async def test_another_agent_may_be_reached_through_a_third() -> None:
    last = support(Step(says="Support."), Step("again", says="Still support."))
    middle = billing(Step(calls=TO_SUPPORT), handoffs=[last])
    agent = front(Step(calls=TO_BILLING), to=[middle])
    events = await collected(agent.stream("my bill is broken", speak=False))
    assert [event.agent for event in events if isinstance(event, HandedOver)] == ["Billing", "Support"]
    assert (await agent.ask("again", speak=False)).text == "Still support."


async def test_other_calls_of_the_message_run_first() -> None:
    taker = billing(Step("Noted milk.", says="I am here."))
    agent = front(Step(calls={**TO_BILLING, "take_note": {"text": "milk"}}), to=[taker])
    reply = await agent.ask("note milk, and my bills", speak=False)
    assert {call.name: call.status for call in reply.tool_calls} == {
        "transfer_to_billing": "done",
        "take_note": "done",
    }
    assert reply.text == "I am here."


async def test_of_two_handovers_the_first_counts() -> None:
    memory = TransientMemory()
    taker, other = billing(Step(says="Billing."), Step(says="Billing again.")), support()
    agent = front(Step(calls={**TO_BILLING, **TO_SUPPORT}), to=[taker, other], memory=memory)
    reply = await agent.ask("both", speak=False)
    assert [call.status for call in reply.tool_calls] == ["done", "failed"]
    assert "one agent only" in reply.tool_calls[1].result
    assert (await agent.ask("again", speak=False)).text == "Billing again."


async def test_handing_over_in_circles_ends() -> None:
    def offered(request: Request) -> bool:
        return any(name.startswith("transfer_to") for name in tools(request))

    there, back = Step(offered, calls=TO_BILLING), Step(offered, calls=TO_FRONT)
    taker = billing(back, Step(lambda request: not offered(request), says="I stay."))
    agent = front(there, there, to=[taker])
    taker.handoffs = [agent]
    events = await collected(agent.stream("round", speak=False))
    assert len([event for event in events if isinstance(event, HandedOver)]) == MOST
    assert ended(events).text == "I stay."
    finish(agent, taker)


async def test_who_takes_over_has_steps_of_its_own() -> None:
    taker = billing(
        Step(lambda request: request.tools != (), calls={"list_bills": {}}),
        Step(lambda request: request.tools == (), says="Gas."),
        max_steps=2,
    )
    agent = front(Step(calls={"take_note": {"text": "a"}}), Step(calls=TO_BILLING), to=[taker])
    assert (await agent.ask("a, and my bills", speak=False)).text == "Gas."


async def test_each_speaks_in_its_own_voice() -> None:
    ours, theirs = ToneVoice(), ToneVoice()
    taker = billing(Step(says="It is for gas."), voice=theirs)
    agent = front(Step(calls=TO_BILLING), to=[taker], senses=Senses(voice=ours))
    events = await collected(agent.stream("what is on my bill?"))
    assert [words for words, _ in ours.spoken] == ["I'll hand you over to Billing."]
    assert [words for words, _ in theirs.spoken] == ["It is for gas."]
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "It is for gas."
    spans = [event.span for event in events if isinstance(event, SpeechChunk)]
    assert spans == [(0, 0), (0, len("It is for gas."))]


async def test_words_of_the_model_stand_for_the_phrase() -> None:
    ours, theirs = ToneVoice(), ToneVoice()
    taker = billing(Step(says="It is for gas."), voice=theirs)
    agent = front(
        Step(says="My colleague knows that.", calls=TO_BILLING), to=[taker], senses=Senses(voice=ours)
    )
    reply = await agent.ask("what is on my bill?")
    assert [words for words, _ in ours.spoken] == ["My colleague knows that."]
    assert [words for words, _ in theirs.spoken] == ["It is for gas."]
    assert reply.text == "My colleague knows that. It is for gas."


async def test_the_phrase_and_the_answer_are_in_the_users_language() -> None:
    ours, theirs = ToneVoice(["en", "de"]), ToneVoice(["en", "de"])
    taker = billing(Step(lambda request: request.language == "de", says="Gas."), voice=theirs)
    ears = ScriptedEars(Hearing("was steht auf meiner Rechnung", "de", 0.9, 0.9))
    agent = front(Step(calls=TO_BILLING), to=[taker], senses=Senses(voice=ours, ears=ears))
    await agent.ask(audio=Pcm.silence(0.5, 16_000))
    assert ours.spoken == [("Ich gebe an Billing weiter.", "de")]
    assert theirs.spoken == [("Gas.", "de")]


async def test_the_language_of_who_takes_over_is_its_own() -> None:
    ours, theirs = ToneVoice(), ToneVoice(["de"])
    taker = billing(Step(says="Gas."), voice=theirs, persona=Persona(languages=("de",)))
    agent = front(Step(calls=TO_BILLING), to=[taker], senses=Senses(voice=ours))
    await agent.ask("what is on my bill?")
    assert ours.spoken == [("I'll hand you over to Billing.", "en")]
    assert theirs.spoken == [("Gas.", "de")]


async def test_a_voice_without_the_language_does_not_silence_the_next() -> None:
    ours, theirs = ToneVoice(["fr"]), ToneVoice(["de"])
    taker = billing(Step(says="Gas."), voice=theirs, persona=Persona(languages=("de",)))
    ears = ScriptedEars(Hearing("was steht auf meiner Rechnung", "de", 0.9, 0.9))
    agent = front(Step(calls=TO_BILLING), to=[taker], senses=Senses(voice=ours, ears=ears))
    events = await collected(agent.stream(audio=Pcm.silence(0.5, 16_000)))
    assert [e.code for e in events if isinstance(e, ErrorRaised)] == ["voice_missing"]
    assert (ours.spoken, theirs.spoken) == ([], [("Gas.", "de")])


def test_there_are_words_for_every_language() -> None:
    assert set(PHRASES) == set(LANGUAGES)
    assert all("{name}" in phrase for phrase in PHRASES.values())


async def test_an_approval_after_the_handover_goes_on_with_the_right_agent() -> None:
    taker = billing(Step(calls={"pay_bill": {"name": "gas"}}))
    async with front(Step(calls=TO_BILLING), to=[taker], memory="") as agent:
        reply = await agent.ask("pay the gas bill", speak=False)
    assert (reply.status, paid) == ("waiting", [])
    taker = billing(Step("Paid gas.", says="It is paid."))
    async with front(to=[taker], memory="") as agent:
        reply = await agent.ask("yes", speak=False)
        assert (reply.text, paid) == ("It is paid.", ["gas"])
        [record] = await agent.parts.memory.history(Scope("local", "Front"), "default")
    assert [m.role for m in record.messages] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "tool",
        "assistant",
    ]


async def test_a_handover_that_waits_beside_a_question_is_called_off_with_it() -> None:
    other = support()
    agent = front(
        Step(calls={**TO_SUPPORT, "pay": {"name": "gas"}}), Step("never mind", says="Fine."), to=[other]
    )
    agent.toolbox = type(agent.toolbox)([agent.toolbox, _named(pay_bill, "pay")])
    assert (await agent.ask("pay the gas bill", speak=False)).status == "waiting"
    assert (await agent.ask("never mind that, what time is it", speak=False)).text == "Fine."
    assert requests(other) == []


def _named(item: Any, name: str) -> Any:
    from omni_agent.tool import rename

    return rename(item, name)


async def test_a_reply_that_is_cut_after_the_handover_leaves_it_done() -> None:
    memory = TransientMemory()
    taker = billing(Step(says="Gas, I think", holds=asyncio.Event()), Step("go on", says="Forty euros."))
    agent = front(Step(calls=TO_BILLING), to=[taker], memory=memory)
    async with aclosing(agent.stream("my bills", speak=False)) as events:
        async for event in events:
            if isinstance(event, TextDelta) and event.text.endswith("think"):
                assert agent.interrupt()
    [record] = await memory.history(Scope("local", "Front"), "default")
    assert (record.status, record.heard_text) == ("interrupted", "Gas, I think")
    results = [part for m in record.messages for part in m.parts if isinstance(part, ToolResult)]
    assert [(result.name, result.status) for result in results] == [("transfer_to_billing", "done")]
    assert (await agent.ask("go on", speak=False)).text == "Forty euros."
    assert agent.parts.team._going == {}


@pytest.mark.parametrize(
    "said", ["what is on my bill?", "the weather is nice, isn't it", "zwei Pizzen bitte"]
)
async def test_grounding_leaves_the_choice_of_the_agent_to_the_model(said: str) -> None:
    taker = billing(Step(says="It is gas."))
    agent = front(Step(calls=TO_BILLING), to=[taker], invents=True)
    assert agent.parts.grounding
    assert (await agent.ask(said, speak=False)).text == "It is gas."


async def test_calls_with_the_same_id_are_told_apart() -> None:
    taker = billing(Step(calls={"list_bills": {}}), Step("Gas", says="Gas."))
    agent = front(Step(calls=TO_BILLING), to=[taker])
    events = await collected(agent.stream("my bills", speak=False))
    ids = [event.id for event in events if isinstance(event, ToolStarted)]
    assert len(set(ids)) == 2
    results = [part for m in requests(taker)[1].messages for part in m.parts if isinstance(part, ToolResult)]
    assert [result.call_id for result in results] == ids


async def test_a_tool_of_a_like_name_is_no_handover() -> None:
    @tool(effect="read")
    async def transfer_to_savings(amount: float) -> str:
        """Tell what a transfer to the savings account would cost.

        Args:
            amount: How much.
        """
        return f"{amount:g}: free."

    taker = billing(
        Step(calls={"transfer_to_savings": {"amount": 5}}), Step("free", says="Free."), Step(says="Still me.")
    )
    taker.toolbox = type(taker.toolbox)([taker.toolbox, transfer_to_savings])
    agent = front(Step(calls=TO_BILLING), to=[taker])
    assert (await agent.ask("what does it cost?", speak=False)).text == "Free."
    assert (await agent.ask("sure?", speak=False)).text == "Still me."


async def test_in_a_nested_graph_the_other_goes_on_too() -> None:
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.graph import END, START, StateGraph

    from omni_agent.state import TurnState

    taker = billing(Step(calls={"list_bills": {}}), Step("Gas", says="Gas."), Step(says="Still me."))
    agent = front(Step(calls=TO_BILLING), to=[taker])
    outer: Any = StateGraph(TurnState)
    outer.add_node("agent", agent.graph)
    outer.add_edge(START, "agent")
    outer.add_edge("agent", END)
    graph = outer.compile(checkpointer=InMemorySaver())
    for reply in ("Gas.", "Still me."):
        asked = {"observations": [{"kind": "text", "content": "my bills"}]}
        result = await graph.ainvoke(asked, {"configurable": {"thread_id": "t1"}})
        assert result["reply"] == reply


def mistaken(kind: str) -> Agent:
    match kind:
        case "no description":
            return front(to=[Agent(name="Billing", model=ScriptedModel(), memory=None)])
        case "same name":
            return front(to=[billing(), billing()])
        case "same call":
            return front(
                to=[Agent(name="Bil ling", description="a"), Agent(name="bil-ling", description="b")]
            )
        case "itself":
            agent = front(to=[])
            agent.handoffs = [agent]
            return agent
        case _:
            return front(to=[Agent(name="客服", description="a")])


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("no description", "'Billing' has no description"),
        ("same name", "same name"),
        ("same call", "same name"),
        ("itself", "hands over to itself"),
        ("no letters", "no name that a model can call"),
    ],
)
async def test_a_mistake_is_told_at_the_first_turn(kind: str, says: str) -> None:
    agent = mistaken(kind)
    with pytest.raises(ToolDefinitionError, match=says):
        await agent.ask("hello", speak=False)


class Watched(ScriptedModel):
    """Counts what is done to it."""

    warmed, closed = 0, 0

    async def prewarm(self, request: Request | None = None) -> None:
        self.warmed += 1

    async def close(self) -> None:
        self.closed += 1


async def test_warming_up_and_closing_cover_the_others() -> None:
    watched = [Watched(), Watched()]
    last = Agent(name="Last", description="last", model=watched[0], memory=None)
    middle = Agent(name="Middle", description="middle", model=watched[1], memory=None, handoffs=[last])
    async with front(to=[middle]) as agent:
        last.handoffs = [agent]
        await agent.prewarm()
    assert [(model.warmed, model.closed) for model in watched] == [(1, 1), (1, 1)]


async def test_agents_that_name_the_same_model_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[ScriptedModel] = []

    def load(name: str, settings: Settings, *, clock: object) -> ScriptedModel:
        loaded.append(ScriptedModel(Step(calls=TO_BILLING), Step(says="Gas.")))
        return loaded[-1]

    monkeypatch.setattr("omni_agent.parts.load_model", load)
    taker = Agent(name="Billing", description="bills", memory=None)
    agent = Agent(name="Front", memory=None, handoffs=[taker])
    assert (await agent.ask("my bills", speak=False)).text == "Gas."
    assert len(loaded) == 1
