"""Free text and names: supported by the words, the pictures or an earlier turn that they are made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import elsewhere
from .fields import Field
from .likeness import nearest_name
from .loose import by_meaning, loose, nearest
from .meaning import nearness
from .provenance import Provenance
from .spoken import Spoken

if TYPE_CHECKING:
    from .frame import Frame

_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T.*)?")
_EMPTY = frozenset(("empty", "blank", "nothing", "none", "no"))
_NEGATIONS = frozenset(("no", "not", "never", "without", "don't", "nothing"))
# Whoever speaks of a span up to a day means from now.
_PRESENT = frozenset(("now", "today"))
_NEAR = 0.4
# A required text may be put in other words altogether.
_NEAR_ALL = 0.2


def words_naming(frame: Frame, item: Field, value: Any) -> frozenset[int]:
    """Indexes of the words that a text is made of."""
    if item.kind != "text" or not isinstance(value, str):
        return frozenset()
    return frozenset(frame.evidence.spoken.trace(value).hits)


def quoted(frame: Frame) -> frozenset[int]:
    """Indexes of the words that the model took for a longer text: they are not for other arguments."""
    return frozenset(
        index
        for item, value in frame.leaves()
        if item.kind == "text" and not item.choices and isinstance(value, str) and len(value.split()) > 1
        for index in frame.evidence.spoken.trace(value).hits
    )


def says(value: Any, spoken: Spoken) -> str:
    """The value, if enough of it stands in a text."""
    return str(value) if spoken.trace(str(value)).enough else ""


def settle(frame: Frame) -> None:
    """Settle texts, and lists of texts and numbers."""
    for item in frame.open("text"):
        value = frame.values.get(item.name)
        if isinstance(value, str) and value.strip():
            _settle(frame, item, _as_known(frame, item, value))
        elif value == "" and any(word.form in _EMPTY for word in frame.evidence.spoken.words):
            frame.settle(item, value, Provenance("words", frame.evidence.said))
    for item in frame.open("list"):
        if item.item and item.item.kind in ("text", "number", "other"):
            _settle_list(frame, item, item.item)
    for item in frame.open("other"):
        if item.name in frame.values:
            frame.settle_by_meaning(item, frame.values[item.name])


def _as_known(frame: Frame, item: Field, value: str) -> str:
    """A name that was said, in the schema's spelling."""
    name = nearest_name(value, item.choices) if frame.evidence.spoken.trace(value).enough else None
    return name or value


def _settle(frame: Frame, item: Field, value: str) -> None:
    trace = frame.evidence.spoken.trace(value, frozenset() if item.required else item.names)
    wished = [i for i in trace.hits if _supports(frame, item, value, i)]
    dated = _dated(frame, value)
    if dated and trace.share < 1:
        text, words = dated
        frame.settle_by_words(item, text, words)
    elif value.casefold() in _PRESENT:
        frame.settle_by_meaning(item, value)
    elif wished and trace.enough:
        frame.settle_by_words(item, value, wished)
        frame.texts |= set(wished)
    elif not trace.hits and trace.enough:
        frame.settle(item, value, Provenance("words", frame.evidence.said))
    elif not elsewhere.keep(frame, item, value, says) and (wished or not trace.hits):
        _keep_by_meaning(frame, item, value)


def _supports(frame: Frame, item: Field, value: str, index: int) -> bool:
    """Whether a word of a text may support it: not refused, unless the text refuses too, and not used."""
    refused = frame.evidence.spoken.words[index].negated and _NEGATIONS.isdisjoint(value.casefold().split())
    return not refused and frame.reachable(index, item) and (item.required or index not in frame.texts)


def _dated(frame: Frame, value: str) -> tuple[str, range] | None:
    """For a date or time in a plain text, with its words: as said, where the model made up another date."""
    spoken = frame.evidence.spoken
    for moment in spoken.moments:
        if not moment.negated and value in moment.values:
            return value, moment.words
    days = [m for m in spoken.moments if m.kind == "date" and not m.negated]
    days = [m for m in days if frame.within(m.first)] or days
    if not _ISO_DATE.fullmatch(value) or not days or any(value[:10] in m.values for m in days):
        return None
    return spoken.said(days[0].first, days[0].last), days[0].words


def _keep_by_meaning(frame: Frame, item: Field, value: str) -> None:
    if item.choices:
        # Names have no meaning to be near to.
        return
    near = nearest(frame, value, _NEAR, taken=item.required)
    if near is not None:
        frame.settle(item, value, by_meaning(frame, near), [near])
    elif item.required and nearness(value, frame.evidence.said) >= _NEAR_ALL:
        frame.settle_by_meaning(item, value)


def _heard(spoken: Spoken, name: str, kind: Field) -> range:
    """The first words that sound like a known name, each like its own."""
    count = len(name.split())
    for first in range(len(spoken.words) - count + 1 if kind.choices else 0):
        said = " ".join(word.form for word in spoken.words[first : first + count])
        if nearest_name(said, kind.choices) == name:
            return range(first, first + count)
    return range(0)


def _settle_list(frame: Frame, item: Field, kind: Field) -> None:
    values = frame.values.get(item.name)
    if not isinstance(values, list):
        return
    spoken = frame.evidence.spoken
    kept: list[Any] = []
    words: set[int] = set()
    rests: list[Provenance] = []
    for value in values:
        trace = spoken.trace(str(value))
        hits = trace.hits if trace.enough else _heard(spoken, str(value), kind)
        near = {i for i in hits if not spoken.words[i].negated and frame.reachable(i, item)}
        if near:
            kept.append((nearest_name(str(value), kind.choices) if kind.choices else None) or value)
            words |= near
        elif (source := elsewhere.source(frame, item, value, says)) is not None:
            kept.append(value)
            rests.append(source)
    if kind.kind != "text" and kept:
        # Numbers may be the result of what was said: all or none.
        kept = values
    if kept and words:
        frame.settle_by_words(item, kept, words)
    elif kept:
        frame.settle(item, kept, rests[0])
    elif values and item.required and any(loose(frame)):
        frame.settle_by_meaning(item, values)
