"""Clips made for tests: pictures and sound at times of their own."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

av: Any = pytest.importorskip("av")
MILLISECOND = Fraction(1, 1000)
SIZE = (64, 48)


def plain(level: int, size: tuple[int, int] = SIZE) -> NDArray[np.uint8]:
    """A picture of one shade."""
    return np.full((size[1], size[0], 3), level, dtype=np.uint8)


def tone(seconds: float, rate: int = 16_000, level: float = 0.5) -> NDArray[np.int16]:
    """440 Hz, shape (n,)."""
    at = np.arange(round(seconds * rate)) / rate
    return (level * 32767 * np.sin(2 * np.pi * 440 * at)).astype(np.int16)


def made(
    pictures: Sequence[tuple[float, NDArray[np.uint8]]],
    sounds: Sequence[tuple[float, NDArray[np.int16]]] = (),
    *,
    rate: int = 16_000,
    key_every: int = 12,
) -> bytes:
    """A Matroska file with each picture and each stretch of sound at its time in seconds.

    Matroska holds any times: a variable frame rate, and a sound that begins late or has gaps.
    """
    data = io.BytesIO()
    with av.open(data, "w", format="matroska") as container:
        video = container.add_stream("mpeg4", rate=30)
        video.height, video.width = pictures[0][1].shape[:2]
        video.pix_fmt, video.gop_size = "yuv420p", key_every
        video.codec_context.time_base = MILLISECOND
        audio = container.add_stream("pcm_s16le", rate=rate, layout="mono") if sounds else None
        for at, pixels in pictures:
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = round(at * 1000), MILLISECOND
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for at, samples in sounds:
            _sound(container, audio, at, samples, rate)
        if audio is not None:
            container.mux(audio.encode(None))
    return data.getvalue()


def _sound(container: Any, stream: Any, at: float, samples: NDArray[np.int16], rate: int) -> None:
    for start in range(0, len(samples), 1600):
        piece = samples[start : start + 1600]
        frame = av.AudioFrame.from_ndarray(piece[None], format="s16", layout="mono")
        frame.sample_rate = rate
        frame.pts, frame.time_base = round(at * rate) + start, Fraction(1, rate)
        container.mux(stream.encode(frame))
