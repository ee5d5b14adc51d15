"""The words that nothing accounts for, and what they may mean: what a paraphrase rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .fields import Field
from .meaning import nearness
from .provenance import Provenance
from .words import content_stems

if TYPE_CHECKING:
    from .frame import Frame

# How near in meaning words must be to a value that does not share a word with them, and to one that they are
# nearer to than to all other values of the argument.
_NEAR = 0.42
_NEARER = 0.15


def loose(frame: Frame) -> list[bool]:
    """For each word whether it carries meaning that nothing accounts for, the tool's own name included."""
    names = set(content_stems(frame.name)) | {stem for item in frame.fields for stem in item.names}
    words = frame.evidence.spoken.words
    return [
        free and words[i].content and words[i].stem not in names and not words[i].text[0].isdigit()
        for i, free in enumerate(frame.free())
    ]


def unexplained(frame: Frame) -> list[int]:
    """The indexes of those words."""
    return [index for index, free in enumerate(loose(frame)) if free]


def nearest(frame: Frame, value: str, least: float, *, taken: bool = False) -> int | None:
    """The unaccounted word (or, with `taken`, any) nearest in meaning to a value, if it is near enough."""
    words = frame.evidence.spoken.words
    usable = [taken and w.content and not w.negated and frame.within(i) for i, w in enumerate(words)]
    scored = [
        (nearness(words[i].form, value.casefold()), i)
        for i, free in enumerate(loose(frame))
        if free or usable[i]
    ]
    best = max(scored, default=(0.0, 0))
    return best[1] if best[0] >= least else None


def nearest_choice(frame: Frame, item: Field, value: Any) -> int | None:
    """The unaccounted word that is nearer in meaning to this choice than to any other of the field."""
    words = frame.evidence.spoken.words
    best: tuple[float, int] | None = None
    for index in unexplained(frame):
        own = nearness(words[index].form, str(value).casefold())
        others = [
            nearness(words[index].form, str(c.value).casefold()) for c in item.choices if c.value != value
        ]
        if own >= _NEAR or (own >= _NEARER and own > max(others, default=0.0)):
            best = max(best or (0.0, 0), (own, index))
    return best[1] if best else None


def by_meaning(frame: Frame, index: int) -> Provenance:
    """Provenance of what a word is taken to mean."""
    rests = frame.evidence.from_words(index, index)
    return Provenance("meaning", rests.text, rests.span, rests.seconds)
