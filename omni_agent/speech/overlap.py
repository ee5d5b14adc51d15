"""The user's voice over the agent's speech, gathered window by window for `interruption.judge`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .activity import RATE, WINDOW
from .interruption import PartialWords, VoiceSoFar

if TYPE_CHECKING:
    from .activity import Window
    from .interruption_sound import SoundScore

_STEP = WINDOW / RATE
# A voice begins where the detector is half sure of it, and has ended for good after such a silence.
_BEGINS, _GOES_ON = 0.4, 0.35
FORGOTTEN = 1.5
"""Seconds of silence after which the next voice is another one."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """What was heard of a voice since it began; empty before.

    Attributes:
        usual: The user's usual level in dBFS, see `interruption.VoiceSoFar`.
        onset: Sample at which the voice began, on the clock of `Window.end`; None where none sounds.
        windows: All windows since.
        last: How many of them there were when the voice last sounded.
    """

    usual: float | None = None
    onset: int | None = None
    windows: tuple[Window, ...] = ()
    last: int = 0

    def heard(self, window: Window) -> Overlap:
        """With one more window; forgets a voice that has long ended."""
        if self.onset is None:
            if window.probability < _BEGINS or window.level <= window.background:
                return self
            return replace(self, onset=window.end - WINDOW, windows=(window,), last=1)
        windows = (*self.windows, window)
        last = len(windows) if window.probability >= _GOES_ON else self.last
        if (len(windows) - last) * _STEP >= FORGOTTEN:
            return Overlap(self.usual)
        return replace(self, windows=windows, last=last)

    @property
    def seconds(self) -> float:
        """From the onset to where the voice last sounded."""
        return self.last * _STEP

    @property
    def silence(self) -> float:
        """Seconds since then."""
        return (len(self.windows) - self.last) * _STEP

    def voice(self, sound: SoundScore | None = None, words: PartialWords | None = None) -> VoiceSoFar | None:
        """What `interruption.judge` wants to know; None where no voice sounds.

        Args:
            sound: The score of the sound from a little before `onset`, see `interruption_sound.score`.
            words: The latest transcript of it.
        """
        if self.onset is None:
            return None
        sounding = self.windows[: self.last]
        return VoiceSoFar(
            seconds=self.seconds,
            silence=self.silence,
            probabilities=tuple(window.probability for window in sounding),
            levels=tuple(window.level for window in sounding),
            background=self.windows[0].background,
            usual=self.usual,
            sound=sound,
            words=words,
        )
