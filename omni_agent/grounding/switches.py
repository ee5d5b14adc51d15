"""Booleans: switched on by their name, off by their name under a negation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import choices, elsewhere
from .fields import Field
from .loose import by_meaning, nearest
from .mentions import Grade, Mention
from .words import FUNCTION_WORDS, content_stems

if TYPE_CHECKING:
    from .frame import Frame

# How near in meaning a word must be to a switch's name.
_NEAR = 0.32


def settle(frame: Frame) -> None:
    """Settle booleans: on where their name or a word for it was said, off under a negation."""
    for item in frame.open("boolean"):
        hits = _named(frame, item) or _by_a_word(frame, item)
        if hits:
            last = max(hits, key=lambda m: (m.draft, m.first))
            frame.settle_by_words(item, last.value is not last.negated, last.words)
        else:
            _keep(frame, item)


def _named(frame: Frame, item: Field) -> Sequence[Mention]:
    said = (m for m in frame.mentions(item) if m.grade is Grade.NAMED and _concerns(frame, item, m.first))
    return [m for m in said if frame.untaken(m.first, m.last)]


def _by_a_word(frame: Frame, item: Field) -> Sequence[Mention]:
    """Mentions of a switch by one word of its name that no other argument and not the tool goes by."""
    if item.name not in frame.values and len(item.names) > 1:
        return []
    others = set(content_stems(frame.name)) | {s for f in frame.fields if f is not item for s in f.names}
    telling = item.names - others
    return [
        Mention(True, i, i, Grade.PART, word.negated, word.draft)
        for i, word in enumerate(frame.evidence.spoken.words)
        if word.content and word.stem in telling and _concerns(frame, item, i)
    ]


def _concerns(frame: Frame, item: Field, index: int) -> bool:
    return frame.within(index) or (item.name in frame.values and frame.reachable(index, item))


def _keep(frame: Frame, item: Field) -> None:
    """Keep a switch by a picture, an earlier turn or a word near in meaning to its name."""
    value = frame.values.get(item.name)
    if value is None or (value and elsewhere.keep(frame, item, value, choices.saying(item))):
        return
    telling = " ".join(sorted(name for name in item.names if name not in FUNCTION_WORDS))
    near = nearest(frame, telling, _NEAR) if value else None
    if near is not None:
        frame.settle(item, value, by_meaning(frame, near), [near])
    elif item.required:
        frame.settle_by_meaning(item, value)
