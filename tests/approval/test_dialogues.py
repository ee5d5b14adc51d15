"""Dialogues about things that cannot be put right, over ears that mishear the names and the answers."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings

from omni_agent import Agent, tool
from omni_agent.events import AgentEvent, ApprovalRequested, ErrorRaised, ToolFinished
from omni_agent.memory import TransientMemory
from omni_agent.messages import Hearing, ToolResult
from omni_agent.models.base import Capabilities, Done, ModelEvent, Request, TextDelta, ToolCall
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import VirtualClock

pytestmark = pytest.mark.anyio

# A dialogue takes a sixth of a second.
DIALOGUES = 200 if settings.get_current_profile_name() == "explore" else 80
NOTES = ("garage code", "garden plan", "shopping list", "guest list")
YES = ("yes", "Yes, please.", "yeah", "sure, go ahead", "Yes, delete it.")
NO = ("no", "No, thanks.", "don't do it")
MISHEARD = ("yet", "guess", "yes the other one", "es", "chess", "yesterday", "no", "less")
UNRELATED = ("what time is it", "tell me a joke", "play some music", "thank you for nothing")
SILENCE = Pcm.silence(0.2, 16_000)


class NoisyEars:
    """Hear what the user says, or something like it."""

    def __init__(self) -> None:
        self.next = Hearing("")

    async def transcribe(
        self, audio: Pcm, *, language: str = "", hints: Sequence[str] = (), timed: bool = True
    ) -> Hearing:
        return self.next

    async def prewarm(self) -> None: ...

    async def close(self) -> None: ...


class Deleting:
    """A model that wants to delete whatever the user's words name, and says what came of it."""

    capabilities = Capabilities()

    def __init__(self, ears: NoisyEars) -> None:
        self.senses = Senses(ears=ears)
        self._count = 0

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        last = request.messages[-1]
        named = next((note for note in NOTES if note in last.text), "")
        if last.role == "user" and named:
            self._count += 1
            yield ToolCall(f"call_{self._count}", "delete_note", {"title": named})
            yield Done("tool_calls")
            return
        results = [part.content for part in last.parts if isinstance(part, ToolResult)]
        yield TextDelta(" ".join(results) or "Hm.")
        yield Done("stop")

    async def prewarm(self, request: Request | None = None) -> None: ...

    async def close(self) -> None: ...


@dataclass
class Dialogue:
    """One of them: what was said, heard, asked and done, in order."""

    chance: random.Random
    clock: VirtualClock = field(default_factory=VirtualClock)
    memory: TransientMemory = field(default_factory=TransientMemory)
    heard: Hearing = field(default_factory=lambda: Hearing(""))
    asked: list[ApprovalRequested] = field(default_factory=list)
    asked_at: float = 0.0
    done: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)

    def agent(self) -> Agent:
        @tool(effect="irreversible", question="Delete the note '{title}'?")
        def delete_note(title: str) -> str:
            """Delete a note.

            Args:
                title: Its title.
            """
            late = self.clock.monotonic() - self.asked_at > 120
            allowed = [question.arguments["title"] for question in self.asked] == [title]
            if late or not allowed or self.heard.text not in YES or self.heard.confidence < 0.5:
                self.unasked.append(f"{title}: heard {self.heard}")
            self.done.append(title)
            return f"The note {title} is gone."

        self.ears = NoisyEars()
        return Agent(
            name="D",
            model=Deleting(self.ears),
            memory=self.memory,
            tools=[delete_note],
            clock=self.clock,
        )

    async def say(self, agent: Agent, words: str, confidence: float = 0.9) -> None:
        self.ears.next = self.heard = Hearing(words, "en", 1.0, confidence)
        events: list[AgentEvent] = []
        async with aclosing(agent.stream(audio=SILENCE, speak=False)) as stream:
            events = [event async for event in stream]
        assert all(e.code == "input_empty" for e in events if isinstance(e, ErrorRaised)), events
        questions = [event for event in events if isinstance(event, ApprovalRequested)]
        if questions:
            self.asked_at = self.clock.monotonic()
        self.asked = questions
        self.finished = [event for event in events if isinstance(event, ToolFinished)]

    def noisy(self, words: str) -> tuple[str, float]:
        """An answer as the ears give it."""
        kind = self.chance.random()
        if kind < 0.6:
            return words, 0.9
        if kind < 0.75:
            return words, 0.3
        return (self.chance.choice(MISHEARD), 0.8) if kind < 0.9 else ("", 0.0)

    def name(self, wanted: str) -> str:
        """A title as the ears give it."""
        return wanted if self.chance.random() < 0.7 else self.chance.choice(NOTES)


async def talk(seed: int) -> tuple[Dialogue, str]:
    chance = random.Random(seed)
    dialogue, wanted = Dialogue(chance), chance.choice(NOTES)
    agent = dialogue.agent()
    await dialogue.say(agent, f"delete the {dialogue.name(wanted)}")
    for _ in range(8):
        if chance.random() < 0.2:
            await agent.close()
            agent = dialogue.agent()
        if chance.random() < 0.1:
            dialogue.clock.advance(300)
        if not dialogue.asked:
            if wanted in dialogue.done:
                break
            await dialogue.say(agent, f"delete the {dialogue.name(wanted)}")
        elif chance.random() < 0.1:
            await dialogue.say(agent, chance.choice(UNRELATED))
        elif dialogue.asked[0].arguments["title"] == wanted:
            await dialogue.say(agent, *dialogue.noisy(chance.choice(YES)))
        elif chance.random() < 0.5:
            await dialogue.say(agent, f"no, the {dialogue.name(wanted)}")
        else:
            await dialogue.say(agent, *dialogue.noisy(chance.choice(NO)))
    await agent.close()
    return dialogue, wanted


async def test_nothing_is_deleted_without_a_matching_yes(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = 0
    for seed in range(DIALOGUES):
        monkeypatch.setenv("OMNI_AGENT_HOME", str(tmp_path / str(seed)))
        dialogue, wanted = await talk(seed)
        assert dialogue.unasked == [], f"seed {seed}"
        assert set(dialogue.done) <= {wanted}, f"seed {seed}"
        served += wanted in dialogue.done
    # The gate is no wall: most who want it get it, over these ears, within eight answers.
    assert served > 0.75 * DIALOGUES, served
