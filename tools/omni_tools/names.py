"""Names that people give to things and say again later, not always in the same words."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from difflib import SequenceMatcher

__all__ = ["closest", "folded", "unused"]

_DROPPED = str.maketrans("", "", "-‐‑'’")


def folded(name: str) -> str:
    """The name as it is compared: without case, accents, hyphens, apostrophes and spare spaces."""
    plain = unicodedata.normalize("NFKD", name.casefold()).translate(_DROPPED)
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).split())


def unused(name: str, taken: Collection[str]) -> str:
    """The name, or where it is taken the first free of `name 2`, `name 3` and so on."""
    known = {folded(other) for other in taken}
    if folded(name) not in known:
        return name
    return next(f"{name} {n}" for n in range(2, len(known) + 3) if folded(f"{name} {n}") not in known)


def closest(name: str, known: Collection[str]) -> list[str]:
    """The names that may be meant: one where it is certain, several where it is not, none where none is near.

    The same name wins; then come those with all of the words that were said, the longest of those whose words
    were all said, and those spelt alike.
    """
    said = folded(name)
    if not said:
        return []
    same = [other for other in known if folded(other) == said]
    if same:
        return same
    words = set(said.split())
    holding = [other for other in known if words <= set(folded(other).split())]
    if holding:
        return holding
    held = [other for other in known if set(folded(other).split()) <= words]
    longest = max((len(folded(other).split()) for other in held), default=0)
    if held:
        return [other for other in held if len(folded(other).split()) == longest]
    scores = {other: SequenceMatcher(None, said, folded(other)).ratio() for other in known}
    best = max(scores.values(), default=0.0)
    # In a short name one wrong letter is already a third of it.
    enough = max(0.65 if len(said) <= 4 else 0.75, best - 0.05)
    return [other for other, score in scores.items() if score >= enough]
