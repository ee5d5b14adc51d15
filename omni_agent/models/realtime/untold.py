"""What a service that takes no messages must be told in its instructions."""

from __future__ import annotations

from collections.abc import Sequence

from . import wording
from .entries import Entry
from .held import Held, server_call_id
from .sending import is_told


def last_group(wanted: Sequence[Entry]) -> int:
    """Where what is to be answered begins: the user's last words, or the last results."""
    place = len(wanted)
    while place and wanted[place - 1].kind in ("user", "result"):
        place -= 1
    return place


def untold(held: Sequence[Held], wanted: Sequence[Entry], begin: int) -> str:
    """The conversation in words, where the service does not hold all of it; and the typed words of its end.

    Args:
        held: What it holds: the beginning of `wanted`.
        wanted: The conversation.
        begin: Where what is to be answered begins.
    """
    itself = len(held) >= begin and all(one.itself for one in held[:begin])
    # A result whose call is held goes there as an item.
    last = [
        entry
        for entry in map(_typed, wanted[begin:])
        if entry.parts and not server_call_id(held, getattr(entry.parts[0], "call_id", ""))
    ]
    return wording.transcript(() if itself else wanted[:begin], last)


def prompted(sent: Sequence[Held]) -> bool:
    """Whether what was sent makes the service answer: an utterance, or the result of its call."""
    return any(one.entry.kind == "user" or one.itself for one in sent)


def _typed(entry: Entry) -> Entry:
    """Of the user's entry what is not sent as sound or picture; any other as it is."""
    if entry.kind != "user":
        return entry
    return Entry("user", entry.key, tuple(part for part in entry.parts if is_told(part)))
