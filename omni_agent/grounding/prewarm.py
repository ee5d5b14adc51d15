"""What the first call would wait for, loaded beforehand: units, number words, word vectors."""

from __future__ import annotations

from .likeness import likeness
from .meaning import nearness
from .units import unit_of
from .words import numeral, stem


def prewarm() -> None:
    """Load what grounding needs. Blocks for about a second, so run it in a thread; cheap to call again."""
    unit_of("metre")
    numeral("two")
    stem("words")
    likeness("two", "too")
    nearness("two", "too")
