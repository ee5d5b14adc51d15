"""What an argument was found to rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..messages import JsonObject

Source = Literal["words", "picture", "result", "earlier", "media", "meaning"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """What an argument rests on.

    Attributes:
        source: `words` said now; the text of a `picture`; the `result` of a tool in this turn; an `earlier`
            turn; the `media` that are handed over; or the `meaning` of words that do not name the value, as
            the model understood them.
        text: Those words, or the reference of the media.
        span: Their offsets in what was said now, in characters; None for other sources.
        seconds: When they were said, from the start of the sound; None for typed words.
    """

    source: Source
    text: str
    span: tuple[int, int] | None = None
    seconds: tuple[float, float] | None = None

    def to_json(self) -> JsonObject:
        """As plain JSON, without what is not known."""
        known: JsonObject = {"source": self.source, "text": self.text}
        known |= {"span": list(self.span)} if self.span else {}
        return known | ({"seconds": list(self.seconds)} if self.seconds else {})
