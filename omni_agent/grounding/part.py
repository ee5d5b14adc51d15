"""Which part of an utterance is one call's, where several calls share it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .segments import Span, opens_anew, says_all, segments

if TYPE_CHECKING:
    from .evidence import Evidence
    from .frame import Frame


@dataclass(frozen=True, slots=True)
class Part:
    """The words that a call may rest on; all of them, unless other calls need theirs.

    Attributes:
        span: First and last index of its own words.
        shares: It may rest on words outside its span too.
        common: Names of the arguments that are the same in all calls; None where there is one call.
        claimed: The numbers that the other calls have.
        before, after: Words up to the one, and from the other on, may be shared with other calls.
    """

    span: Span = (0, sys.maxsize)
    shares: bool = True
    common: frozenset[str] | None = None
    claimed: frozenset[float] = frozenset()
    before: int = sys.maxsize
    after: int = -1

    def has(self, index: int) -> bool:
        """Whether a word is its own."""
        return self.span[0] <= index <= self.span[1]

    def may_share(self, name: str, index: int) -> bool:
        """Whether an argument of all calls may rest on a word outside this part."""
        common = self.common is not None and name in self.common
        return common and self.shares and not self.before <= index <= self.after


def place(frames: Sequence[Frame], evidence: Evidence) -> None:
    """Give each of several frames its own part of the utterance; a single one keeps what it has."""
    if len(frames) < 2:
        return
    first = frames[0].values
    common = frozenset(
        name for name in first if all(frame.values.get(name) == first[name] for frame in frames)
    )
    spoken = evidence.spoken
    spans = segments(spoken, [frame.hits() for frame in frames])
    own = [index for frame in frames for hit in frame.hits(common) for index in hit]
    everywhere = says_all(spoken)
    numbers = [frame.numbers() for frame in frames]
    for index, (frame, span) in enumerate(zip(frames, spans, strict=True)):
        before, after = sys.maxsize, -1
        if own and not everywhere:
            before = min(own)
            after = len(spoken.words) if _complete(frame, span, common) else max(own)
        others = frozenset[float]().union(*(n for i, n in enumerate(numbers) if i != index))
        shares = everywhere or not opens_anew(spoken, span)
        frame.part = Part(span, shares, common, others, before, after)


def _complete(frame: Frame, span: Span, common: frozenset[str]) -> bool:
    """Whether more is said of a call in its span than what tells it from the others: then it is complete."""

    def within(hit: frozenset[int]) -> bool:
        return any(span[0] <= index <= span[1] for index in hit)

    return sum(map(within, frame.hits(common))) > 1 or any(map(within, frame.hits(only=common)))
