"""Objects within a call, and lists of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .fields import Field
from .part import Part, place
from .provenance import Provenance

if TYPE_CHECKING:
    from .frame import Frame


def settle(frame: Frame) -> None:
    """Settle the objects that the model wrote, each by its own part of the words."""
    for item in frame.open("object"):
        value = frame.values.get(item.name)
        if isinstance(value, dict):
            common = frame.part.common
            if common is not None:
                common = frozenset(value) if item.name in common else frozenset()
            part = replace(frame.part, common=common, claimed=frozenset())
            _take(frame, item, [frame.inner(item, value, part)])
    for item in frame.open("list"):
        values = frame.values.get(item.name)
        if item.item and item.item.kind == "object" and isinstance(values, list):
            _settle_objects(frame, item, values)
        elif isinstance(values, list) and item.required and item.item and item.item.kind == "list":
            # Rows of rows are too far from the words to be traced.
            frame.settle_by_meaning(item, values)


def _settle_objects(frame: Frame, item: Field, values: list[Any]) -> None:
    if not values or not all(isinstance(value, dict) for value in values):
        return
    alone = Part(frame.part.span, frame.part.shares) if len(values) == 1 else Part()
    inner = [frame.inner(item, value, alone, index) for index, value in enumerate(values)]
    place(inner, frame.evidence)
    _take(frame, item, inner)


def _take(frame: Frame, item: Field, inner: Sequence[Frame]) -> None:
    """Settle an argument by the frames of its objects; of a list, those that something supports."""
    grounded = [one.ground() for one in inner]
    if item.kind == "list":
        grounded = [one for one in grounded if one.provenance() or not one.lacking()]
    rests: dict[str, Provenance] = {}
    for one in grounded:
        rests |= one.provenance()
        frame.taken |= one.taken
    if grounded and (rests or item.required):
        objects = [one.arguments() for one in grounded]
        frame.settle_inner(item, objects if item.kind == "list" else objects[0], rests)
        frame.missing += [path for one in grounded for path in one.lacking()]
