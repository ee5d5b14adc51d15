"""Personas in conversation: whose language, who opens it, and two of them side by side."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from omni_agent import Agent, Persona
from omni_agent.errors import ConfigError
from omni_agent.events import AgentEvent, SpeechChunk, TextDelta, TurnEnded
from omni_agent.memory import Scope, TransientMemory
from omni_agent.messages import Hearing
from omni_agent.senses import Senses
from omni_agent.testing import ScriptedEars, ScriptedModel, Step, ToneVoice

pytestmark = pytest.mark.anyio

ALL = ToneVoice(("en", "de", "fr", "ja", "zh"))


def languages(model: ScriptedModel) -> list[str]:
    return [request.language for request in model.requests]


async def typed(persona: Persona, *words: str) -> list[str]:
    with ScriptedModel(*(Step(says="Fine.") for _ in words)) as model:
        agent = Agent(model=model, memory=None, persona=persona)
        for said in words:
            await agent.ask(said)
    return languages(model)


async def test_the_language_of_typed_words_is_followed() -> None:
    assert await typed(Persona(), "Raconte-moi une blague", "Tell me another one in English") == ["fr", "en"]


async def test_what_does_not_tell_its_language_is_in_that_of_the_conversation() -> None:
    assert await typed(Persona(), "Erzähl mir einen Witz", "ok", "3") == ["de", "de", "de"]
    assert await typed(Persona(), "ok") == [""]
    assert await typed(Persona(), "笑い話をして", "東京") == ["ja", "ja"]


async def test_a_language_that_we_have_no_words_in_is_followed_too() -> None:
    assert await typed(Persona(), "Wat is de hoofdstad van Frankrijk?") == ["nl"]


async def test_a_persona_answers_in_its_own_languages() -> None:
    german = Persona(languages=("de", "fr"))
    assert await typed(german, "What is the capital of France?", "Et de l'Espagne ?") == ["de", "fr"]


async def test_the_voice_speaks_the_language_of_typed_words() -> None:
    voice = ToneVoice(("en", "de"))
    model = ScriptedModel(Step(says="Hm."), senses=Senses(voice=voice))
    await Agent(model=model, memory=None).ask("Wie geht es dir heute?")
    assert voice.spoken == [("Hm.", "de")]


async def test_a_spoken_language_counts_more_than_how_the_words_look() -> None:
    ears = ScriptedEars(Hearing("Paris", "fr", 0.9, 0.9))
    with ScriptedModel(Step(says="Oui."), senses=Senses(ears=ears, voice=ALL)) as model:
        from omni_agent.speech.pcm import Pcm

        await Agent(model=model, memory=None).ask(audio=Pcm.from_int16(b"\x10\x00" * 16000, 16000))
    assert languages(model) == ["fr"]


async def test_lists_are_spoken_as_sentences_and_kept_as_written_where_nobody_listens() -> None:
    step = Step(says="Two:\n- **tea**\n- milk")
    voice = ToneVoice()
    model = ScriptedModel(step, step, senses=Senses(voice=voice))
    agent = Agent(model=model, memory=None)
    assert (await agent.ask("what?")).text == "Two: tea, milk."
    assert " ".join(text for text, _ in voice.spoken) == "Two: tea, milk."
    assert (await agent.ask("what?", speak=False)).text == step.says


async def test_seconds_are_those_of_the_voice() -> None:
    long = "The sea is wide and blue today. " * 40
    voice = ToneVoice()
    model = ScriptedModel(Step(says=long), senses=Senses(voice=voice))
    reply = await Agent(model=model, memory=None, persona=Persona(max_seconds=6)).ask("the sea?")
    assert reply.speech is not None
    assert 3 < reply.speech.seconds <= 6
    assert reply.text.endswith("today.")


async def greeted(agent: Agent, **given: bool | str) -> list[AgentEvent]:
    async with aclosing(agent.greet(**given)) as events:  # type: ignore[arg-type]
        return [event async for event in events]


OPENING = Persona(opening={"en": "Good day.", "de": "Guten Tag, was darf es sein?"}, languages=("de", "en"))


async def test_it_opens_a_conversation_once_in_text_speech_and_memory() -> None:
    memory, voice = TransientMemory(), ToneVoice(("de",))
    model = ScriptedModel(Step(says="Gern."), senses=Senses(voice=voice))
    agent = Agent(model=model, memory=memory, persona=OPENING)
    events = await greeted(agent)
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "Guten Tag, was darf es sein?"
    assert any(isinstance(event, SpeechChunk) for event in events)
    assert isinstance(events[-1], TurnEnded)
    [record] = await memory.history(Scope("local", "Omni"), "default")
    assert [message.role for message in record.messages] == ["assistant"]
    assert record.heard_text == "Guten Tag, was darf es sein?"
    assert await greeted(agent) == []
    await agent.ask("Einen Tee, bitte.")
    assert [message.role for message in model.requests[0].messages] == ["assistant", "user"]


async def test_it_opens_in_the_language_that_is_asked_for() -> None:
    agent = Agent(model=ScriptedModel(), memory=None, persona=OPENING)
    events = await greeted(agent, language="en", speak=False)
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["Good day."]


async def test_without_an_opening_the_user_begins() -> None:
    assert await greeted(Agent(model=ScriptedModel(), memory=None)) == []


async def test_an_opening_that_is_cut_is_remembered_as_far_as_it_was_heard() -> None:
    memory = TransientMemory()
    agent = Agent(
        model=ScriptedModel(senses=Senses(voice=ToneVoice(("de",)))), memory=memory, persona=OPENING
    )
    async with aclosing(agent.greet()) as events:
        async for event in events:
            if isinstance(event, SpeechChunk):
                agent.interrupt()
                break
    [record] = await memory.history(Scope("local", "Omni"), "default")
    assert record.status == "interrupted"
    assert [message.text for message in record.messages] == ["Guten Tag, was darf es sein?"]


async def test_the_agent_is_called_as_its_persona_unless_it_has_a_name() -> None:
    assert Agent(model=ScriptedModel(), memory=None).name == "Omni"
    assert Agent(model=ScriptedModel(), memory=None, persona=Persona(name="Ada")).name == "Ada"
    assert Agent(name="Desk", model=ScriptedModel(), memory=None, persona=Persona(name="Ada")).name == "Desk"


async def test_two_personas_of_an_agent_share_its_model_and_keep_their_conversations_apart() -> None:
    with ScriptedModel(Step(says="Aye."), Step(says="Sehr wohl.")) as model:
        pirate = Agent(model=model, memory=None, persona=Persona(name="Flint", circle="ship"))
        butler = pirate.with_persona(Persona(name="Johann", circle="ship"))
        await pirate.ask("My name is Ann.", user="ann")
        await butler.ask("Who am I?", user="ann")
    assert (pirate.name, butler.name) == ("Flint", "Johann")
    assert "You are Johann" in model.requests[1].system
    assert len(model.requests[1].messages) == 1
    assert butler.parts.memory is pirate.parts.memory
    assert butler.parts.executor is pirate.parts.executor
    assert butler.parts.scope("ann") == Scope("ann", "Johann", "ship")


@pytest.mark.parametrize("name", ["", "Flint"])
async def test_a_second_persona_needs_a_name_of_its_own(name: str) -> None:
    agent = Agent(model=ScriptedModel(), memory=None, persona=Persona(name="Flint"))
    with pytest.raises(ConfigError, match="needs a name of its own"):
        agent.with_persona(Persona(name=name))
