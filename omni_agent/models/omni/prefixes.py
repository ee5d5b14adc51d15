"""What the thinker has computed before, so that a conversation's next turn reads only what is new.

A prefix is good up to the first token, sound or picture that differs: placeholders of two sounds are the
same token, so the ids alone do not tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .encoding import Placed, Prompt

MOST = 2
"""The conversation, and a job beside it that must not cost it its prefix."""


@dataclass(slots=True, eq=False)
class Prefix:
    """A computed prefix.

    Attributes:
        cache: Keys and values, as transformers keeps them.
        ids: The tokens in it.
        placed: The media in it.
        layers: Embeddings and the hidden layer that the talker reads, each (1, tokens, width); None where
            nothing was to be spoken when it was computed.
    """

    cache: Any
    ids: list[int]
    placed: tuple[Placed, ...]
    layers: tuple[Any, Any] | None = None

    def shared(self, prompt: Prompt) -> int:
        """How many tokens it has in common with the beginning of `prompt`, at most all but its last."""
        most = min(len(self.ids), len(prompt.ids) - 1)
        count = next((i for i in range(most) if self.ids[i] != prompt.ids[i]), most)
        own, theirs = self.placed, prompt.placed
        for index in range(max(len(own), len(theirs))):
            mine = own[index] if index < len(own) else None
            other = theirs[index] if index < len(theirs) else None
            if mine and other and mine.same(other) and other.end <= count:
                continue
            starts = [item.start for item in (mine, other) if item]
            return min(count, *starts)
        return count

    def crop(self, count: int) -> None:
        """Forget what lies after `count` tokens."""
        if count < len(self.ids):
            # As a number of tokens to take off: transformers 5 refuses a length, and 4.57 knows both.
            if (surplus := self.cache.get_seq_length() - count) > 0:
                self.cache.crop(-surplus)
            self.ids = self.ids[:count]
            self.placed = tuple(item for item in self.placed if item.end <= count)
            self.layers = self.layers and (self.layers[0][:, :count], self.layers[1][:, :count])


class Prefixes:
    """The last few prefixes, the latest last."""

    def __init__(self) -> None:
        self._kept: list[Prefix] = []

    def take(self, prompt: Prompt, *, speech: bool) -> Prefix | None:
        """The best prefix for `prompt`, cut to what both share and no longer kept; None where none helps.

        Args:
            prompt: What will be read.
            speech: The answer may be spoken, for which the talker must know the prefix's layers, too.
        """
        fit = [prefix for prefix in self._kept if prefix.layers or not speech]
        best = max(fit, key=lambda prefix: prefix.shared(prompt), default=None)
        if best is None:
            return None
        shared = best.shared(prompt)
        # To take a little of another conversation would lose that one the rest.
        if shared == 0 or (shared < len(best.ids) // 2 and len(self._kept) < MOST):
            return None
        self._kept.remove(best)
        best.crop(shared)
        if not speech:
            best.layers = None
        return best

    def keep(self, prefix: Prefix) -> None:
        """Keep a prefix, in place of the one that was longest unused."""
        self._kept = [*self._kept, prefix][-MOST:]

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
