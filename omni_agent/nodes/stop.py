"""An answer that ends before certain words, while it is being written."""

from __future__ import annotations

from collections.abc import Sequence


class StopAt:
    """Lets an answer through up to the first of some words.

    Held back is only what may be their beginning.

    Args:
        words: None of them is let through, nor what follows.

    Attributes:
        reached: One of them was written.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = tuple(filter(None, words))
        self._held = ""
        self.reached = False

    def feed(self, delta: str) -> str:
        """What may leave now that `delta` is written."""
        if self.reached:
            return ""
        self._held += delta
        found = [at for word in self._words if (at := self._held.find(word)) >= 0]
        if found:
            self.reached = True
            out, self._held = self._held[: min(found)], ""
            return out
        kept = max((self._begun(word) for word in self._words), default=0)
        cut = len(self._held) - kept
        out, self._held = self._held[:cut], self._held[cut:]
        return out

    def finish(self) -> str:
        """The answer is over; the rest of it."""
        out, self._held = self._held, ""
        return out

    def _begun(self, word: str) -> int:
        """How many characters at the end may be the beginning of a word."""
        longest = min(len(word) - 1, len(self._held))
        return next((n for n in range(longest, 0, -1) if self._held.endswith(word[:n])), 0)
