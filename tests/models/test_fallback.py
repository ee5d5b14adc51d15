"""Several models as one: who answers, who is left alone, and what is lent to the one that stands in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent import Agent
from omni_agent.errors import ConfigError, InputError, ModelError, ModelUnavailable, OmniError
from omni_agent.media import MediaStore, load_audio
from omni_agent.messages import Audio, Hearing, Image, Message, Text, ToolSpec
from omni_agent.models.base import Capabilities, ModelEvent, Request, SpeechDelta, TextDelta
from omni_agent.models.breaker import Breaker
from omni_agent.models.fallback import Fallback
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import (
    LoopClock,
    ScriptedEars,
    ScriptedEyes,
    ScriptedModel,
    Step,
    ToneVoice,
    VirtualClock,
    in_virtual_time,
)
from omni_agent.testing.model_conformance import check_model
from tests.testing.model_conformance.models import BLIND, EVERYTHING, conforming

pytestmark = pytest.mark.anyio

HI = Request("You are Ada.", (Message("user", (Text("hi"),)),))
DOWN = ModelUnavailable("the server is down", remedy="start it")


def user(*parts: object) -> Request:
    return replace(HI, messages=(Message("user", tuple(parts)),))  # type: ignore[arg-type]


async def said(model: Fallback, request: Request = HI) -> str:
    async with aclosing(model.stream(request)) as events:
        return "".join([event.text async for event in events if isinstance(event, TextDelta)])


def saying(text: str, **fields: object) -> ScriptedModel:
    return ScriptedModel(otherwise=lambda request: Step(says=text), **fields)  # type: ignore[arg-type]


# Who answers


class Refusing:
    """Raises at once."""

    senses = Senses()

    def __init__(self, error: Exception, able: Capabilities | None = None) -> None:
        self.error = error
        self.capabilities = able or Capabilities()
        self.asked = 0

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        self.asked += 1
        raise self.error
        yield TextDelta("")

    async def prewarm(self, request: Request | None = None) -> None: ...

    async def close(self) -> None: ...


async def test_the_next_one_answers_where_the_first_cannot() -> None:
    first, second = Refusing(DOWN), saying("Hello.")
    assert await said(Fallback([first, second])) == "Hello."
    assert first.asked == len(second.requests) == 1


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("secret"), ConnectionError("secret"), TimeoutError("secret")]
)
async def test_other_errors_than_ours_are_no_end_either(error: Exception) -> None:
    model = Fallback([Refusing(error), Refusing(error)], names=["a", "b"])
    with pytest.raises(ModelUnavailable) as caught:
        await said(model)
    assert caught.value.message.startswith("no model answered: a: unexpected ")
    assert "secret" not in str(caught.value)
    assert await said(Fallback([Refusing(error), saying("Hello.")])) == "Hello."


async def test_after_the_first_word_nobody_takes_over() -> None:
    second = saying("Hello.")
    model = Fallback(
        [ScriptedModel(Step(says="Well", raises=ModelError("it broke", remedy="try again"))), second]
    )
    events = model.stream(HI)
    assert await anext(events) == TextDelta("Well")
    with pytest.raises(ModelError, match="it broke"):
        await anext(events)
    assert second.requests == []


async def test_where_none_answers_the_error_names_each() -> None:
    model = Fallback(
        [Refusing(DOWN), Refusing(ModelError("too hot", remedy="cool it"))], names=["gpu", "local"]
    )
    with pytest.raises(ModelUnavailable) as caught:
        await said(model)
    assert str(caught.value) == "no model answered: gpu: the server is down; local: too hot (start it)"
    with pytest.raises(ModelUnavailable) as alone:
        await said(Fallback([Refusing(DOWN)]))
    assert alone.value is DOWN


async def test_what_is_wrong_with_the_request_is_nobodys_fault() -> None:
    second = saying("Hello.")
    wrong = Refusing(InputError("that is no sound", remedy="another file"))
    model = Fallback([wrong, second], names=["a", "b"])
    for _ in range(3):
        with pytest.raises(InputError):
            await said(model)
    assert second.requests == []
    assert model.health == {"a": True, "b": True}
    short = Refusing(ModelError("too long", code="context_exceeded", remedy="shorten it"))
    model = Fallback([short, second], names=["a", "b"])
    for _ in range(3):
        assert await said(model) == "Hello."
    assert model.health["a"]
    assert short.asked == 3


def test_a_chain_of_none_is_refused() -> None:
    with pytest.raises(ConfigError):
        Fallback([])


@in_virtual_time
async def test_who_does_not_begin_in_time_is_passed_over_unless_it_is_the_last() -> None:
    slow = ScriptedModel(otherwise=lambda request: Step(says="At last.", takes=100))
    assert await said(Fallback([slow, saying("Hello.")], patience=5, clock=LoopClock())) == "Hello."
    assert await said(Fallback([Refusing(DOWN), slow], patience=5, clock=LoopClock())) == "At last."


# Health


async def test_who_failed_twice_is_left_alone_and_tried_once_after_its_rest() -> None:
    clock, ill = VirtualClock(), Refusing(DOWN)
    model = Fallback([ill, saying("Hello.")], names=["a", "b"], clock=clock)
    for asked in (1, 2, 2, 2):
        await said(model)
        assert ill.asked == asked
    assert model.health == {"a": False, "b": True}
    clock.advance(15)
    assert model.health["a"]
    await said(model)
    await said(model)
    assert ill.asked == 3
    clock.advance(29)
    await said(model)
    assert ill.asked == 3
    clock.advance(1)
    await said(model)
    assert ill.asked == 4


async def test_who_is_well_again_is_preferred_again() -> None:
    clock = VirtualClock()
    steps = [Step(raises=DOWN), Step(raises=DOWN)]
    first = ScriptedModel(*steps, otherwise=lambda request: Step(says="I am back."))
    model = Fallback([first, saying("Hello.")], clock=clock)
    assert [await said(model) for _ in range(3)] == ["Hello."] * 3
    clock.advance(20)
    assert [await said(model) for _ in range(2)] == ["I am back."] * 2


async def test_where_all_are_ill_they_are_tried_all_the_same() -> None:
    first, second = Refusing(DOWN), Refusing(DOWN)
    model = Fallback([first, second], clock=VirtualClock())
    for _ in range(4):
        with pytest.raises(ModelUnavailable):
            await said(model)
    assert first.asked == second.asked == 4


@in_virtual_time
async def test_only_one_request_tries_who_was_ill() -> None:
    clock, gate = VirtualClock(), asyncio.Event()
    model = Fallback([Refusing(DOWN), saying("Hello.")], clock=clock)
    for _ in range(2):
        await said(model)
    clock.advance(15)
    trying = ScriptedModel(otherwise=lambda request: Step(says="Back.", holds=gate))
    model._members[0].model = trying
    async with asyncio.TaskGroup() as group:
        trial = group.create_task(said(model))
        await asyncio.sleep(0)
        assert await said(model) == "Hello."
        gate.set()
    assert trial.result() == "Back."
    assert await said(model) == "Back."


@in_virtual_time
async def test_a_trial_that_is_given_up_shows_nothing() -> None:
    clock = VirtualClock()
    model = Fallback([Refusing(DOWN), saying("Hello.")], names=["a", "b"], clock=clock)
    for _ in range(2):
        await said(model)
    clock.advance(15)
    never = asyncio.Event()

    class Waiting(ScriptedModel):
        async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
            await never.wait()
            yield TextDelta("")

    model._members[0].model = Waiting()
    task = asyncio.create_task(said(model))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert model.health["a"]


OUTCOME = st.sampled_from(["well", "down", "broken", "wrong", "long"])


@given(
    st.lists(st.tuples(st.integers(0, 40), st.tuples(OUTCOME, OUTCOME, OUTCOME)), max_size=25),
)
def test_one_model_gives_an_answer_and_it_is_the_first_that_can(
    story: list[tuple[int, tuple[str, str, str]]],
) -> None:
    asyncio.run(_told(story))


async def _told(story: Sequence[tuple[int, tuple[str, ...]]]) -> None:
    clock = VirtualClock()
    models = [_Moody(str(place)) for place in range(3)]
    chain = Fallback(models, names=[model.name for model in models], clock=clock)
    for seconds, moods in story:
        clock.advance(seconds)
        for model, mood in zip(models, moods, strict=True):
            model.mood, model.asked = mood, 0
        well = [model for model in models if chain.health[model.name]]
        order = well + [model for model in models if model not in well]
        got, error = [], None
        try:
            async with aclosing(chain.stream(HI)) as events:
                async for event in events:
                    got.append(event)  # noqa: PERF401
        except OmniError as failed:
            error = failed
        asked = [model for model in models if model.asked]
        assert all(model.asked == 1 for model in asked)
        spoke = {event.text for event in got if isinstance(event, TextDelta)}
        assert len(spoke) <= 1
        ending = [model for model in order if model.mood in ("well", "broken", "wrong")]
        if not well or (ending and ending[0] not in well):
            # All that are well were asked before any other was.
            assert set(map(id, asked)) >= set(map(id, well))
        else:
            ended = next((model for model in well if model.mood in ("well", "broken", "wrong")), None)
            assert ended is None or set(map(id, asked)) == set(map(id, order[: order.index(ended) + 1]))
        if spoke:
            (speaker,) = (model for model in models if model.name in spoke)
            assert speaker is asked[-1] or speaker in asked
            assert (error is not None) == (speaker.mood == "broken")
        else:
            assert error is not None


class _Moody:
    """Answers, or not, as it is told to."""

    capabilities = Capabilities()
    senses = Senses()

    def __init__(self, name: str) -> None:
        self.name, self.mood, self.asked = name, "well", 0

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        self.asked += 1
        if self.mood == "down":
            raise DOWN
        if self.mood == "wrong":
            raise InputError("no", remedy="another")
        if self.mood == "long":
            raise ModelError("long", code="context_exceeded", remedy="shorten it")
        yield TextDelta(self.name)
        if self.mood == "broken":
            raise ModelError("it broke", remedy="try again")

    async def prewarm(self, request: Request | None = None) -> None:
        if self.mood == "down":
            raise DOWN

    async def close(self) -> None: ...


@given(
    st.lists(st.tuples(st.integers(0, 700), st.booleans()), max_size=40),
    st.integers(1, 4),
)
def test_a_breaker_never_rests_longer_than_it_may_and_closes_at_the_first_success(
    story: list[tuple[int, bool]], trips: int
) -> None:
    breaker, now, row = Breaker(trips=trips, rest=10, longest=300), 0.0, 0
    for seconds, works in story:
        now += seconds
        assert breaker.retry_at <= now + 300
        if not breaker.allows(now):
            assert row >= trips
            continue
        breaker.begin()
        if works:
            breaker.succeed()
            row = 0
            assert breaker.retry_at == 0
        else:
            breaker.fail(now)
            row += 1
            assert (breaker.retry_at > now) == (row >= trips)


# What is lent


async def test_it_claims_what_its_first_model_can_with_the_senses_of_all() -> None:
    voice, ears = ToneVoice(), ScriptedEars()
    first = ScriptedModel(capabilities=EVERYTHING, senses=Senses(voice=voice))
    second = ScriptedModel(
        capabilities=Capabilities(context_tokens=900, invents=True), senses=Senses(ears=ears)
    )
    chain = Fallback([first, second])
    assert chain.capabilities == replace(EVERYTHING, context_tokens=900, invents=True)
    assert chain.senses == Senses(ears=ears, voice=voice)


async def test_ears_and_eyes_are_lent_to_who_stands_in() -> None:
    store = MediaStore()
    sound, _ = await load_audio(store, Pcm.silence(0.5, 16_000).to_wav())
    picture = Image(store.put(b"a picture", "image/png"))
    senses = Senses(ears=ScriptedEars(Hearing("what is this", "en")), eyes=ScriptedEyes("EXIT"))
    second = saying("A sign.", senses=senses)
    chain = Fallback([Refusing(DOWN, EVERYTHING), second])
    for _ in range(2):
        # The ears' script has one hearing: the second time it is remembered.
        assert await said(chain, user(sound, picture)) == "A sign."
    heard, seen = second.requests[1].messages[0].parts
    assert isinstance(heard, Audio)
    assert isinstance(seen, Image)
    assert heard.hearing == Hearing("what is this", "en")
    assert seen.reading
    assert seen.reading.text == "EXIT"


async def test_who_cannot_take_it_in_is_passed_over_unharmed() -> None:
    sound, _ = await load_audio(MediaStore(), Pcm.silence(0.5, 16_000).to_wav())
    deaf = saying("What?")
    chain = Fallback([Refusing(DOWN, EVERYTHING), deaf], names=["a", "b"])
    for _ in range(3):
        with pytest.raises(ModelUnavailable, match=r"the server is down; b: it cannot hear"):
            await said(chain, user(sound))
    assert chain.health["b"]
    assert await said(chain) == "What?"


async def test_a_voice_is_lent_too_at_the_rate_that_is_claimed() -> None:
    voice = ToneVoice()
    text = "The train leaves at 3:30 pm. It costs twenty dollars."
    chain = Fallback([Refusing(DOWN, EVERYTHING), saying(text, senses=Senses(voice=voice))])
    request = replace(HI, speech=True, voice="Chelsie")
    events = [event async for event in chain.stream(request)]
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == text
    speech = [event for event in events if isinstance(event, SpeechDelta)]
    assert {event.sample_rate for event in speech} == {24_000}
    assert len(speech) == len(voice.spoken) > 1
    assert not [event async for event in chain.stream(HI) if isinstance(event, SpeechDelta)]


async def test_a_voice_that_fails_costs_the_speech_only() -> None:
    class Hoarse(ToneVoice):
        async def speak(self, *args: object, **named: object) -> Pcm:
            raise ModelUnavailable("no file", remedy="pull it")

    chain = Fallback([Refusing(DOWN, EVERYTHING), saying("Hello there.", senses=Senses(voice=Hoarse()))])
    assert await said(chain, replace(HI, speech=True)) == "Hello there."


async def test_a_chain_that_does_not_claim_speech_never_speaks() -> None:
    tone = Pcm(np.full(100, 0.1, np.float32), 24_000)
    second = ScriptedModel(
        otherwise=lambda request: Step(says="Hello.", speaks=[tone]), capabilities=EVERYTHING
    )
    chain = Fallback([Refusing(DOWN), second])
    events = [event async for event in chain.stream(replace(HI, speech=True))]
    assert not [event for event in events if isinstance(event, SpeechDelta)]


async def test_tools_are_not_shown_to_who_cannot_call() -> None:
    tools = (ToolSpec("wave", "Wave.", {"type": "object"}),)
    second = saying("I cannot.", capabilities=Capabilities(tools=False))
    chain = Fallback([Refusing(DOWN), second])
    await said(chain, replace(HI, tools=tools, tool_choice="wave", withheld=frozenset({"wave"})))
    assert second.requests[0].tools == ()
    assert (second.requests[0].tool_choice, second.requests[0].withheld) == ("", frozenset())


# As a whole


async def test_one_that_can_be_loaded_is_loaded() -> None:
    first, second = _Moody("a"), saying("Hello.")
    chain = Fallback([first, second])
    await chain.prewarm(HI)
    assert second.prepared == []
    first.mood = "down"
    await chain.prewarm(HI)
    assert second.prepared == [HI]
    with pytest.raises(ModelUnavailable):
        await Fallback([first]).prewarm()


async def test_all_are_closed_even_where_one_cannot_be() -> None:
    closed: list[str] = []

    class Closing(_Moody):
        async def close(self) -> None:
            closed.append(self.name)
            if self.name == "a":
                raise ModelError("it hangs", remedy="kill it")

    with pytest.raises(ModelError, match="it hangs"):
        await Fallback([Closing("a"), Closing("b")]).close()
    assert closed == ["a", "b"]


@in_virtual_time
async def test_a_chain_is_a_model_like_any_other() -> None:
    report = await check_model(Fallback([conforming(), conforming(BLIND)], clock=LoopClock()))
    assert report.ok, str(report)
    ears, eyes = ScriptedEars(*[Hearing("what is this", "en")] * 50), ScriptedEyes("EXIT")
    blind = conforming(BLIND)
    blind._senses = Senses(ears=ears, eyes=eyes, voice=ToneVoice(rate=24_000))
    able = replace(EVERYTHING, inputs=frozenset({"text", "audio", "image"}), video_sound=False)
    stands_in = Fallback([Refusing(DOWN, able), blind], clock=LoopClock())
    report = await check_model(stands_in)
    assert report.ok, str(report)
    assert report.of("speech.samples").outcome == report.of("input.mixed").outcome == "ok"


@in_virtual_time
async def test_an_agent_goes_on_with_the_next_model() -> None:
    chain = Fallback([Refusing(DOWN), saying("Hello.")])
    reply = await Agent(model=chain, memory=None).ask("hi", speak=False)
    assert reply.text == "Hello."
