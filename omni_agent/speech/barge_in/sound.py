"""What a sound over the agent's speech is: words, a hum, or a noise; by its first 100 to 500 milliseconds.

A small network on figures of the sound (bands, voicing, pitch, bursts). Its weights are made by
`benchmarks/train_interruption.py` from sounds that are made too; nobody's recordings are in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RATE = 16_000
BEFORE = 0.064
"""Seconds of sound before the onset that are judged too: soft consonants escape the detector."""
LONGEST = 0.5
"""Seconds that are looked at; what comes later says no more."""

_FRAME, _HOP, _SIZE = 400, 160, 512
_BANDS = 20
_PARTS = 3  # the sound is looked at as a whole and in so many parts
_FLOOR_DB = 40.0  # below the loudest: the room, not the sound
_ACTIVE_DB = 20.0
_LOWEST, _HIGHEST = 60, 420  # hertz, of human pitch with laughter
_HANN = np.hanning(_FRAME)
_HERTZ = np.fft.rfftfreq(_SIZE, 1 / RATE)


@dataclass(frozen=True, slots=True)
class SoundScore:
    """Probabilities, 0 to 1, with a sum of 1.

    Attributes:
        words: Somebody speaks words; a spoken "yeah" or "okay" as well, as long as it cannot be told apart.
        hum: Mhm, hmm, uh-huh.
        noise: A cough, laughter, something falls, music.
    """

    words: float
    hum: float
    noise: float


def score(samples: NDArray[np.float32]) -> SoundScore | None:
    """Judge the sound from `BEFORE` seconds before the onset until now; about 1 ms of one core.

    Args:
        samples: 16 kHz mono; what goes beyond `BEFORE + LONGEST` seconds is not looked at.

    Returns:
        None for less than 60 ms, or for silence.
    """
    found = features(samples)
    if found is None:
        return None
    net = _weights()
    hidden = np.tanh((found - net["mean"]) / net["scale"] @ net["w1"] + net["b1"])
    out = hidden @ net["w2"] + net["b2"]
    odds = np.exp(out - out.max())
    words, hum, noise = (odds / odds.sum()).tolist()
    return SoundScore(words, hum, noise)


def features(samples: NDArray[np.float32]) -> Array | None:
    """The figures that the network sees, independent of the level; None where there is too little sound."""
    sound = np.asarray(samples[: round((BEFORE + LONGEST) * RATE)], dtype=np.float64)
    if len(sound) < _FRAME + 3 * _HOP or not np.abs(sound).max(initial=0.0) > 1e-5:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(sound, _FRAME)[::_HOP] * _HANN
    power = np.abs(np.fft.rfft(frames, _SIZE)) ** 2
    energy = 10 * np.log10(power.sum(axis=1) + 1e-12)
    loud = energy - energy.max()
    active = loud > -_ACTIVE_DB
    bands = 10 * np.log10(power @ _mel() + 1e-12)
    bands = np.maximum(bands - bands.max(), -_FLOOR_DB) / _FLOOR_DB
    return np.concatenate(
        [
            bands[active].mean(axis=0),
            bands[active].std(axis=0),
            *_in_parts(bands),
            _voicing(power, active),
            _shape(power[active]),
            _bursts(loud, active),
        ]
    )


def _in_parts(bands: Array) -> list[Array]:
    """Coarse bands of each part of the sound."""
    coarse = bands.reshape(len(bands), _BANDS // 4, 4).mean(axis=2)
    return [part.mean(axis=0) for part in np.array_split(coarse, _PARTS)]


def _voicing(power: Array, active: NDArray[np.bool_]) -> Array:
    """How periodic the sound is, and how its pitch moves (octaves)."""
    correlation = np.fft.irfft(power, axis=1)
    lags = slice(RATE // _HIGHEST, min(_SIZE // 2, RATE // _LOWEST))
    whole = correlation[:, lags] / np.maximum(correlation[:, :1], 1e-12) * _untapered()[lags]
    best = whole.argmax(axis=1)
    strength = np.clip(whole[np.arange(len(whole)), best], 0, 1)
    pitch = np.log2(RATE / (best + lags.start) / 100)
    sounding = active & (strength > 0.5)
    track = pitch[sounding]
    if len(track) < 2:
        track = np.zeros(2)
    jumps = np.abs(np.diff(track))
    return np.array(
        [
            strength[active].mean(),
            strength[active].std(),
            sounding.sum() / active.sum(),
            np.median(track),
            track.std(),
            np.median(track[len(track) // 2 :]) - np.median(track[: len(track) // 2]),
            np.median(jumps),
            (jumps > 0.3).mean(),
        ]
    )


def _shape(power: Array) -> Array:
    """Centre, flatness and change of the spectrum, and how much of it is as low as a closed mouth's."""
    whole = power.sum(axis=1) + 1e-12
    centre = power @ _HERTZ / whole / 4000
    flat = np.exp(np.log(power + 1e-12).mean(axis=1)) / (whole / power.shape[1])
    low = power[:, _HERTZ < 450].sum(axis=1) / whole
    high = power[:, _HERTZ > 3000].sum(axis=1) / whole
    share = np.sqrt(power / whole[:, None])
    flux = np.sqrt((np.diff(share, axis=0) ** 2).sum(axis=1)) if len(share) > 1 else np.zeros(1)
    pairs = [(x.mean(), x.std()) for x in (centre, np.log(flat + 1e-6) / 5, low, high, flux)]
    return np.array([figure for pair in pairs for figure in pair])


def _bursts(loud: Array, active: NDArray[np.bool_]) -> Array:
    """How the level runs: when it peaks, how it rises and falls, how often it breaks off; and the length."""
    steps = np.diff(loud) / 10
    breaks = np.count_nonzero(np.diff(active.astype(int)) == 1)
    return np.array(
        [
            loud.argmax() / len(loud),
            active.mean(),
            loud[active].mean() / _ACTIVE_DB,
            steps.max(),
            steps.min(),
            np.abs(steps).mean(),
            breaks / 3,
            len(loud) * _HOP / RATE / LONGEST,
        ]
    )


@cache
def _untapered() -> Array:
    """What makes up for the window, which damps the correlation of what lies far apart."""
    taper = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(_FRAME), _SIZE)) ** 2)
    return np.asarray(taper[0] / np.maximum(taper, 1e-3 * taper[0]))


@cache
def _mel() -> Array:
    """Triangles on the mel scale, (bins, bands)."""
    edges = 700 * (10 ** (np.linspace(np.log10(1 + 80 / 700), np.log10(1 + 7600 / 700), _BANDS + 2)) - 1)
    hertz = _HERTZ[:, None]
    rise = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    return np.asarray(np.clip(np.minimum(rise, fall), 0, None))


@cache
def _weights() -> dict[str, Array]:
    with (resources.files("omni_agent.speech.barge_in") / "interruption.npz").open("rb") as file:
        return {name: array.astype(np.float64) for name, array in np.load(file).items()}
