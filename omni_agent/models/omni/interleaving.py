"""How a film's pictures and its sound stand among each other in a prompt: by their times.

As the processors of transformers write it (`replace_video_with_audio_token` of each family), and as the
models' `get_rope_index` expects it: what stood elsewhere would be given another's position.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain, repeat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .checkpoint import Family

# Qwen2.5-Omni's `seconds_per_chunk`, of its configuration and its processor.
_CHUNK_SECONDS = 2


def interleaved(
    family: Family, *, pairs: int, each: int, seconds: float, sounds: int, rate: float
) -> Iterator[bool]:
    """Which of a film's tokens are pictures; the others are sound.

    Qwen3-Omni puts each pair of pictures in front of the first sound that is heard then or later, and
    Qwen2.5-Omni all pictures of two seconds in front of all sounds of them.

    Args:
        family: Whose order.
        pairs: Pairs of pictures.
        each: Tokens of one.
        seconds: From one pair to the next.
        sounds: Tokens of the sound.
        rate: Positions a second, one for each token of sound (`position_id_per_seconds`).
    """
    pictures = [pair * seconds * rate for pair in range(pairs)]
    if family == "qwen3":
        merged = sorted([*((at, 0) for at in pictures), *((at, 1) for at in range(sounds))])
        return _spread(((kind == 0, each if kind == 0 else 1) for _, kind in merged))
    chunk = int(rate * _CHUNK_SECONDS)
    seen = Counter(int(at // chunk) for at in pictures)
    heard = Counter(at // chunk for at in range(sounds))
    last = max([*seen, *heard], default=-1)
    blocks = (((True, each * seen[at]), (False, heard[at])) for at in range(last + 1))
    return _spread(chain.from_iterable(blocks))


def _spread(blocks: Iterable[tuple[bool, int]]) -> Iterator[bool]:
    return chain.from_iterable(repeat(shown, count) for shown, count in blocks)
