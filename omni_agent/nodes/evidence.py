"""What a question about the user himself is answered from: the few lines of all that is known nearest to it.

A small model that has much before it answers from the wrong line, or says again what it said before. Shown
two or three lines and nothing else it tells what stands in them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..memory import Recollection
from ..messages import Message
from ..tokens import estimated_tokens
from .unknown import asks_of_another, of_own

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST = 3
"""How many lines are shown: among so many of the development lives' questions the answer was in 0.9."""

LEAST, BESIDE, CLOSE = 0.3, 0.2, 0.3
"""What the best line must score; what the others must, and what share of the best one's score."""

SURE = 1.0
"""What the best line must score to be all that is shown.

Where nothing is so near, the whole of what is known serves better: of the first life's 40 questions 34 were
answered rightly from all of it, 29 from the nearest lines wherever one scored 0.3, 33 where one scored 1."""

SHARE, WHOLE, BEFORE = 0.5, 0.3, 0.3
"""What memory's own reading counts beside the nearness of words, the meaning of the whole line, and what the
question before says where this one leans on it."""

_NEAR = 0.25
"""What is less near than this is as far as anything else."""

_SAID = re.compile(r'^On (?P<day>.{6,20}?) the user said: (?P<quote>".*")$', re.DOTALL)
_DATED = re.compile(r'^(?P<day>\d{1,2}) (?P<month>[A-Z][a-z]+): (?P<quote>".*")$', re.DOTALL)
_QUOTE = re.compile(r'"(.*)"', re.DOTALL)
_FORGOTTEN = re.compile(r"^\[.*\]$", re.DOTALL)
_LEANS = re.compile(
    r"^\W*(?:and|so|but)\b|\b(?:that|this|it|its|his|her|hers|he|him|she|they|them|their|there|then|those)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+|\d+")
# What says neither what is asked for nor what is told.
_IDLE = frozenset(("user", "remember", "know", "tell", "told", "say", "said")) | frozenset(
    ("day", "days", "time", "now", "nowadays", "currently", "moment", "present", "ever", "still")
)
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """Something that is known.

    Attributes:
        text: As the model is shown it.
        at: When it was said, or since when it holds.
        share: How much of the question it meets by memory's own reading.
        words: What it says.
    """

    text: str
    at: datetime
    share: float
    words: tuple[str, ...]


def leans(question: str) -> bool:
    """Whether a question may be understood only with what was said before it: "and where was that?"."""
    return _LEANS.search(question) is not None


def evidence(
    question: str, before: str, lines: Sequence[Line], room: int, *, least: float = LEAST
) -> list[str]:
    """The lines nearest to a question, oldest first; none where none is near or there are no word vectors.

    Args:
        question: The user's words.
        before: His words before them; empty where there were none.
        lines: What is known.
        room: Tokens that they may take.
        least: What the best one must score.
    """
    from ..grounding.meaning import available

    asked = _content(question)
    lines = [line for line in lines if asks_of_another(question) or not _of_another(line)]
    if not asked or not lines or not available():
        return []
    scores = _scores(asked, _content(before) if leans(question) else (), lines)
    order = sorted(range(len(lines)), key=lambda i: -scores[i])[:MOST]
    best = scores[order[0]]
    if best < least:
        return []
    chosen = list[Line]()
    for line in (lines[i] for i in order if scores[i] >= max(BESIDE, CLOSE * best)):
        if (size := estimated_tokens(line.text)) <= room:
            room -= size
            chosen.append(line)
    return [line.text for line in sorted(chosen, key=lambda line: line.at)]


def introduction(lines: Sequence[Line]) -> list[str]:
    """The first that the user said, more often than not who he is; nothing where no days are known."""
    dated = [line for line in lines if line.at.year > 1]
    return [min(dated, key=lambda line: line.at).text] if dated else []


def lines(recalled: Iterable[Recollection], known: str, said: Iterable[Message], now: datetime) -> list[Line]:
    """All that is known as lines, nothing twice.

    Args:
        recalled: What memory has for the question.
        known: What is known of the user, a line each, oldest first.
        said: The conversation before the question.
        now: In the user's time zone.
    """
    noted = [*_known(known, now)]
    met = [*_recalled(recalled, noted, now)]
    found: list[Line] = []
    seen: list[frozenset[str]] = []
    for line in (*_apart(met, noted), *_fuller(noted, met), *_in_view(said, now)):
        words = frozenset(line.words)
        if words and not any(words <= other for other in seen):
            seen.append(words)
            found.append(line)
    return found


def _apart(recalled: Sequence[Line], noted: Sequence[Line]) -> Iterator[Line]:
    """What is recalled but not known in more words: what the user said in one breath belongs together."""
    whole = [frozenset(line.words) for line in noted]
    return (line for line in recalled if not any(frozenset(line.words) < words for words in whole))


def _fuller(noted: Sequence[Line], recalled: Sequence[Line]) -> Iterator[Line]:
    """What is known; it meets as much of the question as what is recalled of it."""
    for line in noted:
        parts = (one.share for one in recalled if set(one.words) <= set(line.words))
        yield replace(line, share=max(parts, default=line.share))


def _recalled(recollections: Iterable[Recollection], noted: Sequence[Line], now: datetime) -> Iterator[Line]:
    """What memory has for the question; what was noted of it tells its place among what is known."""
    for one in recollections:
        told = _SAID.match(one.text)
        quote = told["quote"].strip('"') if told else one.text
        if one.source.endswith("/agent") or _FORGOTTEN.match(quote) or of_own(quote):
            continue
        text = f"{told['day']}: {told['quote']}" if told else one.text
        words = _content(quote)
        places = [line.at for line in noted if line.words and set(line.words) <= set(words)]
        # Of what is known the day is told only.
        day = (one.at or now).astimezone(now.tzinfo).replace(hour=0, minute=0, second=0, microsecond=0)
        yield Line(text, max(places, default=day), one.score, words)


def _known(known: str, now: datetime) -> Iterator[Line]:
    at = datetime.min.replace(tzinfo=UTC)
    for place, text in enumerate(known.splitlines()):
        dated = _DATED.match(text)
        if dated:
            at = _last(int(dated["day"]), dated["month"], now) or at
        yield Line(text, at.replace(microsecond=place), 0.0, _content(dated["quote"] if dated else text))


def _in_view(said: Iterable[Message], now: datetime) -> Iterator[Line]:
    for message in said:
        words = message.text.strip() if message.role == "user" else ""
        if words and not words.endswith("?") and not of_own(words) and not _FORGOTTEN.match(words):
            yield Line(f'Just now: "{words}"', now, 0.0, _content(words))


def _last(day: int, month: str, now: datetime) -> datetime | None:
    """The last day of that date up to now."""
    if month not in _MONTHS:
        return None
    for year in (now.year, now.year - 1):
        try:
            found = datetime(year, _MONTHS.index(month) + 1, day, tzinfo=now.tzinfo)
        except ValueError:
            continue
        if found <= now:
            return found
    return None


def _of_another(line: Line) -> bool:
    """Whether it is a fact about somebody else: "Ilona works as a dentist", not in the user's own words."""
    return '"' not in line.text and "user" not in line.text


def _content(text: str) -> tuple[str, ...]:
    from ..grounding.words import FUNCTION_WORDS

    words = _WORD.findall(re.sub("['’]s\\b", "", text.lower()))
    kept = (word for word in words if len(word) > 1 and word not in FUNCTION_WORDS and word not in _IDLE)
    return tuple(dict.fromkeys(kept))


def _scores(asked: tuple[str, ...], before: tuple[str, ...], lines: Sequence[Line]) -> list[float]:
    from ..grounding.meaning import vectors

    nearness = _Nearness([line.words for line in lines])
    near = nearness.of(asked)
    if before:
        near = near + BEFORE * nearness.of(before)
    whole = vectors([" ".join(line.words) for line in lines]) @ vectors([" ".join(asked)])[0]
    return [float(near[i] + SHARE * line.share + WHOLE * whole[i]) for i, line in enumerate(lines)]


class _Nearness:
    """How near words are to lines: each to the nearest word of a line, and the rare ones count more."""

    def __init__(self, lines: Sequence[tuple[str, ...]]) -> None:
        import numpy as np

        from ..grounding.meaning import vectors
        from ..grounding.words import stem

        self._words = list(dict.fromkeys(word for line in lines for word in line))
        places = {word: place for place, word in enumerate(self._words)}
        self._stems = [stem(word) for word in self._words]
        self._vectors = vectors(self._words)
        self._holds = np.zeros((len(lines), len(self._words)), np.bool_)
        for row, line in zip(self._holds, lines, strict=True):
            row[[places[word] for word in line]] = True

    def of(self, words: Sequence[str]) -> NDArray[np.float64]:
        """By line, 0 to 1."""
        import numpy as np

        from ..grounding.meaning import vectors
        from ..grounding.words import stem

        total, whole = np.zeros(len(self._holds)), 0.0
        for word, vector in zip(words, vectors(words), strict=True):
            root = stem(word)
            same = np.array([root == other for other in self._stems])
            near = np.where(same, 1.0, self._vectors @ vector)
            near[near < _NEAR] = 0.0
            found = int((self._holds & same).any(axis=1).sum())
            weight = math.log(1 + (len(self._holds) - found + 0.5) / (found + 0.5))
            total += weight * np.where(self._holds, near, 0.0).max(axis=1)
            whole += weight
        return total / whole if whole else total
