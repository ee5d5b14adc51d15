"""Qwen3-Omni's decoder in windows: every sample as if all frames had been decoded at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from omni_agent.models.omni.libraries import library
from omni_agent.models.omni.waveform import FIRST, WaveformStream, frames_back


@pytest.fixture(scope="session", params=[72, 6])
def decoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Any:
    """A decoder whose transformer looks back so many frames."""
    from tests.models.omni.tiny import make_qwen3

    folder: Path = make_qwen3(tmp_path_factory.mktemp("decoder"), window=request.param)
    whole = library("transformers").Qwen3OmniMoeForConditionalGeneration.from_pretrained(folder)
    return whole.eval().code2wav


def frames(count: int, seed: int = 0) -> Any:
    torch = library("torch")
    return torch.randint(0, 2048, (1, 4, count), generator=torch.Generator().manual_seed(seed))


def streamed(decoder: Any, codes: Any, **windows: int) -> list[Any]:
    stream = WaveformStream(decoder, **windows)
    chunks = [stream.add(codes[..., index]) for index in range(codes.shape[-1])]
    return [chunk for chunk in [*chunks, stream.finish()] if chunk is not None]


@pytest.mark.parametrize("count", [1, 3, 4, 5, 12, 13, 47, 130])
def test_chunks_together_are_the_whole_decode(decoder: Any, count: int) -> None:
    torch = library("torch")
    codes = frames(count)
    with torch.no_grad():
        whole = decoder(codes).reshape(-1)
    joined = torch.cat(streamed(decoder, codes))
    assert whole.std() > 0.05
    assert joined.shape == whole.shape
    assert (joined - whole).abs().max() < 1e-4


@pytest.mark.parametrize(
    "windows", [{"first": 1, "most": 1}, {"first": 3, "most": 7}, {"first": 8, "most": 64}]
)
def test_whatever_the_windows(decoder: Any, windows: dict[str, int]) -> None:
    torch = library("torch")
    codes = frames(40, seed=1)
    with torch.no_grad():
        whole = decoder(codes).reshape(-1)
    joined = torch.cat(streamed(decoder, codes, **windows))
    assert joined.shape == whole.shape
    assert (joined - whole).abs().max() < 1e-4


def test_the_first_chunk_comes_after_at_most_eight_frames(decoder: Any) -> None:
    codes = frames(8)
    stream = WaveformStream(decoder)
    given = [stream.add(codes[..., index]) is not None for index in range(8)]
    assert given.index(True) + 1 == FIRST <= 8


def test_trap_naive_joints_lose_samples(decoder: Any) -> None:
    """Causal transposed convolutions drop a fixed few samples at the end of each chunk they are given."""
    torch = library("torch")
    codes = frames(20)
    with torch.no_grad():
        naive = torch.cat([decoder(codes[..., :10]), decoder(codes[..., 10:])], dim=-1)
        whole = decoder(codes)
    assert whole.shape[-1] == 20 * 1920 - 555
    assert naive.shape[-1] == 20 * 1920 - 2 * 555
    assert len(torch.cat(streamed(decoder, codes))) == whole.shape[-1]


def test_trap_25_frames_of_context_are_not_enough(decoder: Any) -> None:
    """So many `chunked_decode` looks back, and the transformer further: such joints differ, ours do not."""
    torch = library("torch")
    codes = frames(90, seed=2)
    with torch.no_grad():
        whole = decoder(codes).reshape(-1)
        window = decoder(codes[..., 25:75]).reshape(-1)[25 * 1920 :]
    joined = torch.cat(streamed(decoder, codes, first=25, most=25))
    if decoder.config.sliding_window > 25:
        assert (window - whole[50 * 1920 :][: len(window)]).abs().max() > 1e-2
    assert (joined - whole).abs().max() < 1e-4


def test_one_frame_is_80_ms_and_the_convolutions_look_back_a_few(decoder: Any) -> None:
    assert int(decoder.total_upsample) == 1920
    assert 8 <= frames_back(decoder) <= 12
