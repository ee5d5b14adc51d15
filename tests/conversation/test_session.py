"""Live conversations in virtual time: what the user says, hears and interrupts."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from omni_agent import Persona, tool
from omni_agent.alarms import Alarm
from omni_agent.conversation import Floor
from omni_agent.events import (
    AlarmRaised,
    ApprovalRequested,
    Idle,
    Interrupted,
    SpeechHeld,
    SpeechResumed,
    ToolFinished,
    Transcript,
    TurnEnded,
    TurnStarted,
    UserStarted,
    UserStopped,
)
from omni_agent.testing import Step, in_virtual_time, noise, said, words_in
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
async def test_slow_ears_take_no_turn_before_they_know_what_was_said() -> None:
    async with talk(Step("tomorrow", says="Noted."), hears_in=1.2) as going:
        end = going.microphone.say(said("please remind me to"))
        going.microphone.say(said("call Anna tomorrow"), at=end + 1.0)
        await asyncio.sleep(10)
    assert len(going.of(UserStopped)) == 1
    assert going.words() == "Noted."


@in_virtual_time
async def test_the_model_reads_ahead_while_the_user_speaks() -> None:
    long = "please tell me which of the trains to Hamburg will leave before nine in the morning"
    async with talk(Step("hello", says="Hi."), Step("trains", says="None.")) as going:
        going.microphone.say(said("hello"))
        await asyncio.sleep(4)
        before = len(going.model.prepared)
        going.microphone.say(said(long))
        await asyncio.sleep(9)
    ahead = [[message.text for message in asked.messages] for asked in going.model.prepared[before:]]
    assert ahead[0] == ["hello", "Hi.", ""]
    begun = ahead[-1][-1]
    assert len(begun.split()) > 2
    assert long.startswith(begun)
    assert going.words() == "Hi. None."


@in_virtual_time
async def test_an_interruption_leaves_what_was_heard() -> None:
    story = "Once upon a time there was a king who had three daughters and a very old cat."
    async with talk(Step("story", says=story), Step("stop that", says="Of course.")) as going:
        going.microphone.say(said("tell me a story"))
        await asyncio.sleep(5)
        going.microphone.say(said("no please stop that now"))
        await asyncio.sleep(7)
    first, second = going.of(TurnEnded)
    assert first.status == "interrupted"
    assert first.heard_text
    assert story.startswith(first.heard_text)
    assert len(first.heard_text) < len(story)
    assert second.heard_text == "Of course."
    silent = going.speaker.flushes[-1].silent + 0.02
    assert [word.text for word in words_in(going.speaker.heard(silent))] == ["Of", "course."]


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


STORY = "Once upon a time there was a king who had three daughters and a very old cat."


@in_virtual_time
async def test_a_nod_does_not_stop_the_agent() -> None:
    async with talk(Step("story", says=STORY)) as going:
        going.microphone.say(said("tell me a story"))
        await asyncio.sleep(4)
        going.microphone.say(said("yeah"))
        await asyncio.sleep(8)
    assert [event.status for event in going.of(TurnEnded)] == ["done"]
    assert going.of(TurnEnded)[0].heard_text == STORY
    assert len(going.of(SpeechHeld)) == len(going.of(SpeechResumed))
    assert [word.text for word in words_in(going.speaker.heard())] == STORY.split()


@in_virtual_time
async def test_the_next_turn_knows_what_was_not_heard() -> None:
    async with talk(Step("story", says=STORY), Step("what then", says="He had a cat.")) as going:
        going.microphone.say(said("tell me a story"))
        await asyncio.sleep(4)
        going.session.interrupt()
        await asyncio.sleep(1)
        going.microphone.say(said("and what then"))
        await asyncio.sleep(5)
    heard = going.of(TurnEnded)[0].heard_text
    told = [message.text for message in going.model.requests[1].messages]
    assert any(words == f"{heard} —" for words in told)
    assert not any("cat" in words for words in told)


@in_virtual_time
async def test_no_tool_runs_before_the_turn_is_certain() -> None:
    ran = []

    @tool
    async def switch_on(lamp: str) -> str:
        """Switch a lamp on.

        Args:
            lamp: Which.
        """
        ran.append(asyncio.get_running_loop().time())
        return "on"

    steps = (Step("lamp", calls={"switch_on": {"lamp": "red"}}), Step(says="It is on."))
    async with talk(*steps, tools=[switch_on], grounding=False) as going:
        end = going.microphone.say(said("switch on the red lamp"))
        await asyncio.sleep(6)
    assert len(ran) == 1
    assert ran[0] > end + 0.3
    assert [event.status for event in going.of(ToolFinished)] == ["done"]
    assert going.words() == "It is on."


@in_virtual_time
async def test_a_question_is_read_out_to_the_end_and_then_answered() -> None:
    deleted = []

    @tool(effect="irreversible")
    async def delete_file(name: str) -> str:
        """Delete a file.

        Args:
            name: Which.
        """
        deleted.append(name)
        return "gone"

    steps = (Step("delete", calls={"delete_file": {"name": "notes"}}), Step(says="It is gone."))
    async with talk(*steps, tools=[delete_file], grounding=False) as going:
        going.microphone.say(said("delete the file notes"))
        await asyncio.sleep(4)
        assert going.of(ApprovalRequested)
        assert not deleted
        going.microphone.say(said("yes please"))
        await asyncio.sleep(12)
    assert deleted == ["notes"]
    assert [event.status for event in going.of(TurnEnded)] == ["waiting", "done"]
    assert going.of(TurnEnded)[0].heard_text == going.of(TurnEnded)[0].text


@in_virtual_time
async def test_silence_is_noticed() -> None:
    async with talk(idle=10.0) as going:
        await asyncio.sleep(35)
    assert [event.seconds for event in going.of(Idle)] == [10.0, 20.0]


@in_virtual_time
async def test_a_microphone_that_is_pulled_out_ends_the_turn() -> None:
    async with talk(Step("hello", says="Hi.")) as going:
        going.microphone.say(said("hello you there"))
        await asyncio.sleep(1.0)
        going.microphone.unplug()
        await asyncio.sleep(8)
        assert going.session.floor is Floor.OPEN
        going.microphone.plug()
    assert len(going.of(UserStarted)) == len(going.of(UserStopped)) == 1


@in_virtual_time
async def test_what_is_shown_goes_with_what_is_said(picture: bytes) -> None:
    async with talk(Step("what is this", says="A square."), inputs=("text", "image")) as going:
        await going.session.show(picture)
        going.microphone.say(said("what is this"))
        await asyncio.sleep(5)
    assert going.words() == "A square."
    assert going.model.requests[0].messages[-1].media


@in_virtual_time
async def test_an_alarm_is_spoken() -> None:
    async with talk() as going:
        parts = going.agent.parts
        at = parts.clock.now() + timedelta(seconds=5)
        parts.alarms.set("local", Alarm("t1", at, "Your tea is ready."))
        await asyncio.sleep(9)
    assert [event.text for event in going.of(AlarmRaised)] == ["Your tea is ready."]
    assert [word.text for word in words_in(going.speaker.heard())] == ["Your", "tea", "is", "ready."]


@in_virtual_time
async def test_without_a_voice_the_reply_is_text() -> None:
    async with talk(Step("hello", says="Hi."), persona=Persona(), voiceless=True) as going:
        await going.session.send("hello")
        await asyncio.sleep(2)
    assert going.of(TurnEnded)[0].heard_text == "Hi."
    assert going.session.floor is Floor.OPEN


@in_virtual_time
async def test_the_agent_can_begin() -> None:
    persona = Persona(name="Host", opening="Welcome to the house.")
    async with talk(Step("thanks", says="My pleasure."), persona=persona) as going:
        going.session.greet()
        await asyncio.sleep(4)
        assert going.words() == "Welcome to the house."
        assert going.session.floor is Floor.OPEN
        going.microphone.say(said("thanks a lot"))
        await asyncio.sleep(5)
    assert [event.status for event in going.of(TurnEnded)] == ["done", "done"]
