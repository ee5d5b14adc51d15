"""Which utterances fit a question best: BM25 with what was said around them, who said it, and when.

A word counts in an utterance by its rarity (BM25, with each word counted once: utterances are short). Beside
the words of its own an utterance has those of its neighbours at a discount, each word at its nearest: an
answer seldom repeats the words of what it answers. The weights are round figures set by hand; random search
over them on LoCoMo gained nothing when the conversation that was measured was left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..repository.found import Line
from ..repository.search import Ids
from .lexicon import has_any
from .question import ALIKE, Question

Floats = NDArray[np.float64]

SATURATION, LENGTH = 0.9, 0.3
"""BM25's k1 and b."""

NEAR = {1: 0.6, -1: 0.45, 2: 0.5, -2: 0.3}
"""What a word counts that was said so many utterances before (or, negative, after)."""

ANSWER = 1.2
"""The utterance after a question is likelier to be what was looked for."""

SPEAKER, ASKING, DATED, AMOUNT = 2.2, 0.8, 1.4, 1.2
"""Factors: who was asked for said it; it is a question itself; it has a word of time, or of number, where
one is asked for."""

SESSION = 0.3
"""Share of its session's three best that an utterance has."""

TIME, AFTER = 1.2, 0.5
"""What a named time counts, as a word does, and how much of that in the days after it, when people tell."""

RECENT, RECENT_DAYS = 0.05, 60.0
"""What being new is worth at most, and by when most of that is gone."""

LEAST_SHARE, LEAST_RARITY = 0.06, 0.15
"""Share of the question's rarity that must be met, and the rarity of what is met, to a word never said."""

FEWEST = 100
"""Among fewer rows one cannot tell which words are rare."""

_LOOKED_AT = 60
_ASKING = frozenset("?？")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a term, or a named time, was found.

    Attributes:
        ids: Rows that hold it.
        partly: Rows that hold what may stand for it.
        worth: What it counts in those; for a term ALIKE.
        rarity: Its inverse document frequency.
    """

    ids: Ids
    partly: Ids
    worth: float
    rarity: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A row with its score and the share of the question that it meets, 0 to 1; `held` without what its
    neighbours lend."""

    line: Line
    score: float
    share: float
    held: float


def evidence(ids: Ids, partly: Ids, rows: int, worth: float = ALIKE) -> Evidence:
    """What was found of a term among so many rows."""
    found = len(np.union1d(ids, partly)) if len(partly) else len(ids)
    return Evidence(ids, partly, worth, rarity(found, rows))


@lru_cache(maxsize=4096)
def rarity(found: int, rows: int) -> float:
    """BM25's inverse document frequency, in nats; among few rows as if they were FEWEST."""
    return math.log(1 + (max(max(rows, FEWEST) - found, 0) + 0.5) / (found + 0.5))


def seeds(found: Sequence[Evidence], most: int) -> Ids:
    """The rows that hold most of what is looked for; of equals the newer ones."""
    found = [one for one in found if len(one.ids) or len(one.partly)]
    if not found:
        return np.empty(0, np.int64)
    ids = np.concatenate([part for one in found for part in (one.ids, one.partly)])
    weights = np.concatenate(
        [
            np.full(len(part), worth * one.rarity)
            for one in found
            for part, worth in ((one.ids, 1.0), (one.partly, one.worth))
        ]
    )
    rows, places = np.unique(ids, return_inverse=True)
    total = np.bincount(places, weights=weights, minlength=len(rows))
    return rows[np.lexsort((-rows, -total))[:most]]


def rank(
    lines: Sequence[Line], found: Sequence[Evidence], rows: int, question: Question, now: datetime
) -> Iterator[Ranked]:
    """The utterances that meet enough of the question, best first.

    Args:
        lines: Candidates with what was said around them, in the order of sessions and places.
        found: What was found of each term and named time; of a time `rarity` counts as much as `TIME` says.
        rows: How many utterances the rarities were measured by.
        question: What is asked for.
        now: For what is new.
    """
    if not lines or not found:
        return iter(())
    shape = _Shape(lines)
    held = _held(shape, found)
    weights = np.array([one.rarity for one in found])
    near = _near(shape, held)
    met = np.maximum(held, near)
    mass = _weighed(weights, met)
    share = mass / weights.sum()
    own = _weighed(weights, held) / weights.sum()
    saturated = held * (SATURATION + 1) / (held + SATURATION * shape.lengths)
    score = _weighed(weights, np.maximum(saturated, _near(shape, saturated)))
    if question.speaker:
        score = np.where(shape.by_user == (question.speaker == "user"), SPEAKER, 1.0) * score
    score = np.where(shape.asking, ASKING, 1.0) * score
    score = score + SESSION * _session(shape, score) * (score > 0)
    enough = (share >= LEAST_SHARE) & (mass >= LEAST_RARITY * rarity(0, rows))
    best = np.argsort(-score, kind="stable")
    best = best[(enough & (score > 0))[best]]
    for i in best[:_LOOKED_AT].tolist():
        score[i] *= _looks(lines[i], question, now)
    ordered = best[np.argsort(-score[best], kind="stable")].tolist()
    return (Ranked(lines[i], float(score[i]), float(share[i]), float(own[i])) for i in ordered)


def _weighed(weights: Floats, held: Floats) -> Floats:
    """By line, the sum over the terms.

    Not by BLAS, whose threads wait for each other where a model computes.
    """
    summed: Floats = np.einsum("i,ij->j", weights, held)
    return summed


class _Shape:
    """What of the lines is needed as arrays."""

    def __init__(self, lines: Sequence[Line]) -> None:
        # Columns at once: a name looked up for each of hundreds of lines takes longer than the arithmetic.
        ids, sessions, _, places, speakers, texts, _ = zip(*lines, strict=True)
        names = {name: number for number, name in enumerate(dict.fromkeys(sessions))}
        self.ids = np.array(ids, np.int64)
        self.sessions = np.array([names[session] for session in sessions])
        self.places = np.array(places, np.int64)
        self.by_user = np.array([speaker == "user" for speaker in speakers])
        self.asking = np.array([text.rstrip()[-1:] in _ASKING for text in texts])
        letters = np.array([len(text) for text in texts], np.float64)
        self.lengths = 1 - LENGTH + LENGTH * letters / letters.mean()

        self._order = np.argsort(self.ids)
        self._ordered = self.ids[self._order]
        self.neighbours = [self._beside(distance, worth) for distance, worth in NEAR.items()]

    def which(self, ids: Ids) -> NDArray[np.int64]:
        """Indices of the lines that are among these."""
        ordered = self._ordered
        places = np.minimum(np.searchsorted(ordered, ids), len(ordered) - 1)
        found: NDArray[np.int64] = self._order[places[ordered[places] == ids]]
        return found

    def _beside(self, distance: int, worth: float) -> tuple[NDArray[np.int64], Floats]:
        """For each line the index of the one so far before it, and what that lends, if it is of the same
        talk."""
        index = np.arange(len(self.ids)) - distance
        inside = (index >= 0) & (index < len(self.ids))
        index = np.where(inside, index, 0)
        together = self.sessions[index] == self.sessions
        near = np.abs(self.places[index] - self.places) <= 2 * abs(distance) + 1
        factor = worth * (inside & together & near)
        return index, np.where(self.asking[index], ANSWER, 1.0) * factor if distance == 1 else factor


def _held(shape: _Shape, found: Sequence[Evidence]) -> Floats:
    """By term and line, how much of the term the line holds itself, 0 to 1."""
    held = np.zeros((len(found), len(shape.ids)))
    for row, one in zip(held, found, strict=True):
        row[shape.which(one.partly)] = one.worth
        row[shape.which(one.ids)] = 1.0
    return held


def _near(shape: _Shape, held: Floats) -> Floats:
    """By term and line, the best that a neighbour lends."""
    lent = np.zeros_like(held)
    for index, factor in shape.neighbours:
        np.maximum(lent, held[:, index] * factor, out=lent)
    return lent


def _session(shape: _Shape, score: Floats) -> Floats:
    """For each line the mean of its session's three best."""
    order = np.lexsort((-score, shape.sessions))
    starts = np.searchsorted(shape.sessions[order], shape.sessions[order])
    top = order[np.arange(len(order)) - starts < 3]
    counts = np.bincount(shape.sessions[top])
    means: Floats = np.bincount(shape.sessions[top], weights=score[top]) / counts
    return np.take(means, shape.sessions)


def _looks(line: Line, question: Question, now: datetime) -> float:
    """Factors that need a look at the words."""
    factor = 1.0
    if question.dated and has_any(line.text, "temporal"):
        factor *= DATED
    if question.amount and has_any(line.text, "amounts"):
        factor *= AMOUNT
    days = (now - datetime.fromisoformat(line.at)).total_seconds() / 86400
    return factor * (1 + RECENT * math.exp(-max(days, 0) / RECENT_DAYS))
