"""Free text and names: supported by the words, the pictures or an earlier turn that they are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .earlier import earlier_value, from_earlier
from .evidence import Provenance, Spoken
from .fields import Field
from .loose import by_meaning, loose, nearest
from .meaning import nearness
from .mentions import likeness, nearest_name
from .numbers import Number
from .units import unit_of
from .words import Word, content_stems, numeral

if TYPE_CHECKING:
    from .frame import Frame

# So much of a text's words must have been said.
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T.*)?")
_SHARE = 0.5
_ALIKE = 0.75
_EMPTY = frozenset(("empty", "blank", "nothing", "none", "no"))
_NEGATIONS = frozenset(("no", "not", "never", "without", "don't", "nothing", "never"))
_NEAR = 0.4
# A required text may be put in other words altogether.
_NEAR_ALL = 0.2


def words_naming(frame: Frame, item: Field, value: Any) -> frozenset[int]:
    """Indexes of the words that a text is made of."""
    if item.kind != "text" or item.closed or not isinstance(value, str):
        return frozenset()
    return frozenset(_matches(value, frame.evidence.spoken)[0])


def quoted(frame: Frame) -> frozenset[int]:
    """Indexes of the words that the model took for a text of some length: they are not for other arguments."""
    return frozenset(
        index
        for item, value in frame.leaves()
        if item.kind == "text" and not item.choices and isinstance(value, str) and len(value.split()) > 1
        for index in _matches(value, frame.evidence.spoken)[0]
    )


def settle(frame: Frame) -> None:
    """Settle texts, and lists of texts and numbers."""
    for item in frame.open("text"):
        _settle(frame, item)
    for item in frame.open("list"):
        if item.item and item.item.kind in ("text", "number", "other") and not item.item.closed:
            _settle_list(frame, item, item.item)
    for item in frame.open("other"):
        if item.name in frame.values:
            frame.settle(item, frame.values[item.name], Provenance("meaning", frame.evidence.said))


def _settle(frame: Frame, item: Field) -> None:
    value = frame.values.get(item.name)
    if not isinstance(value, str) or not value.strip():
        if value is None and frame.evidence.repeats and (had := earlier_value(frame, item)) is not None:
            frame.settle(item, had, Provenance("earlier", str(had)))
        elif value == "" and any(word.form in _EMPTY for word in frame.evidence.spoken.words):
            frame.settle(item, value, Provenance("words", frame.evidence.said))
        return
    if item.choices and (name := nearest_name(value, item.choices)) is not None:
        value = name if _matches(value, frame.evidence.spoken)[1] >= _SHARE else value
    hits, share = _matches(value, frame.evidence.spoken, frozenset() if item.required else item.names)
    quoted = bool(_NEGATIONS & set(value.casefold().split()))
    wished = [
        i
        for i in hits
        if (quoted or not frame.evidence.spoken.words[i].negated)
        and frame.reachable(i, item)
        and (item.required or i not in frame.texts)
    ]
    dated = _dated(frame, value)
    if dated and share < 1:
        frame.settle_by_words(item, *dated)
    elif wished and share >= _SHARE:
        frame.settle(item, value, frame.evidence.from_words(min(wished), max(wished)), wished)
        frame.texts |= set(wished)
    elif not hits and share >= _SHARE:
        frame.settle(item, value, Provenance("words", frame.evidence.said))
    elif frame.evidence.shown.text and _matches(value, frame.evidence.shown)[1] >= _SHARE:
        frame.settle(item, value, frame.evidence.from_shown(value))
    elif (frame.evidence.refers_back or item.required) and (
        from_earlier(frame, item, value) or _matches(value, frame.evidence.before)[1] >= _SHARE
    ):
        frame.settle(item, value, Provenance("earlier", value))
    elif not hits or wished:
        _keep_by_meaning(frame, item, value)


def _dated(frame: Frame, value: str) -> tuple[str, int, int] | None:
    """For a date in a plain text: as said, where the model made up another."""
    spoken = frame.evidence.spoken
    days = [m for m in spoken.moments if m.kind == "date" and not m.negated and frame.within(m.first)]
    days = days or [m for m in spoken.moments if m.kind == "date" and not m.negated]
    if not _ISO_DATE.fullmatch(value) or not days or any(value[:10] in m.values for m in days):
        return None
    return spoken.said(days[0].first, days[0].last), days[0].first, days[0].last


def _keep_by_meaning(frame: Frame, item: Field, value: str) -> None:
    if item.choices:
        # Names have no meaning to be near to.
        return
    near = nearest(frame, value, _NEAR, taken=item.required)
    if near is not None:
        frame.settle(item, value, by_meaning(frame, near), [near])
    elif item.required and nearness(value, frame.evidence.said) >= _NEAR_ALL:
        frame.settle(item, value, Provenance("meaning", frame.evidence.said))


def _settle_list(frame: Frame, item: Field, kind: Field) -> None:
    values = frame.values.get(item.name)
    if not isinstance(values, list):
        return
    spoken = frame.evidence.spoken
    kept, words = [], set()
    for value in values:
        name = nearest_name(str(value), kind.choices) if kind.choices else None
        hits, share = _matches(str(value), spoken)
        near = {i for i in hits if not spoken.words[i].negated and frame.reachable(i, item)}
        if near and share >= _SHARE:
            kept.append(value if name is None else name)
            words |= near
        elif _matches(str(value), frame.evidence.shown)[1] >= _SHARE or (
            frame.evidence.refers_back and _matches(str(value), frame.evidence.before)[1] >= _SHARE
        ):
            kept.append(value)
    if kind.kind != "text" and kept:
        kept = values
    if kept and words:
        frame.settle(item, kept, frame.evidence.from_words(min(words), max(words)), sorted(words))
    elif kept:
        frame.settle(item, kept, Provenance("earlier", str(kept)))
    elif values and item.required and any(loose(frame)):
        frame.settle(item, values, Provenance("meaning", frame.evidence.said))


def _matches(value: str, spoken: Spoken, names: frozenset[str] = frozenset()) -> tuple[list[int], float]:
    """Indexes of the words that a text is made of, and the share of the text that they make up."""
    stems = [stem for stem in content_stems(value) if stem not in names]
    if not stems or not spoken.words:
        return [], 0.0
    hits: list[int] = []
    covered = 0
    # A long number may have been said or printed in groups.
    digits = "".join(map(_digits, spoken.words))
    for stem in stems:
        found = [i for i, word in enumerate(spoken.words) if _is(stem, word.stem)]
        found = found or _initials(stem, spoken) or _numbers(stem, spoken.numbers)
        covered += bool(found) or (stem.isdigit() and len(stem) > 3 and stem in digits)
        hits += found
    return hits, covered / len(stems)


def _digits(word: Word) -> str:
    """A word's digits: "10", "oh", "seven"."""
    if word.form in ("oh", "o"):
        return "0"
    return "".join(sign for sign in numeral(word.form) if sign.isdigit())


def _is(stem: str, said: str) -> bool:
    if stem == said or (unit_of(stem) and unit_of(stem) == unit_of(said)):
        return True
    if stem[0].isdigit() or said[0].isdigit():
        return stem.lstrip("0") == said.rstrip("stndrh").lstrip("0")
    return min(len(stem), len(said)) > 3 and (
        stem.startswith(said) or said.startswith(stem) or likeness(stem, said) >= _ALIKE
    )


def _initials(stem: str, spoken: Spoken) -> list[int]:
    """Words whose initials a text is: NYC."""
    if not 2 <= len(stem) <= 4 or not stem.isalpha():
        return []
    initials = "".join(word.form[0] for word in spoken.words)
    at = initials.find(stem.casefold())
    return list(range(at, at + len(stem))) if at >= 0 else []


def _numbers(stem: str, numbers: Sequence[Number]) -> list[int]:
    """Number words that a text has in digits."""
    return [n.first for n in numbers if stem.isdigit() and n.exact and n.value == float(stem)]
