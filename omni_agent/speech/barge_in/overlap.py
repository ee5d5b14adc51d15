"""The user's voice over the agent's speech, gathered window by window for `interruption.judge`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..hearing.activity import RATE, WINDOW
from .interruption import PartialWords, VoiceSoFar

if TYPE_CHECKING:
    from ..hearing.activity import Window
    from .sound import SoundScore

_STEP = WINDOW / RATE
# Probabilities with which a voice begins and goes on, and how far below the user's usual level it may be.
# What is quieter is left of the agent's own voice or comes from further off, and must not hide the onset.
_BEGINS, _GOES_ON = 0.4, 0.35
_BEGINS_DB, _GOES_ON_DB, _SOFT_DB = 13.0, 15.0, 20.0
_SOFT = 6  # windows in which a soft beginning is looked for: the s, t and silence of a "stop"
FORGOTTEN = 2.5
"""Seconds of silence after which the next voice is another one."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """What was heard of a voice since it began; empty before.

    Attributes:
        usual: The user's usual level in dBFS, see `interruption.VoiceSoFar`.
        onset: Sample at which the voice began, on the clock of `Window.end`; None where none sounds.
        windows: All windows since; before a voice sounds, those in which it may have begun softly.
        last: How many of them there were when the voice last sounded.
    """

    usual: float | None = None
    onset: int | None = None
    windows: tuple[Window, ...] = ()
    last: int = 0

    def heard(self, window: Window) -> Overlap:
        """With one more window; forgets a voice that has long ended."""
        if self.onset is None:
            windows = (*self.windows[-_SOFT:], window)
            if not self._sounds(window, _BEGINS, _BEGINS_DB):
                return replace(self, windows=windows)
            soft = [self._sounds(earlier, _BEGINS, _SOFT_DB) for earlier in windows]
            windows = windows[soft.index(True) :]
            return replace(self, onset=windows[0].end - WINDOW, windows=windows, last=len(windows))
        windows = (*self.windows, window)
        last = len(windows) if self._sounds(window, _GOES_ON, _GOES_ON_DB) else self.last
        if (len(windows) - last) * _STEP >= FORGOTTEN:
            return Overlap(self.usual)
        return replace(self, windows=windows, last=last)

    def _sounds(self, window: Window, probability: float, below: float) -> bool:
        near = self.usual is None or window.level >= self.usual - below
        return near and window.probability >= probability and window.level > window.background

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
            sound: The score of the sound from a little before `onset`, see `sound.score`.
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
