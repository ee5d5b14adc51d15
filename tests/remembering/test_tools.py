"""Requests to memory, from the words to what is known afterwards: a scripted model, the real store."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from omni_memory import SqliteMemory

from omni_agent import Agent, tool
from omni_agent.events import ApprovalRequested
from omni_agent.memory import Scope
from omni_agent.messages import Hearing
from omni_agent.models.base import Capabilities, Done, ModelEvent, Request, TextDelta
from omni_agent.reply import Reply
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedEars, ScriptedModel, Step, VirtualClock

pytestmark = pytest.mark.anyio

ME = Scope("local", "Omni")
SOUND = Pcm.silence(1.0, 16_000)


class Answering:
    """A model that says `says`, whatever it is asked."""

    capabilities = Capabilities()
    senses = Senses()

    def __init__(self) -> None:
        self.says = "All right."
        self.requests: list[Request] = []

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        self.requests.append(request)
        yield TextDelta(self.says)
        yield Done("stop")

    async def prewarm(self, request: Request | None = None) -> None: ...

    async def close(self) -> None: ...


class Conversation:
    """With an agent that answers so."""

    def __init__(self, home: Path) -> None:
        self.model = Answering()
        self.memory = SqliteMemory(home / "memory.db", clock=VirtualClock())
        self.agent = Agent(model=self.model, memory=self.memory, learns=False)

    async def say(self, words: str, session: str = "one") -> Reply:
        return await self.agent.ask(words, session=session, speak=False)

    async def known(self, **asked: Any) -> list[str]:
        return [fact.said.text for fact in await self.memory.facts(ME, **asked)]

    @property
    def told(self) -> str:
        """What the model was shown last: the user's words, and what it is to tell."""
        return self.model.requests[-1].messages[-1].text


def files_with(word: bytes, folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if word in path.read_bytes().lower()]


@pytest.fixture
async def talk(home: Path) -> AsyncIterator[Conversation]:
    conversation = Conversation(home)
    yield conversation
    await conversation.agent.close()


async def test_remember_and_tell(talk: Conversation) -> None:
    await talk.say("What do you know about me?")
    assert "I know nothing about you" in talk.told
    reply = await talk.say("Please remember that my dentist is Dr. Huber.")
    assert [call.name for call in reply.tool_calls] == ["remember"]
    assert "your dentist is Dr. Huber" in talk.told
    assert await talk.known() == ["The user's dentist is Dr. Huber."]
    await talk.say("what do you know about me", session="two")
    assert "your dentist is Dr. Huber" in talk.told
    await talk.say("What do you know about my dentist?", session="two")
    assert "Dr. Huber" in talk.told
    await talk.say("What do you know about my submarine?", session="two")
    assert "Huber" not in talk.told


async def test_the_tools_are_not_in_the_prompt(talk: Conversation) -> None:
    await talk.say("Remember that I like tea.")
    assert all(request.tools == () for request in talk.model.requests)
    assert {"remember", "forget", "correct_memory", "about_me", "undo"} <= {
        t.name for t in talk.agent.parts.toolbox
    }


async def test_put_right(talk: Conversation) -> None:
    await talk.say("Remember that my dentist is Dr. Huber.")
    talk.model.says = "Your dentist is Dr. Huber."
    await talk.say("Who is my dentist?")
    reply = await talk.say("No, it's Dr. Maier.")
    assert [call.name for call in reply.tool_calls] == ["correct_memory"]
    assert "Dr. Maier" in talk.told
    assert await talk.known() == ["The user's dentist is Dr. Maier."]
    assert "The user's dentist is Dr. Huber." in await talk.known(past=True)


async def test_a_correction_of_what_memory_does_not_know_changes_nothing(talk: Conversation) -> None:
    talk.model.says = "Your sum is 11."
    await talk.say("What is five and five?")
    await talk.say("That's wrong.")
    assert "nothing was changed" in talk.told
    assert await talk.known(past=True) == []


async def test_taken_back(talk: Conversation) -> None:
    await talk.say("Remember that my dentist is Dr. Huber.")
    await talk.say("Remember that my dentist is Dr. Maier.")
    await talk.say("Undo that.")
    assert "Dr. Maier" in talk.told
    assert await talk.known() == ["The user's dentist is Dr. Huber."]


async def test_forget_asks_and_names_what_would_go(talk: Conversation) -> None:
    await talk.say("Remember that my dentist is Dr. Huber.")
    await talk.say("Remember that my cat is called Miezi.")
    asked = await talk.say("Forget my dentist.", session="two")
    (question,) = asked.approvals
    assert (question.name, question.reason, asked.status) == ("forget", "irreversible", "waiting")
    assert "your dentist is Dr. Huber" in question.question
    assert "Miezi" not in question.question
    await talk.say("No, keep it.", session="two")
    assert len(await talk.known()) == 2
    await talk.say("Forget my dentist.", session="two")
    done = await talk.say("Yes, forget my dentist.", session="two")
    assert done.status == "done"
    assert [text for text in await talk.known(past=True) if "Huber" in text] == []
    assert any("Miezi" in text for text in await talk.known())


async def test_what_is_not_known_is_not_asked_about(talk: Conversation) -> None:
    reply = await talk.say("Forget my submarine.")
    assert (reply.status, reply.approvals) == ("done", ())
    assert "there is nothing to forget" in talk.told


async def test_no_byte_of_what_was_forgotten_is_left(talk: Conversation, home: Path) -> None:
    await talk.say("Remember that my dentist is Dr. Quetzalcoatl.")
    await talk.say("Forget that my dentist is Dr. Quetzalcoatl.")
    await talk.say("Yes.")
    await talk.agent.close()
    assert files_with(b"quetzal", home) == []


async def test_forget_everything(talk: Conversation) -> None:
    await talk.say("Remember that my dentist is Dr. Huber.")
    asked = await talk.say("Vergiss alles, was du über mich weißt.")
    assert "Soll ich alles endgültig vergessen" in asked.approvals[0].question
    await talk.say("Ja.")
    assert await talk.known(past=True) == []
    (left,) = await talk.memory.history(ME, "one")
    assert "Vergiss" not in left.messages[0].text


@pytest.mark.parametrize(
    ("words", "confidence", "asks"),
    [
        ("remember that my dentist is dr huber", 0.9, None),
        ("remember that my dentist is dr huber", 0.4, "Shall I remember this: my dentist is dr huber?"),
        (
            "merk dir dass mein Zahnarzt Huber heißt",
            0.4,
            "Soll ich mir das merken: mein Zahnarzt heißt Huber?",
        ),
    ],
)
async def test_what_was_badly_heard_is_read_back(
    words: str, confidence: float, asks: str | None, home: Path
) -> None:
    ears = ScriptedEars(Hearing(words, language="", confidence=confidence))
    model = ScriptedModel(*[Step(says="All right.")] * (not asks), senses=Senses(ears=ears))
    agent = Agent(model=model, memory=SqliteMemory(home / "memory.db"), learns=False)
    events = [event async for event in agent.stream(audio=SOUND, speak=False)]
    questions = [event.question for event in events if isinstance(event, ApprovalRequested)]
    assert questions == ([asks] if asks else [])
    await agent.close()


async def test_the_model_sees_no_calls(talk: Conversation) -> None:
    """It would write some itself."""
    await talk.say("Remember that I like tea.")
    await talk.say("What is the weather?")
    told, next_ = (request.messages for request in talk.model.requests)
    assert [message.role for message in told] == ["user"]
    assert "you like tea" in told[0].text
    assert [message.role for message in next_] == ["user", "assistant", "user"]
    assert all(not message.tool_calls for message in next_)


async def test_after_a_memory_call_no_other_tool_is_called(home: Path) -> None:
    @tool
    def add_note(text: str) -> str:
        """Write a note."""
        return text

    model = ScriptedModel(Step(says="All right."), Step(says="Fine."))
    agent = Agent(model=model, memory=SqliteMemory(home / "memory.db"), learns=False, tools=[add_note])
    for words in ("Remember that I like tea.", "Good."):
        await agent.ask(words, speak=False)
    told, next_ = model.requests
    assert [spec.name for spec in told.tools] == ["add_note"]
    assert "add_note" in told.withheld
    assert "add_note" not in next_.withheld
    await agent.close()
