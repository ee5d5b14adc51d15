"""Pictures and sound of a film in one order: that of transformers' own processors."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.models.omni.checkpoint import Family
from omni_agent.models.omni.interleaving import interleaved
from omni_agent.models.omni.libraries import library

FAMILIES: dict[Family, tuple[str, str]] = {
    "qwen3": ("qwen3_omni_moe", "Qwen3OmniMoeProcessor"),
    "qwen2.5": ("qwen2_5_omni", "Qwen2_5OmniProcessor"),
}


def order(family: Family, **how: Any) -> str:
    """One letter for each token: a picture's, or a sound's."""
    return "".join("V" if shown else "A" for shown in interleaved(family, **how))


def test_a_picture_comes_before_what_is_heard_with_it() -> None:
    how = {"pairs": 3, "each": 2, "seconds": 1.0, "sounds": 7, "rate": 2}
    assert order("qwen3", **how) == "VVAAVVAAVVAAA"


def test_pictures_of_two_seconds_come_before_all_that_is_heard_in_them() -> None:
    how = {"pairs": 3, "each": 1, "seconds": 1.0, "sounds": 7, "rate": 2}
    assert order("qwen2.5", **how) == "VVAAAAVAAA"


@pytest.mark.parametrize("family", FAMILIES)
def test_what_outlasts_the_other_comes_last(family: Family) -> None:
    assert order(family, pairs=1, each=2, seconds=1.0, sounds=30, rate=5) == "VV" + "A" * 30
    assert order(family, pairs=4, each=1, seconds=1.0, sounds=0, rate=5) == "VVVV"


@pytest.mark.parametrize("family", FAMILIES)
@given(
    pairs=st.integers(1, 12),
    each=st.sampled_from([1, 4, 6]),
    seconds=st.sampled_from([0.5, 1.0, 2.0]),
    sounds=st.integers(1, 200),
    rate=st.sampled_from([13, 25]),
)
def test_it_is_the_order_of_the_processors(
    family: Family, pairs: int, each: int, seconds: float, sounds: int, rate: int
) -> None:
    pytest.importorskip("torch")
    module, name = FAMILIES[family]
    theirs = getattr(library(f"transformers.models.{module}.processing_{module}"), name)
    if not hasattr(theirs, "replace_video_with_audio_token"):
        pytest.skip("this transformers writes placeholders in another way")
    tokens = {"audio_bos_token": "(", "audio_eos_token": ")", "video_token": "V", "audio_token": "A"}
    bare = SimpleNamespace(**tokens, video_processor=SimpleNamespace(merge_size=2))
    bare.get_chunked_index = lambda *args: theirs.get_chunked_index(bare, *args)
    written = theirs.replace_video_with_audio_token(
        bare,
        {"video_grid_thw": np.array([[pairs, 2, 2 * each]]), "video_second_per_grid": [seconds]},
        0,
        {"num_audio_tokens": [sounds]},
        0,
        position_id_per_seconds=rate,
        seconds_per_chunk=2.0,
    )
    how = {"pairs": pairs, "each": each, "seconds": seconds, "sounds": sounds, "rate": rate}
    assert f"({order(family, **how)})" == written
