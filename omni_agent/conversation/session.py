"""A live conversation, as a program has it: sound in, sound and events out.

    async with agent.session(user="ana") as session:
        async for frame in microphone.frames():
            await session.hear(frame)

| acquired                    | released                                          |
|-----------------------------|---------------------------------------------------|
| actor, playout, reply       | when the session is left                          |
| the speaker that was given  | by whoever gave it                                |
| the agent's models          | by the agent                                      |
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..errors import InputError, ModelError
from ..events import AgentEvent
from ..observation import Source, observe
from ..runner import raised
from ..speech.devices.protocols import Speaker
from ..speech.hearing.activity import VoiceActivity
from ..speech.pcm import Pcm
from . import turn_events as happened
from .actor import Actor, Greeting, Written
from .announcing import announce
from .listening import Activity, Listening
from .replying import Replying, Wasted
from .served import lost, service_of
from .stream_speaker import StreamSpeaker
from .turn_taking import Floor, TurnTaking

if TYPE_CHECKING:
    from ..speech.turn_end.end_of_turn import TurnEnd
    from ..speech.turn_end.service import TurnService
    from ..state import Parts
    from ..turns import Turns

MOST_EVENTS = 5_000
"""Events that are kept for a reader who is late; then the oldest are dropped."""


class AgentSession:
    """A live conversation. `Agent.session` makes it; it runs while it is entered.

    Args:
        parts: The agent's.
        turns: Runs its turns.
        user: With whom.
        session: Which conversation it goes on with.
        speaker: Where it is heard; by default by whoever reads `audio()`.
        activity: Tells voice from noise; by default Silero, where the model does not tell turns itself.
        turn_end: Scores how likely a turn is over; by default Smart Turn, where its file is there, and where
            the model does not tell turns itself.
        hands_free: The voice takes the floor by itself; else `press` and `release` do.
        idle: Seconds of silence after which `Idle` is told; None for never.

    Attributes:
        muted: What is heard counts as silence.
    """

    def __init__(
        self,
        parts: Parts,
        turns: Turns,
        user: str,
        session: str,
        *,
        speaker: Speaker | None = None,
        activity: Activity | None = None,
        turn_end: TurnEnd | None = None,
        hands_free: bool = True,
        idle: float | None = None,
    ) -> None:
        self._parts = parts
        self._user, self._session = user, session
        self._clock = parts.clock
        self._stream = None if speaker else StreamSpeaker(parts.clock)
        self._events: deque[AgentEvent] = deque(maxlen=MOST_EVENTS)
        self._news = asyncio.Event()
        self._closed = False
        self._activity: Activity | None = activity
        here = activity or turn_end or not hands_free
        self._service = None if here else service_of(parts.model)
        self._turn_end = turn_end or turn_end_at_hand()
        self._replying = Replying(
            parts,
            turns,
            (user, session),
            speaker or self._stream or StreamSpeaker(parts.clock),
            emit=self._emit,
            put=self._know,
            turn_end=self._turn_end,
        )
        self._begins = TurnTaking(hands_free=hands_free, idle=math.inf if idle is None else idle)
        self._actor: Actor | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.muted = False

    async def __aenter__(self) -> Self:
        """Begin to listen.

        Raises:
            ModelUnavailable: Voice cannot be told from noise here.
        """
        await self._be_served()
        if self._service is None:
            await self._judge_here()
        listening = Listening(self._clock, self._activity, self._service)
        self._actor = Actor(listening, self._replying, self._clock, self._emit, self._begins)
        announcing = announce(
            self._parts,
            self._user,
            self._session,
            self._replying.playout,
            floor=lambda: self.floor,
            emit=self._emit,
        )
        going_on = [self._actor.run(), self._actor.watch(), self._replying.run(), announcing]
        if self._service:
            self._replying.pauses.served = True
            going_on.append(self._stay_served(self._service, listening))
        self._tasks = [asyncio.create_task(each) for each in going_on]
        for task in self._tasks:
            task.add_done_callback(self._look_at)
        self._replying.make_ready()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        if self._service:
            await self._service.close()
        if self._stream:
            await self._stream.close()
        self._closed = True
        self._news.set()

    async def _be_served(self) -> None:
        """Begin to be heard by the service that tells turns; where it cannot be had, do without."""
        if self._service is None:
            return
        try:
            await self._service.open()
        except ModelError as error:
            self._service = None
            self._emit(lost(error))

    async def _stay_served(self, service: TurnService, listening: Listening) -> None:
        """Until the service can no longer be had: then the turns are told here."""
        try:
            await service.run()
        except ModelError as error:
            self._emit(lost(error))
            listening.alone(await self._judge_here())
            self._replying.pauses.served = False

    async def _judge_here(self) -> Activity:
        if self._activity is None:
            self._activity = await asyncio.to_thread(VoiceActivity)
        await self._turn_end.prewarm()
        return self._activity

    async def hear(self, pcm: Pcm) -> None:
        """Take in what the user's microphone heard next; waits where the session is far behind.

        Args:
            pcm: Any rate, any length; 20 ms are usual.
        """
        if self.muted:
            pcm = Pcm.silence(pcm.seconds, pcm.rate)
        await self._running.hear(pcm)

    async def send(self, text: str, *, images: Sequence[Source] = (), video: Source | None = None) -> None:
        """Take in what the user writes, with what he shows; the agent's reply, if it speaks, is cut.

        Raises:
            InputError: There is nothing in it.
        """
        found = observe(self._parts.media, text, None, images, video)
        self._running.put(Written(tuple(found), asks=True))

    async def show(self, *images: Source) -> None:
        """Take in pictures that go with what the user says next.

        Raises:
            InputError: There are none.
        """
        self._running.put(Written(tuple(observe(self._parts.media, "", None, images, None)), asks=False))

    def greet(self, language: str = "") -> None:
        """Let the agent begin with its persona's opening line, where it has one and the conversation is new.

        Args:
            language: ISO 639-1 code of the line, where there are several; by default the persona's own.
        """
        self._running.put(Greeting(language))

    def interrupt(self) -> None:
        """Stop the agent where it is; nothing happens where it has not the floor."""
        self._put(happened.Stopped(self._clock.monotonic()))

    def press(self) -> None:
        """The key is held down: the user has the floor, and the agent is silent."""
        self._put(happened.Pressed(self._clock.monotonic()))

    def release(self) -> None:
        """The key is let go: the user has ended."""
        self._put(happened.Released(self._clock.monotonic()))

    @property
    def floor(self) -> Floor:
        """Whose turn it is."""
        return self._actor.state.floor if self._actor else Floor.OPEN

    @property
    def wasted(self) -> Wasted:
        """What was begun early and for nothing."""
        return self._replying.wasted

    async def events(self) -> AsyncIterator[AgentEvent]:
        """What happens, as it happens, until the session is left. For one reader."""
        while True:
            while self._events:
                yield self._events.popleft()
            if self._closed:
                return
            self._news.clear()
            await self._news.wait()

    async def audio(self) -> AsyncIterator[Pcm]:
        """What is to be heard, at the pace at which it is, until the session is left. For one reader.

        Raises:
            InputError: The session has a speaker of its own.
        """
        if self._stream is None:
            raise InputError("this session plays on a speaker of its own", remedy="make it without one")
        async for frame in self._stream.frames():
            yield frame

    @property
    def _running(self) -> Actor:
        if self._actor is None or self._closed:
            raise InputError("the session is not open", remedy="async with agent.session() as session")
        return self._actor

    def _put(self, event: happened.Event) -> None:
        self._running.put(event)

    def _know(self, event: happened.Event) -> None:
        """What comes of a reply; also of one that ends with the session."""
        if self._actor:
            self._actor.put(event)

    def _look_at(self, task: asyncio.Task[None]) -> None:
        """A defect must not end a conversation in silence."""
        if not task.cancelled() and (error := task.exception()):
            self._emit(raised(error))
            self._closed = True

    def _emit(self, event: AgentEvent) -> None:
        self._events.append(event)
        self._news.set()


def turn_end_at_hand() -> TurnEnd:
    """Smart Turn from the model store, which falls back to prosody where its file is missing."""
    from ..models.store import ModelStore
    from ..speech.turn_end.end_of_turn import SmartTurn
    from ..speech.turn_end.prosody import ProsodyEnd

    return SmartTurn(lambda: ModelStore().ensure("turn"), otherwise=ProsodyEnd())
