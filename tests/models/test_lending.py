"""What is lent to the model that stands in, and the chain as a model like any other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from omni_agent import Agent
from omni_agent.errors import ModelError, ModelUnavailable
from omni_agent.media import MediaStore, load_audio
from omni_agent.messages import Audio, Hearing, Image, Message, ToolSpec
from omni_agent.models.base import Capabilities, Request, SpeechDelta, TextDelta
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
    in_virtual_time,
)
from omni_agent.testing.model_conformance import check_model
from tests.models.chains import DOWN, HI, Moody, Refusing, said, saying
from tests.testing.model_conformance.models import BLIND, EVERYTHING, conforming

pytestmark = pytest.mark.anyio


def user(*parts: object) -> Request:
    return replace(HI, messages=(Message("user", tuple(parts)),))  # type: ignore[arg-type]


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
    first, second = Moody("a"), saying("Hello.")
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

    class Closing(Moody):
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
