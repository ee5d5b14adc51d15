"""This project's side of the voice benchmarks: a live session that is spoken to in real time.

What the models do is noted around them, because the session shows nothing of a reply before its turn is
taken, and by then much of the work is done.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_agent import Agent
from omni_agent.config import Settings
from omni_agent.conversation import AgentSession
from omni_agent.events import AgentEvent, Transcript, UserStopped
from omni_agent.events import TextDelta as Words
from omni_agent.models.base import Capabilities, ModelEvent, OmniModel, Request, TextDelta
from omni_agent.models.cascade import local
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm

from .peers.trace import AUDIBLE, PATIENCE_SECONDS, QUIET_SECONDS, Trace
from .voice_latency_requests import RATE, SpokenRequest, room
from .voice_latency_runs import NAME, PERSONA, WARM_UP, Latency

FRAME_SECONDS = 0.02


class NotingSpeaker:
    """Plays at once what is written and notes when something can be heard."""

    def __init__(self, trace: Trace, rate: int = 24_000) -> None:
        self._trace = trace
        self._rate = rate
        self._until = 0.0

    @property
    def rate(self) -> int:
        return self._rate

    @property
    def pending(self) -> float:
        return max(0.0, self._until - time.monotonic())

    def write(self, pcm: Pcm) -> None:
        begins = max(time.monotonic(), self._until)
        audible = np.flatnonzero(np.abs(pcm.samples) > AUDIBLE)
        if len(audible):
            self._trace.note("sound", begins + int(audible[0]) / self._rate)
        self._until = begins + pcm.seconds

    def flush(self) -> float:
        unheard, self._until = self.pending, time.monotonic()
        return unheard

    async def close(self) -> None:
        """Nothing to let go of."""


class Noted:
    """Something that does what another does, and notes when one of its calls begins or ends."""

    def __init__(self, inner: Any, trace: Trace) -> None:
        self._inner = inner
        self._trace = trace

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class NotedEars(Noted):
    """Notes `transcript` when words were heard."""

    async def transcribe(self, audio: Pcm, **options: Any) -> Any:
        hearing = await self._inner.transcribe(audio, **options)
        self._trace.note("transcript")
        return hearing


class NotedVoice(Noted):
    """Notes `clause` when it is given one and `chunk` when that is sound."""

    async def speak(self, text: str, **options: Any) -> Any:
        self._trace.note("clause")
        pcm = await self._inner.speak(text, **options)
        self._trace.note("chunk")
        return pcm


class NotedModel:
    """A model that notes when it is `asked` and when its first `text` comes."""

    def __init__(self, inner: OmniModel, trace: Trace) -> None:
        self._inner = inner
        self._trace = trace
        borrowed = inner.senses
        ears: Any = NotedEars(borrowed.ears, trace)
        voice: Any = NotedVoice(borrowed.voice, trace)
        self._senses = replace(borrowed, ears=ears, voice=voice)

    @property
    def capabilities(self) -> Capabilities:
        return self._inner.capabilities

    @property
    def senses(self) -> Senses:
        return self._senses

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        self._trace.note("asked")
        new = True
        async for event in self._inner.stream(request):
            if new and isinstance(event, TextDelta):
                self._trace.note("text")
                new = False
            yield event

    async def prewarm(self, request: Request | None = None) -> None:
        await self._inner.prewarm(request)

    async def close(self) -> None:
        await self._inner.close()


class Talk:
    """A session, asked one thing after the other."""

    def __init__(self, session: AgentSession, speaker: NotingSpeaker, trace: Trace) -> None:
        self._session = session
        self._speaker = speaker
        self._trace = trace
        self._room = room(3 * RATE, seed=0)
        self._at = 0
        self._due = time.monotonic()

    async def listen(self) -> None:
        """Note what the session tells, until it is left."""
        async for event in self._session.events():
            self._note(event)

    async def ask(self, request: SpokenRequest, *, cut: bool) -> Latency:
        """Say it, wait for the reply and, unless that is cut at its first sound, hear it out."""
        trace = self._trace
        trace.clear()
        began = self._due
        end = began + request.end
        await self._hear(request.sound.samples)
        while not trace.first("sound", end) and time.monotonic() < end + PATIENCE_SECONDS:
            await self.rest(FRAME_SECONDS)
        measured: Any = trace.measured(began, end)
        if cut:
            self._session.interrupt()
        while self._talking and time.monotonic() < end + 3 * PATIENCE_SECONDS:
            await self.rest(FRAME_SECONDS)
        return Latency(request.name, **measured, heard=" ".join(trace.heard), said="".join(trace.said))

    async def rest(self, seconds: float) -> None:
        """Let so much of the room be heard."""
        count = round(seconds * RATE)
        await self._hear(np.take(self._room, range(self._at, self._at + count), mode="wrap"))
        self._at = (self._at + count) % len(self._room)

    @property
    def _talking(self) -> bool:
        return time.monotonic() < self._trace.latest + QUIET_SECONDS or self._speaker.pending > 0

    async def _hear(self, samples: NDArray[np.float32]) -> None:
        size = round(FRAME_SECONDS * RATE)
        for start in range(0, len(samples) - size + 1, size):
            self._due += FRAME_SECONDS
            await asyncio.sleep(max(0.0, self._due - time.monotonic()))
            await self._session.hear(Pcm(samples[start : start + size], RATE))

    def _note(self, event: AgentEvent) -> None:
        if isinstance(event, UserStopped):
            self._trace.note("turn")
        elif isinstance(event, Transcript):
            self._trace.heard.append(event.text)
        elif isinstance(event, Words):
            self._trace.said.append(event.text)


async def ours(
    spoken: Sequence[SpokenRequest], say: Callable[[str], None], *, cut: bool = False
) -> list[Latency]:
    """The requests through a session of an agent with the embedded models, after two that are not counted."""
    trace = Trace()
    speaker = NotingSpeaker(trace)
    model = NotedModel(local(Settings.load()), trace)
    found: list[Latency] = []
    async with Agent(name=NAME, persona=PERSONA, model=model, memory=None) as agent:
        await agent.prewarm()
        async with agent.session(speaker=speaker, session="latency") as session, asyncio.TaskGroup() as group:
            talk = Talk(session, speaker, trace)
            listening = group.create_task(talk.listen())
            await talk.rest(1.0)
            for request in [*spoken[:WARM_UP], *spoken]:
                found.append(await talk.ask(request, cut=cut))
                say(f"  ours: {found[-1].line}")
            listening.cancel()
    return found[-len(spoken) :]
