"""What pictures, results and earlier turns have of a value that the words do not say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .fields import Field
from .provenance import Provenance
from .spoken import Spoken

if TYPE_CHECKING:
    from .frame import Frame

Says = Callable[[Any, Spoken], str]
"""Gives the words of a text that say a value; empty where none do."""


def source(frame: Frame, item: Field, value: Any, says: Says) -> Provenance | None:
    """What shows a value, or had it before where the words point back; None where nothing does.

    A required value may come from an earlier turn in any case: what was told once need not be told again.
    """
    evidence = frame.evidence
    for shows, text in evidence.shown:
        if shown := says(value, text):
            return Provenance(shows, shown)
    if not evidence.refers_back and not item.required:
        return None
    had = any(_had(call.arguments, item, value) for call in evidence.earlier_calls)
    return Provenance("earlier", str(value)) if had or says(value, evidence.before) else None


def keep(frame: Frame, item: Field, value: Any, says: Says) -> bool:
    """Settle a value by what shows it or had it before; whether something did."""
    rests = source(frame, item, value, says)
    if rests is not None:
        frame.settle(item, value, rests)
    return rests is not None


def fill(frame: Frame) -> None:
    """Fill in what the last call of the same tool had, where the words ask for the same again."""
    if not frame.evidence.repeats:
        return
    last = next((call for call in frame.evidence.earlier_calls if call.name == frame.name), None)
    for item in frame.open("choice", "number", "date", "time", "text", "list"):
        had = last.arguments.get(item.name) if last else None
        if frame.values.get(item.name) is None and had is not None:
            frame.settle(item, had, Provenance("earlier", str(had)))


def _had(arguments: Any, item: Field, value: Any, name: str = "") -> bool:
    """Whether a call had a value; a number or a switch in the same argument only, for they are all alike."""
    if isinstance(arguments, dict):
        return any(_had(part, item, value, key) for key, part in arguments.items())
    if isinstance(arguments, list):
        return arguments == value or any(_had(part, item, value, name) for part in arguments)
    return bool(arguments == value) and (isinstance(value, str) or name == item.name)
