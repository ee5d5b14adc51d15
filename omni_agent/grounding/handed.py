"""Media: a tool gets what was shown; nothing is said of it that could be held against the words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..media.store import SCHEME
from .provenance import Provenance

if TYPE_CHECKING:
    from .frame import Frame


def settle(frame: Frame) -> None:
    """Settle the arguments that are references of media, alone or in lists."""
    for item in frame.open("media", "list"):
        value = frame.values.get(item.name)
        kind = item.item.kind if item.item else item.kind
        if kind == "media":
            references = [str(one) for one in (value if isinstance(value, list) else [value])]
            if references and all(one.startswith(SCHEME) for one in references):
                frame.settle(item, value, Provenance("media", " ".join(references)))
