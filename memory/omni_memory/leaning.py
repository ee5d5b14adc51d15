"""Sentences that say nothing without the one before them."""

from __future__ import annotations

import re

# A sentence that begins so speaks of somebody or something just named.
_LEANS = re.compile(
    r"(?:and |but |so |oh |well )?(?:he|she|it|they|his|her|its|their|that|this|these|those)\b"
    r"(?!\s+\w+\s+(?:i|we)\b)",
    re.IGNORECASE,
)


def leans(sentence: str) -> bool:
    """Whether a sentence says nothing without the one before it."""
    return bool(_LEANS.match(sentence))
