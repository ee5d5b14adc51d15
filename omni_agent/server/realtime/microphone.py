"""A client's sound as it comes in: turns begin and end in it, and what is said is heard before they end.

append ──> buffer ──> turn detection ──started──> the client is told
                                      ├─paused───> heard early; judged, where meaning ends a turn
                                      └─stopped──> committed: an item of the conversation
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ...errors import OmniError
from ...messages import Hearing
from ...speech.turn_end.unfinished import held_open
from .input_buffer import SHORTEST, InputBuffer, milliseconds
from .protocol import Refusal
from .sound import RATE, Format, decoded
from .turn_detection import ActivityMaker, Paused, Started, Stopped, Told, TurnDetection, TurnDetector
from .utterance import Listener, Spawn, Utterance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...speech.turn_end.end_of_turn import TurnEnd


# Seconds of sound in no turn that may be held before they are dropped.
_SWEPT = 2.0


class Hearer(Protocol):
    """Who is told what the microphone makes out."""

    def started(self, item_id: str, at_ms: int) -> None:
        """A turn began; its item will have this id."""

    def stopped(self, item_id: str, at_ms: int) -> None:
        """It ended."""

    def committed(self, item_id: str, utterance: Utterance, *, by_voice: bool) -> None:
        """Its sound is an item now; `by_voice`: because the user fell silent."""


class Microphone:
    """Takes a client's sound in.

    Args:
        hearer: Is told.
        listener: Hears.
        ids: Makes ids of items.
        spawn: Starts a task that the session owns.
        activity: Makes what tells voice from noise.
        turn_end: Scores how likely a turn is over.
    """

    def __init__(
        self,
        hearer: Hearer,
        listener: Listener,
        ids: Callable[[], str],
        spawn: Spawn,
        *,
        activity: ActivityMaker,
        turn_end: TurnEnd,
    ) -> None:
        self._hearer = hearer
        self.listener = listener
        self._ids = ids
        self._spawn = spawn
        self._make_activity = activity
        self._turn_end = turn_end
        self._buffer = InputBuffer()
        self._detector: TurnDetector | None = None
        self._item = ""
        self._began = 0
        self._early: tuple[int, asyncio.Task[Hearing]] | None = None

    @property
    def speaking(self) -> bool:
        """A turn goes on."""
        return bool(self._item)

    def set(self, detection: TurnDetection | None, wire: Format) -> None:
        """How turns are told, and what the client sends, from now on."""
        self._feed(self._buffer.change(wire))
        if detection == (self._detector.settings if self._detector else None):
            return
        self._end_turn()
        activity = self._make_activity() if detection else None
        self._detector = (
            TurnDetector(detection, activity, self._buffer.end) if detection and activity else None
        )

    def append(self, audio: str) -> None:
        """Sound in base64.

        Raises:
            Refusal: It is none, or too much.
        """
        self._feed(self._buffer.append(decoded(audio)))

    def commit(self) -> None:
        """Make an item of what came in.

        Raises:
            Refusal: There is too little.
        """
        self._feed(self._buffer.settle())
        begin = self._began if self._item else self._buffer.start
        have = (self._buffer.end - begin) / RATE
        if have < SHORTEST:
            raise Refusal(
                f"the input audio buffer holds {have * 1000:.0f} ms; a commit needs {SHORTEST * 1000:.0f}",
                "input_audio_buffer_commit_empty",
            )
        item = self._end_turn() or self._ids()
        self._commit(item, begin, self._buffer.end, None, by_voice=False)
        self._restart()

    def clear(self) -> None:
        """Drop what came in."""
        self._buffer.settle()
        self._end_turn()
        self._buffer.drop(self._buffer.end)
        self._restart()

    def silence(self) -> tuple[str, int, int]:
        """Make an item of the silence that waits: its id, and from when to when it was, in milliseconds."""
        item, begin, end = self._ids(), self._buffer.start, self._buffer.end
        return item, milliseconds(begin), milliseconds(end)

    def commit_silence(self, item: str) -> None:
        """Make it an item: see `silence`."""
        self._commit(item, self._buffer.start, self._buffer.end, None, by_voice=False)
        self._restart()

    def close(self) -> None:
        """No more comes in."""
        self._forget_early()

    def _feed(self, samples: NDArray[np.int16]) -> None:
        if self._detector is None or not len(samples):
            return
        if told := self._detector.feed(samples):
            self._follow(told)
        if self._detector and self._buffer.seconds > _SWEPT:
            self._buffer.drop(self._detector.earliest)

    def _follow(self, told: list[Told]) -> None:
        for event in told:
            match event:
                case Started(at=at):
                    self._item, self._began = self._ids(), at
                    self._hearer.started(self._item, milliseconds(at))
                case Paused():
                    self._paused(event)
                case Stopped(at=at, pause=pause):
                    early = self._early[1] if self._early and self._early[0] == pause else None
                    self._early = None if early else self._early
                    begin = self._began
                    if item := self._end_turn(at):
                        self._commit(item, begin, at, early, by_voice=True)

    def _paused(self, pause: Paused) -> None:
        self._forget_early()
        pcm = self._buffer.between(self._began, pause.until)
        if self.listener.hears_at_once:
            self._early = (pause.number, self.listener.begin(pcm))
        if self._detector and self._detector.settings.type == "semantic_vad":
            self._spawn(self._judge(pause, self._early[1] if self._early else None))

    async def _judge(self, pause: Paused, hearing: asyncio.Task[Hearing] | None) -> None:
        """How long this pause has to be."""
        detector = self._detector
        if detector is None:
            return
        pcm = self._buffer.between(self._began, pause.until)
        heard = Hearing("")
        try:
            if hearing:
                heard = await asyncio.shield(hearing)
            score = await self._turn_end.score(pcm, heard.text)
        except OmniError:
            # The turn ends by its longest wait, and tells what is wrong.
            return
        except asyncio.CancelledError:
            if hearing and hearing.cancelled():
                # The user went on.
                return
            raise
        wait = detector.settings.wait(score, held_open(heard.text, heard.language), pcm.seconds)
        if detector is self._detector:
            self._follow(detector.judged(pause.number, wait))

    def _commit(
        self, item: str, begin: int, end: int, early: asyncio.Task[Hearing] | None, *, by_voice: bool
    ) -> None:
        utterance = Utterance(self._buffer.take(begin, end), self.listener, early)
        self._hearer.committed(item, utterance, by_voice=by_voice)

    def _end_turn(self, at: int | None = None) -> str:
        """End the turn that goes on, if one does; the id of its item."""
        item, self._item = self._item, ""
        if item:
            self._hearer.stopped(item, milliseconds(self._buffer.end if at is None else at))
        self._forget_early()
        return item

    def _restart(self) -> None:
        if self._detector:
            self._detector.restart(self._buffer.end)

    def _forget_early(self) -> None:
        if self._early:
            self._early[1].cancel()
            self._early = None
