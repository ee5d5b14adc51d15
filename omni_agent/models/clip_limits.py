"""How much of a clip a model can be given, by what it can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Capabilities

# An assumption on the safe side: 13 tokens a second are the sound's (reference, Qwen3-Omni), the rest is for
# two pictures a second. A context of 65,536 tokens then holds 3:38 min of clip in its half, one of 32,768
# 1:49 min; the makers' tables of memory end at 2 min and 1 min.
_TOKENS_A_SECOND = 150
# A picture is at most 1,280 tokens (reference); of the context a clip's pictures may take their share.
_TOKENS_A_PICTURE = 1_280
_FEWEST_PICTURES = 4
MOST_PICTURES = 16


def longest_clip(able: Capabilities) -> float:
    """Seconds of a clip that fill half of the model's context."""
    return able.context_tokens / 2 / _TOKENS_A_SECOND


def pictures_of(able: Capabilities, most: int) -> int:
    """How many pictures of a clip the model is shown, where it may be given `most` in a message."""
    share = able.context_tokens // 2 // _TOKENS_A_PICTURE
    return max(1, min(most, MOST_PICTURES, max(_FEWEST_PICTURES, share)))
