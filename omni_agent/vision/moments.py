"""A clip in words, each with its time: its pictures read by the eyes, its sound heard by the ears."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import Moment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..senses import Ears, Eyes
    from ..speech.pcm import Pcm
    from .frames import Frame

# A long sound is heard in so many stretches at most, none of them shorter than this by much.
_MOST_STRETCHES = 20
_SHORTEST_S = 8.0
# A stretch ends where it is quietest within this distance, so that no word is cut in two.
_ABOUT_S = 1.5
_WINDOW_S = 0.05
# About -54 dBFS: below it there is nothing to transcribe.
_AUDIBLE = 0.002


async def told(source: Path | bytes, ears: Ears | None, eyes: Eyes | None) -> tuple[Moment, ...]:
    """What the senses at hand make of a clip, in the order of the times.

    Raises:
        MediaError: It is missing, no video or broken, or PyAV is not installed.
        ModelUnavailable: The senses' engines or their files are missing.
    """
    from .clip import open_clip

    clip = await open_clip(source)
    found = await heard(clip.sound, ears) if ears and clip.sound else []
    found += await read(clip.frames, eyes) if eyes else []
    return tuple(sorted(found, key=lambda moment: moment.start))


async def read(frames: Sequence[Frame], eyes: Eyes) -> list[Moment]:
    """The text in the pictures; of a picture only the lines that the one before it did not show.

    Raises:
        ModelUnavailable: The eyes' engine or its files are missing.
    """
    found: list[Moment] = []
    before: frozenset[str] = frozenset()
    for frame in frames:
        lines = [line.text for line in (await eyes.read(frame.png)).lines]
        if fresh := [line for line in lines if line not in before]:
            found.append(Moment("read", frame.seconds, frame.seconds, "\n".join(fresh)))
        before = frozenset(lines)
    return found


async def heard(sound: Pcm, ears: Ears) -> list[Moment]:
    """The words in a clip's sound, stretch by stretch; silent ones are left out.

    Raises:
        ModelUnavailable: The ears' engine or its files are missing.
    """
    from ..speech.pcm import Pcm

    found: list[Moment] = []
    for start, end in stretches(sound):
        piece = sound.samples[start:end]
        if float(abs(piece).max(initial=0.0)) < _AUDIBLE:
            continue
        hearing = await ears.transcribe(Pcm(piece, sound.rate), timed=False)
        if hearing.text:
            found.append(Moment("heard", start / sound.rate, end / sound.rate, hearing.text))
    return found


def stretches(sound: Pcm) -> list[tuple[int, int]]:
    """First sample and end of each stretch that a sound is heard in, cut at quiet places."""
    import numpy as np

    total = len(sound.samples)
    length = max(_SHORTEST_S, sound.seconds / _MOST_STRETCHES)
    count = max(1, round(sound.seconds / length))
    window, about = max(1, round(_WINDOW_S * sound.rate)), round(_ABOUT_S * sound.rate)
    cuts = [0]
    for number in range(1, count):
        near = round(total * number / count)
        around = sound.samples[max(0, near - about) : near + about]
        windows = around[: len(around) // window * window].reshape(-1, window)
        quietest = int(np.argmin(np.square(windows).mean(axis=1)))
        cuts.append(max(0, near - about) + quietest * window + window // 2)
    return list(zip(cuts, [*cuts[1:], total], strict=True))
