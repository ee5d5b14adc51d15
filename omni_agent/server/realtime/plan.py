"""What a response is to be, before it begins."""

from __future__ import annotations

from dataclasses import dataclass

from ...terms import Terms
from .items import Item
from .life_cycle import Life
from .sound import Format


@dataclass(frozen=True, slots=True)
class Plan:
    """What a response is to be.

    Attributes:
        life: Its state before it begins.
        number: Which response of the session it is.
        items: What it answers; None for the session's conversation.
        terms: What holds for it.
        sends: In which format it sounds.
        tempo: How much faster than the agent speaks it.
        user, session: Whose memory it uses and gets; None and empty for nobody's.
        insists: Something is to be said even where nobody said anything.
    """

    life: Life
    number: int
    items: tuple[Item, ...] | None
    terms: Terms
    sends: Format
    tempo: float
    user: str | None
    session: str
    insists: bool = False
