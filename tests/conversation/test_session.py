"""Live conversations in virtual time: what the user says, hears and interrupts."""

from __future__ import annotations

import asyncio

from omni_agent.conversation import Floor
from omni_agent.events import (
    Interrupted,
    Transcript,
    TurnEnded,
    TurnStarted,
    UserStarted,
    UserStopped,
)
from omni_agent.testing import Step, in_virtual_time, noise, said
from tests.conversation.talking import talk


@in_virtual_time
async def test_what_is_said_is_answered_aloud() -> None:
    async with talk(Step("what time", says="It is noon.")) as going:
        going.microphone.say(said("what time is it"))
        await asyncio.sleep(6)
    assert [e.text for e in going.of(Transcript)] == ["what time is it"]
    assert going.words() == "It is noon."
    assert going.of(TurnEnded)[0].heard_text == "It is noon."
    assert going.of(TurnEnded)[0].status == "done"
    assert len(going.of(UserStarted)) == len(going.of(UserStopped)) == 1


@in_virtual_time
async def test_a_pause_in_mid_sentence_is_waited_for() -> None:
    async with talk(Step("tomorrow", says="Noted."), scores={"remind me to": 0.02}) as going:
        end = going.microphone.say(said("please remind me to"))
        going.microphone.say(said("call Anna tomorrow"), at=end + 0.9)
        await asyncio.sleep(10)
    assert [e.text for e in going.of(Transcript)] == ["please remind me to call Anna tomorrow"]
    assert len(going.of(TurnStarted)) == 1
    assert going.session.wasted.abandoned == 1


@in_virtual_time
async def test_an_interruption_leaves_what_was_heard() -> None:
    story = "Once upon a time there was a king who had three daughters and a very old cat."
    async with talk(Step("story", says=story), Step("stop please", says="Of course.")) as going:
        going.microphone.say(said("tell me a story"))
        await asyncio.sleep(5)
        going.microphone.say(said("no stop please"))
        await asyncio.sleep(6)
    first, second = going.of(TurnEnded)
    assert first.status == "interrupted"
    assert first.heard_text
    assert story.startswith(first.heard_text)
    assert len(first.heard_text) < len(story)
    assert second.heard_text == "Of course."
    assert going.speaker.flushes


@in_virtual_time
async def test_the_program_can_interrupt() -> None:
    async with talk(Step(says="A very long answer that goes on and on and on.")) as going:
        going.microphone.say(said("go on then"))
        await asyncio.sleep(2.5)
        going.session.interrupt()
        await asyncio.sleep(2)
        assert going.session.floor is Floor.OPEN
    assert going.of(Interrupted)


@in_virtual_time
async def test_words_can_be_written() -> None:
    async with talk(Step("hello", says="Hi there.")) as going:
        await going.session.send("hello")
        await asyncio.sleep(3)
    assert going.words() == "Hi there."
    assert not going.of(UserStarted)


@in_virtual_time
async def test_with_a_key_pauses_do_not_matter() -> None:
    async with talk(Step("one two", says="Three."), hands_free=False) as going:
        going.session.press()
        end = going.microphone.say(said("one"))
        end = going.microphone.say(said("two"), at=end + 3)
        await asyncio.sleep(end + 0.5)
        assert not going.of(TurnStarted)
        going.session.release()
        await asyncio.sleep(4)
    assert going.words() == "Three."


@in_virtual_time
async def test_noise_without_words_is_no_turn() -> None:
    async with talk() as going:
        going.microphone.say(noise(0.4))
        await asyncio.sleep(5)
    assert not going.of(TurnStarted)
    assert len(going.of(UserStarted)) == len(going.of(UserStopped))
