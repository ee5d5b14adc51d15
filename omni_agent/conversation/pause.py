"""Whether a pause is the end of the user's turn: how it sounded, what was said, and how this user pauses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ..clock import Clock
from ..speech.pcm import Pcm
from ..speech.turn_end.end_of_turn import UNKNOWN, TurnEnd
from ..speech.turn_end.patience import Patience
from ..speech.turn_end.unfinished import held_open
from .turn_events import PauseJudged

LISTENED = 0.1
"""Seconds more of the silence that are listened to before it is scored."""

FREE = 1.1
"""Seconds of silence that are waited for where no reply is ready to be heard and no tool to run: it costs
nothing, and most pauses within a turn are shorter."""

UNKNOWN_WORDS = 2.0
"""Seconds of silence for which it is waited to be known what was said, where no reply is ready: a machine
that is busy understands late, and must not take the turn of somebody who has said "tell me about the"."""


@dataclass(slots=True)
class _Pause:
    generation: int
    seconds: float
    score: float = UNKNOWN
    words: str = ""
    language: str = ""
    ready: bool = False


class PauseJudge:
    """Judges one pause at a time, anew with everything that becomes known of it.

    Args:
        turn_end: Scores how likely the turn is over.
        clock: For the judgement's time.
        tell: Takes each judgement.

    Attributes:
        served: A service tells when a turn is over; nothing is judged here.
    """

    def __init__(self, turn_end: TurnEnd, clock: Clock, tell: Callable[[PauseJudged], None]) -> None:
        self._turn_end = turn_end
        self._patience = Patience()
        self._clock = clock
        self._tell = tell
        self._pause = _Pause(0, 0.0)
        self._scoring: asyncio.Task[None] | None = None
        self.served = False

    def begin(self, generation: int, utterance: Callable[[], Pcm], language: str) -> None:
        """The user paused.

        Args:
            generation: Of the reply that waits for the judgement.
            utterance: Gives his words so far, and the silence after them.
            language: ISO 639-1 code of what he said before; empty where that is not known.
        """
        self.close()
        self._pause = _Pause(generation, utterance().seconds, language=language)
        if not self.served:
            self._scoring = asyncio.create_task(self._score(self._pause, utterance))

    def over(self) -> None:
        """The service says that the turn is over."""
        self._tell(PauseJudged(self._clock.monotonic(), self._pause.generation, 0.0))

    def understood(self, generation: int, words: str, language: str) -> None:
        """What was said is known now."""
        if generation == self._pause.generation:
            self._pause.words, self._pause.language = words, language
            self._judge(self._pause)

    def ready(self, generation: int) -> None:
        """The reply could be heard now, or a tool could run: from here on waiting costs."""
        if generation == self._pause.generation and not self._pause.ready:
            self._pause.ready = True
            self._judge(self._pause)

    def outlived(self, seconds: float) -> None:
        """The user went on after a pause of so many seconds: he pauses like that."""
        self._patience = self._patience.paused(seconds)

    def right(self) -> None:
        """A turn was taken, and the user had nothing to add."""
        self._patience = self._patience.taken()

    def cut_off(self) -> None:
        """The user went on right after the turn was taken: it was taken too early."""
        self._patience = self._patience.cut_off()

    def close(self) -> None:
        """Nothing more is to be judged."""
        if self._scoring:
            self._scoring.cancel()

    async def _score(self, pause: _Pause, utterance: Callable[[], Pcm]) -> None:
        await self._clock.sleep(LISTENED)
        pause.score = await self._turn_end.score(utterance(), pause.words)
        self._judge(pause)

    def _judge(self, pause: _Pause) -> None:
        if self.served:
            return
        hold = held_open(pause.words, pause.language)
        wait = self._patience.wait(pause.score, hold, pause.seconds)
        if not pause.ready:
            wait = max(wait, FREE if pause.words else UNKNOWN_WORDS)
        self._tell(PauseJudged(self._clock.monotonic(), pause.generation, wait))
