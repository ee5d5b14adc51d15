"""Where the turns in a client's sound begin and end, told by the sound: `server_vad` and `semantic_vad`.

Pure but for the network that tells voice from noise: time is counted in samples, so a recording that is sent
at once is cut where the same words in real time are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import numpy as np

from ...speech.hearing.activity import RATE as HEARD_RATE
from ...speech.hearing.activity import WINDOW, Window
from ...speech.hearing.onset import Onsets, VoicePaused, VoiceStarted
from ...speech.hearing.resampling import StreamResampler
from ...speech.pcm import Pcm
from ...speech.turn_end.patience import Patience
from ...speech.turn_end.unfinished import Hold
from .sound import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_TURN = 60.0
"""Seconds after which a turn is taken from who does not stop."""

LONGEST_WAITS = {"low": 8.0, "medium": 4.0, "auto": 4.0, "high": 2.0}
"""Seconds that `semantic_vad` waits at most, by eagerness; as OpenAI documents them."""

# The network's own thresholds belong to 0.5, the usual value on the wire.
_START, _DOUBT, _STAY = 0.8, 0.5, 0.7
# A score below this leaves the turn open for as long as the eagerness allows.
_UNSURE = 0.4
# How far back a voice may have begun when it is told, and what is on its way to the network, in seconds.
_REACH = 0.4
# Samples of one window of the network, and how much later the filter before it knows them.
_WINDOW = WINDOW * RATE // HEARD_RATE
_LATE = 64
_SCALE = np.float32(1 / 32767)


@dataclass(frozen=True, slots=True)
class TurnDetection:
    """How turns are told; as in the session, with every value set.

    Attributes:
        type: `server_vad` by silence alone; `semantic_vad` by whether the user seems to have done.
        threshold: 0 to 1: how sure it must be that there is a voice.
        prefix_padding_ms: How much before the voice belongs to the turn.
        silence_duration_ms: Silence that ends it, for `server_vad`.
        eagerness: How long `semantic_vad` waits at most.
        create_response: A turn is answered.
        interrupt_response: A voice ends the reply that is being given.
        idle_timeout_ms: Silence after a reply after which the agent goes on by itself; None for never.
    """

    type: Literal["server_vad", "semantic_vad"] = "server_vad"
    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 500
    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    create_response: bool = True
    interrupt_response: bool = True
    idle_timeout_ms: int | None = None

    def wait(self, score: float, hold: Hold, seconds_spoken: float) -> float:
        """Seconds of silence after which `semantic_vad` takes the turn.

        Args:
            score: How likely the user has done, 0 to 1.
            hold: What the words say.
            seconds_spoken: How long the turn is.
        """
        most = LONGEST_WAITS[self.eagerness]
        if hold.open or score < _UNSURE:
            return most
        return min(most, Patience().wait(score, hold, seconds_spoken))


class Activity(Protocol):
    """What tells voice from noise, as `VoiceActivity` does."""

    def feed(self, samples: NDArray[np.float32]) -> list[Window]:
        """The windows that became whole with these 16 kHz samples."""
        ...


@dataclass(frozen=True, slots=True)
class Started:
    """A turn begins with this sample."""

    at: int


@dataclass(frozen=True, slots=True)
class Paused:
    """The user is silent, for now. `since`: the end of the last word; `until`: of what is known."""

    number: int
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """The turn ends before this sample; `pause`: number of the pause that ended it, 0 where none did."""

    at: int
    pause: int = 0


Told: TypeAlias = Started | Paused | Stopped


class TurnDetector:
    """Follows a client's sound. All positions are samples at 24,000 a second.

    Args:
        settings: How turns are told.
        activity: Tells voice from noise; has heard nothing yet.
        origin: Position of the first sample that it will be fed.
    """

    def __init__(self, settings: TurnDetection, activity: Activity, origin: int) -> None:
        self.settings = settings
        self._activity = activity
        self._origin = self._floor = self._end = origin
        self._resampler = StreamResampler(HEARD_RATE, batch=WINDOW // 32)
        self._waiting: list[NDArray[np.int16]] = []
        self._came = 0
        self._due = _WINDOW + _LATE
        self._number = 0
        self.restart(origin)

    def restart(self, at: int) -> None:
        """Forget the turn that is going on; what comes next begins at `at` or later."""
        threshold = self.settings.threshold
        self._onsets = Onsets(start=threshold * _START, doubt=threshold * _DOUBT, stay=threshold * _STAY)
        self._open: int | None = None
        self._pause: Paused | None = None
        self._deadline: int | None = None
        self._floor = at

    @property
    def speaking(self) -> bool:
        """A turn has begun and not ended."""
        return self._open is not None

    @property
    def earliest(self) -> int:
        """Where a turn may begin that is not told yet: what is before is in no turn."""
        if self._open is not None:
            return self._open
        padding = round((self.settings.prefix_padding_ms / 1000 + _REACH) * RATE)
        return max(self._floor, self._end - padding)

    def feed(self, samples: NDArray[np.int16]) -> list[Told]:
        """What this sound shows, in order."""
        self._waiting.append(samples)
        self._came += len(samples)
        if self._came < self._due:
            # Not a window yet: nothing would come of it.
            return []
        self._due += (self._came - self._due) // _WINDOW * _WINDOW + _WINDOW
        sound = np.concatenate(self._waiting)
        self._waiting.clear()
        heard = self._resampler.feed(Pcm(sound.astype(np.float32) * _SCALE, RATE))
        told: list[Told] = []
        for window in self._activity.feed(heard):
            for event in self._onsets.feed([window]):
                told += self._voice(event)
            self._end = self._position(window.end)
            told += self._passed()
        return told

    def judged(self, number: int, seconds: float) -> list[Told]:
        """A pause ends the turn when it has lasted so long; one that is over ends nothing."""
        if self._pause is None or self._pause.number != number:
            return []
        self._deadline = self._pause.since + round(seconds * RATE)
        return self._passed()

    def _voice(self, event: VoiceStarted | VoicePaused) -> list[Told]:
        if isinstance(event, VoiceStarted):
            self._pause = self._deadline = None
            if self._open is not None:
                return []
            padding = round(self.settings.prefix_padding_ms / 1000 * RATE)
            self._open = max(self._floor, self._position(event.said_from) - padding)
            return [Started(self._open)]
        if self._open is None:
            return []
        self._number += 1
        self._pause = Paused(self._number, self._position(event.since), self._position(event.at))
        if self.settings.type == "server_vad":
            silence = self.settings.silence_duration_ms / 1000
        else:
            # Until it is judged, and if it never is.
            silence = LONGEST_WAITS[self.settings.eagerness]
        self._deadline = self._pause.since + round(silence * RATE)
        return [self._pause]

    def _passed(self) -> list[Told]:
        if self._open is None:
            return []
        if self._deadline is not None and self._end >= self._deadline:
            end, pause = max(self._deadline, self._open), self._pause
            self._open, self._pause, self._deadline, self._floor = None, None, None, end
            return [Stopped(end, pause.number if pause else 0)]
        if self._end - self._open >= LONGEST_TURN * RATE:
            self._open = self._floor = self._end
            return [Stopped(self._end), Started(self._end)]
        return []

    def _position(self, sample: int) -> int:
        return self._origin + sample * RATE // HEARD_RATE


ActivityMaker: TypeAlias = Callable[[], Activity]
