"""Ears: Whisper on this machine, quick for short commands and patient with long recordings.

Silence and noise never reach Whisper, which would invent words for them: only what the voice activity
detector calls speech is transcribed, in windows hardly longer than the speech itself. Readings that look
like Whisper's known mistakes are made again, without hints or in its native window of 30 s.
"""

from __future__ import annotations

import asyncio
import math
import re
import threading
import zlib
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from ...messages import HeardWord, Hearing
from ..pcm import Pcm
from .figures import figures
from .foreground import foreground, nearest, quietest, uneven
from .vad import evened, pieces, speech_spans
from .whisper_window import RATE, Decoded, WindowModel, load_whisper

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Loader: TypeAlias = Callable[[Path, int], WindowModel]
    SpanFinder: TypeAlias = Callable[[Pcm], list[tuple[float, float]]]

WINDOWS = (8, 10, 15, 20, 30)
LONGEST_PIECE = 28.0
# Silence after the last word, in the window: without it Whisper loses or repeats the end.
_TAIL = 1.0
# Kept around the speech: breath and soft consonants that the detector does not count.
_BEFORE, _AFTER = 0.25, 0.35
_REPETITIVE = 2.4  # zlib ratio; the threshold of Whisper's authors
_UNLIKELY = -1.0  # mean log probability; likewise
_SURE = -0.2  # mean log probability; from here on, five beams hardly ever read otherwise than one
_DOUBTFUL = -0.5  # below this, hints may have pulled the reading away from what was said
_UNDECIDED = 0.2  # mean log probability between two languages for the same words
_NO_SPEECH = 0.6
_EXPECTED = 0.1  # mean log probability that a hinted word makes up for, between readings of one sound
_WORD = re.compile(r"\w+")
_SHORT = 3.0  # seconds; below this, a language is easily mistaken
# No spaces between words in these.
_UNSPACED = frozenset({"zh", "ja", "th", "lo", "my", "km", "bo"})


@dataclass(frozen=True, slots=True)
class _Heard:
    """A piece of a recording: its length, its reading, and its words with their times in the recording."""

    seconds: float
    found: Decoded
    words: tuple[HeardWord, ...]


class WhisperEars:
    """Speech to text with a Whisper model in CTranslate2's format.

    The model loads at the first use, in a thread of its own where all its work is done in turn. A cancelled
    call stops at the next piece; the ears stay usable.

    Args:
        folder: Where the model lies, or a function that says so (and may fetch it first; it may block).
        threads: Processor cores; 0 for all.
        load: Makes the engine of the folder.
        find_speech: Tells speech from the rest.
    """

    def __init__(
        self,
        folder: Path | Callable[[], Path],
        *,
        threads: int = 0,
        load: Loader = load_whisper,
        find_speech: SpanFinder = speech_spans,
    ) -> None:
        self._folder = folder
        self._threads = threads
        self._load = load
        self._find_speech = find_speech
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ears")
        self._model: WindowModel | None = None

    async def transcribe(
        self, audio: Pcm, *, language: str = "", hints: Sequence[str] = (), timed: bool = True
    ) -> Hearing:
        """Transcribe one utterance or recording; see `omni_agent.senses.Ears`.

        `language_confidence` is 1 where `language` was given and known to the model. Hints beyond
        Whisper's 223 tokens are left out, the last first.

        Raises:
            ModelUnavailable: faster-whisper is not installed, or the model's folder is missing or broken.
            ModelError: The engine failed.
        """
        stopped = threading.Event()
        work = asyncio.get_running_loop().run_in_executor(
            self._thread, self._transcribe, audio, language, tuple(hints), timed, stopped
        )
        try:
            return await work
        finally:
            stopped.set()

    async def prewarm(self) -> None:
        """Load the model now.

        Raises:
            ModelUnavailable: As for `transcribe`.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine)

    async def close(self) -> None:
        """Free the model; the next use loads it again."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._free)

    def _free(self) -> None:
        self._model = None

    def _engine(self) -> WindowModel:
        if self._model is None:
            folder = self._folder() if callable(self._folder) else self._folder
            self._model = self._load(folder, self._threads)
        return self._model

    def _transcribe(
        self, audio: Pcm, language: str, hints: tuple[str, ...], timed: bool, stopped: threading.Event
    ) -> Hearing:
        sound = evened(audio.resampled(RATE))
        first, last = foreground(sound)
        spans = [(max(first, start), min(last, end)) for start, end in self._find_speech(sound)]
        cuts = pieces(sound, [span for span in spans if span[0] < span[1]], LONGEST_PIECE)
        noise = quietest(sound)
        heard: list[_Heard] = []
        for at, (start, end) in enumerate(cuts):
            if stopped.is_set():
                break
            # Where running speech was cut, the pieces touch: what is heard in one is not for the other.
            earliest = cuts[at - 1][1] if at else first
            latest = cuts[at + 1][0] if at + 1 < len(cuts) else last
            begin = max(earliest, start - _BEFORE)
            piece = _slice(sound, begin, min(latest, end + _AFTER))
            known = language or _settled(heard, end - start)
            found, words = self._piece(piece, known, hints, timed or uneven(piece, noise))
            if not _nothing(found):
                heard.append(_Heard(end - start, found, tuple(_later(word, begin) for word in words)))
        return _joined(heard)

    def _piece(
        self, piece: Pcm, language: str, hints: tuple[str, ...], timed: bool
    ) -> tuple[Decoded, tuple[HeardWord, ...]]:
        """One piece's reading; with its words and without those from further off, if it is to be timed."""
        best, encoded = self._reading(piece, language, hints)
        if _nothing(best) or not timed:
            return best, ()
        words = self._engine().align(encoded, best.texts[0], seconds=piece.seconds, language=best.language)
        near = nearest(piece, words)
        if len(near) < len(words):
            best = replace(best, texts=(" ".join(word.text for word in near), *best.texts), scores=())
        return best, near

    def _reading(self, piece: Pcm, language: str, hints: tuple[str, ...]) -> tuple[Decoded, object]:
        """In a short window with the hints, and again where that looks wrong; with the encoded window."""
        model, seconds = self._engine(), piece.seconds
        window = next((w for w in WINDOWS if w >= seconds + _TAIL), WINDOWS[-1])
        encoded = model.encode(piece.samples, window)
        quick = model.decode(encoded, seconds=seconds, language=language, hints=hints, quick=True)
        # A short command is easily taken for another language; what tools are called is mostly English.
        as_it_is = not hints or language or quick.language == "en"
        if as_it_is and quick.logprob >= _SURE and not _repeats(quick.texts[0]):
            return quick, encoded
        best = _rescored(model.decode(encoded, seconds=seconds, language=language, hints=hints), hints)
        foreign = hints and not language and best.language != "en"
        short = seconds < _SHORT and _is_expected(best.texts[0], hints)
        if foreign and (best.logprob < _DOUBTFUL or short):
            english = model.decode(encoded, seconds=seconds, language="en", hints=hints)
            sure = min(english.language_probability, 1 - best.language_probability)
            english = _rescored(replace(english, language_probability=sure), hints)
            best = english if _same_words(english, best) else _better(best, english)
        if hints and (best.logprob < _DOUBTFUL or _repeats(best.texts[0])):
            plain = model.decode(encoded, seconds=seconds, language=language or best.language)
            # Nobody named the language, whatever the engine was told.
            sure = min(plain.language_probability, best.language_probability)
            best = _better(best, replace(plain, language_probability=sure))
        if window < WINDOWS[-1] and _suspect(best):
            encoded = model.encode(piece.samples, WINDOWS[-1])
            best = _better(best, model.decode(encoded, seconds=seconds, language=language))
        if _repeats(best.texts[0]):
            varied = model.decode(encoded, seconds=seconds, language=language, hints=hints, varied=True)
            best = _better(best, _rescored(varied, hints))
        return best, encoded


def _rescored(found: Decoded, hints: Sequence[str]) -> Decoded:
    """The readings in the order of their scores, with a little for every hinted word that a reading has."""
    if not hints or len(found.scores) < 2:
        return found
    expected = _expected(hints)

    def score(reading: tuple[str, float]) -> tuple[bool, float]:
        words = set(_WORD.findall(reading[0].lower()))
        return not _repeats(reading[0]), reading[1] + _EXPECTED * len(words & expected)

    order = sorted(zip(found.texts, found.scores, strict=True), key=score, reverse=True)
    return replace(found, texts=tuple(text for text, _ in order), scores=tuple(s for _, s in order))


def _expected(hints: Sequence[str]) -> set[str]:
    return {word for hint in hints for word in _WORD.findall(hint.lower()) if len(word) > 2}


def _is_expected(text: str, hints: Sequence[str]) -> bool:
    """Whether a reading is made of hinted words, but for short ones."""
    words = {word for word in _WORD.findall(text.lower()) if len(word) > 2}
    return bool(words) and words <= _expected(hints)


def _same_words(one: Decoded, other: Decoded) -> bool:
    """Whether two readings differ in little but the language that they are taken for."""
    alike = _WORD.findall(one.texts[0].lower()) == _WORD.findall(other.texts[0].lower())
    return alike and one.logprob > other.logprob - _UNDECIDED


def _later(word: HeardWord, seconds: float) -> HeardWord:
    return replace(word, start=round(word.start + seconds, 2), end=round(word.end + seconds, 2))


def _slice(sound: Pcm, start: float, end: float) -> Pcm:
    return Pcm(sound.samples[round(start * sound.rate) : round(end * sound.rate)], sound.rate)


def _settled(heard: Sequence[_Heard], seconds: float) -> str:
    """The language so far, for a piece too short to show its own; empty where it is to be detected."""
    return _language(heard)[0] if heard and seconds < _SHORT else ""


def _suspect(found: Decoded) -> bool:
    return found.logprob < _UNLIKELY or _repeats(found.texts[0])


def _nothing(found: Decoded) -> bool:
    """No speech after all: nobody speaks and the words are guesses (the rule of Whisper's authors)."""
    if not any(sign.isalnum() for sign in found.texts[0]):
        return True
    return found.no_speech > _NO_SPEECH and found.logprob < _UNLIKELY


def _better(one: Decoded, other: Decoded) -> Decoded:
    """The one that does not repeat itself; between equals the likelier, the first where both are."""
    return max((one, other), key=lambda found: (not _repeats(found.texts[0]), found.logprob))


def _repeats(text: str) -> bool:
    """The text is a loop, or ends with a phrase said twice or with one or two words said three times."""
    data = text.encode()
    if len(data) / len(zlib.compress(data)) > _REPETITIVE:
        return True
    words = re.findall(r"\w+", text.lower())
    twice = any(words[-2 * n : -n] == words[-n:] for n in range(3, len(words) // 2 + 1))
    return twice or any(words[-3 * n :] == words[-n:] * 3 for n in (1, 2) if words)


def _joined(heard: Sequence[_Heard]) -> Hearing:
    """One hearing of all pieces; language by the votes of the seconds, confidence by the seconds' mean."""
    if not heard:
        return Hearing("")
    language, confidence = _language(heard)
    total = sum(piece.seconds for piece in heard)
    logprob = sum(piece.seconds * piece.found.logprob for piece in heard) / total
    text = ("" if language in _UNSPACED else " ").join(piece.found.texts[0] for piece in heard)
    return Hearing(
        text=figures(text) if language == "en" else text,
        language=language,
        language_confidence=confidence,
        confidence=min(1.0, math.exp(logprob)),
        # Readings of a whole recording would be a product of those of its pieces.
        alternatives=heard[0].found.texts[1:] if len(heard) == 1 else (),
        # Of all pieces or of none.
        words=tuple(word for piece in heard for word in piece.words) if all(p.words for p in heard) else (),
    )


def _language(heard: Sequence[_Heard]) -> tuple[str, float]:
    """The language with most certain seconds, and how certain they are."""
    votes: dict[str, float] = defaultdict(float)
    for piece in heard:
        votes[piece.found.language] += piece.seconds * piece.found.language_probability
    language = max(votes, key=lambda code: votes[code])
    spoken = sum(piece.seconds for piece in heard if piece.found.language == language)
    return language, min(1.0, votes[language] / spoken)
