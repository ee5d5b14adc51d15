"""Sounds that are no talk, made from noise and pulses, and what voices say for the barge-in figures.

Everything here follows from a seed. Levels are set by whoever plays the sounds; each comes at a peak of 1.
"""

from __future__ import annotations

import tomllib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE = 16_000

Sound: TypeAlias = NDArray[np.float32]
Random: TypeAlias = np.random.Generator
Kind: TypeAlias = Literal["real", "aside", "hum", "distant"]
Split: TypeAlias = Literal["fit", "tune", "seen", "test"]
# Frequency, bandwidth (both hertz) and gain.
Formants: TypeAlias = Sequence[tuple[float, float, float]]

_PHRASES = Path(__file__).with_suffix("").parent / "barge_in_phrases.toml"
# How many voices say each phrase.
_TIMES: dict[Split, dict[Kind, int]] = {
    "fit": {"real": 2, "aside": 2, "hum": 6},
    "tune": {"real": 1, "aside": 1, "hum": 2, "distant": 2},
    "seen": {"real": 1, "aside": 1, "hum": 1, "distant": 1},
    "test": {"real": 1, "aside": 1, "hum": 2, "distant": 1},
}

# Of the names of voices whose language it is.
_INITIALS = {"es": "e", "fr": "f", "it": "i", "pt": "p", "ja": "j", "zh": "z"}


@dataclass(frozen=True, slots=True)
class Line:
    """A phrase and who says it, how fast."""

    kind: Kind
    language: str
    text: str
    voice: str
    rate: float


def lines(split: Split) -> list[Line]:
    """What is spoken for one of the splits; no voice is in two of them."""
    table = tomllib.loads(_PHRASES.read_text(encoding="utf-8"))[split]
    voices, given_away = table["voices"].split(), table.get("given_away", "").split()
    found: list[Line] = []
    for kind, times in _TIMES[split].items():
        for language, phrases in table.get(kind, {}).items():
            able = _able(voices, table.get("native", "").split(), language, native=split != "fit")
            for text in phrases:
                random = np.random.default_rng(zlib.crc32(text.encode()))
                for voice in random.permutation(able)[:times]:
                    pace = round(float(random.uniform(0.85, 1.3)), 2)
                    if voice not in given_away:
                        found.append(Line(kind, language, text, str(voice), pace))
    return found


def _able(voices: Sequence[str], more: Sequence[str], language: str, *, native: bool) -> list[str]:
    """Who may say it; to be fitted on, an accent is welcome, to be understood it is not."""
    english = [voice for voice in voices if language == "en" or voice != "joe"]
    own = [voice for voice in (*english, *more) if voice[0] == _INITIALS.get(language)]
    return own if native and own else english


def shaped(random: Random, seconds: float, low: float, high: float) -> Sound:
    """Noise between two frequencies, with soft edges."""
    count = max(64, round(seconds * RATE))
    spectrum = np.fft.rfft(random.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    spectrum *= 1 / (1 + (low / np.maximum(hertz, 1)) ** 4) / (1 + (hertz / high) ** 4)
    return _peaked(np.fft.irfft(spectrum, count))


def voiced(random: Random, pitch: NDArray[np.float64], formants: Formants, breath: float = 0.05) -> Sound:
    """Pulses at the rate of `pitch` (hertz, one a sample) through the formants, with breath noise."""
    count = len(pitch)
    phase = np.cumsum(pitch * (1 + 0.01 * random.standard_normal(count)) / RATE)
    source = np.diff(np.floor(phase), prepend=0.0) + breath * random.standard_normal(count) * 0.2
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    gain = sum(g / np.sqrt(1 + ((hertz - f) / (b / 2)) ** 2) for f, b, g in formants)
    spectrum = np.fft.rfft(source) * gain / np.sqrt(1 + (hertz / 400) ** 2) * (hertz > 50)
    return _peaked(np.fft.irfft(spectrum, count))


def decay(count: int, seconds: float, attack: float = 0.004) -> Sound:
    """An envelope that rises at once and dies away."""
    at = np.arange(count) / RATE
    return (np.minimum(1, at / attack) * np.exp(-at / seconds)).astype(np.float32)


def swell(count: int, edge: float = 0.03) -> Sound:
    """An envelope with soft ends."""
    ramp = np.minimum(np.arange(count), np.arange(count)[::-1]) / (edge * RATE)
    return np.minimum(1, ramp).astype(np.float32)


def cough(random: Random) -> Sound:
    """One to three barks of breath, each with a hoarse end."""
    parts: list[Sound] = []
    for _ in range(random.integers(1, 4)):
        seconds = random.uniform(0.18, 0.35)
        burst = shaped(random, seconds, random.uniform(250, 700), random.uniform(2500, 5500))
        burst = burst * decay(len(burst), random.uniform(0.04, 0.09))
        fall = np.linspace(random.uniform(180, 380), random.uniform(90, 160), len(burst))
        tail = voiced(random, fall, ((random.uniform(500, 800), 250, 1), (1500, 400, 0.5)), 0.8)
        parts += [burst + random.uniform(0, 0.35) * tail * swell(len(burst), 0.06), _gap(random, 0.05, 0.2)]
    return _peaked(np.concatenate(parts))


def laugh(random: Random) -> Sound:
    """Ha-ha-ha: breath and vowel in turn, four to six a second, sinking."""
    parts: list[Sound] = []
    first, rate = random.uniform(170, 420), random.uniform(4, 6.2)
    formants = ((random.uniform(600, 900), 120, 1), (random.uniform(1100, 1600), 150, 0.5), (2600, 250, 0.15))
    count = int(random.integers(3, 10))
    for at in range(count):
        loud = 1 - 0.6 * at / count
        breath = shaped(random, random.uniform(0.4, 0.6) / rate, 500, 5000)
        parts.append(breath * swell(len(breath)) * 0.15 * loud)
        seconds = random.uniform(0.35, 0.55) / rate
        pitch = first * loud**0.4 * np.linspace(1.1, 0.9, round(seconds * RATE))
        vowel = voiced(random, pitch, formants, random.uniform(0.1, 0.7))
        parts.append(vowel * swell(len(vowel)) * loud)
    return _peaked(np.concatenate(parts))


def throat(random: Random) -> Sound:
    """A throat is cleared: slow rough pulses in noise."""
    parts: list[Sound] = []
    for _ in range(random.integers(1, 3)):
        count = round(random.uniform(0.2, 0.5) * RATE)
        pitch = np.full(count, random.uniform(28, 75)) * (1 + 0.2 * random.standard_normal(count))
        rough = voiced(random, pitch, ((400, 200, 1), (1200, 300, 0.6), (2400, 500, 0.3)), 0.6)
        parts += [rough * swell(count, 0.05), _gap(random, 0.05, 0.15)]
    return _peaked(np.concatenate(parts))


def sneeze(random: Random) -> Sound:
    """Breath drawn in, then a burst of high noise."""
    inhale = shaped(random, random.uniform(0.2, 0.4), 800, 4000)
    inhale = inhale * np.linspace(0, 0.15, len(inhale), dtype=np.float32)
    burst = shaped(random, random.uniform(0.25, 0.4), 900, 7000)
    return _peaked(np.concatenate([inhale, burst * decay(len(burst), 0.07)]))


def breath(random: Random) -> Sound:
    """A sigh or a sniff into the microphone."""
    low = random.uniform(150, 2000)
    air = shaped(random, random.uniform(0.2, 0.9), low, low * random.uniform(2, 5))
    return air * swell(len(air), len(air) / RATE / 2.5)


def slam(random: Random) -> Sound:
    """A door or something heavy: a dull blow that rings in wood."""
    count = round(random.uniform(0.25, 0.6) * RATE)
    at = np.arange(count) / RATE
    tones = sum(
        np.sin(2 * np.pi * f * at) * np.exp(-at * random.uniform(8, 30)) for f in random.uniform(50, 600, 8)
    )
    blow = shaped(random, count / RATE, 40, random.uniform(800, 3000)) * decay(count, 0.03, 0.001)
    return _peaked(tones * 0.2 + blow)


def clink(random: Random) -> Sound:
    """A cup, a spoon, a pen: high tones that die away, once or a few times."""
    parts: list[Sound] = []
    for _ in range(random.integers(1, 5)):
        at = np.arange(round(random.uniform(0.08, 0.3) * RATE)) / RATE
        speed = random.uniform(15, 60)
        tones = sum(np.sin(2 * np.pi * f * at) for f in random.uniform(900, 7000, 5))
        parts.append(np.asarray(tones * np.exp(-at * speed), np.float32))
    return _peaked(np.concatenate(parts))


def typing(random: Random) -> Sound:
    """Keys for a second or two."""
    sound = np.zeros(round(random.uniform(0.8, 2.0) * RATE), np.float32)
    at = 0.0
    while (begin := round(at * RATE)) < len(sound) - 2000:
        key = shaped(random, 0.03, random.uniform(300, 1500), 6000) * decay(480, 0.006, 0.001)
        sound[begin : begin + 480] += key * random.uniform(0.3, 1)
        at += random.uniform(0.06, 0.22)
    return _peaked(sound)


def music(random: Random) -> Sound:
    """Chords and a beat."""
    beat = random.uniform(0.35, 0.6)
    parts: list[Sound] = []
    root = random.uniform(110, 260)
    for step in random.choice((1.0, 1.125, 1.333, 1.5), random.integers(3, 6)):
        at = np.arange(round(beat * RATE)) / RATE
        chord = sum(
            np.sin(2 * np.pi * root * step * note * n * at) / n**1.3
            for note in (1, 1.26, 1.5)
            for n in range(1, 7)
        )
        drum = shaped(random, beat, 30, 5000) * decay(len(at), 0.03, 0.001)
        parts.append(_peaked(_peaked(chord * np.exp(-at * 2)) + np.float32(random.uniform(0, 0.8)) * drum))
    return _peaked(np.concatenate(parts))


def ring(random: Random) -> Sound:
    """A telephone or an appliance: two tones in turn."""
    at = np.arange(round(random.uniform(0.5, 1.2) * RATE)) / RATE
    high, low = random.uniform(900, 2200), random.uniform(500, 900)
    which = np.sin(2 * np.pi * random.uniform(6, 20) * at) > 0
    return _peaked(np.where(which, np.sin(2 * np.pi * high * at), np.sin(2 * np.pi * low * at)))


def bark(random: Random) -> Sound:
    """A dog, outside."""
    parts: list[Sound] = []
    for _ in range(random.integers(1, 4)):
        count = round(random.uniform(0.12, 0.22) * RATE)
        pitch = np.linspace(random.uniform(350, 700), random.uniform(200, 300), count)
        sound = voiced(random, pitch, ((900, 300, 1), (1800, 500, 0.7)), 1.5)
        parts += [sound * decay(count, 0.08, 0.015), _gap(random, 0.1, 0.25)]
    return _peaked(np.concatenate(parts))


def hum(random: Random) -> Sound:
    """Mm, mhm or hmm with the mouth closed."""
    base = random.choice((random.uniform(80, 150), random.uniform(150, 260)))
    formants = (
        (random.uniform(220, 320), 80, 1),
        (random.uniform(900, 1200), 200, random.uniform(0.02, 0.12)),
        (random.uniform(2000, 2600), 300, random.uniform(0.01, 0.06)),
    )
    double = random.random() < 0.6
    parts: list[Sound] = []
    for at in range(2 if double else 1):
        count = round(random.uniform(0.12, 0.25) * (1 if double else 2) * RATE)
        rise = random.uniform(0.85, 1.3)
        pitch = base * np.linspace(1, rise, count) * (rise if at else 1)
        nasal = voiced(random, pitch, formants, random.uniform(0.01, 0.1))
        parts.append(nasal * swell(count, random.uniform(0.02, 0.06)) * random.uniform(0.6, 1))
        air = shaped(random, random.uniform(0.03, 0.09), 300, 3000)
        parts.append(air * swell(len(air), 0.01) * 0.06)
    return _peaked(np.concatenate(parts))


FITTED: dict[str, Callable[[Random], Sound]] = {
    "cough": cough,
    "laugh": laugh,
    "throat": throat,
    "breath": breath,
    "slam": slam,
    "clink": clink,
    "music": music,
}
"""Noises that the classifier is fitted on; the measured ones come from other seeds."""

UNSEEN: dict[str, Callable[[Random], Sound]] = {
    "sneeze": sneeze,
    "typing": typing,
    "ring": ring,
    "bark": bark,
}
"""Noises of kinds that it never heard."""


def _gap(random: Random, shortest: float, longest: float) -> Sound:
    return np.zeros(round(random.uniform(shortest, longest) * RATE), np.float32)


def _peaked(sound: object) -> Sound:
    array = np.asarray(sound, dtype=np.float32)
    return array / max(float(np.abs(array).max(initial=0.0)), 1e-6)
