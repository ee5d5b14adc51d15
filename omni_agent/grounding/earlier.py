"""What earlier turns had, for words that point back to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .evidence import Provenance
from .fields import Field
from .mentions import comparable, mentions_of

if TYPE_CHECKING:
    from .frame import Frame


def earlier_value(frame: Frame, item: Field) -> Any:
    """What the last call of the same tool had for this field."""
    last = next((call for call in frame.evidence.earlier_calls if call.name == frame.name), None)
    return last.arguments.get(item.name) if last else None


def from_earlier(frame: Frame, item: Field, value: Any) -> bool:
    """Settle a value that an earlier turn had, if the words refer to one."""
    if not frame.evidence.refers_back and not item.required:
        return False
    had = any(_had(call.arguments, value) for call in frame.evidence.earlier_calls)
    before = frame.evidence.before
    forms = comparable(before.words, before.numbers)
    said = item.choices and any(m.value == value for m in mentions_of(item, before.words, forms))
    if had or said:
        frame.settle(item, value, Provenance("earlier", str(value)))
        return True
    return False


def _had(arguments: Any, value: Any) -> bool:
    if isinstance(arguments, dict):
        return any(_had(part, value) for part in arguments.values())
    if isinstance(arguments, list):
        return arguments == value or any(_had(part, value) for part in arguments)
    return bool(arguments == value)
