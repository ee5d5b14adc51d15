"""A turn, as a caller sees it, with a scripted model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from omni_agent import Agent, Persona, Tool, tool
from omni_agent.errors import InputError, ModelError, ModelUnavailable
from omni_agent.events import (
    AgentEvent,
    ApprovalRequested,
    ErrorRaised,
    Interrupted,
    MemoryWritten,
    SpeechChunk,
    TextDelta,
    ToolFinished,
    ToolProgress,
    ToolStarted,
    Transcript,
    TurnEnded,
    TurnStarted,
)
from omni_agent.memory import MemoryStore, Scope, TransientMemory
from omni_agent.messages import Hearing, Message, Text, ToolResult
from omni_agent.models.base import Capabilities, ModelEvent, Request
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedEars, ScriptedEyes, ScriptedModel, Step, ToneVoice, VirtualClock
from omni_agent.tool import Effect, ToolContext

pytestmark = pytest.mark.anyio


@tool
async def set_timer(minutes: float, label: str = "timer") -> str:
    """Start a countdown timer.

    Args:
        minutes: How long, in minutes.
        label: What the timer is for.
    """
    return f"The {label} timer runs for {minutes:g} minutes."


@tool(effect="irreversible")
def delete_note(title: str) -> str:
    """Delete a note.

    Args:
        title: Which one.
    """
    deleted.append(title)
    return f"Deleted {title}."


deleted: list[str] = []


@pytest.fixture(autouse=True)
def nothing_deleted() -> None:
    deleted.clear()


def png() -> bytes:
    from PIL import Image

    file = BytesIO()
    Image.new("RGB", (60, 30), "white").save(file, "PNG")
    return file.getvalue()


def kinds(events: list[AgentEvent]) -> list[str]:
    return [event.type for event in events]


async def collected(stream: Any) -> list[AgentEvent]:
    async with aclosing(stream) as events:
        return [event async for event in events]


async def test_an_answer_is_streamed_and_remembered() -> None:
    memory = TransientMemory()
    with ScriptedModel(Step("hello", says="Good morning to you.")) as model:
        agent = Agent(name="Bell", model=model, memory=memory)
        events = await collected(agent.stream("hello", speak=False))
    assert isinstance(events[0], TurnStarted)
    assert [e.text for e in events if isinstance(e, TextDelta)] == ["Good", " morning", " to", " you."]
    ended = events[-1]
    assert isinstance(ended, TurnEnded)
    assert (ended.text, ended.status) == ("Good morning to you.", "done")
    assert any(isinstance(e, MemoryWritten) for e in events)
    [record] = await memory.history(Scope("local", "Bell"), "default")
    assert [m.text for m in record.messages] == ["hello", "Good morning to you."]


async def test_a_tool_runs_and_its_result_reaches_the_model() -> None:
    with ScriptedModel(
        Step("pasta", calls={"set_timer": {"minutes": 10, "label": "pasta"}}),
        Step("The pasta timer runs for 10 minutes.", says="Ten minutes it is."),
    ) as model:
        reply = await Agent(model=model, memory=None, tools=[set_timer]).ask("ten minutes for the pasta")
    assert reply.text == "Ten minutes it is."
    [call] = reply.tool_calls
    assert (call.name, call.arguments, call.status) == (
        "set_timer",
        {"minutes": 10, "label": "pasta"},
        "done",
    )
    assert call.result == "The pasta timer runs for 10 minutes."
    assert reply.usage.prompt_tokens > 0


async def test_calls_of_one_answer_run_at_the_same_time() -> None:
    together = asyncio.Barrier(3)

    @tool
    async def meet(who: str) -> str:
        """Meet the others.

        Args:
            who: One of them.
        """
        async with asyncio.timeout(5):
            await together.wait()
        return who

    calls = [("meet", {"who": name}) for name in ("a", "b", "c")]
    with ScriptedModel(Step(calls=calls), Step("a b c", says="All met.")) as model:
        reply = await Agent(model=model, memory=None, tools=[meet]).ask("meet")
    assert [call.result for call in reply.tool_calls] == ["a", "b", "c"]


async def test_arguments_that_do_not_fit_go_back_to_the_model() -> None:
    with ScriptedModel(
        Step(calls={"set_timer": {"minutes": "soon"}}),
        Step("minutes: 'soon' is not of type 'number'", calls={"set_timer": {"minutes": 3}}),
        Step("3 minutes", says="Three minutes."),
    ) as model:
        reply = await Agent(model=model, memory=None, tools=[set_timer]).ask("a timer")
    assert [call.arguments for call in reply.tool_calls] == [{"minutes": 3}]


async def test_an_unknown_tool_is_the_models_mistake_not_the_users() -> None:
    with ScriptedModel(
        Step(calls={"fly": {}}), Step("there is no tool 'fly'", says="I cannot fly.")
    ) as model:
        assert (await Agent(model=model, memory=None, tools=[set_timer]).ask("fly")).text == "I cannot fly."


async def test_the_same_call_does_not_run_twice_in_a_turn() -> None:
    runs: list[float] = []

    @tool
    async def count(number: float) -> str:
        """Count.

        Args:
            number: What.
        """
        runs.append(number)
        return "counted"

    with ScriptedModel(
        Step(calls={"count": {"number": 1}}),
        Step(calls={"count": {"number": 1}}),
        Step("Already done", says="Done."),
    ) as model:
        await Agent(model=model, memory=None, tools=[count]).ask("count")
    assert runs == [1]


async def test_after_max_steps_the_model_must_speak() -> None:
    steps = [Step(calls={"set_timer": {"minutes": n + 1}}) for n in range(2)]
    with ScriptedModel(*steps, Step(lambda request: request.tools == (), says="That is enough.")) as model:
        reply = await Agent(model=model, memory=None, tools=[set_timer], max_steps=3).ask("timers")
    assert reply.text == "That is enough."


async def test_a_model_that_goes_on_calling_without_tools_is_not_asked_for_ever() -> None:
    model = ScriptedModel(otherwise=lambda request: Step(calls={"set_timer": {"minutes": 1}}))
    reply = await Agent(model=model, memory=None, tools=[set_timer], max_steps=3).ask("timers")
    assert reply.status == "done"
    assert len(model.requests) == 3


def misbehaving(kind: str) -> Tool:
    async def misbehave() -> object:
        """Do something."""
        if kind == "raises":
            raise RuntimeError("the oven is off")
        if kind == "hangs":
            await asyncio.Event().wait()
        if kind == "huge":
            return "x" * 5_000_000
        if kind == "bytes":
            return b"\xff\xfe"
        return object()

    return tool(name="misbehave", timeout=0.05)(misbehave)


@pytest.mark.parametrize(
    ("kind", "status", "holds"),
    [
        ("raises", "failed", "the oven is off"),
        ("hangs", "unknown", "did not finish within 0.05 seconds"),
        ("huge", "done", "read_on gives the others"),
        ("bytes", "done", ""),
        ("object", "done", "object"),
    ],
)
async def test_whatever_a_tool_does_the_turn_goes_on(kind: str, status: str, holds: str) -> None:
    with ScriptedModel(Step(calls={"misbehave": {}}), Step(holds, says="I see.")) as model:
        reply = await Agent(model=model, memory=None, tools=[misbehaving(kind)]).ask("go")
    assert reply.text == "I see."
    assert reply.tool_calls[0].status == status
    assert len(reply.tool_calls[0].result) < 5000


async def test_a_tool_knows_its_turn_and_reports() -> None:
    seen: list[ToolContext] = []

    @tool
    async def work(context: ToolContext) -> str:
        """Work."""
        seen.append(context)
        context.report("half way")
        return "ok"

    with ScriptedModel(Step(calls={"work": {}}), Step("ok", says="Done.")) as model:
        agent = Agent(model=model, memory=None, tools=[work])
        events = await collected(agent.stream("work", user="ada", session="s1", speak=False))
    assert "context" not in work.spec.parameters["properties"]
    assert (seen[0].user, seen[0].session) == ("ada", "s1")
    assert [e.message for e in events if isinstance(e, ToolProgress)] == ["half way"]


async def test_speech_covers_the_words_in_order() -> None:
    voice = ToneVoice()
    text = "Your pasta is ready, take it off the stove. Then let it rest for a minute, and enjoy it."
    model = ScriptedModel(Step(says=text), senses=Senses(voice=voice))
    events = await collected(Agent(model=model, memory=None).stream("ready?"))
    chunks = [e for e in events if isinstance(e, SpeechChunk)]
    assert len(chunks) > 1
    assert kinds(events).index("speech.chunk") < len(events) - 1 - kinds(events)[::-1].index("text.delta")
    spans = [chunk.span for chunk in chunks]
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert "".join(text[a:b] for a, b in spans).replace(" ", "") == text.replace(" ", "")
    ended = events[-1]
    assert isinstance(ended, TurnEnded)
    assert ended.timings.first_speech is not None


async def test_a_language_without_a_voice_is_text_only_with_a_note() -> None:
    ears = ScriptedEars(Hearing("mitä kello on", "fi", 0.9, 0.9))
    model = ScriptedModel(Step(says="Kello on kaksi."), senses=Senses(ears=ears, voice=ToneVoice()))
    events = await collected(Agent(model=model, memory=None).stream(audio=Pcm.silence(0.5, 16000)))
    [note] = [e for e in events if isinstance(e, ErrorRaised)]
    assert (note.severity, note.code) == ("note", "voice_missing")
    assert not any(isinstance(e, SpeechChunk) for e in events)
    assert isinstance(events[-1], TurnEnded)


async def test_a_voice_that_fails_costs_the_speech_not_the_answer() -> None:
    class Hoarse(ToneVoice):
        async def speak(self, text: str, **manner: Any) -> Pcm:
            raise ModelUnavailable("the voice is gone", remedy="omni-agent models pull voice-english")

    model = ScriptedModel(Step(says="Hello there. How are you?"), senses=Senses(voice=Hoarse()))
    events = await collected(Agent(model=model, memory=None).stream("hi"))
    assert [e.message for e in events if isinstance(e, ErrorRaised)] == ["the voice is gone"]
    assert isinstance(events[-1], TurnEnded)
    assert (events[-1].status, events[-1].text) == ("done", "Hello there. How are you?")


async def test_speech_is_heard_and_its_language_asked_for() -> None:
    ears = ScriptedEars(Hearing("wie spät ist es", "de", 0.99, 0.9))
    voice = ToneVoice(["de", "en"])
    with ScriptedModel(
        Step(lambda request: request.language == "de", says="Es ist zwei Uhr."),
        senses=Senses(ears=ears, voice=voice),
    ) as model:
        reply = await Agent(model=model, memory=None).ask(audio=Pcm.silence(0.5, 16000))
    assert (reply.transcript, reply.language) == ("wie spät ist es", "de")
    assert {language for _, language in voice.spoken} == {"de"}


async def test_nothing_said_is_one_clear_error() -> None:
    model = ScriptedModel(senses=Senses(ears=ScriptedEars(Hearing(""))))
    with pytest.raises(InputError, match="no speech was heard"):
        await Agent(model=model, memory=None).ask(audio=Pcm.silence(0.5, 16000))
    with pytest.raises(InputError, match="nothing to answer"):
        await Agent(model=model, memory=None).ask("   ")


async def test_a_model_without_senses_says_what_is_missing() -> None:
    with pytest.raises(ModelUnavailable, match="cannot hear"):
        await Agent(model=ScriptedModel(), memory=None).ask(audio=Pcm.silence(0.2, 8000))


async def test_pictures_are_read_for_a_model_without_eyes() -> None:
    with ScriptedModel(
        Step(says="Fourteen fifty."), senses=Senses(eyes=ScriptedEyes("TOTAL 14.50"))
    ) as model:
        await Agent(model=model, memory=None).ask("how much?", images=[png()])
    [image] = [part for part in model.requests[0].messages[0].parts if part.type == "image"]
    assert image.reading is not None
    assert image.reading.text == "TOTAL 14.50"
    assert image.ref.startswith("media://")


async def test_history_goes_on_and_sessions_stay_apart() -> None:
    memory = TransientMemory()
    model = ScriptedModel(Step(says="Hello Ada."), Step(says="Ada."), Step(says="I do not know."))
    agent = Agent(model=model, memory=memory)
    await agent.ask("I am Ada")
    await agent.ask("who am I?")
    await agent.ask("who am I?", session="other")
    assert [m.text for m in model.requests[1].messages] == ["I am Ada", "Hello Ada.", "who am I?"]
    assert [m.text for m in model.requests[2].messages] == ["who am I?"]
    assert model.requests[0].system == model.requests[1].system


async def test_leaving_the_stream_keeps_what_was_heard() -> None:
    memory = TransientMemory()
    never = asyncio.Event()
    model = ScriptedModel(Step(says="One two three", holds=never), Step("and then", says="Four."))
    agent = Agent(name="Count", model=model, memory=memory)
    async with aclosing(agent.stream("count", speak=False)) as events:
        async for event in events:
            if isinstance(event, TextDelta) and event.text == " two":
                break
    [record] = await memory.history(Scope("local", "Count"), "default")
    assert (record.status, record.heard_text) == ("interrupted", "One two")
    await agent.ask("and then", speak=False)
    assert [m.text for m in model.requests[1].messages][1] == "One two —"


async def test_interrupt_ends_the_stream_with_its_event() -> None:
    model = ScriptedModel(Step(says="One two three", holds=asyncio.Event()))
    agent = Agent(model=model, memory=TransientMemory())
    seen: list[AgentEvent] = []
    async with aclosing(agent.stream("count", speak=False)) as events:
        async for event in events:
            seen.append(event)
            if isinstance(event, TextDelta) and event.text == " three":
                assert agent.interrupt()
    assert isinstance(seen[-2], Interrupted)
    assert seen[-2].heard_text == "One two three"
    assert isinstance(seen[-1], TurnEnded)
    assert seen[-1].status == "interrupted"
    assert not agent.interrupt()


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 8, 13, 21])
async def test_a_turn_ends_well_however_early_it_is_cut(steps: int) -> None:
    agent = Agent(model=ScriptedModel(Step(says="One two three")), memory=TransientMemory())
    turn = asyncio.create_task(collected(agent.stream("count", speak=False)))
    for _ in range(steps):
        await asyncio.sleep(0)
    loop = asyncio.get_running_loop()

    def cut() -> None:
        if not (turn.done() or agent.interrupt()):
            loop.call_soon(cut)

    cut()
    async with asyncio.timeout(20):
        seen = await turn
    ends = [type(event) for event in seen if isinstance(event, TurnStarted | TurnEnded)]
    assert ends == [TurnStarted, TurnEnded]


@pytest.mark.parametrize(("effect", "status"), [("read", "cancelled"), ("write", "running")])
async def test_a_call_that_was_cut_off_has_a_result_in_history(effect: Effect, status: str) -> None:
    memory = TransientMemory()
    started = asyncio.Event()

    @tool(effect=effect)
    async def wait() -> str:
        """Wait."""
        started.set()
        await asyncio.Event().wait()
        return "never"

    model = ScriptedModel(Step(calls={"wait": {}}), Step("hello", says="Hi."))
    agent = Agent(name="W", model=model, memory=memory, tools=[wait])

    async def cut() -> None:
        await started.wait()
        agent.interrupt()

    async with asyncio.TaskGroup() as group:
        group.create_task(cut())
        group.create_task(collected(agent.stream("wait", speak=False)))
    [record] = await memory.history(Scope("local", "W"), "default")
    results = [part for m in record.messages for part in m.parts if isinstance(part, ToolResult)]
    assert [(r.status, r.name) for r in results] == [(status, "wait")]
    await agent.ask("hello")


async def test_a_model_that_fails_ends_the_turn_and_says_why() -> None:
    memory = TransientMemory()
    model = ScriptedModel(
        Step(says="Well", raises=ModelError("the model stopped", remedy="try again")), Step(says="ok")
    )
    agent = Agent(name="F", model=model, memory=memory)
    events = await collected(agent.stream("go", speak=False))
    assert isinstance(events[-2], ErrorRaised)
    assert (events[-2].code, events[-2].remedy) == ("model_error", "try again")
    assert isinstance(events[-1], TurnEnded)
    assert events[-1].status == "failed"
    assert (await agent.ask("again")).text == "ok"
    with pytest.raises(AssertionError, match="script is over"):
        await agent.ask("more")


async def test_turns_of_one_session_wait_for_each_other() -> None:
    model = ScriptedModel(Step("one", says="1"), Step("two", says="2"), Step("three", says="3"))
    memory = TransientMemory()
    agent = Agent(name="Q", model=model, memory=memory)
    await asyncio.gather(*(agent.ask(word, speak=False) for word in ("one", "two", "three")))
    records = await memory.history(Scope("local", "Q"), "default")
    assert [record.text for record in records] == ["1", "2", "3"]
    assert len(model.requests[2].messages) == 5


async def test_an_irreversible_call_waits_for_a_yes_even_over_a_restart() -> None:
    memory = TransientMemory()
    first = Agent(
        name="N",
        model=ScriptedModel(Step(calls={"delete_note": {"title": "garage"}})),
        memory=memory,
        tools=[delete_note],
    )
    reply = await first.ask("delete the garage note", speak=False)
    assert reply.status == "waiting"
    assert deleted == []
    [asked] = reply.approvals
    assert "garage" in asked.question

    model = ScriptedModel(Step("Deleted garage.", says="It is gone."))
    second = Agent(name="N", model=model, memory=memory, tools=[delete_note])
    events = await collected(second.decide({asked.id: True}, speak=False))
    assert deleted == ["garage"]
    assert isinstance(events[-1], TurnEnded)
    assert events[-1].text == "It is gone."
    [record] = await memory.history(Scope("local", "N"), "default")
    assert [m.role for m in record.messages] == ["user", "assistant", "tool", "assistant"]
    with pytest.raises(InputError, match="nothing waits"):
        await collected(second.decide({asked.id: True}))


async def test_a_no_and_a_change_of_subject_leave_things_as_they_are() -> None:
    memory = TransientMemory()
    model = ScriptedModel(
        Step(calls={"delete_note": {"title": "a"}}),
        Step("said no", says="I kept it."),
        Step(calls={"delete_note": {"title": "b"}}),
        Step("weather", says="Sunny."),
    )
    agent = Agent(name="N", model=model, memory=memory, tools=[delete_note])
    [asked] = (await agent.ask("delete a", speak=False)).approvals
    events = await collected(agent.decide({asked.id: False}, speak=False))
    assert [e.status for e in events if isinstance(e, ToolFinished)] == []
    await agent.ask("delete b", speak=False)
    await agent.ask("weather", speak=False)
    assert deleted == []
    records = await memory.history(Scope("local", "N"), "default")
    statuses = [p.status for r in records for m in r.messages for p in m.parts if isinstance(p, ToolResult)]
    assert statuses == ["denied", "denied"]
    model.finish()


async def test_persona_ends_a_long_answer_at_its_sentence() -> None:
    long = "One two three four five six. Seven eight nine ten. Eleven."
    model = ScriptedModel(Step(says=long))
    agent = Agent(model=model, memory=None, persona=Persona(max_words=8, style="dryly"))
    reply = await agent.ask("count")
    assert reply.text == "One two three four five six."
    assert "dryly" in model.requests[0].system


async def test_the_graph_can_be_nested_in_another_one() -> None:
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.graph import END, START, StateGraph

    from omni_agent.state import TurnState

    memory = TransientMemory()
    agent = Agent(name="Inner", model=ScriptedModel(Step(says="From inside.")), memory=memory)
    outer: Any = StateGraph(TurnState)
    outer.add_node("agent", agent.graph)
    outer.add_edge(START, "agent")
    outer.add_edge("agent", END)
    graph = outer.compile(checkpointer=InMemorySaver())
    asked = {"observations": [{"kind": "text", "content": "hello"}]}
    result = await graph.ainvoke(asked, {"configurable": {"thread_id": "t1"}})
    assert result["reply"] == "From inside."
    assert len(await memory.history(Scope("local", "Inner"), "t1")) == 1


async def test_memory_that_fails_costs_memory_not_the_answer() -> None:
    from omni_agent.errors import MemoryStoreError

    class Broken(TransientMemory):
        async def history(self, scope: Scope, session: str, *, limit: int = 40) -> Any:
            raise MemoryStoreError("the disk is gone", remedy="plug it in")

        async def commit(self, scope: Scope, turn: Any) -> None:
            raise MemoryStoreError("the disk is gone", remedy="plug it in")

    broken: MemoryStore = Broken()
    events = await collected(
        Agent(model=ScriptedModel(Step(says="Hi.")), memory=broken).stream("hello", speak=False)
    )
    assert [e.severity for e in events if isinstance(e, ErrorRaised)] == ["note", "note"]
    assert isinstance(events[-1], TurnEnded)
    assert events[-1].status == "done"


async def test_time_comes_from_the_clock() -> None:
    clock = VirtualClock()

    @tool
    async def sleep() -> str:
        """Let time pass."""
        clock.advance(3)
        return "slept"

    model = ScriptedModel(Step(calls={"sleep": {}}), Step("slept", says="Done."))
    reply = await Agent(model=model, memory=None, tools=[sleep], clock=clock).ask("sleep", speak=False)
    assert reply.timings.tools == 3
    assert reply.timings.total == 3


async def test_two_agents_share_one_database_file(home: Path) -> None:
    for says in ("first", "second"):
        async with Agent(name="Disk", model=ScriptedModel(Step(says=says))) as agent:
            await agent.ask("hello", speak=False)
    model = ScriptedModel(Step(says="third"))
    async with Agent(name="Disk", model=model) as agent:
        await agent.ask("hello", speak=False)
    assert [m.text for m in model.requests[0].messages] == ["hello", "first", "hello", "second", "hello"]
    assert (home / "memory.db").is_file()


async def test_a_model_with_a_voice_of_its_own_is_passed_through() -> None:
    from omni_agent.models.base import Done, SpeechDelta
    from omni_agent.models.base import TextDelta as Words

    class Speaking(ScriptedModel):
        async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
            yield Words("Hello.")
            yield SpeechDelta(b"\x01\x00" * 800, 8000)
            yield Done("stop")

    model = Speaking(capabilities=Capabilities(speech=True))
    reply = await Agent(model=model, memory=None).ask("hi")
    assert reply.speech is not None
    assert reply.speech.seconds == pytest.approx(0.1)


def test_messages_survive_json() -> None:
    message = Message("assistant", (Text("a"), ToolResult("1", "x", "done", "b")))
    assert Message.from_json(message.to_json()) == message


def test_every_event_is_in_the_union_and_in_the_documentation() -> None:
    from typing import get_args

    types = {event.type for event in get_args(AgentEvent)}
    assert {Transcript.type, ToolStarted.type, ApprovalRequested.type} <= types
    documented = (Path(__file__).parents[1] / "docs" / "events.md").read_text()
    assert [kind for kind in types if f"| `{kind}` |" not in documented] == []
