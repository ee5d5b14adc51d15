"""A model with a voice of its own in a conversation: which voice, what counts as heard, calls and speech."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import numpy as np
import pytest

from omni_agent import Agent, tool
from omni_agent.events import AgentEvent, ErrorRaised, SpeechChunk, TextDelta, TurnEnded
from omni_agent.guardrails import GuardContext, Rewrite, Verdict
from omni_agent.models.base import Capabilities
from omni_agent.persona import Persona
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import LoopClock, ScriptedModel, Step, ToneVoice, in_virtual_time

SPEAKS = Capabilities(
    speech=True, streams_speech=True, voices=("Ethan", "Chelsie"), speech_rate=24_000, tools_with_speech=True
)
IN_TURNS = Capabilities(speech=True, streams_speech=True, speech_rate=24_000)
WORDS = "The first part is said. The second part is said too. And here is the end of it."


def sound(text: str) -> list[Pcm]:
    """A third of a second for each word."""
    tone = Pcm((0.2 * np.sin(np.arange(8000) * 0.1)).astype(np.float32), 24_000)
    return [tone] * len(text.split())


def says(text: str, **fields: object) -> Step:
    return Step(says=text, speaks=sound(text), **fields)  # type: ignore[arg-type]


def harmless(text: str, context: GuardContext) -> None:
    return None


def redacting(text: str, context: GuardContext) -> Verdict | None:
    return Rewrite(text.replace("second", "other")) if "second" in text else None


async def all_of(events: AsyncGenerator[AgentEvent, None]) -> list[AgentEvent]:
    return [event async for event in events]


def chunks(events: Sequence[AgentEvent]) -> list[SpeechChunk]:
    return [event for event in events if isinstance(event, SpeechChunk)]


def text_of(events: Sequence[AgentEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@tool
def look_up(word: str) -> str:
    """Look a word up.

    Args:
        word: The word.
    """
    return f"{word} is a word"


@pytest.mark.parametrize("guards", [[], [harmless]], ids=["open", "guarded"])
@in_virtual_time
async def test_what_is_spoken_is_told_by_spans(guards: list[object]) -> None:
    model = ScriptedModel(says(WORDS), capabilities=SPEAKS)
    events = await all_of(Agent(model=model, memory=None, output_guardrails=guards).stream("go"))  # type: ignore[arg-type]
    spoken = chunks(events)
    assert len(spoken) == len(WORDS.split())
    assert WORDS[: spoken[-1].span[1]].split() == WORDS.split()[:-1]
    starts = [chunk.span for chunk in spoken]
    assert starts == sorted(starts)
    assert text_of(events) == WORDS


@pytest.mark.parametrize("guards", [[], [harmless]], ids=["open", "guarded"])
@in_virtual_time
async def test_who_leaves_early_has_heard_a_part(guards: list[object]) -> None:
    model = ScriptedModel(says(WORDS, pace=0.3), Step(lambda request: True, says="Yes."), capabilities=SPEAKS)
    async with Agent(model=model, memory=None, clock=LoopClock(), output_guardrails=guards) as agent:  # type: ignore[arg-type]
        stream = agent.stream("go")
        count = 0
        async for event in stream:
            count += isinstance(event, SpeechChunk)
            if count == 9:
                break
        await stream.aclose()
        await agent.ask("and then?")
    heard, mark = model.requests[1].messages[1].text[:-2], model.requests[1].messages[1].text[-2:]
    assert mark == " —"
    assert WORDS.startswith(heard)
    assert 4 <= len(heard.split()) <= 12


@in_virtual_time
async def test_the_words_of_a_second_answer_have_their_place_in_the_reply() -> None:
    first, second = "Let me look that up for you.", "It is a word, they say there."
    for guards in ([], [harmless]):
        model = ScriptedModel(
            Step(says=first, speaks=sound(first), calls={"look_up": {"word": "tree"}}),
            says(second),
            capabilities=SPEAKS,
        )
        agent = Agent(model=model, memory=None, tools=[look_up], output_guardrails=guards)
        events = await all_of(agent.stream("go"))
        reply = text_of(events)
        assert reply == f"{first} {second}"
        last = chunks(events)[-1]
        assert reply[: last.span[1]].split() == reply.split()[:-1]


@in_virtual_time
async def test_words_of_two_voices_keep_their_places() -> None:
    voice = ToneVoice()
    model = ScriptedModel(says(WORDS, pace=0.3), capabilities=SPEAKS, senses=Senses(voice=voice))
    agent = Agent(model=model, memory=None, clock=LoopClock(), output_guardrails=[redacting])
    events = await all_of(agent.stream("go"))
    reply = text_of(events)
    assert reply == WORDS.replace("second", "other")
    beside = [chunk for chunk in chunks(events) if chunk.sample_rate != 24_000]
    assert [text for text, _ in voice.spoken][-2:] == [
        "The other part is said too.",
        "And here is the end of it.",
    ]
    assert [reply[slice(*chunk.span)] for chunk in beside][-2:] == [
        "The other part is said too.",
        "And here is the end of it.",
    ]


@pytest.mark.parametrize(("wanted", "asked"), [("", ""), ("chelsie", "Chelsie"), ("Ethan", "Ethan")])
@in_virtual_time
async def test_the_personas_voice_is_asked_for(wanted: str, asked: str) -> None:
    model = ScriptedModel(says("Hello."), says("Hello."), capabilities=SPEAKS)
    agent = Agent(model=model, memory=None, persona=Persona(voice=wanted))
    events = await all_of(agent.stream("hi"))
    assert model.requests[0].voice == asked
    assert not [event for event in events if isinstance(event, ErrorRaised)]
    await agent.ask("hi", speak=False)
    assert model.requests[1].voice == ""


@in_virtual_time
async def test_a_voice_that_the_model_does_not_have_is_told_and_the_usual_one_speaks() -> None:
    model = ScriptedModel(says("Hello."), capabilities=SPEAKS)
    events = await all_of(Agent(model=model, memory=None, persona=Persona(voice="Cherry")).stream("hi"))
    assert model.requests[0].voice == ""
    (note,) = [event for event in events if isinstance(event, ErrorRaised)]
    assert (note.severity, note.message) == ("note", "this model has no voice 'Cherry'")
    assert note.remedy == "its voices are Ethan, Chelsie"
    assert isinstance(events[-1], TurnEnded)
    assert chunks(events)


@in_virtual_time
async def test_the_voice_beside_the_model_is_not_asked_for_the_models_own() -> None:
    named: list[str] = []

    class Listening(ToneVoice):
        async def speak(self, text: str, *, language: str = "en", voice: str = "", rate: float = 1.0) -> Pcm:
            named.append(voice)
            return await super().speak(text, language=language, voice=voice, rate=rate)

    for voice in ("Ethan", "af_heart"):
        model = ScriptedModel(says(WORDS), capabilities=SPEAKS, senses=Senses(voice=Listening()))
        persona = Persona(voice=voice)
        await Agent(model=model, memory=None, persona=persona, output_guardrails=[redacting]).ask("go")
    assert set(named) == {"", "af_heart"}


@in_virtual_time
async def test_who_cannot_call_and_speak_at_once_is_asked_for_calls_first() -> None:
    model = ScriptedModel(
        Step(calls={"look_up": {"word": "tree"}}),
        Step("is a word", says="A tree is a word, I think."),
        says("A tree is a word."),
        capabilities=IN_TURNS,
    )
    with model:
        reply = await Agent(model=model, memory=None, tools=[look_up]).ask("look up tree")
    assert reply.text == "A tree is a word."
    assert reply.speech is not None
    assert [call.name for call in reply.tool_calls] == ["look_up"]
    assert [(request.speech, bool(request.tools)) for request in model.requests] == [
        (False, True),
        (False, True),
        (True, False),
    ]
    assert reply.usage.completion_tokens == 1 + 7 + 5


@pytest.mark.parametrize("guards", [[], [harmless]], ids=["open", "guarded"])
@in_virtual_time
async def test_words_before_a_call_are_spoken_by_the_voice_beside(guards: list[object]) -> None:
    voice = ToneVoice()
    first, second = "I will look that up for you. One moment.", "A tree is a word."
    model = ScriptedModel(
        Step(says=first, calls={"look_up": {"word": "tree"}}),
        Step(says="It is."),
        says(second),
        capabilities=IN_TURNS,
        senses=Senses(voice=voice),
    )
    agent = Agent(model=model, memory=None, tools=[look_up], output_guardrails=guards)  # type: ignore[arg-type]
    events = await all_of(agent.stream("look up tree"))
    reply = text_of(events)
    assert reply == f"{first} {second}"
    assert " ".join(text for text, _ in voice.spoken) == first
    own = [chunk for chunk in chunks(events) if chunk.sample_rate == 24_000]
    assert reply[own[0].span[0] : own[-1].span[1]].split() == second.split()[:-1]


@in_virtual_time
async def test_a_slow_tool_is_covered_by_the_voice_beside() -> None:
    voice, clock = ToneVoice(), LoopClock()

    @tool
    async def dig() -> str:
        """Dig for a while."""
        await clock.sleep(5)
        return "a coin"

    model = ScriptedModel(
        Step(calls={"dig": {}}),
        Step(says="A coin."),
        says("It is a coin."),
        capabilities=IN_TURNS,
        senses=Senses(voice=voice),
    )
    persona = Persona(fillers=("One moment.",))
    async with Agent(model=model, memory=None, tools=[dig], persona=persona, clock=clock) as agent:
        events = await all_of(agent.stream("dig"))
    assert [text for text, _ in voice.spoken] == ["One moment."]
    assert text_of(events) == "It is a coin."
    assert len(chunks(events)) == 1 + len(["It", "is", "a", "coin."])


@pytest.mark.parametrize(("tools", "speak"), [([], True), ([look_up], False)])
@in_virtual_time
async def test_it_is_asked_once_where_it_need_not_do_both(tools: list[object], speak: bool) -> None:
    model = ScriptedModel(says("Hello."), capabilities=IN_TURNS)
    agent = Agent(model=model, memory=None, tools=tools)
    assert (await agent.ask("hi", speak=speak)).text == "Hello."
    assert len(model.requests) == 1


@in_virtual_time
async def test_speech_after_the_words_is_played_too() -> None:
    late = Capabilities(speech=True, speech_rate=24_000)
    model = ScriptedModel(says("Hello there."), capabilities=late)
    events = await all_of(Agent(model=model, memory=None).stream("hi"))
    assert text_of(events) == "Hello there."
    assert [chunk.milliseconds for chunk in chunks(events)] == [333, 333]


@pytest.mark.parametrize(
    "first", ["Let me look it up.", "The second one, let me see."], ids=["mute", "beside"]
)
@in_virtual_time
async def test_its_voice_goes_on_after_words_that_it_did_not_speak(first: str) -> None:
    second = "It is a word, they say there."
    model = ScriptedModel(
        Step(says=first, calls={"look_up": {"word": "tree"}}),
        says(second),
        capabilities=SPEAKS,
        senses=Senses(voice=ToneVoice()),
    )
    agent = Agent(model=model, memory=None, tools=[look_up], output_guardrails=[redacting])
    events = await all_of(agent.stream("go"))
    reply = text_of(events)
    own = [chunk for chunk in chunks(events) if chunk.sample_rate == 24_000]
    assert len(own) == len(second.split())
    words = [word for chunk in own for word in reply[slice(*chunk.span)].split()]
    assert words == second.split()[:-1]


LONG = "One two three four five. Six seven eight nine ten. Then more is said that nobody hears."
LATE = Capabilities(speech=True, speech_rate=24_000)


def spoken(*sentences: str) -> list[Pcm]:
    """A third of a second for each word, and a pause after each sentence."""
    parts = [[*sound(sentence), Pcm(np.zeros(4800, np.float32), 24_000)] for sentence in sentences]
    return [pcm for part in parts for pcm in part]


@pytest.mark.parametrize("guards", [[], [harmless]], ids=["open", "guarded"])
@pytest.mark.parametrize("able", [LATE, SPEAKS], ids=["late", "streaming"])
@in_virtual_time
async def test_the_sound_of_what_the_limit_kept_is_heard_and_of_no_more(
    able: Capabilities, guards: list[object]
) -> None:
    sentences = [f"{part}." for part in LONG.rstrip(".").split(". ")]
    model = ScriptedModel(Step(says=LONG, speaks=spoken(*sentences)), capabilities=able)
    agent = Agent(
        model=model,
        memory=None,
        persona=Persona(max_words=12),
        output_guardrails=guards,  # type: ignore[arg-type]
    )
    events = await all_of(agent.stream("go"))
    assert text_of(events) == "One two three four five. Six seven eight nine ten."
    heard = np.concatenate([Pcm.from_int16(chunk.pcm, 24_000).samples for chunk in chunks(events)])
    # Ten words and the pause between the two sentences, to the end of the tenth.
    assert abs(len(heard) - (10 * 8000 + 4800)) < 2400
    assert isinstance(events[-1], TurnEnded)


@in_virtual_time
async def test_a_model_that_goes_on_and_on_is_stopped_when_what_is_kept_was_surely_spoken() -> None:
    words = "word " * 500
    model = ScriptedModel(Step(says=f"{words}.", speaks=sound(words)), capabilities=LATE)
    events = await all_of(Agent(model=model, memory=None, persona=Persona(max_words=12)).stream("go"))
    assert 6 <= sum(chunk.milliseconds for chunk in chunks(events)) / 333 <= 14
    ended = events[-1]
    assert isinstance(ended, TurnEnded)
    # Closed before its end, so nothing was counted.
    assert ended.usage.completion_tokens == 0


@in_virtual_time
async def test_without_a_voice_nobody_waits_for_the_end() -> None:
    model = ScriptedModel(says(LONG), capabilities=LATE)
    agent = Agent(model=model, memory=None, persona=Persona(max_words=12))
    reply = await agent.ask("go", speak=False)
    assert reply.text == "One two three four five. Six seven eight nine ten."
    assert reply.usage.completion_tokens == 0
