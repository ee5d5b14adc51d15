"""A voice over the agent's: what is known of it so far, gathered until it is judged."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace

from ..messages import Hearing
from ..speech.barge_in.interruption import ENDED, PartialWords, VoiceSoFar, wants_score, wants_words
from ..speech.barge_in.overlap import Overlap
from ..speech.barge_in.sound import BEFORE, SoundScore, score
from ..speech.hearing.activity import RATE, Window
from ..speech.pcm import Pcm

FIRST_WORDS, MORE_WORDS = 0.4, 0.35
"""Seconds of voice before the ears are first asked, and how many more before they are asked again."""
BEFORE_WORDS = 0.25
"""Seconds of sound before the onset that the ears are given: without them Whisper loses first consonants."""

Sound = Callable[[int, int], Pcm]
Ears = Callable[[Pcm], Awaitable[Hearing]]


_SURE = 0.7
_ENOUGH = 10  # windows: less than a word is no measure
_LATEST = 300  # windows, about 10 s of voice, that weigh most: who moves away from the microphone is followed


class UsualLevel:
    """How loud this user's voice usually is: the mean power of what was surely voice."""

    def __init__(self) -> None:
        self._power = 0.0
        self._count = 0

    @property
    def level(self) -> float | None:
        """In dBFS; None where too little was heard."""
        return 10 * math.log10(self._power) if self._count >= _ENOUGH else None

    def heard(self, window: Window) -> None:
        """A window of the user's turn."""
        if window.probability < _SURE:
            return
        self._count = min(self._count + 1, _LATEST)
        self._power += (10 ** (window.level / 10) - self._power) / self._count


class VoiceOver:
    """Listens while the agent has the floor.

    Args:
        usual: How loud the user usually is; None where that is not known.
        sound: Gives the sound from one sample to another.
        ears: Understand a sound; None where nobody can.
    """

    def __init__(self, usual: float | None, sound: Sound, ears: Ears | None) -> None:
        self._overlap = Overlap(usual)
        self._sound = sound
        self._ears = ears
        self._end = 0
        self._score: SoundScore | None = None
        self._words: PartialWords | None = None
        self._asking: asyncio.Task[None] | None = None
        self._asked_until = 0.0

    @property
    def began(self) -> int:
        """Sample at which the voice began that sounds, or sounded last."""
        return self._overlap.onset or 0

    @property
    def last(self) -> int:
        """Sample at which it was last heard."""
        return self.began + round(self._overlap.seconds * RATE)

    def heard(self, window: Window) -> VoiceSoFar | None:
        """With one more window, what there is to judge; None where no voice sounds."""
        onset = self._overlap.onset
        self._overlap, self._end = self._overlap.heard(window), window.end
        if self._overlap.onset != onset:
            self._forget()
        voice = self._overlap.voice(self._score, self._words)
        if voice is None:
            return None
        if wants_score(voice):
            start = max(0, self.began - round(BEFORE * RATE))
            self._score = score(self._sound(start, self._end).samples) or self._score
            voice = replace(voice, sound=self._score)
        self._ask(voice)
        return replace(voice, awaited=self._asking is not None and not self._asking.done())

    def close(self) -> None:
        """The agent has lost the floor."""
        self._forget()

    def _forget(self) -> None:
        if self._asking:
            self._asking.cancel()
        self._score = self._words = self._asking = None
        self._asked_until = 0.0

    def _ask(self, voice: VoiceSoFar) -> None:
        busy = self._asking and not self._asking.done()
        if self._ears is None or busy or not wants_words(voice):
            return
        due = FIRST_WORDS if not self._asked_until else self._asked_until + MORE_WORDS
        whole = voice.silence >= ENDED and self._asked_until < voice.seconds
        if voice.seconds >= due or whole:
            self._asked_until = voice.seconds
            self._asking = asyncio.create_task(self._read(self._ears, voice.seconds))

    async def _read(self, ears: Ears, seconds: float) -> None:
        start = max(0, self.began - round(BEFORE_WORDS * RATE))
        hearing = await ears(self._sound(start, self._end))
        self._words = PartialWords(hearing.text, seconds, hearing.confidence, hearing.alternatives)
