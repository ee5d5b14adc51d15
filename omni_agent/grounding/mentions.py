"""Where an utterance names the values of a field.

A mention has a grade. `NAMED`: the value's own words, or a synonym of the schema. `PART`: the words that set
it apart from the other values ("first", where every value is some "class"). `SOUND`: words that sound or are
spelled like it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

from .fields import Choice, Field
from .likeness import MARGIN, likeness
from .numbers import Number
from .units import unit_of
from .words import FUNCTION_WORDS, Word, paused

# Below this, words do not sound alike; a value that the model chose needs less.
_ALIKE = 0.68
_LIKE_WANTED = 0.62
_SHORTEST_ALIKE = 4
_BETWEEN = frozenset(("the", "a", "an", "of", "my"))


class Grade(IntEnum):
    """How a value was named; more is surer."""

    SOUND = 1
    PART = 2
    NAMED = 3


@dataclass(frozen=True, slots=True)
class Mention:
    """A value that was named.

    Attributes:
        value: The value, in the schema's spelling.
        first, last: Indexes of the words that name it.
        grade: How.
        negated: It stands under a negation.
        draft: How many corrections came before it.
        likeness: 0 to 1, how much a `SOUND` mention sounds like it; else 1.
    """

    value: Any
    first: int
    last: int
    grade: Grade
    negated: bool = False
    draft: int = 0
    likeness: float = 1.0

    @property
    def length(self) -> int:
        """How many words."""
        return self.last - self.first + 1

    @property
    def words(self) -> range:
        """The indexes of its words."""
        return range(self.first, self.last + 1)

    def overlaps(self, first: int, last: int) -> bool:
        """Whether it shares a word with that span."""
        return self.first <= last and first <= self.last


@lru_cache(maxsize=4096)
def _plain(stem: str) -> str:
    """A stem in the form that is compared: units and numbers in one spelling."""
    return unit_of(stem) or stem


def comparable(words: Sequence[Word], numbers: Sequence[Number]) -> list[str]:
    """For each word what it is compared by: its stem, or its number in digits."""
    forms = [_plain(word.stem) for word in words]
    for number in numbers:
        if (
            number.exact
            and not number.ordinal
            and words[number.first].text[0].isalpha()
            and float(number.value).is_integer()
        ):
            forms[number.first] = str(int(number.value))
            for index in range(number.first + 1, number.own_last + 1):
                forms[index] = ""
    return forms


def mentions_of(field: Field, words: Sequence[Word], forms: Sequence[str]) -> list[Mention]:
    """All mentions of a field's choices, whatever their grade, in order of the words."""
    places: dict[str, list[int]] = {}
    for index, form in enumerate(forms):
        places.setdefault(form, []).append(index)
    found = [m for choice in field.choices for m in _named(choice, words, forms, places)]
    found = [m for m in found if not any(_inside(m, other) for other in found)]
    found += _parts(field, words, forms, found)
    return sorted(found, key=lambda mention: (mention.first, -mention.last))


def _inside(one: Mention, other: Mention) -> bool:
    return one.length < other.length and other.first <= one.first and one.last <= other.last


def _named(
    choice: Choice, words: Sequence[Word], forms: Sequence[str], places: Mapping[str, Sequence[int]]
) -> list[Mention]:
    found = []
    for phrase in choice.phrases:
        wanted = [_plain(stem) for stem in phrase]
        if len(wanted) == 1 and _is_code(str(choice.value)):
            letters = [i for i, word in enumerate(words) if word.text == str(choice.value)]
            found += [
                _mention(choice.value, i, i, Grade.NAMED, words) for i in letters if i or wanted != ["a"]
            ]
            continue
        for first in places.get(wanted[0], ()) if wanted else ():
            last = _matched(wanted, forms, words, first)
            idle = last == first and words[first].form in FUNCTION_WORDS and len(wanted) == 1
            if last is not None and not (idle and words[first].form != str(choice.value).casefold()):
                found.append(_mention(choice.value, first, last, Grade.NAMED, words))
    return found


def _is_code(value: str) -> bool:
    """A code such as A or AT, which is no word: only its own spelling names it."""
    return value.isalpha() and value.isupper() and len(value) <= 2


def _matched(wanted: Sequence[str], forms: Sequence[str], words: Sequence[Word], first: int) -> int | None:
    """The last word of a phrase that begins at `first`; articles between its words do not count."""
    at = first
    for position, stem in enumerate(wanted):
        while (
            position
            and at < len(forms)
            and forms[at] != stem
            and (not forms[at] or words[at].form in _BETWEEN)
        ):
            at += 1
        if at >= len(forms) or forms[at] != stem:
            return None
        at += 1
    return at - 1


def _parts(
    field: Field, words: Sequence[Word], forms: Sequence[str], named: Sequence[Mention]
) -> list[Mention]:
    """Mentions by what sets a value apart: stems of its name that no other value of the field has."""
    owners: dict[str, list[Any]] = {}
    for choice in field.choices:
        for stem in {_plain(s) for phrase in choice.phrases for s in phrase}:
            owners.setdefault(stem, []).append(choice.value)
    many = len(field.choices) > 1
    found = []
    for index, form in enumerate(forms):
        values = owners.get(form, [])
        alone = len(values) == 1 and many and words[index].form not in FUNCTION_WORDS and len(form) > 1
        if alone and not any(m.overlaps(index, index) for m in named):
            found.append(_mention(values[0], index, index, Grade.PART, words))
    return found


def sounding(
    field: Field, words: Sequence[Word], free: Sequence[bool], wanted: Any, said: str
) -> list[Mention]:
    """Mentions by sound, in the words that nothing else accounts for; best first.

    Args:
        field: Whose choices.
        words: The utterance's.
        free: For each word whether it may account for something.
        wanted: What the model chose: it needs to sound less alike.
        said: The utterance.
    """
    found = []
    for first in range(len(words)):
        for last in range(first, min(first + 4, len(words))):
            if _one_name(words[first : last + 1], free[first : last + 1], said):
                heard = "".join(word.form for word in words[first : last + 1])
                found += _sounds(field, heard, first, last, words, wanted)
    return sorted(found, key=lambda mention: -mention.likeness)


def _one_name(words: Sequence[Word], free: Sequence[bool], said: str) -> bool:
    """Whether words may be one misheard name: free, without a pause, with a word that means something."""
    pause = paused(said[words[0].start : words[-1].end])
    return all(free) and not pause and words[0].content and words[-1].form not in ("the", "a", "an")


def _sounds(
    field: Field, heard: str, first: int, last: int, words: Sequence[Word], wanted: Any
) -> list[Mention]:
    scored = sorted(
        ((likeness(heard, _joined(choice)), choice.value) for choice in field.choices),
        key=lambda pair: -pair[0],
    )
    best, value = scored[0]
    next_best = next((score for score, other in scored if other != value), 0.0)
    least = _LIKE_WANTED if value == wanted else _ALIKE
    short = len(heard) < (_SHORTEST_ALIKE - 1 if value == wanted else _SHORTEST_ALIKE)
    if short or best < least or best - next_best < MARGIN:
        return []
    return [_mention(value, first, last, Grade.SOUND, words, best)]


def _joined(choice: Choice) -> str:
    return str(choice.value).casefold().replace(" ", "").replace("-", "")


def _mention(
    value: Any, first: int, last: int, grade: Grade, words: Sequence[Word], alike: float = 1.0
) -> Mention:
    return Mention(value, first, last, grade, words[first].negated, words[last].draft, alike)
