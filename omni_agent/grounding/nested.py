"""Objects within a call, and lists of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .evidence import Provenance
from .fields import Field

if TYPE_CHECKING:
    from .frame import Frame


def settle(frame: Frame) -> None:
    """Settle the objects that the model wrote, each by its own part of the words."""
    from .frame import Frame as Inner

    for item in frame.open("object"):
        value = frame.values.get(item.name)
        if isinstance(value, dict):
            inner = Inner(
                item.members,
                value,
                frame.evidence,
                f"{frame.path}{item.name}.",
                span=frame.span,
                shares=frame.shares,
            )
            inner.taken, inner.before, inner.after = frame.taken, frame.before, frame.after
            if frame.common is not None:
                inner.common = frozenset(value) if item.name in frame.common else frozenset()
            _take(frame, item, [inner], single=True)
    for item in frame.open("list"):
        values = frame.values.get(item.name)
        if item.item and item.item.kind == "object" and isinstance(values, list):
            _settle_objects(frame, item, values)
        elif isinstance(values, list) and item.required and item.item and item.item.kind == "list":
            frame.settle(item, values, Provenance("meaning", frame.evidence.said))


def _settle_objects(frame: Frame, item: Field, values: list[Any]) -> None:
    from .frame import Frame as Inner
    from .ground import place

    assert item.item
    inner = [
        Inner(item.item.members, value, frame.evidence, f"{frame.path}{item.name}.{index}.")
        for index, value in enumerate(values)
        if isinstance(value, dict)
    ]
    if len(inner) == len(values) and inner:
        if len(inner) > 1:
            place(inner, frame.evidence)
        else:
            inner[0].span, inner[0].shares = frame.span, frame.shares
        for one in inner:
            one.taken |= frame.taken
        _take(frame, item, inner, single=False)


def _take(frame: Frame, item: Field, inner: list[Any], *, single: bool) -> None:
    results, rests, missing = [], {}, []
    for one in inner:
        arguments, provenance, lacking = one.ground()
        if lacking and not provenance and not single:
            continue
        results.append(arguments)
        rests |= provenance
        missing += lacking
        frame.taken |= one.taken
    if not rests and not item.required:
        return
    if results:
        frame.settle(item, results[0] if single else results, Provenance("words", frame.evidence.said))
        frame.nested[item.name] = rests
        frame.missing += missing
