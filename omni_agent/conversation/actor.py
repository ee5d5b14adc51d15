"""The actor of a live conversation: one inbox, one state, and what follows from it.

All that happens comes in here, in order: the user's sound, keys, words that are written, judgements, the ends
of replies. Turn-taking says what is to be done; this does it, and waits for nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from ..events import (
    AgentEvent,
    Idle,
    SpeechHeld,
    SpeechResumed,
    UserStarted,
    UserStopped,
)
from ..speech.barge_in.interruption import DialogueState, Verdict, judge
from ..speech.hearing import onset
from ..speech.hearing.activity import RATE, Window
from ..speech.pcm import Pcm
from ..speech.turn_end.service import TurnOver
from . import turn_effects as do
from . import turn_events as happened
from .listening import Heard, Listening
from .replying import Replying
from .turn_taking import Floor, Step, TurnTaking, begun, step
from .voice_over import UsualLevel, VoiceOver

if TYPE_CHECKING:
    from ..clock import Clock
    from ..state import Observation

MOST_WAITING = 500
"""Frames of sound that wait to be looked at, at most."""

DEAF = 1.0
"""Seconds without any sound, not even silence, after which the microphone is taken to be gone."""


@dataclass(frozen=True, slots=True)
class Written:
    """What the user wrote or showed. Pictures alone wait for the words that are said to them."""

    observations: tuple[Observation, ...]
    asks: bool


@dataclass(frozen=True, slots=True)
class Greeting:
    """The agent is to begin, with its opening line in this language, or in its own where it is empty."""

    language: str


Item: TypeAlias = Pcm | Written | Greeting | happened.Event


class Actor:
    """Carries a conversation.

    Args:
        listening: The user's side.
        replying: The agent's side.
        clock: Times everything.
        emit: Takes what the caller is to see.
        state: Where it begins.
    """

    def __init__(
        self,
        listening: Listening,
        replying: Replying,
        clock: Clock,
        emit: Callable[[AgentEvent], None],
        state: TurnTaking,
    ) -> None:
        self._listening = listening
        self._replying = replying
        self._clock = clock
        self._emit = emit
        self.state = state
        self._inbox: asyncio.Queue[Item] = asyncio.Queue()
        self._room = asyncio.Semaphore(MOST_WAITING)
        self._over: VoiceOver | None = None
        self._usual = UsualLevel()
        self._from: int | None = None
        self._written: list[Observation] = []
        self._taken: tuple[int | None, list[Observation]] = (None, [])
        self._alarm: asyncio.Task[None] | None = None
        self._fed_at = clock.monotonic()
        self._greeting: Greeting | None = None

    def put(self, item: Item) -> None:
        """Something happened."""
        self._inbox.put_nowait(item)

    async def hear(self, pcm: Pcm) -> None:
        """The user was heard; waits where much was heard and not looked at yet."""
        await self._room.acquire()
        self.put(pcm)

    async def run(self) -> None:
        """Carry on until cancelled."""
        try:
            self._follow(begun(self.state, self._clock.monotonic()))
            while True:
                self._take_in(await self._inbox.get())
        finally:
            if self._alarm:
                self._alarm.cancel()
            if self._over:
                self._over.close()

    async def watch(self) -> None:
        """A microphone that falls silent altogether has paused: whoever was speaking is not waited for."""
        while True:
            await self._clock.sleep(DEAF / 2)
            if self.state.voice and self._clock.monotonic() - self._fed_at >= DEAF:
                await self.hear(Pcm.silence(DEAF, RATE))

    def _take_in(self, item: Item) -> None:
        if isinstance(item, Pcm):
            self._room.release()
            self._fed_at = self._clock.monotonic()
            for heard in self._listening.feed(item):
                self._hear(heard)
        elif isinstance(item, Written):
            self._written += item.observations
            if item.asks:
                self._step(happened.Given(self._clock.monotonic()))
        elif isinstance(item, Greeting):
            if self.state.floor is Floor.OPEN:
                self._greeting = item
                self._step(happened.Given(self._clock.monotonic()))
        else:
            self._step(item)

    def _hear(self, heard: Heard) -> None:
        time = self._listening.time
        match heard:
            case Window():
                if self.state.floor is Floor.USER:
                    self._usual.heard(heard)
                    self._caption()
                if self._over:
                    self._judge(self._over, heard)
            case onset.VoiceStarted():
                self._step(happened.VoiceStarted(time(heard.at), time(heard.said_from)))
                if self._listening.served:
                    self._claim(time(heard.said_from))
            case onset.VoicePaused():
                self._step(happened.VoicePaused(time(heard.at), time(heard.since)))
            case TurnOver():
                self._replying.pauses.over()

    def _claim(self, began: float) -> None:
        """A service has told of a voice over the agent's: it means the agent, as far as is known."""
        if self.state.floor not in (Floor.AGENT, Floor.HELD):
            return
        protected = self._replying.dialogue(held=self.state.floor is Floor.HELD).uninterruptible
        verdict, now = Verdict.GO_ON if protected else Verdict.CUT, self._clock.monotonic()
        self._step(happened.VoiceJudged(now, verdict, began, now, owed=protected))

    def _judge(self, over: VoiceOver, window: Window) -> None:
        """Whether a voice over the agent's is to have the floor."""
        voice = over.heard(window)
        if voice is None:
            return
        dialogue = self._replying.dialogue(held=self.state.floor is Floor.HELD)
        verdict, now = judge(voice, dialogue), self._clock.monotonic()
        owed = dialogue.uninterruptible and judge(voice, _freely(dialogue)) is Verdict.CUT
        began, last = self._listening.time(over.began), self._listening.time(over.last)
        self._step(happened.VoiceJudged(now, verdict, began, last, owed))

    def _step(self, event: happened.Event) -> None:
        self._follow(step(self.state, event))

    def _follow(self, taken: Step) -> None:
        self.state, effects = taken
        for effect in effects:
            self._carry_out(effect)
        if self._over and self.state.floor not in (Floor.AGENT, Floor.HELD):
            self._close_over()

    def _carry_out(self, effect: do.Effect) -> None:
        match effect:
            case do.Listen():
                self._listen(effect)
            case do.Ignore():
                self._ignore()
            case do.Begin():
                self._begin(effect)
            case do.Take():
                self._take(effect)
            case do.Abandon():
                self._replying.abandon(effect.paused)
            case do.Cut():
                self._replying.cut(early=effect.early)
            case do.Wake():
                self._wake(effect.at)
            case _:
                self._tell(effect)

    def _tell(self, effect: do.Hold | do.Resume | do.TellIdle) -> None:
        match effect:
            case do.Hold():
                self._replying.playout.hold()
                self._emit(SpeechHeld())
            case do.Resume():
                self._replying.playout.resume()
                self._emit(SpeechResumed())
            case do.TellIdle():
                self._emit(Idle(round(effect.seconds, 3)))

    def _listen(self, effect: do.Listen) -> None:
        if effect.again:
            self._from, written = self._taken
            self._written = [*written, *self._written]
            self._replying.forget()
        else:
            self._from = self._listening.sample(effect.said_from)
            self._replying.make_ready()
            self._emit(UserStarted())

    def _ignore(self) -> None:
        """What sounded was no words for the agent."""
        if self.state.floor is Floor.OPEN and self._from is not None:
            self._from = None
            self._emit(UserStopped(0.0))

    def _caption(self) -> None:
        start, end = self._from, self._listening.end
        if start is not None and self.state.voice:
            self._replying.understanding.caption((end - start) / RATE, partial(self._utterance, start))

    def _begin(self, effect: do.Begin) -> None:
        if self._greeting:
            self._replying.greet(effect.generation, self._greeting.language)
            self._greeting = None
            return
        judged = self.state.floor is Floor.PAUSE
        heard = None if self._from is None else partial(self._utterance, self._from)
        self._replying.begin(effect.generation, heard, self._written, judged=judged)

    def _utterance(self, start: int) -> Pcm:
        return self._listening.between(start, self._listening.end)

    def _take(self, effect: do.Take) -> None:
        self._taken, self._from, self._written = (self._from, self._written), None, []
        self._close_over()
        understanding = self._replying.understanding
        ears = understanding.words if understanding.possible else None
        if self.state.hands_free:
            self._over = VoiceOver(self._usual.level, self._listening.between, ears)
        spoken = self._replying.take(effect.generation)
        if spoken is not None:
            self._emit(UserStopped(round(spoken, 3)))

    def _close_over(self) -> None:
        if self._over:
            self._over.close()
            self._over = None

    def _wake(self, at: float) -> None:
        if self._alarm:
            self._alarm.cancel()

        async def wake() -> None:
            await self._clock.sleep(at - self._clock.monotonic())
            self.put(happened.Woken(max(at, self._clock.monotonic())))

        self._alarm = asyncio.create_task(wake())


def _freely(dialogue: DialogueState) -> DialogueState:
    return replace(dialogue, uninterruptible=False)
