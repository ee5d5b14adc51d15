"""Qwen3-Omni's codec frames to sound, window by window, as if they had been decoded all at once.

The decoder is a transformer and then convolutions. The transformer keeps its keys and values from window to
window. The convolutions see a few frames back, so each window begins that many frames earlier. Their
transposed ones give the last samples only with the next frame, so windows are joined by the absolute number
of a sample and never by length: naive joints would lose 555 samples each.
"""

from __future__ import annotations

import math
from typing import Any

from .libraries import cache_name, library

FIRST = 4
"""Frames of the first window, 0.32 s, as vLLM-Omni's deployment has it; each next is twice as long."""
MOST = 25
"""Frames of the longest window, 2 s: longer ones save little."""


class WaveformStream:
    """Decodes frames as they come.

    Args:
        code2wav: The model's decoder.
        first: Frames of the first window.
        most: Frames of the longest.
    """

    def __init__(self, code2wav: Any, *, first: int = FIRST, most: int = MOST) -> None:
        self._torch = library("torch")
        self._decoder = code2wav
        self._step = int(code2wav.total_upsample)
        self._back = frames_back(code2wav)
        self._cache = library("transformers").DynamicCache(config=code2wav.config)
        self._waiting: list[Any] = []
        self._window, self._most = first, most
        self._hidden: Any = None
        self._start = 0
        self._given = 0

    def add(self, frame: Any) -> Any:
        """Take a frame, shape (1, codebooks); gives new samples, (n,) float32, or None while it gathers."""
        self._waiting.append(frame)
        if len(self._waiting) < self._window:
            return None
        self._window = min(self._window * 2, self._most)
        return self._decoded()

    def finish(self) -> Any:
        """The samples of what still waits; None where nothing does."""
        return self._decoded() if self._waiting else None

    def _decoded(self) -> Any:
        torch, decoder = self._torch, self._decoder
        with torch.no_grad():
            codes = torch.stack(self._waiting, dim=-1).to(decoder.device)
            self._waiting = []
            embedded = decoder.code_embedding(codes + decoder.code_offset).mean(1)
            reader = decoder.pre_transformer
            known = {cache_name(reader): self._cache}
            fresh = reader(inputs_embeds=embedded, use_cache=True, **known).last_hidden_state
            hidden = fresh if self._hidden is None else torch.cat([self._hidden, fresh], dim=1)
            wave = self._convolved(hidden)
        new = wave[self._given - self._start * self._step :]
        self._given += len(new)
        # Of the samples that are still owed the first lies before the end, so one frame more stays.
        dropped = max(hidden.shape[1] - self._back - 1, 0)
        self._hidden, self._start = hidden[:, dropped:], self._start + dropped
        return new

    def _convolved(self, hidden: Any) -> Any:
        wave = hidden.permute(0, 2, 1)
        for blocks in self._decoder.upsample:
            for block in blocks:
                wave = block(wave)
        for block in self._decoder.decoder:
            wave = block(wave)
        return wave.clamp(min=-1, max=1).reshape(-1).float().cpu()


def frames_back(code2wav: Any) -> int:
    """How many frames before its own a sample depends on through the convolutions."""
    torch = library("torch")
    back, rate = 0.0, 1
    for module in (*code2wav.upsample.modules(), *code2wav.decoder.modules()):
        if isinstance(module, torch.nn.ConvTranspose1d):
            back += (module.kernel_size[0] / module.stride[0] - 1) / rate
            rate *= module.stride[0]
        elif isinstance(module, torch.nn.Conv1d):
            back += (module.kernel_size[0] - 1) * module.dilation[0] / rate
    return math.ceil(back)
