"""What happened while a request was answered, and what of it counts; used on both sides, so it needs nothing.

Names of what can happen: `turn` (the turn was taken), `transcript`, `text` (words left the model), `clause`
(a clause went to the voice), `chunk` (a clause became sound), `sound` (something could be heard); of a model
that works ahead also `asked` (it began).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

AUDIBLE = 0.005
"""A sample beyond this, full scale being 1, can be heard."""

PATIENCE_SECONDS = 10.0
"""How long a reply is waited for."""

QUIET_SECONDS = 1.0
"""After so long without anything the reply is over."""


@dataclass(slots=True)
class Trace:
    """Moments on the monotonic clock since a request began, in the order in which they were noted."""

    happened: list[tuple[str, float]] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def clear(self) -> None:
        """Another request begins."""
        for noted in (self.happened, self.heard, self.said):
            noted.clear()

    def note(self, what: str, when: float | None = None) -> None:
        """It happened now, or then."""
        self.happened.append((what, time.monotonic() if when is None else when))

    def first(self, what: str, after: float = float("-inf"), before: float = float("inf")) -> float | None:
        """The first such moment of a span."""
        return min(
            (when for name, when in self.happened if name == what and after <= when <= before), default=None
        )

    def last(self, what: str, before: float) -> float | None:
        """The last such moment up to a moment."""
        return max((when for name, when in self.happened if name == what and when <= before), default=None)

    @property
    def latest(self) -> float:
        """When something last happened."""
        return max((when for _, when in self.happened), default=float("-inf"))

    def measured(self, began: float, end: float) -> dict[str, object]:
        """The moments of the reply in seconds from the end of speech, for `voice_latency_runs.Latency`; the
        request was heard from `began` to `end`.

        The reply is what is heard first after the end of speech. Its turn and transcript are the last ones
        before that; its text is the first after its model began (`asked`), or after the turn where nobody
        tells; its first clause and chunk follow on that.
        """
        sound = self.first("sound", end)
        moments: dict[str, object] = {"seconds": None if sound is None else sound - end}
        if sound is not None:
            turn, transcript = self.last("turn", sound), self.last("transcript", sound)
            asked = self.last("asked", sound)
            asked = turn if asked is None else asked
            text = self.first("text", end if asked is None else asked, sound)
            clause = None if text is None else self.first("clause", text, sound)
            chunk = None if clause is None else self.first("chunk", clause, sound)
            found = {"turn": turn, "transcript": transcript, "text": text, "clause": clause, "chunk": chunk}
            moments |= {what: when - end for what, when in found.items() if when is not None}
        return {
            **moments,
            "early_turn": self.first("turn", began, end) is not None,
            "early_sound": self.first("sound", began, end) is not None,
        }
