"""A voice over the agent's: what is known of it so far, gathered until it is judged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from ..speech.activity import RATE, Window
from ..speech.interruption import ENDED, PartialWords, VoiceSoFar, wants_score
from ..speech.interruption_sound import BEFORE, SoundScore, score
from ..speech.pcm import Pcm

FIRST_WORDS, MORE_WORDS = 0.4, 0.35
"""Seconds of voice before the ears are first asked, and how many more before they are asked again."""

Sound = Callable[[int, int], Pcm]
Ears = Callable[[Pcm], Awaitable[str]]


class VoiceOver:
    """Gathers it.

    Args:
        said_from: Sample at which it began.
        before: The last windows, some of which belong to it.
        sound: Gives the sound from one sample to another.
        ears: Give the words of a sound; None where nobody can.
    """

    def __init__(self, said_from: int, before: Iterable[Window], sound: Sound, ears: Ears | None) -> None:
        self.said_from = said_from
        self._sound = sound
        self._ears = ears
        self._windows = [window for window in before if window.end > said_from]
        self._score: SoundScore | None = None
        self._words: PartialWords | None = None
        self._asking: asyncio.Task[None] | None = None
        self._asked_until = 0.0
        self._last = self._end = self._windows[-1].end if self._windows else said_from
        self._sounds = True

    def window(self, window: Window) -> None:
        """Another window of it, or of the silence after it."""
        self._windows.append(window)
        self._end = window.end
        if self._sounds:
            self._last = window.end

    def paused(self, since: int) -> None:
        """It was last heard at this sample."""
        self._sounds, self._last = False, since

    def sounds_again(self) -> None:
        """It goes on."""
        self._sounds, self._last = True, self._end

    def so_far(self, usual: float | None) -> VoiceSoFar:
        """What there is to judge; asks the ears where they could tell more."""
        voice = self._voice(usual)
        if wants_score(voice):
            start = max(0, self.said_from - round(BEFORE * RATE))
            self._score = score(self._sound(start, self._end).samples) or self._score
            voice = self._voice(usual)
        self._ask(voice)
        return voice

    def close(self) -> None:
        """It has been judged."""
        if self._asking:
            self._asking.cancel()

    def _voice(self, usual: float | None) -> VoiceSoFar:
        return VoiceSoFar(
            seconds=max(0.0, (self._last - self.said_from) / RATE),
            silence=0.0 if self._sounds else (self._end - self._last) / RATE,
            probabilities=tuple(window.probability for window in self._windows),
            levels=tuple(window.level for window in self._windows),
            background=self._windows[0].background if self._windows else -120.0,
            usual=usual,
            sound=self._score,
            words=self._words,
        )

    def _ask(self, voice: VoiceSoFar) -> None:
        if self._ears is None or (self._asking and not self._asking.done()):
            return
        due = FIRST_WORDS if not self._asked_until else self._asked_until + MORE_WORDS
        whole = voice.silence >= ENDED and self._asked_until < voice.seconds
        if voice.seconds >= due or whole:
            self._asked_until = voice.seconds
            self._asking = asyncio.create_task(self._read(self._ears, voice.seconds))

    async def _read(self, ears: Ears, seconds: float) -> None:
        self._words = PartialWords(await ears(self._sound(self.said_from, self._end)), seconds)


class UsualLevel:
    """How loud this user's voice usually is, in dBFS: a slow mean over what was surely voice."""

    def __init__(self) -> None:
        self.level: float | None = None

    def heard(self, window: Window) -> None:
        """A window of the user's turn."""
        if window.probability < _SURE:
            return
        self.level = window.level if self.level is None else self.level + _SLOW * (window.level - self.level)


_SURE, _SLOW = 0.7, 0.03
