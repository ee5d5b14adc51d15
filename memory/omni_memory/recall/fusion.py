"""From several rankings one, without saying the same thing twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappush, heappushpop

from omni_agent.memory import Recollection

FLAT = 10
"""How slowly an arm's later places lose: the constant of reciprocal rank fusion."""

ALIKE, REPEATED = 0.5, 0.5
"""From what overlap of words on one repeats another, and what that costs at most."""


COMPARED = 12
"""With how many better ones something is compared."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that one arm found.

    Attributes:
        key: What it is; one that several arms found is told once.
        tell: Makes what is told of it, with its score.
        share: How much of the question it meets, 0 to 1.
        words: What it says, word by word, by which repetitions are seen.
    """

    key: str
    tell: Callable[[float], Recollection]
    share: float
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Arm:
    """One ranking, best first, and its weight."""

    weight: float
    ranked: Sequence[Candidate]


def fused(arms: Sequence[Arm], limit: int) -> list[Recollection]:
    """The best of all arms: weighted reciprocal ranks, an arm counting by how well its best fits.

    What repeats something better is moved down, not out. The score of each is the share of the question that
    it meets, 0 to 1, which is not what orders them.
    """
    scores: dict[str, float] = {}
    shares: dict[str, float] = {}
    candidates: dict[str, Candidate] = {}
    for arm in arms:
        for place, candidate in enumerate(arm.ranked):
            key = candidate.key
            score = arm.weight * arm.ranked[0].share * FLAT / (FLAT + place)
            scores[key] = max(scores.get(key, 0.0), score)
            shares[key] = max(shares.get(key, 0.0), candidate.share)
            candidates.setdefault(key, candidate)
    order = sorted(scores, key=lambda key: -scores[key])
    chosen = _freshest([(scores[key], candidates[key]) for key in order], limit)
    return [one.tell(round(min(shares[one.key], 1.0), 4)) for one in chosen]


def _freshest(scored: Sequence[tuple[float, Candidate]], limit: int) -> list[Candidate]:
    """The `limit` best, what repeats something better moved down."""
    said, best = _Said(), list[float]()
    chosen = []
    for score, candidate in scored:
        if len(best) >= limit and best[0] >= score:
            break
        fresh = score * said.freshness(candidate.words)
        chosen.append((fresh, candidate))
        if len(best) < limit:
            heappush(best, fresh)
        else:
            heappushpop(best, fresh)
    chosen.sort(key=lambda pair: -pair[0])
    return [candidate for _, candidate in chosen[:limit]]


class _Said:
    """The words of what is told first, by which repetitions are seen."""

    def __init__(self) -> None:
        self._told: list[frozenset[str]] = []

    def freshness(self, words: frozenset[str]) -> float:
        """1 for something new, down to REPEATED for what was said in the very same words before."""
        size, overlap = len(words), 0.0
        for other in self._told:
            length = len(other)
            # What is half as long, or twice, cannot overlap by more than ALIKE.
            if size > ALIKE * length and length > ALIKE * size:
                shared = len(words & other)
                if shared > overlap * (size + length - shared):
                    overlap = shared / (size + length - shared)
        if len(self._told) < COMPARED:
            self._told.append(words)
        return 1 - (1 - REPEATED) * max(0.0, (overlap - ALIKE) / (1 - ALIKE))
