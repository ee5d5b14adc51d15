"""Made utterances whose end is known to the sample: with pauses in mid-sentence, and without.

The parts of a paused one are spoken apart, those before a pause as what is left hanging: with a comma or an
ellipsis after them the voice draws out the last syllable and keeps its pitch.
"""

from __future__ import annotations

import json
import random
import tomllib
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from omni_agent.models.store import ModelStore
from omni_agent.speech.pcm import Pcm
from omni_agent.speech.voices.tts_kokoro import KokoroVoice
from omni_agent.speech.voices.tts_piper import PiperVoice

RATE = 16_000
SHORTEST_PAUSE, LONGEST_PAUSE = 0.3, 1.0
LEAD_S, TAIL_S = 0.5, 3.5
_ROOM = 10 ** (-60 / 20)
_FRAME = RATE // 100
_SENTENCES = Path(__file__).parent / "endpointing_sentences.toml"
_VOICE_LANGUAGES = {"e": "es", "f": "fr", "i": "it", "p": "pt"}
Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Made:
    """One utterance: where its sound is, what is said, and where, in seconds, it pauses and ends."""

    file: str
    text: str
    language: str
    voice: str
    pauses: list[tuple[float, float]]
    end: float


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    language: str
    voice: str
    name: str


class Studio:
    """The voices."""

    def __init__(self) -> None:
        store = ModelStore()
        self._kokoro = KokoroVoice(lambda: store.ensure("voice-natural"))
        self._piper = PiperVoice(lambda: store.ensure("voice-english"))

    async def record(self, line: _Line, folder: Path) -> Made:
        """Speak, pause, add the room, and keep it."""
        seed = zlib.crc32(line.name.encode())
        chance = random.Random(seed)
        texts = [part.strip(" ,") for part in line.text.split("|")]
        hanging = [text + chance.choice([",", "..."]) for text in texts[:-1]]
        voice = self._piper if line.voice in self._piper.voices else self._kokoro
        parts: list[Samples] = []
        for text in (*hanging, texts[-1]):
            said = await voice.speak(text, language=line.language, voice=line.voice)
            parts.append(_trimmed(said.resampled(RATE).samples))
        silent = [chance.uniform(SHORTEST_PAUSE, LONGEST_PAUSE) for _ in parts[1:]]
        samples = np.zeros(round(LEAD_S * RATE), np.float32)
        pauses: list[tuple[float, float]] = []
        for part, pause in zip(parts, [*silent, TAIL_S], strict=True):
            begin = (len(samples) + len(part)) / RATE
            pauses.append((begin, begin + pause))
            samples = np.concatenate([samples, part, np.zeros(round(pause * RATE), np.float32)])
        noisy = samples + _room(len(samples), seed)
        soundfile.write(folder / line.name, noisy, RATE, subtype="PCM_16")
        return Made(line.name, line.text, line.language, line.voice, pauses[:-1], pauses[-1][0])

    async def close(self) -> None:
        await self._kokoro.close()
        await self._piper.close()


def _levels(samples: Samples) -> Samples:
    padded = np.pad(samples, (0, -len(samples) % _FRAME)).reshape(-1, _FRAME)
    return np.sqrt((padded**2).mean(axis=1))


def _trimmed(samples: Samples) -> Samples:
    """Without silence at its ends (under 2 % of the loudest), faded over 5 ms."""
    levels = _levels(samples)
    sounding = np.flatnonzero(levels > 0.02 * levels.max())
    kept = samples[int(sounding[0]) * _FRAME : (int(sounding[-1]) + 1) * _FRAME].copy()
    ramp = np.linspace(0, 1, RATE // 200, dtype=np.float32)
    kept[: len(ramp)] *= ramp
    kept[-len(ramp) :] *= ramp[::-1]
    return kept


def _room(size: int, seed: int) -> Samples:
    """The hum and hiss of a quiet room, at -60 dBFS."""
    white = np.random.default_rng(seed).normal(0, 1, size)
    low = np.convolve(white, np.ones(16) / 4, mode="same")
    hiss = low / np.sqrt((low**2).mean()) * _ROOM
    return hiss.astype(np.float32)


def _lines(which: str, kind: str, takes: int) -> Iterator[_Line]:
    """Every sentence in `takes` voices of its language, the voices in turn."""
    listed = tomllib.loads(_SENTENCES.read_text(encoding="utf-8"))[which]
    voices: dict[str, list[str]] = {}
    for voice in listed["voices"]:
        known = _VOICE_LANGUAGES.get(voice[0], "en") if "_" in voice else "en"
        voices.setdefault(known, []).append(voice)
    number = 0
    for language, texts in listed[kind].items():
        speakers = voices[language]
        for take in range(min(takes, len(speakers))):
            for at, text in enumerate(texts):
                number += 1
                speaker = speakers[(at + take) % len(speakers)]
                yield _Line(text, language, speaker, f"{which}-{kind}-{number:03}.wav")


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


async def made(which: str, kind: str, folder: Path, *, takes: int = 1, limit: int = 0) -> list[Made]:
    """The utterances of a set (`tuning`, `held_out`) and kind (`paused`, `complete`), kept in `folder`."""
    _make(folder)
    studio: Studio | None = None
    utterances: list[Made] = []
    lines = list(_lines(which, kind, takes))
    # A limit takes lines from the whole list, so that every language is among them.
    for line in lines[:: max(1, len(lines) // limit)][:limit] if limit else lines:
        kept = folder / f"{line.name}.json"
        if kept.exists():
            found = Made(**json.loads(kept.read_text(encoding="utf-8")))
            if (found.text, found.voice) == (line.text, line.voice):
                utterances.append(found)
                continue
        studio = studio or Studio()
        utterances.append(await studio.record(line, folder))
        kept.write_text(json.dumps(asdict(utterances[-1])), encoding="utf-8")
    if studio:
        await studio.close()
    return utterances


def sound(made_one: Made, folder: Path) -> Pcm:
    """Its sound at 16 kHz."""
    samples, rate = soundfile.read(folder / made_one.file, dtype="float32")
    return Pcm(np.asarray(samples, dtype=np.float32), rate)
