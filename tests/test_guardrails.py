"""Guardrails: what is stopped never reaches anybody, and what passes is unchanged."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from omni_agent import Agent, Persona, tool
from omni_agent.errors import ModelUnavailable
from omni_agent.events import (
    AgentEvent,
    ErrorRaised,
    SpeechChunk,
    TextDelta,
    ToolStarted,
    TurnEnded,
)
from omni_agent.guardrails import WITHHELD, Ask, GuardContext, Rewrite, Stop, Verdict
from omni_agent.memory import InView, Recollection, Scope, TransientMemory, TurnRecord
from omni_agent.messages import Audio, Hearing
from omni_agent.models.base import Capabilities, Done, ModelEvent, Request, SpeechDelta
from omni_agent.models.base import TextDelta as Words
from omni_agent.persona import plainly
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedEars, ScriptedModel, Step, ToneVoice

pytestmark = pytest.mark.anyio

ran: list[str] = []


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()


@tool
def light(room: str) -> str:
    """Turn on a light.

    Args:
        room: Where.
    """
    ran.append(room)
    return f"It is light in the {room}."


def secretive(text: str, context: GuardContext) -> Verdict | None:
    return Stop("I may not say that.") if "secret" in text else None


def redacting(text: str, context: GuardContext) -> Verdict | None:
    made = re.sub(r"\d{4,}", "[number]", text)
    return Rewrite(made) if made != text else None


def asking(text: str, context: GuardContext) -> Verdict | None:
    return Ask("Shall I go on about money?") if "money" in text else None


def broken(text: str, context: GuardContext) -> Verdict | None:
    raise ValueError(f"cannot read {text}")


async def collected(stream: Any) -> list[AgentEvent]:
    async with aclosing(stream) as events:
        return [event async for event in events]


def shown(events: Iterable[AgentEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def ended(events: Sequence[AgentEvent]) -> TurnEnded:
    last = events[-1]
    assert isinstance(last, TurnEnded)
    return last


async def kept(memory: TransientMemory, name: str = "Omni") -> list[TurnRecord]:
    return list(await memory.history(Scope("local", name), "default"))


def said(record: TurnRecord) -> list[str]:
    return [message.text for message in record.messages]


class Remembering(TransientMemory):
    """Memory that notes what it was asked to recall."""

    def __init__(self) -> None:
        super().__init__()
        self.queries: list[str] = []

    async def recall(
        self, scope: Scope, query: str, *, limit: int = 8, seen: InView | None = None
    ) -> list[Recollection]:
        self.queries.append(query)
        return []


# The user's words


async def test_what_passes_goes_on_as_it_was() -> None:
    seen: list[tuple[str, GuardContext]] = []

    async def look(text: str, context: GuardContext) -> None:
        seen.append((text, context))

    with ScriptedModel(Step("hello", says="Good morning.")) as model:
        agent = Agent(model=model, memory=None, input_guardrails=[look, redacting])
        reply = await agent.ask("hello", user="ada", session="s")
    assert reply.text == "Good morning."
    [(text, context)] = seen
    assert (text, context.user, context.session, context.so_far) == ("hello", "ada", "s", "")
    assert context.turn


async def test_a_stop_is_the_whole_turn() -> None:
    memory, voice = Remembering(), ToneVoice()
    model = ScriptedModel(Step("and then", says="Hm."), senses=Senses(voice=voice))
    agent = Agent(model=model, memory=memory, input_guardrails=[secretive])
    reply = await agent.ask("tell me the secret plan")
    assert (reply.text, reply.status) == ("I may not say that.", "done")
    assert reply.speech is not None
    assert (model.requests, memory.queries) == ([], [])
    [record] = await kept(memory)
    assert said(record) == [WITHHELD, "I may not say that."]
    assert (record.text, record.heard_text) == ("I may not say that.", "I may not say that.")
    await agent.ask("and then?", speak=False)
    assert "secret" not in str(model.requests)


async def test_a_rewrite_is_all_that_anybody_sees() -> None:
    memory = Remembering()
    with ScriptedModel(Step("my card is [number]", says="Thank you.")) as model:
        agent = Agent(model=model, memory=memory, input_guardrails=[redacting])
        await agent.ask("my card is 4111222233334444", speak=False)
    assert memory.queries == ["my card is [number]"]
    [record] = await kept(memory)
    assert said(record) == ["my card is [number]", "Thank you."]
    assert "4111" not in str(model.requests) + str(record)


async def test_a_rewrite_of_what_was_heard_leaves_no_recording() -> None:
    memory = Remembering()
    hearing = Hearing("my code is 987654", "en", 0.9, 0.8, ("my coat is 987654",))
    model = ScriptedModel(
        Step("my code is [number]", says="Noted."), senses=Senses(ears=ScriptedEars(hearing))
    )
    agent = Agent(model=model, memory=memory, input_guardrails=[redacting])
    spoken = Pcm.silence(0.5, 8000)
    reply = await agent.ask(audio=spoken, speak=False)
    assert reply.transcript == "my code is 987654"
    [record] = await kept(memory)
    [part] = record.messages[0].parts
    assert isinstance(part, Audio)
    assert part.hearing == Hearing("my code is [number]", "en", 0.9, 0.8)
    assert agent.parts.media.get(part.ref) != spoken.to_wav()
    assert "987654" not in str(model.requests) + str(record)


async def test_what_only_the_model_hears_is_judged_too() -> None:
    capabilities = Capabilities(inputs=frozenset({"text", "audio"}))
    ears = ScriptedEars(Hearing("my code is 987654"), Hearing("hello"))
    model = ScriptedModel(
        Step("my code is [number]", says="Noted."),
        Step(says="Hi."),
        capabilities=capabilities,
        senses=Senses(ears=ears),
    )
    agent = Agent(model=model, memory=None, input_guardrails=[redacting])
    await agent.ask(audio=Pcm.silence(0.5, 8000), speak=False)
    assert model.requests[0].messages[-1].media == ()
    await agent.ask(audio=Pcm.silence(0.5, 8000), speak=False)
    assert len(model.requests[1].messages[-1].media) == 1

    deaf = Agent(model=ScriptedModel(capabilities=capabilities), memory=None, input_guardrails=[redacting])
    with pytest.raises(ModelUnavailable, match="nobody transcribes"):
        await deaf.ask(audio=Pcm.silence(0.5, 8000), speak=False)


class Callable:
    async def __call__(self, text: str, context: GuardContext) -> Verdict | None:
        return redacting(text, context)


async def awaited(text: str, context: GuardContext) -> Verdict | None:
    return redacting(text, context)


def blocking(text: str, context: GuardContext) -> Verdict | None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()
    return redacting(text, context)


@pytest.mark.parametrize(
    "guard", [Callable(), awaited, blocking, partial(awaited), lambda text, context: awaited(text, context)]
)
async def test_any_function_can_be_a_guardrail(guard: Any) -> None:
    with ScriptedModel(Step("my card is [number]", says="Thank you.")) as model:
        agent = Agent(model=model, memory=None, input_guardrails=[guard])
        assert (await agent.ask("my card is 4111222233334444", speak=False)).text == "Thank you."


def holding(what: bytes, folder: Path) -> list[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path.name for path in files if what in path.read_bytes()]


@tool(effect="irreversible")
def destroy() -> str:
    """Destroy it."""
    return "gone"


async def test_rewritten_words_are_on_no_disk_while_a_call_waits(home: Path) -> None:
    model = ScriptedModel(Step("my card is [number]", calls={"destroy": {}}))
    async with Agent(model=model, tools=[destroy], input_guardrails=[redacting]) as agent:
        assert (await agent.ask("my card is 4111222233334444", speak=False)).status == "waiting"
    assert holding(b"[number]", home)
    assert holding(b"4111222233334444", home) == []


async def test_words_that_are_rewritten_to_nothing_end_the_turn() -> None:
    model = ScriptedModel()
    agent = Agent(model=model, memory=None, input_guardrails=[lambda text, context: Rewrite(" ")])
    assert (await agent.ask("anything at all, please", speak=False)).text == "All right, I'll leave it."


def wrong(text: str, context: GuardContext) -> Any:
    return True


@pytest.mark.parametrize("guard", [broken, wrong])
async def test_a_guardrail_that_fails_stops_the_turn(guard: Any, caplog: pytest.LogCaptureFixture) -> None:
    model = ScriptedModel()
    agent = Agent(model=model, memory=None, input_guardrails=[guard])
    events = await collected(agent.stream("what is the weather like?", speak=False))
    assert shown(events) == "Something went wrong, so I can't say more about that."
    [note] = [event for event in events if isinstance(event, ErrorRaised)]
    assert (note.code, note.severity) == ("guardrail_failed", "note")
    assert "weather" not in note.message
    assert guard.__name__ in caplog.text
    assert model.requests == []


async def test_who_is_spoken_to_in_german_is_refused_in_german() -> None:
    ears = ScriptedEars(Hearing("wie spät ist es", "de", 0.99, 0.9))
    voice = ToneVoice(["de"])
    agent = Agent(
        model=ScriptedModel(senses=Senses(ears=ears, voice=voice)), memory=None, input_guardrails=[broken]
    )
    reply = await agent.ask(audio=Pcm.silence(0.5, 8000))
    assert reply.text.startswith("Da ist etwas")
    assert voice.spoken[0][1] == "de"


async def test_an_interruption_while_words_are_judged_keeps_them_out_of_memory() -> None:
    memory, judging = TransientMemory(), asyncio.Event()

    async def slow(text: str, context: GuardContext) -> None:
        judging.set()
        await asyncio.Event().wait()

    agent = Agent(model=ScriptedModel(), memory=memory, input_guardrails=[slow])
    task = asyncio.create_task(collected(agent.stream("my secret", speak=False)))
    await judging.wait()
    agent.interrupt()
    assert ended(await task).status == "interrupted"
    assert "secret" not in str(await kept(memory))


# Asking about the user's words


async def test_only_a_yes_lets_words_through_even_over_a_restart() -> None:
    memory = TransientMemory()
    first = Agent(model=ScriptedModel(), memory=memory, input_guardrails=[asking, redacting])
    reply = await first.ask("send money to 12345", speak=False)
    assert (reply.status, reply.text) == ("waiting", "Shall I go on about money?")
    [asked] = reply.approvals
    assert (asked.id, asked.name, asked.arguments) == ("guardrail", "asking", {})
    assert (asked.reason, bool(asked.digest)) == ("guardrail", True)

    with ScriptedModel(Step("send money to [number]", says="It is on its way.")) as model:
        second = Agent(model=model, memory=memory, input_guardrails=[asking, redacting])
        reply = await second.approve(asked, speak=False)
    assert (reply.text, reply.status) == ("It is on its way.", "done")
    [record] = await kept(memory)
    assert said(record) == ["send money to [number]", "It is on its way."]


@pytest.mark.parametrize("no", ["no", ""])
async def test_a_no_ends_the_turn_without_the_words(no: str) -> None:
    memory, model = TransientMemory(), ScriptedModel()
    agent = Agent(model=model, memory=memory, input_guardrails=[asking])
    await agent.ask("all about money", speak=False)
    reply = await (agent.ask(no, speak=False) if no else agent.deny(speak=False))
    assert (reply.text, reply.status) == ("All right, I'll leave it.", "done")
    [record] = await kept(memory)
    assert said(record) == [WITHHELD, "All right, I'll leave it."]
    assert model.requests == []


async def test_other_words_are_a_no_and_a_turn_of_their_own() -> None:
    memory = TransientMemory()
    model = ScriptedModel(Step("the weather", says="Sunny."))
    agent = Agent(model=model, memory=memory, input_guardrails=[asking])
    await agent.ask("all about money", speak=False)
    assert (await agent.ask("how is the weather?", speak=False)).text == "Sunny."
    first, second = await kept(memory)
    assert said(first) == [WITHHELD, "Shall I go on about money?"]
    assert said(second) == ["how is the weather?", "Sunny."]
    assert "all about" not in str(model.requests)


async def test_the_question_is_spoken_and_a_spoken_yes_answers_it() -> None:
    voice = ToneVoice()
    ears = ScriptedEars(Hearing("all about money", "en", 0.9, 0.9), Hearing("yes please", "en", 0.9, 0.9))
    with ScriptedModel(
        Step("all about money", says="Coins."), senses=Senses(ears=ears, voice=voice)
    ) as model:
        agent = Agent(model=model, memory=None, input_guardrails=[asking])
        await agent.ask(audio=Pcm.silence(0.5, 8000))
        assert " ".join(text for text, _ in voice.spoken) == "Shall I go on about money?"
        reply = await agent.ask(audio=Pcm.silence(0.5, 8000))
    assert reply.text == "Coins."


# The answer


async def test_a_stopped_clause_is_never_shown_spoken_or_kept() -> None:
    memory, voice = TransientMemory(), ToneVoice()
    model = ScriptedModel(
        Step(says="Here is the plan. The secret is out. And more.", calls={"light": {"room": "hall"}}),
        senses=Senses(voice=voice),
    )
    agent = Agent(model=model, memory=memory, tools=[light], output_guardrails=[secretive])
    events = await collected(agent.stream("go"))
    text = "Here is the plan. I may not say that."
    assert (shown(events), ended(events).heard_text, ended(events).status) == (text, text, "done")
    assert [words for words, _ in voice.spoken] == ["Here is the plan.", "I may not say that."]
    spans = [event.span for event in events if isinstance(event, SpeechChunk)]
    assert [text[start:end] for start, end in spans] == ["Here is the plan.", "I may not say that."]
    [record] = await kept(memory)
    assert said(record) == ["go", text]
    assert ran == []
    assert not [event for event in events if isinstance(event, ToolStarted)]


async def test_a_rewritten_clause_is_all_that_is_kept() -> None:
    memory, voice = TransientMemory(), ToneVoice()
    says = "Call this number: 5551234. It is theirs, I think."
    model = ScriptedModel(Step(says=says), senses=Senses(voice=voice))
    reply = await Agent(model=model, memory=memory, output_guardrails=[redacting]).ask("whom?")
    assert reply.text == "Call this number: [number]. It is theirs, I think."
    assert "5551234" not in str(voice.spoken) + str(await kept(memory))


async def test_each_guardrail_sees_what_the_one_before_let_pass_and_what_was_said() -> None:
    seen: list[tuple[str, str]] = []

    def look(text: str, context: GuardContext) -> None:
        seen.append((text, context.so_far))

    with ScriptedModel(
        Step(says="I look for 1234567.", calls={"light": {"room": "hall"}}),
        Step(says="There is light now. All is well."),
    ) as model:
        agent = Agent(model=model, memory=None, tools=[light], output_guardrails=[redacting, look])
        reply = await agent.ask("light", speak=False)
    assert reply.text == "I look for [number]. There is light now. All is well."
    assert seen == [
        ("I look for [number].", ""),
        ("There is light now.", "I look for [number]."),
        ("All is well.", "I look for [number]. There is light now."),
    ]
    assert ran == ["hall"]


async def test_a_clause_that_is_left_out_leaves_no_gap() -> None:
    def drop(text: str, context: GuardContext) -> Verdict | None:
        return Rewrite("") if "boring" in text else None

    model = ScriptedModel(
        Step(says="This is boring stuff. But this is good. More boring stuff. The end is near.")
    )
    reply = await Agent(model=model, memory=None, output_guardrails=[drop]).ask("go", speak=False)
    assert reply.text == "But this is good. The end is near."


async def test_an_output_guardrail_that_fails_stops_the_reply() -> None:
    model = ScriptedModel(Step(says="Anything at all, really."))
    agent = Agent(model=model, memory=None, output_guardrails=[broken])
    events = await collected(agent.stream("what is the weather like?", speak=False))
    assert shown(events) == "Something went wrong, so I can't say more about that."


async def test_the_word_limit_holds_with_guardrails() -> None:
    model = ScriptedModel(Step(says="One two three four five six. Seven eight nine ten. Eleven."))
    agent = Agent(model=model, memory=None, persona=Persona(max_words=8), output_guardrails=[secretive])
    assert (await agent.ask("count")).text == "One two three four five six."


# Asking about the answer

MONEY = "Here is what I know. It is about money, 12345 euros. The rest is a secret. Really."


async def test_an_answer_waits_for_a_yes_and_goes_on_guarded_even_over_a_restart() -> None:
    memory = TransientMemory()
    guards = [asking, redacting, secretive]
    first = Agent(
        model=ScriptedModel(Step(says=MONEY, calls={"light": {"room": "hall"}})),
        memory=memory,
        tools=[light],
        output_guardrails=guards,
    )
    reply = await first.ask("go", speak=False)
    assert reply.text == "Here is what I know. Shall I go on about money?"
    assert reply.status == "waiting"
    voice = ToneVoice()
    second = Agent(
        model=ScriptedModel(senses=Senses(voice=voice)),
        memory=memory,
        tools=[light],
        output_guardrails=guards,
    )
    reply = await second.approve(*reply.approvals)
    assert reply.text == "It is about money, [number] euros. I may not say that."
    assert " ".join(text for text, _ in voice.spoken) == reply.text.replace("[number]", "number")
    [record] = await kept(memory)
    whole = "Here is what I know. It is about money, [number] euros. I may not say that."
    assert said(record) == ["go", whole]
    assert record.text == whole
    assert ran == []


async def test_after_a_yes_the_calls_of_the_answer_run() -> None:
    memory = TransientMemory()
    with ScriptedModel(
        Step(says="I talk about money now. Then more.", calls={"light": {"room": "hall"}}),
        Step("It is light", says="Done with it."),
    ) as model:
        agent = Agent(model=model, memory=memory, tools=[light], output_guardrails=[asking])
        waiting = await agent.ask("go", speak=False)
        assert waiting.text == "Shall I go on about money?"
        reply = await agent.ask("yes", speak=False)
    assert reply.text == "I talk about money now. Then more. Done with it."
    assert ran == ["hall"]
    [record] = await kept(memory)
    assert record.text == reply.text
    assert [message.role for message in record.messages] == ["user", "assistant", "tool", "assistant"]


async def test_a_second_question_may_follow_the_first() -> None:
    says = "This is about money. And this too is about money. So it is."
    model = ScriptedModel(Step(says=says))
    agent = Agent(model=model, memory=None, output_guardrails=[asking])
    await agent.ask("go", speak=False)
    reply = await agent.ask("yes", speak=False)
    assert (reply.text, reply.status) == ("This is about money. Shall I go on about money?", "waiting")
    reply = await agent.ask("yes", speak=False)
    assert (reply.text.strip(), reply.status) == ("And this too is about money. So it is.", "done")


async def test_a_no_drops_the_rest_of_the_answer_and_its_calls() -> None:
    memory = TransientMemory()
    model = ScriptedModel(Step(says=MONEY, calls={"light": {"room": "hall"}}), Step("next", says="Yes?"))
    agent = Agent(model=model, memory=memory, tools=[light], output_guardrails=[asking])
    await agent.ask("go", speak=False)
    reply = await agent.ask("no", speak=False)
    assert (reply.text, reply.status) == ("All right, I'll leave it.", "done")
    [record] = await kept(memory)
    assert said(record) == ["go", "Here is what I know. All right, I'll leave it."]
    await agent.ask("next", speak=False)
    assert "euros" not in str(model.requests)
    assert ran == []


async def test_other_words_drop_the_answer_too() -> None:
    memory = TransientMemory()
    model = ScriptedModel(Step(says=MONEY, calls={"light": {"room": "hall"}}), Step("next", says="Yes?"))
    agent = Agent(model=model, memory=memory, tools=[light], output_guardrails=[asking])
    await agent.ask("go", speak=False)
    assert (await agent.ask("next thing, please", speak=False)).text == "Yes?"
    first, _ = await kept(memory)
    assert said(first) == ["go", "Here is what I know.", "Shall I go on about money?"]
    assert "euros" not in str(await kept(memory))


# A model with a voice of its own


class Speaking(ScriptedModel):
    """Says clauses, each with two chunks of sound; the amplitude tells which."""

    def __init__(self, *clauses: str, late: bool = False, voice: ToneVoice | None = None) -> None:
        super().__init__(capabilities=Capabilities(speech=True), senses=Senses(voice=voice))
        self._clauses = clauses
        self._late = late

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        sounds: list[ModelEvent] = []
        for place, clause in enumerate(self._clauses, 1):
            yield Words(clause)
            some: list[ModelEvent] = [SpeechDelta(bytes([place, 0]) * 80, 8000)] * 2
            if self._late:
                sounds += some
            else:
                for sound in some:
                    yield sound
        for sound in sounds:
            yield sound
        yield Done("stop")


def own_sounds(events: Iterable[AgentEvent]) -> list[int]:
    return [e.pcm[0] for e in events if isinstance(e, SpeechChunk) and len(e.pcm) == 160]


@pytest.mark.parametrize("late", [False, True])
async def test_sound_leaves_with_its_words(late: bool) -> None:
    model = Speaking("All of this is fine.", " And so is that.", late=late)
    events = await collected(Agent(model=model, memory=None, output_guardrails=[secretive]).stream("go"))
    assert shown(events) == "All of this is fine. And so is that."
    assert own_sounds(events) == [1, 1, 2, 2]


async def test_sound_of_stopped_words_is_dropped_with_them() -> None:
    voice = ToneVoice()
    model = Speaking("All of this is fine.", " This is a secret.", " And more of it.", voice=voice)
    events = await collected(Agent(model=model, memory=None, output_guardrails=[secretive]).stream("go"))
    assert shown(events) == "All of this is fine. I may not say that."
    assert own_sounds(events) == [1, 1]
    assert [text for text, _ in voice.spoken] == ["I may not say that."]


async def test_a_question_is_spoken_by_the_voice_beside_the_model_and_so_is_what_it_was_about() -> None:
    voice = ToneVoice()
    model = Speaking("All of this is fine.", " It is about money.", " Thank you all.", voice=voice)
    agent = Agent(model=model, memory=None, output_guardrails=[asking])
    events = await collected(agent.stream("go"))
    assert own_sounds(events) == [1, 1]
    assert [text for text, _ in voice.spoken] == ["Shall I go on about money?"]
    events = await collected(agent.stream("yes"))
    assert shown(events) == "It is about money. Thank you all."
    assert [text for text, _ in voice.spoken][1:] == ["It is about money.", "Thank you all."]


@pytest.mark.parametrize("late", [False, True])
async def test_rewritten_words_are_spoken_by_the_voice_beside_the_model(late: bool) -> None:
    voice = ToneVoice()
    model = Speaking("All of this is fine.", " Call 5551234 now.", " Thank you all.", late=late, voice=voice)
    events = await collected(Agent(model=model, memory=None, output_guardrails=[redacting]).stream("go"))
    assert shown(events) == "All of this is fine. Call [number] now. Thank you all."
    spoken = ["Call number now.", "Thank you all."]
    assert [text for text, _ in voice.spoken] == (["All of this is fine.", *spoken] if late else spoken)
    assert own_sounds(events) == ([] if late else [1, 1])


async def test_sound_without_words_cannot_be_judged_and_is_not_played() -> None:
    model = Speaking("", "")
    events = await collected(Agent(model=model, memory=None, output_guardrails=[secretive]).stream("go"))
    assert own_sounds(events) == []


# A team


async def test_who_takes_over_is_guarded_by_both() -> None:
    words: list[str] = []

    def listens(text: str, context: GuardContext) -> Verdict | None:
        words.append(text)
        return Rewrite(text.replace("please", "now"))

    expert = Agent(
        name="Expert",
        description="Knows it all.",
        model=ScriptedModel(
            Step(lambda request: request.messages[0].text == "the [number] now", says="A secret plan."),
        ),
        input_guardrails=[listens],
    )
    first = ScriptedModel(Step("the [number] please", calls={"transfer_to_expert": {}}))
    agent = Agent(
        model=first,
        memory=None,
        handoffs=[expert],
        input_guardrails=[redacting],
        output_guardrails=[secretive],
    )
    reply = await agent.ask("the 12345 please", speak=False)
    assert reply.text == "I may not say that."
    assert words == ["the [number] please"]


@pytest.mark.parametrize(
    ("answer", "reply"),
    [(True, "I may not say that."), ({"yes": True, "digest": "of other words"}, "All right, I'll leave it.")],
)
async def test_a_program_that_runs_the_graph_answers_by_itself(answer: Any, reply: str) -> None:
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.graph import END, START, StateGraph
    from langgraph.types import Command

    from omni_agent.state import TurnState

    model = ScriptedModel(Step("all about money", says="The secret is out."))
    agent = Agent(model=model, memory=None, input_guardrails=[asking], output_guardrails=[secretive])
    outer: Any = StateGraph(TurnState)
    outer.add_node("agent", agent.graph)
    outer.add_edge(START, "agent")
    outer.add_edge("agent", END)
    graph = outer.compile(checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "t1"}}
    asked = {"observations": [{"kind": "text", "content": "all about money"}]}
    waits = await graph.ainvoke(asked, config)
    assert waits["__interrupt__"][0].value["questions"][0]["id"] == "guardrail"
    result = await graph.ainvoke(Command(resume={"guardrail": answer}), config)
    assert result["reply"] == reply


# Whatever a model writes, and however it comes

SENTENCES = st.lists(
    st.sampled_from(
        (
            *(
                "The plan is good.",
                "no end",
                "Dr. Who came, saw, and left!",
                "a secret here.",
                "Is it? 3.5 is.",
            ),
            *("\n", "我们明天见。", "the SECRET; well", "x" * 30, "e.g. this one,"),
        )
    ),
    max_size=8,
)


class Cut(ScriptedModel):
    """Writes a text in the given pieces."""

    def __init__(self, pieces: Sequence[str], senses: Senses) -> None:
        super().__init__(senses=senses)
        self._pieces = pieces

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        for piece in self._pieces:
            yield Words(piece)
        yield Done("stop")


def pieces_of(text: str, cuts: Sequence[int]) -> list[str]:
    places = sorted({cut % (len(text) + 1) for cut in cuts} | {0, len(text)})
    return [text[a:b] for a, b in itertools.pairwise(places)]


def run_through(pieces: Sequence[str], voice: ToneVoice, *guards: Any) -> tuple[list[AgentEvent], str]:
    async def run() -> tuple[list[AgentEvent], str]:
        memory = TransientMemory()
        agent = Agent(model=Cut(pieces, Senses(voice=voice)), memory=memory, output_guardrails=guards)
        events = await collected(agent.stream("go"))
        return events, " ".join(m.text for r in await kept(memory) for m in r.messages)

    return asyncio.run(run())


def stops(text: str, context: GuardContext) -> Verdict | None:
    return Stop("Enough.") if "secret" in text.lower() else None


def rewrites(text: str, context: GuardContext) -> Verdict | None:
    return Rewrite(re.sub("secret", "****", text, flags=re.IGNORECASE))


TEXTS = SENTENCES.map(" ".join)
CUTS = st.lists(st.integers(0, 400), max_size=12)


@pytest.mark.parametrize("anyio_backend", [None])
@given(TEXTS, CUTS)
def test_nothing_forbidden_leaves_however_the_words_come(
    anyio_backend: None, text: str, cuts: list[int]
) -> None:
    voice = ToneVoice()
    events, remembered = run_through(pieces_of(text, cuts), voice, stops)
    everything = f"{shown(events)} {ended(events)} {remembered} {voice.spoken}".lower()
    assert "secret" not in everything
    plain = plainly(text)
    if "secret" not in plain.lower():
        assert shown(events) == plain
    else:
        assert shown(events).endswith("Enough.")
        assert plain.startswith(shown(events).removesuffix("Enough.").rstrip())


@pytest.mark.parametrize("anyio_backend", [None])
@given(TEXTS, CUTS)
def test_a_rewrite_changes_just_the_word(anyio_backend: None, text: str, cuts: list[int]) -> None:
    voice = ToneVoice()
    events, remembered = run_through(pieces_of(text, cuts), voice, rewrites)
    assert shown(events) == re.sub("secret", "****", plainly(text), flags=re.IGNORECASE)
    assert "secret" not in f"{remembered} {voice.spoken}".lower()


def asks(text: str, context: GuardContext) -> Verdict | None:
    return Ask("May I?") if "secret" in text.lower() else None


@pytest.mark.parametrize("anyio_backend", [None])
@given(TEXTS, CUTS)
@example("\n a secret here.", [])
@settings(max_examples=40)
def test_with_a_yes_to_each_question_the_answer_is_whole(
    anyio_backend: None, text: str, cuts: list[int]
) -> None:
    async def run() -> None:
        memory = TransientMemory()
        model = Cut(pieces_of(text, cuts), Senses())
        agent = Agent(model=model, memory=memory, output_guardrails=[asks])
        reply = await agent.ask("go", speak=False)
        while reply.status == "waiting":
            assert "secret" not in reply.text.lower().split("may i?")[-1]
            reply = await agent.approve(*reply.approvals, speak=False)
        [record] = await kept(memory)
        # Space before the first word is no part of an answer.
        assert record.text.lstrip() == text.lstrip()
        assert [words.lstrip() for words in said(record)[1:]] == ([text.lstrip()] if text else [])

    asyncio.run(run())
