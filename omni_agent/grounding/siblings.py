"""The calls that a model forgot: "for 5, 10 and 20 years" is three calls, "the first and the last" two.

Only values side by side count, joined by commas or "and", of an argument that every call needs, and only
where no other argument of any call has them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from ..messages import ToolCall, ToolSpec
from .evidence import Evidence
from .fields import Field, fields_of
from .mentions import Grade
from .units import converted
from .words import Word

_JOINED = re.compile(
    r"\s*(?:,|;|&|,?\s*\band(?: the| a| an| for| to| in)?\b)\s*(?:the |a |an |in )?", re.IGNORECASE
)
_MOST = 8


@dataclass(frozen=True, slots=True)
class _Item:
    """A value that was said, and where."""

    value: Any
    start: int
    end: int


def with_siblings(calls: Sequence[ToolCall], tools: Sequence[ToolSpec], evidence: Evidence) -> list[ToolCall]:
    """The calls, and those that differ from one of them in a value said beside its own."""
    if not evidence.spoken.english:
        # How values are joined is known of English only.
        return list(calls)
    spec_of = {spec.name: spec for spec in tools}
    complete = [_parted(call, spec_of.get(call.name), evidence) for call in calls]
    for name in dict.fromkeys(call.name for call in calls if call.name in spec_of):
        alike = [call for call in complete if call.name == name]
        for item in fields_of(spec_of[name].parameters):
            values = _row(item, alike, evidence)
            missing = [v for v in values if all(call.arguments.get(item.name) != v for call in alike)]
            if missing and len(complete) + len(missing) <= _MOST:
                first = alike[0]
                alike += [
                    replace(first, id=f"{first.id}-{n}", arguments={**first.arguments, item.name: value})
                    for n, value in enumerate(missing, 2)
                ]
                place = complete.index(first)
                complete = [call for call in complete if call.name != name]
                order = [*values, *(call.arguments.get(item.name) for call in alike)]
                complete[place:place] = sorted(
                    alike, key=lambda call: order.index(call.arguments.get(item.name))
                )
                break
    return complete


def _parted(call: ToolCall, spec: ToolSpec | None, evidence: Evidence) -> ToolCall:
    """Numbers that the model wrote as one, 510 for "5,10", apart again: the first of them."""
    numbers = [n.value for n in evidence.spoken.numbers if n.exact and float(n.value).is_integer()]
    joined = {
        int(f"{int(one)}{int(two)}"): int(one) for one, two in pairwise(numbers) if one >= 0 and two >= 0
    }
    mended = {
        item.name: joined[value]
        for item in (fields_of(spec.parameters) if spec else ())
        if item.kind == "number"
        and isinstance(value := call.arguments.get(item.name), int)
        and value in joined
        and value not in numbers
    }
    return replace(call, arguments={**call.arguments, **mended}) if mended else call


def _row(item: Field, calls: Sequence[ToolCall], evidence: Evidence) -> list[Any]:
    """The values said side by side of which these calls have one; none where another argument has one too."""
    if not item.required or item.kind not in ("number", "choice", "text"):
        return []
    said = _said(item, evidence)
    rows = (_run(said, call.arguments.get(item.name), evidence.said) for call in calls)
    values = list(dict.fromkeys(one.value for row in rows for one in row))
    elsewhere = [v for call in calls for name, v in call.arguments.items() if name != item.name]
    return [] if any(value in elsewhere for value in values) else values


def _run(items: Sequence[_Item], value: Any, said: str) -> list[_Item]:
    """The longest row of items, joined one to the next, that holds the value."""
    rows: list[list[_Item]] = []
    for one in items:
        if rows and _JOINED.fullmatch(said, rows[-1][-1].end, one.start):
            rows[-1].append(one)
        else:
            rows.append([one])
    return next((row for row in rows if any(one.value == value for one in row)), [])


def _said(item: Field, evidence: Evidence) -> list[_Item]:
    """What was said that the field may hold, in order."""
    spoken = evidence.spoken
    words = spoken.words
    if any(word.draft for word in words):
        return []
    if item.kind == "choice":
        return [
            _Item(m.value, words[m.first].start, words[m.last].end)
            for m in spoken.mentions(item)
            if m.grade is Grade.NAMED and not m.negated
        ]
    if item.kind == "text":
        codes = [w for w in words if w.text[0].isdecimal() and len(w.text) > 2 and not w.negated]
        return [_Item(w.text, w.start, w.end) for w in codes or _last_pair(evidence)]
    numbers = [n for n in spoken.numbers if n.exact and not n.negated]
    unit = next((n.unit for n in reversed(numbers) if n.unit), "")
    return [
        _Item(_number(n.value, n.unit, item, unit), words[n.first].start, words[n.last].end) for n in numbers
    ]


def _last_pair(evidence: Evidence) -> Sequence[Word]:
    """Two single words with "and" between them before a pause or the end: "call Bob and Alice"."""
    words = evidence.spoken.words
    for index in range(1, len(words) - 1):
        one, joint, two = words[index - 1 : index + 2]
        rest = evidence.said[two.end :].lstrip(" \"'")
        joined = evidence.said[one.end : two.start].split() == [joint.text]
        if (
            joined
            and joint.form == "and"
            and one.content
            and two.content
            and (not rest or rest[0] in ".,;!?")
        ):
            return (one, two)
    return ()


def _number(value: float, unit: str, item: Field, common: str) -> Any:
    """A number in the field's unit; the unit may be said with the last one only."""
    own = unit or common
    changed = converted(value, own, item.unit) if own and item.unit else value
    value = value if changed is None else changed
    return int(value) if float(value).is_integer() else value
