"""Makes omni_agent/speech/barge_in/interruption.npz: the network that tells words from hums and noises.

Everything it learns from is made here: phrases in the natural voices and noises from pulses, in made rooms.
The seed is fixed; the same voices give the same weights. Prints how it does on voices and phrases that it was
not fitted on (the split that thresholds are chosen by, never the one that `benchmarks.barge_in` reports).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from omni_agent.speech.barge_in.overlap import Overlap
from omni_agent.speech.barge_in.sound import BEFORE, features

from .barge_in_scene import Scene, clips, scene
from .barge_in_sounds import FITTED, RATE, Random, Sound, Split, hum, lines
from .report import arguments, publish

OUT = Path(__file__).parents[1] / "omni_agent" / "speech" / "barge_in" / "interruption.npz"
LOOKS = (0.064, 0.096, 0.128, 0.16, 0.192, 0.256, 0.32, 0.416)
_HIDDEN, _STEPS, _BATCH, _RATE, _DECAY = 24, 5000, 384, 3e-3, 2e-3

Array = NDArray[np.float64]
# Nothing that was made is that certain of what people and things really sound like.
_SMOOTHED = np.eye(3) * 0.91 + 0.03


@dataclass(frozen=True, slots=True)
class Example:
    """A look at a sound: its figures, its class (0 words, 1 hum, 2 noise), when, and which sound it was."""

    figures: Array
    label: int
    seconds: float
    group: int


def looks(
    random: Random, sound: Sound, label: int, group: int, agent: Sound, voice: Sound | None
) -> Iterator[Example]:
    """What is seen of one sound in one room, over an agent's voice, as it goes on."""
    where = scene(random, sound, tail=0.3, agent=agent, voice=voice)
    onset = _onset(where)
    # Noises that the detector ignores here, it may not ignore elsewhere.
    begin = onset if onset is not None else round(where.onset * RATE)
    for seconds in LOOKS:
        if seconds > where.end - begin / RATE + 0.064:
            break
        figures = features(where.sound[begin - round(BEFORE * RATE) : begin + round(seconds * RATE)])
        if figures is not None:
            yield Example(figures, label, seconds, group)


def _onset(where: Scene) -> int | None:
    voice = Overlap(where.usual)
    for window in where.windows():
        voice = voice.heard(window)
        if voice.onset is not None and voice.onset / RATE > where.onset - 0.1:
            return voice.onset
    return None


def examples(split: Split, random: Random, times: int) -> list[Example]:
    """All looks at all sounds of a split, each sound in so many rooms."""
    spoken = [line for line in lines(split) if line.kind != "distant"]
    sounds = [
        (sound, 1 if line.kind == "hum" else 0) for line, sound in zip(spoken, clips(spoken), strict=True)
    ]
    found: list[Example] = []
    agent = np.concatenate([sound for sound, _ in sounds[:20]])
    for group, (sound, label) in enumerate(sounds):
        for _ in range(times):
            found += looks(random, sound, label, group, agent, None)
    group = len(sounds)
    for make, label, count in [
        (hum, 1, 70),
        *((make, 2, 200 if name == "laugh" else 40) for name, make in FITTED.items()),
    ]:
        for _ in range(count * times // 4):
            found += looks(random, make(random), label, group, agent, agent[: 2 * RATE])
            group += 1
    return found


def fit(found: list[Example], random: Random) -> dict[str, Array]:
    """Adam on the cross entropy; each class weighs the same."""
    inputs, labels = np.stack([e.figures for e in found]), np.array([e.label for e in found])
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-3
    net = {
        "w1": random.standard_normal((inputs.shape[1], _HIDDEN)) / np.sqrt(inputs.shape[1]),
        "b1": np.zeros(_HIDDEN),
        "w2": random.standard_normal((_HIDDEN, 3)) / np.sqrt(_HIDDEN),
        "b2": np.zeros(3),
    }
    first = {name: np.zeros_like(value) for name, value in net.items()}
    second = {name: np.zeros_like(value) for name, value in net.items()}
    members = [np.flatnonzero(labels == label) for label in range(3)]
    for step in range(1, _STEPS + 1):
        chosen = np.concatenate([random.choice(group, _BATCH // 3) for group in members])
        batch = (inputs[chosen] - mean) / scale
        batch = batch + 0.4 * random.standard_normal(batch.shape)
        slopes = _slopes(net, batch, labels[chosen])
        rate = _RATE * 0.5 * (1 + np.cos(np.pi * step / _STEPS))
        for name, slope in slopes.items():
            slope = slope + _DECAY * net[name] * (net[name].ndim > 1)
            first[name] = 0.9 * first[name] + 0.1 * slope
            second[name] = 0.999 * second[name] + 0.001 * slope**2
            moment = first[name] / (1 - 0.9**step)
            net[name] = net[name] - rate * moment / (np.sqrt(second[name] / (1 - 0.999**step)) + 1e-8)
    return {**net, "mean": mean, "scale": scale}


def _slopes(net: dict[str, Array], batch: Array, labels: NDArray[np.int64]) -> dict[str, Array]:
    hidden = np.tanh(batch @ net["w1"] + net["b1"])
    error = _softmax(hidden @ net["w2"] + net["b2"])
    error -= _SMOOTHED[labels]
    error /= len(labels)
    back = error @ net["w2"].T * (1 - hidden**2)
    return {"w1": batch.T @ back, "b1": back.sum(0), "w2": hidden.T @ error, "b2": error.sum(0)}


def _softmax(out: Array) -> Array:
    odds = np.exp(out - out.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def checked(net: dict[str, Array], found: list[Example], threshold: float) -> dict[str, object]:
    """Of the looks at each moment: words taken for none, and hums and noises seen for what they are."""
    inputs, labels = np.stack([e.figures for e in found]), np.array([e.label for e in found])
    hidden = np.tanh((inputs - net["mean"]) / net["scale"] @ net["w1"] + net["b1"])
    none = _softmax(hidden @ net["w2"] + net["b2"])[:, 0] < 1 - threshold
    seconds = np.array([e.seconds for e in found])
    return {
        f"{look:.3f}": {
            name: round(float(none[(seconds == look) & (labels == label)].mean()), 3)
            for label, name in enumerate(("words_lost", "hums_seen", "noises_seen"))
        }
        for look in LOOKS
    }


def main() -> None:
    """Make the weights and check them."""
    given = arguments("Make the weights of the interruption classifier.", Path())
    random = np.random.default_rng(7)
    found = examples("fit", random, 4)
    given.say(f"{len(found)} looks")
    net = fit(found, random)
    arrays = {name: value.astype(np.float32) for name, value in net.items()}
    np.savez_compressed(OUT, allow_pickle=False, **arrays)
    held_out = examples("tune", random, 4)
    publish({"benchmark": "train_interruption", "bytes": OUT.stat().st_size, **checked(net, held_out, 0.8)})


if __name__ == "__main__":
    main()
