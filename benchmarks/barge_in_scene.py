"""Scenes for the barge-in figures: a room, an agent that speaks in it, and a sound over its speech."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir

import numpy as np

from omni_agent.conversation.voice_over import UsualLevel
from omni_agent.models.store import ModelStore
from omni_agent.speech.hearing.activity import VoiceActivity, Window
from omni_agent.speech.pcm import Pcm
from omni_agent.speech.voices.tts_kokoro import KokoroVoice
from omni_agent.speech.voices.tts_piper import PiperVoice

from .barge_in_sounds import RATE, Line, Random, Sound, shaped

CLIPS = Path(gettempdir()) / "omni-agent-barge-in"
LEAD, TAIL = 1.2, 2.6
_FAINTEST = -30.0
_TURN = 3


@dataclass(frozen=True, slots=True)
class Scene:
    """What the microphone hears.

    Attributes:
        sound: 16 kHz mono.
        onset, end: Seconds in it between which the sound in question stands out.
        usual: The level at which this user usually speaks, in dBFS: the mean power of the windows that are
            surely voice, 2 dB more or less.
    """

    sound: Sound
    onset: float
    end: float
    usual: float

    def windows(self) -> list[Window]:
        """What the voice activity detector says of it."""
        return VoiceActivity().feed(self.sound)


def clips(lines: Sequence[Line], folder: Path = CLIPS) -> list[Sound]:
    """Each line spoken; kept in `folder` for the next time."""
    folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_spoken(lines, folder))


async def _spoken(lines: Sequence[Line], folder: Path) -> list[Sound]:
    store = ModelStore()
    joe = PiperVoice(lambda: store.ensure("voice-english"))
    natural = KokoroVoice(lambda: store.ensure("voice-natural"))
    found: list[Sound] = []
    for line in lines:
        path = folder / f"{_name(line)}.npy"
        if not path.exists():
            engine = joe if line.voice == "joe" else natural
            voice = "" if line.voice == "joe" else line.voice
            pcm = await engine.speak(line.text, language=line.language, voice=voice, rate=line.rate)
            np.save(path, pcm.resampled(RATE).samples.astype(np.float16))
        found.append(np.load(path).astype(np.float32))
    await joe.close()
    await natural.close()
    return found


def _name(line: Line) -> str:
    return hashlib.sha1(repr((line.language, line.text, line.voice, line.rate)).encode()).hexdigest()[:16]


def scene(
    random: Random,
    sound: Sound,
    *,
    below: float = 0.0,
    agent: Sound,
    tail: float = TAIL,
    voice: Sound | None = None,
) -> Scene:
    """Put `sound` into a room at a user's usual level, or so many decibels `below` it and further off.

    Where `sound` is no voice, `voice` is one, from whose level that of the sound is known.

    The room's noise lies 20 to 45 dB below the user's voice, and what echo cancellation leaves of the agent
    30 to 40 dB. Each scene has a microphone of its own, which colours the sound.
    """
    usual = float(random.uniform(-32, -20))
    source = _levelled(_coloured(random, _pitched(random, sound)), usual)
    heard = _in_room(random, source, far=False)
    measured = _measured(heard if voice is None else _levelled(voice, usual), usual)
    if below > 6:
        heard = _in_room(random, source, far=True)
    heard = heard * np.float32(10 ** ((random.uniform(-2, 2) - below) / 20))
    lead = LEAD + float(random.uniform(0, 0.032))
    total = round((lead + tail) * RATE) + len(heard)
    room = shaped(random, total / RATE, 60, float(random.uniform(300, 4000)))[:total]
    room = np.pad(room, (0, total - len(room)))
    mixed = room / _rms(room) * 10 ** ((usual - random.uniform(20, 45)) / 20)
    echo = np.resize(agent, total)
    mixed = mixed + echo / _rms(echo) * 10 ** ((usual - random.uniform(30, 40)) / 20)
    begin = round(lead * RATE)
    mixed[begin : begin + len(heard)] += heard
    first, last = _extent(heard)
    error = float(random.uniform(-2, 2))
    return Scene(np.clip(mixed, -1, 1).astype(np.float32), lead + first, lead + last, measured + error)


def _levelled(sound: Sound, level: float) -> Sound:
    """At so many dBFS, where it sounds."""
    return sound * np.float32(10 ** (level / 20) / _rms(sound[np.abs(sound) > 0.05 * np.abs(sound).max()]))


def _measured(voice: Sound, otherwise: float) -> float:
    """Its usual level by the windows, as if it had gone on like that for a turn of some seconds."""
    quiet = np.zeros(RATE // 2, np.float32)
    turn = [voice] * (1 + _TURN * RATE // len(voice))
    usual = UsualLevel()
    for window in VoiceActivity().feed(np.concatenate([quiet, *turn, quiet])):
        usual.heard(window)
    return otherwise if usual.level is None else usual.level


def _pitched(random: Random, sound: Sound) -> Sound:
    """A little higher or lower, as another speaker would be."""
    return Pcm(sound, round(RATE * random.uniform(0.92, 1.1))).resampled(RATE).samples


def _coloured(random: Random, sound: Sound) -> Sound:
    """Through a microphone: up to 6 dB more or less here and there, some without the highest octaves."""
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    corners = np.log2((60, 200, 600, 1800, 4000, 8000))
    gain = np.interp(np.log2(np.maximum(hertz, 30)), corners, random.uniform(-6, 6, len(corners)))
    highest = random.uniform(3000, 9000)
    spectrum = np.fft.rfft(sound) * 10 ** (gain / 20) / (1 + (hertz / highest) ** 8)
    return np.fft.irfft(spectrum, len(sound)).astype(np.float32)


def _in_room(random: Random, sound: Sound, *, far: bool) -> Sound:
    """With reflections; little of the direct sound is left where it comes from far."""
    count = round((0.35 if far else 0.15) * RATE)
    tail = random.standard_normal(count) * np.exp(-np.arange(count) / (0.07 if far else 0.04) / RATE)
    tail *= (random.uniform(0.5, 1.0) if far else random.uniform(0.0, 0.5)) / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    size = len(sound) + count
    mixed = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size).astype(np.float32)
    return mixed * np.float32(_rms(sound) / max(_rms(mixed[: len(sound)]), 1e-9))


def _extent(sound: Sound) -> tuple[float, float]:
    """Seconds of the first and the last 10 ms that are at most 30 dB below the loudest: what is audible."""
    hop = RATE // 100
    frames = sound[: len(sound) // hop * hop].reshape(-1, hop)
    levels = 10 * np.log10((frames**2).mean(axis=1) + 1e-12)
    found = np.flatnonzero(levels > levels.max() + _FAINTEST)
    return float(found[0]) * 0.01, float(found[-1] + 1) * 0.01


def _rms(sound: Sound) -> float:
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)) + 1e-12))
