"""What is found as sentences for a model, each with its date in words."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, tzinfo
from functools import lru_cache

from ..predicates import TOLD
from ..repository.found import Line, Note
from ..repository.rows import read_moment
from .lexicon import folded, stem

MOST_WORDS = 30
"""Words of an utterance that are told."""

MOST_SIGNS = 90
"""Signs that are told of an utterance without spaces."""

_MARKS = ".,;:!?…\"'“”„«»()[]*-–—"
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


def told_line(line: Line, wanted: Collection[str], zone: tzinfo | None) -> str:
    """`On 3 May 2026 the user said: "…"`; of the agent, to which this is told, `you said`.

    Args:
        line: The utterance.
        wanted: Stems, and pairs of signs, around which a long one is cut.
        zone: Where the day is counted.
    """
    who = "the user" if line.speaker == "user" else "you"
    return f'On {day(read_moment(line.at), zone)} {who} said: "{excerpt(line.text, wanted)}"'


def told_note(note: Note, zone: tzinfo | None) -> str:
    """A fact as its sentence, with since when it holds; a past one says first that it is no longer so."""
    if note.predicate == TOLD:
        said = f'n {day(read_moment(note.recorded_at), zone)} the user said: "{note.object}"'
        return f"O{said}" if note.current else f"No longer true{_until(note, zone)}: o{said}"
    sentence = note.text.strip().rstrip(".")
    since = f" (since {day(read_moment(note.valid_from), zone)})" if note.valid_from else ""
    if note.current:
        return f"{sentence}{since}."
    return f"No longer true{_until(note, zone)}: {sentence}{since}."


def _until(note: Note, zone: tzinfo | None) -> str:
    until = note.valid_to or note.superseded_at
    return f" (until {day(read_moment(until), zone)})" if until else ""


def told_summary(text: str, made_at: str, zone: tzinfo | None) -> str:
    """A summary with the day on which it was made."""
    return f"Summed up on {day(read_moment(made_at), zone)}: {text.strip()}"


def day(moment: datetime, zone: tzinfo | None) -> str:
    """A date in words: `3 May 2026`."""
    here = moment.astimezone(zone)
    return f"{here.day} {_MONTHS[here.month - 1]} {here.year}"


def excerpt(text: str, wanted: Collection[str]) -> str:
    """The text on one line; of a long one the stretch that holds most of what is wanted."""
    parts = text.split()
    if len(parts) > MOST_WORDS:
        hits = [_stem(part) in wanted for part in parts]
        first, last = _densest(hits, MOST_WORDS)
        return _cut(" ".join(parts[first:last]), first > 0, last < len(parts))
    plain = " ".join(parts)
    if len(plain) > MOST_SIGNS * 4 or (not plain.isascii() and len(parts) < len(plain) / MOST_SIGNS * 4):
        return _signs(plain, wanted)
    return plain


@lru_cache(maxsize=65_536)
def _stem(part: str) -> str:
    """The stem of a written word without the marks around it and what an apostrophe adds."""
    return stem(folded(part.strip(_MARKS).replace("’", "'").partition("'")[0]))


def _signs(plain: str, wanted: Collection[str]) -> str:
    if len(plain) <= MOST_SIGNS:
        return plain
    hits = [plain[i : i + 2] in wanted for i in range(len(plain))]
    first, last = _densest(hits, MOST_SIGNS)
    return _cut(plain[first:last], first > 0, last < len(plain))


def _cut(middle: str, before: bool, after: bool) -> str:
    return f"{'… ' if before else ''}{middle}{' …' if after else ''}"


def _densest(hits: list[bool], width: int) -> tuple[int, int]:
    """The window of that width with the most hits in it, and those in its middle if there is a choice."""
    count = sum(hits[:width])
    best, firsts = count, [0]
    for first in range(1, len(hits) - width + 1):
        count += hits[first + width - 1] - hits[first - 1]
        if count > best:
            best, firsts = count, [first]
        elif count == best:
            firsts.append(first)
    first = firsts[len(firsts) // 2] if best else 0
    return first, first + width
