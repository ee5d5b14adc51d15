"""Spoken requests whose last speech sample is known, with and without pauses inside.

Kokoro speaks them, in voices that never answer. Around the speech and in the pauses is the faint noise of a
quiet room. A pause is put between two words of a sentence that was synthesised whole, so what stands before
it has the melody of a phrase that goes on. The sounds are made once and kept in the user's cache.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from omni_agent import config
from omni_agent.models.store import ModelStore
from omni_agent.speech.hearing.whisper_window import WindowModel, load_whisper
from omni_agent.speech.pcm import Pcm
from omni_agent.speech.voices.tts_kokoro import KokoroVoice

from .voice_latency_texts import PAUSED, QUESTIONS

RATE = 16_000
VOICES = (
    "af_heart", "am_michael", "bf_emma", "bm_george", "af_bella", "am_puck", "bf_isabella", "am_fenrir"
)  # fmt: skip
LEAD_SECONDS, TAIL_SECONDS = 0.6, 1.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.3, 1.0
# About -66 dBFS: a quiet room, not the digital zero that no microphone gives.
_ROOM_LEVEL = 0.0005
# 40 dB below the loudest 10 ms: the last consonant is still speech, the synthesiser's breath after it is not.
_SPEECH_SHARE = 0.01
_FADE = RATE // 125
_WINDOW_SECONDS = 12
_INDEX = "requests.json"
_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class SpokenRequest:
    """Something that a user says.

    Attributes:
        name: Unique among those of one run; also its file's name.
        text: Its words; empty where they are not known.
        voice: Who says it.
        sound: 16 kHz: the room, the words, the room.
        last_sample: Index in `sound` of the last sample of speech.
        pauses: Seconds of each silence that was put into it.
    """

    name: str
    text: str
    voice: str
    sound: Pcm
    last_sample: int
    pauses: tuple[float, ...] = ()

    @property
    def end(self) -> float:
        """Seconds from the beginning of `sound` to the end of speech."""
        return (self.last_sample + 1) / self.sound.rate


def last_speech_sample(sound: Pcm) -> int:
    """Index of the last sample of the last 10 ms that are loud enough to be speech; -1 in silence."""
    frame = sound.rate // 100
    count = len(sound.samples) // frame
    levels = np.sqrt((sound.samples[: count * frame].reshape(count, frame) ** 2).mean(axis=1))
    loudest = float(levels.max(initial=0.0))
    loud = np.flatnonzero(levels > max(_SPEECH_SHARE * loudest, 2 * _ROOM_LEVEL))
    return int(loud[-1] + 1) * frame - 1 if len(loud) else -1


def room(count: int, seed: int) -> NDArray[np.float32]:
    """So many samples of a quiet room: noise with more of the low than of the high tones."""
    white = np.random.default_rng(seed).standard_normal(count + 1).astype(np.float32)
    return np.asarray(_ROOM_LEVEL * (0.7 * white[1:] + 0.7 * white[:-1]), dtype=np.float32)


def in_room(name: str, text: str, voice: str, speech: Pcm, pauses: Sequence[float] = ()) -> SpokenRequest:
    """Speech (16 kHz) as a microphone in a quiet room hears it, with its last sample measured."""
    lead = round(LEAD_SECONDS * RATE)
    clean = Pcm(np.pad(speech.samples, (lead, round(TAIL_SECONDS * RATE))), RATE)
    noise = room(len(clean.samples), seed=int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]))
    sound = Pcm((clean.samples + noise).astype(np.float32), RATE)
    return SpokenRequest(name, text, voice, sound, last_speech_sample(clean), tuple(pauses))


def with_pauses(speech: Pcm, cuts: Sequence[int], pauses: Sequence[float]) -> Pcm:
    """The speech with a silence of so many seconds at each cut (an index, in order)."""
    samples, parts, start = speech.samples, [], 0
    ramp = np.linspace(1.0, 0.0, _FADE, dtype=np.float32)
    for cut, pause in zip([*cuts, len(samples)], [*pauses, 0.0], strict=True):
        part = samples[start:cut].copy()
        if start:
            part[:_FADE] *= ramp[::-1][: len(part)]
        if cut < len(samples):
            part[-_FADE:] *= ramp[-len(part) :]
        parts += [part, np.zeros(round(pause * speech.rate), dtype=np.float32)]
        start = cut
    return Pcm(np.concatenate(parts), speech.rate)


async def requests(limit: int = 0) -> list[SpokenRequest]:
    """The questions without pauses; a limit of 0 means all."""
    async with _Studio() as studio:
        return [await studio.question(*one) for one in enumerate(QUESTIONS[: limit or None])]


async def paused(limit: int = 0) -> list[SpokenRequest]:
    """Utterances with one or two pauses of 0.3 to 1 s inside; a limit of 0 means all forty."""
    async with _Studio() as studio:
        return [await studio.paused(*one) for one in enumerate(PAUSED[: limit or None])]


def save(folder: Path, made: Sequence[SpokenRequest]) -> None:
    """Write a folder that `load` reads: WAV files, and `requests.json` with what is known of each."""
    folder.mkdir(parents=True, exist_ok=True)
    known: list[dict[str, object]] = []
    for one in made:
        one.sound.save(folder / f"{one.name}.wav")
        known.append(
            {
                "file": f"{one.name}.wav",
                "text": one.text,
                "voice": one.voice,
                "last_sample": one.last_sample,
                "pauses": one.pauses,
            }
        )
    (folder / _INDEX).write_text(json.dumps(known, indent=1), "utf-8")


def load(folder: Path, limit: int = 0) -> list[SpokenRequest]:
    """The requests in a folder: 16-bit mono WAV files of any rate, with or without `requests.json`.

    The JSON is a list of objects with `file` and what is known: `text`, `voice`, `last_sample` (in samples of
    the file), `pauses`. What it does not say of the last speech sample is measured.
    """
    index = folder / _INDEX
    if index.is_file():
        entries: list[dict[str, object]] = json.loads(index.read_text("utf-8"))
    else:
        entries = [{"file": path.name} for path in sorted(folder.glob("*.wav"))]
    return [_loaded(folder, entry) for entry in entries[: limit or None]]


def _loaded(folder: Path, entry: dict[str, object]) -> SpokenRequest:
    path = folder / str(entry["file"])
    with wave.open(str(path), "rb") as file:
        raw = Pcm.from_int16(file.readframes(file.getnframes()), file.getframerate())
    sound = raw.resampled(RATE)
    last = entry.get("last_sample")
    at = round(int(last) * RATE / raw.rate) if isinstance(last, int) else last_speech_sample(sound)
    pauses = entry.get("pauses")
    given = tuple(float(pause) for pause in pauses) if isinstance(pauses, list) else ()
    return SpokenRequest(path.stem, str(entry.get("text", "")), str(entry.get("voice", "")), sound, at, given)


class _Studio:
    """Where requests are spoken; nothing is loaded while all that is asked for was made before."""

    def __init__(self) -> None:
        self._voice = KokoroVoice(lambda: ModelStore().ensure("voice-natural"))
        self._folder = config.cache() / "benchmarks" / "voice-requests"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._voice.close()

    async def question(self, number: int, text: str) -> SpokenRequest:
        """A text without a pause."""
        place = self._place("question", number, text)
        if not (place / _INDEX).is_file():
            speech = await self._spoken(number, text)
            save(place, [in_room(f"question-{number:02}", text, _voice(number), speech)])
        return load(place)[0]

    async def paused(self, number: int, marked: str) -> SpokenRequest:
        """A text with a pause at each bar."""
        place = self._place("paused", number, marked)
        if not (place / _INDEX).is_file():
            chance = random.Random(marked)
            phrases = [phrase.strip() for phrase in marked.split("|")]
            text = " ".join(phrases)
            speech = await self._spoken(number, text)
            cuts = await asyncio.to_thread(_cuts, self._whisper, speech, phrases)
            pauses = [round(chance.uniform(SHORTEST_PAUSE, LONGEST_PAUSE), 2) for _ in cuts]
            broken = with_pauses(speech, cuts, pauses)
            save(place, [in_room(f"paused-{number:02}", text, _voice(number), broken, pauses)])
        return load(place)[0]

    async def _spoken(self, number: int, text: str) -> Pcm:
        return (await self._voice.speak(text, voice=_voice(number))).resampled(RATE)

    @cached_property
    def _whisper(self) -> WindowModel:
        return load_whisper(ModelStore().ensure("hearing"), 0)

    def _place(self, kind: str, number: int, text: str) -> Path:
        recipe = f"{_VERSION} {kind} {number} {_voice(number)} {LEAD_SECONDS} {TAIL_SECONDS} {text}"
        return self._folder / hashlib.sha256(recipe.encode()).hexdigest()[:16]


def _voice(number: int) -> str:
    return VOICES[number % len(VOICES)]


def _cuts(model: WindowModel, speech: Pcm, phrases: Sequence[str]) -> list[int]:
    """Where each phrase but the last ends: the quietest moment about where Whisper aligns its last word."""
    encoded = model.encode(speech.samples, _WINDOW_SECONDS)
    words = model.align(encoded, " ".join(phrases), seconds=speech.seconds, language="en")
    cuts, count = [], 0
    for phrase in phrases[:-1]:
        count += len(phrase.split())
        cuts.append(_quietest(speech, words[count - 1].end))
    return cuts


def _quietest(speech: Pcm, about: float) -> int:
    """The middle of the quietest 30 ms within a tenth of a second of that moment, as an index."""
    width, reach = round(0.03 * speech.rate), round(0.1 * speech.rate)
    first = max(0, round(about * speech.rate) - reach)
    window = speech.samples[first : first + 2 * reach] ** 2
    sums = np.convolve(window, np.ones(width, dtype=np.float32), "valid")
    return first + int(np.argmin(sums)) + width // 2
