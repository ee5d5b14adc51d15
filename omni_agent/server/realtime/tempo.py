"""Speech made faster or slower at the same pitch: what a voice cannot do by itself.

Voices beside the model are asked for the pace, which sounds better, and go from half to twice their own; a
model with a voice of its own cannot be asked. What is left is done to the sound.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from ...speech.pcm import Pcm

_SLOWEST_STEP = 0.5
"""FFmpeg's `atempo` takes no less; slower goes in steps (ffmpeg.org/ffmpeg-filters.html#atempo)."""


class Tempo:
    """Sound of any rate, piece by piece, at another tempo. What comes out is late by some 50 ms.

    Args:
        factor: 2 makes it half as long.

    Attributes:
        rate: Samples a second of the sound that is under way; 0 for none.
    """

    def __init__(self, factor: float) -> None:
        self.factor = factor
        self.rate = 0
        self._graph: Any = None

    def feed(self, pcm: bytes, rate: int) -> bytes:
        """16-bit samples of this rate; what is certain of them at the new tempo, at the same rate."""
        if self.factor == 1.0:
            return pcm
        before, old = b"", self.rate
        if rate != old:
            if rest := self.flush():
                before = Pcm.from_int16(rest, old).resampled(rate).to_int16()
            self._graph, self.rate = _graph(self.factor, rate), rate
        self._graph.push(_frame(pcm, rate))
        return before + _pulled(self._graph)

    def flush(self) -> bytes:
        """The rest, at the rate that came last; what comes next is a new sound."""
        if self._graph is None:
            return b""
        self._graph.push(None)
        rest = _pulled(self._graph)
        self._graph, self.rate = None, 0
        return rest


def _graph(factor: float, rate: int) -> Any:
    import av.filter

    steps = max(1, math.ceil(math.log(factor) / math.log(_SLOWEST_STEP) - 1e-9)) if factor < 1 else 1
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate, format="s16", layout="mono", time_base=Fraction(1, rate))
    tempos = [graph.add("atempo", f"{factor ** (1 / steps):.6f}") for _ in range(steps)]
    form = graph.add("aformat", f"sample_fmts=s16:sample_rates={rate}:channel_layouts=mono")
    graph.link_nodes(source, *tempos, form, graph.add("abuffersink")).configure()
    return graph


def _frame(pcm: bytes, rate: int) -> Any:
    import av
    import numpy as np

    frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, "<i2").reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = rate
    return frame


def _pulled(graph: Any) -> bytes:
    import av.error

    pieces = []
    while True:
        try:
            pieces.append(graph.pull().to_ndarray().astype("<i2").tobytes())
        except (av.error.BlockingIOError, av.error.EOFError):
            return b"".join(pieces)
