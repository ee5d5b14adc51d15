"""The agent's side of a live conversation: one reply at a time, begun early, heard, cut or given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import OmniError
from ..events import AgentEvent, ErrorRaised, PartialTranscript, Transcript, WordSpoken
from ..observation import observe
from ..speech.barge_in.interruption import DialogueState
from ..speech.devices.protocols import Speaker
from ..speech.pcm import Pcm
from . import turn_events as happened
from .attempt import Attempt
from .dead_air import DeadAir
from .interjecting import Interjecting
from .pause import PauseJudge
from .playout import Playout
from .understanding import Understanding

if TYPE_CHECKING:
    from ..persona.phrases import Wait
    from ..speech.turn_end.end_of_turn import TurnEnd
    from ..state import Observation, Parts
    from ..turns import Turns

_ASKING = ("?", "？")


@dataclass(slots=True)
class Wasted:
    """Work that was begun before the user had surely ended, and what of it was for nothing.

    Attributes:
        replies: That were begun.
        abandoned: Of those, how many the user spoke on over.
        seconds: That the abandoned ones had been going on.
    """

    replies: int = 0
    abandoned: int = 0
    seconds: float = 0.0


class Replying:
    """Makes the replies of a conversation.

    Args:
        parts: The agent's.
        turns: Runs its turns.
        whose: User and session.
        speaker: Where it is heard.
        emit: Takes what the caller is to see.
        put: Takes what turn-taking is to know.
        turn_end: Scores how likely a turn is over.

    Attributes:
        playout: What is heard.
        pauses: Judge whether a turn is over.
        wasted: What early work was for nothing.
    """

    def __init__(
        self,
        parts: Parts,
        turns: Turns,
        whose: tuple[str, str],
        speaker: Speaker,
        *,
        emit: Callable[[AgentEvent], None],
        put: Callable[[happened.Event], None],
        turn_end: TurnEnd,
    ) -> None:
        self._parts = parts
        self._turns = turns
        self._user, self._session = whose
        self._clock = parts.clock
        self._emit = emit
        self._put = put
        self.playout = Playout(speaker, parts.clock, sounding=self._sounds, heard=self._spoke)
        self.pauses = PauseJudge(turn_end, parts.clock, put)
        self._interjecting = Interjecting(parts, self.playout, emit)
        self._dead_air = DeadAir(parts.clock, self.playout, say=self._interjecting.say, give_up=self._give_up)
        self.understanding = Understanding(parts, self._user, self._session, emit, begun=self.make_ready)
        self._attempt: Attempt | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._readying: asyncio.Task[None] | None = None
        self.wasted = Wasted()

    def begin(
        self,
        generation: int,
        heard: Callable[[], Pcm] | None,
        written: Sequence[Observation],
        *,
        judged: bool,
    ) -> None:
        """Begin a reply, and keep it to yourself.

        Args:
            generation: Its number.
            heard: Gives what the user said, until now; None where he only wrote.
            written: What he wrote and showed.
            judged: It is not sure that he has ended.
        """
        utterance = heard() if heard else None
        spoken = observe(self._parts.media, "", utterance, (), None) if utterance else []
        seconds = utterance.seconds if utterance else None
        attempt = self._attempted(generation, seconds, [item["content"] for item in spoken])
        if judged:
            self.wasted.replies += 1
            if heard:
                self.pauses.begin(generation, heard, self.understanding.language)
        events = self._turns.contribute(
            [*spoken, *written], self._user, self._session, speak=True, live=attempt
        )
        attempt.begin(events, lambda: self._ended(attempt))

    def greet(self, generation: int, language: str) -> None:
        """Begin with the persona's opening line; it comes to nothing where there is none to say."""
        attempt = self._attempted(generation, None, ())
        words = self._parts.persona.greeting(language)
        events = self._turns.greet(words, self._user, self._session, speak=True, live=attempt)
        attempt.begin(events, lambda: self._ended(attempt))

    def _attempted(self, generation: int, utterance: float | None, media: Sequence[str]) -> Attempt:
        # What they would prepare is what this begins to do.
        self.understanding.close()
        if self._readying:
            self._readying.cancel()
        self.playout.begin()
        attempt = Attempt(
            generation,
            self.playout,
            self._clock,
            emit=self._emit,
            heard_user=lambda transcript: self._understood(attempt, transcript),
            ready=lambda: self.pauses.ready(generation),
            utterance=utterance,
            media=media,
        )
        self._attempt = attempt
        return attempt

    def take(self, generation: int) -> float | None:
        """The turn is over: let the reply be heard; seconds of the user's utterance, if he spoke."""
        self.pauses.close()
        attempt = self._attempt
        assert attempt is not None
        assert attempt.generation == generation
        attempt.take()
        self._dead_air.watch(attempt, self.understanding.language)
        return attempt.utterance

    def abandon(self, paused: float) -> None:
        """The user goes on, after a pause of so many seconds."""
        self.pauses.close()
        if paused:
            self.pauses.outlived(paused)
        if attempt := self._attempt:
            self.wasted.abandoned += 1
            self.wasted.seconds += self._clock.monotonic() - attempt.began
            self._end(attempt)

    def cut(self, *, early: bool) -> None:
        """End the reply where it is. `early`: the user had not ended."""
        if early:
            self.pauses.cut_off()
        # The turn first: one that is heard out, because nothing more is to be heard, has come to its end.
        if attempt := self._attempt:
            attempt.silence()
            if not self._turns.interrupt(self._user, self._session):
                self._end(attempt)
        self.playout.cut()

    def forget(self) -> None:
        """Nobody heard the reply that was cut: unless a tool ran, its turn has never been."""
        if self._attempt and not self._attempt.acted:
            self._attempt.forget()

    def dialogue(self, *, held: bool) -> DialogueState:
        """What an interruption would interrupt."""
        attempt = self._attempt
        if attempt is None:
            return DialogueState(held=held, language=self.understanding.language)
        return DialogueState(
            asked=attempt.text[: attempt.heard].rstrip().endswith(_ASKING),
            uninterruptible=attempt.protected,
            remaining=self.playout.ahead,
            held=held,
            language=self.understanding.language,
        )

    async def run(self) -> None:
        """Play what is to be heard, until cancelled; then end what runs."""
        try:
            await self.playout.run()
        finally:
            self.pauses.close()
            self._dead_air.close()
            self.understanding.close()
            if self._readying:
                self._readying.cancel()
            if self._attempt:
                await self._attempt.abandon()
            if self._ending:
                await asyncio.wait(self._ending)

    def _understood(self, attempt: Attempt, transcript: Transcript) -> None:
        self.understanding.language = transcript.language
        self.pauses.understood(attempt.generation, transcript.text, transcript.language)
        if not attempt.certain:
            self._emit(PartialTranscript(transcript.text, transcript.language))

    def _sounds(self) -> None:
        if self._attempt:
            self._put(happened.Sounding(self._clock.monotonic(), self._attempt.generation))

    def _spoke(self, spans: Sequence[tuple[int, int]]) -> None:
        for start, end in spans if self._attempt else ():
            assert self._attempt is not None
            self._emit(WordSpoken(self._attempt.text[start:end], start, end))

    def _ended(self, attempt: Attempt) -> None:
        if attempt is self._attempt:
            self._dead_air.close()
            if attempt.heard and attempt.utterance:
                self.pauses.right()
        if not attempt.certain:
            self._keep(self._forgotten(attempt))
        self._put(happened.ReplyEnded(self._clock.monotonic(), attempt.generation))

    def make_ready(self, words: str = "") -> None:
        """Let the model compute the conversation so far, and the words with which the user surely begins."""
        if self._readying:
            self._readying.cancel()

        async def ready() -> None:
            with suppress(OmniError):
                await self._turns.ready(self._user, self._session, words)

        self._readying = asyncio.create_task(ready())

    def _give_up(self, attempt: Attempt, wait: Wait) -> None:
        what = {"ears": "hearing", "model": "the model", "tool": "a tool", "voice": "the voice"}[wait]
        self._emit(
            ErrorRaised("stalled", f"no sign of life from {what}; the reply was given up", "ask again")
        )
        if not self._turns.interrupt(self._user, self._session):
            self._end(attempt)

    def _end(self, attempt: Attempt) -> None:
        """In the background: another may begin meanwhile, and waits for it by itself."""
        self._keep(self._abandoned(attempt))

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _abandoned(self, attempt: Attempt) -> None:
        await attempt.abandon()
        if not attempt.certain:
            await self._forgotten(attempt)

    async def _forgotten(self, attempt: Attempt) -> None:
        """A turn that has never been leaves no sound behind."""
        for ref in attempt.media:
            await asyncio.to_thread(self._parts.media.delete, ref)
