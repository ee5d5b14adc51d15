"""What a server holds of a conversation, and whether ours can go on from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from .entries import Entry, spoken_key

_LONGEST_ID = 32


@dataclass(frozen=True, slots=True)
class Held:
    """One entry that the server has.

    Attributes:
        entry: What it is.
        items: Its ids there, where they are known; several where the server made more than one item of it.
        call_id: The server's id of a call.
        itself: It is an item there; where not, it was told in the instructions.
        audio_ms: Of a reply, how long its speech is.
    """

    entry: Entry
    items: tuple[str, ...] = ()
    call_id: str = ""
    itself: bool = True
    audio_ms: int = 0


Amendment: TypeAlias = Literal["", "truncate", "delete"]


@dataclass(frozen=True, slots=True)
class Fit:
    """How a conversation goes on from what is held.

    Attributes:
        shared: How many of the wanted entries are held.
        amendment: What is to be done with the reply held after them: cut to what was heard, taken away, or
            nothing, where there is none.
        audio_ms: Up to where it is kept.
    """

    shared: int
    amendment: Amendment = ""
    audio_ms: int = 0


def fit(held: Sequence[Held], wanted: Sequence[Entry], *, amends: bool) -> Fit | None:
    """How the wanted conversation goes on from the held one; None where it does not.

    Only the last reply may differ: the user cut it, or asks the same once more.

    Args:
        held: The server's.
        wanted: Ours.
        amends: The server can cut and delete items.
    """
    same = 0
    while same < min(len(held), len(wanted)) and _same(held[same].entry, wanted[same]):
        same += 1
    if same == len(held):
        return Fit(same)
    last = held[same]
    if not amends or same + 1 < len(held) or last.entry.kind != "reply" or len(last.items) != 1:
        return None
    heard = wanted[same] if same < len(wanted) else None
    if heard is None or heard.kind != "reply":
        return Fit(same, "delete")
    if not last.entry.key.startswith(heard.key):
        return None
    if not last.audio_ms:
        # Words without sound cannot be cut: they are said again, as far as they were read.
        return Fit(same, "delete")
    share = len(heard.key) / max(len(last.entry.key), 1)
    return Fit(same, "truncate", max(1, int(last.audio_ms * share)))


def taken_over(held: Sequence[Held], wanted: Sequence[Entry]) -> list[Held]:
    """What is held, under our names: a call may have got another id since."""
    return [replace(one, entry=entry) for one, entry in zip(held, wanted, strict=False)]


def server_call_id(held: Sequence[Held], call_id: str) -> str:
    """The server's id of a call of ours; empty where it does not hold that call itself."""
    for one in reversed(held):
        part = one.entry.parts[0]
        if one.entry.kind == "call" and one.itself and getattr(part, "id", "") == call_id:
            return one.call_id
    return ""


def short_id(name: str) -> str:
    """An id that the service takes: OpenAI's are of 32 characters at most, ours may be longer."""
    return name if len(name) <= _LONGEST_ID else name[-_LONGEST_ID:]


def _same(one: Entry, other: Entry) -> bool:
    if one.kind != other.kind:
        return False
    # What is heard of a reply is the same words, whatever signs a filter took out of them.
    return one.key == other.key or (one.kind == "reply" and spoken_key(one.key) == spoken_key(other.key))
