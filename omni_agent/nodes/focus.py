"""What is shown to a small model that has to answer a question about the user from memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..messages import Message
from .evidence import SURE, Line, evidence, introduction, leans
from .unknown import ANSWER, UNKNOWN, names, of_own, of_own_name, unanswered

REMEMBERED = "What you remember:"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a model is shown beside the user's words.

    Attributes:
        background: What the conversation begins after.
        history: The conversation.
        remembered: What memory adds for these words.
        alone: That the answer stands in `remembered`, and the rest is left out.
    """

    background: str
    history: tuple[Message, ...]
    remembered: tuple[str, ...]
    alone: bool = False


def focused(question: str, shown: Shown, lines: Sequence[Line], room: int) -> Shown:
    """What a question about the user is answered from: the lines nearest to it, or that nothing is known.

    What a small model has before it, it tells, asked for or not; so the rest is left out. Where neither can
    be said everything stays, and what is asked for is said beside it.

    Args:
        question: The user's words.
        shown: What the model would be shown.
        lines: All that is known.
        room: Tokens that the lines may take.
    """
    own = of_own(question)
    told = [shown.background, *shown.remembered, *(said.text for said in shown.history)]
    nothing = unanswered(question, told)
    before = next((said.text for said in reversed(shown.history) if said.role == "user"), "")
    found = [] if nothing else evidence(question, before, lines, room, least=SURE)
    if of_own_name(question):
        found = [*dict.fromkeys((*introduction(lines), *found))]
    # A rabbit is near a penguin in meaning; but who asks for a name wants that of the rabbit.
    nothing = nothing or bool(found and names(question) and unanswered(question, found))
    if nothing or found:
        remembered = UNKNOWN if nothing else " ".join(found)
        return Shown("", _leant_on(question, shown.history), (f"{REMEMBERED} {remembered}",), alone=True)
    return replace(shown, remembered=(*shown.remembered, ANSWER)) if own else shown


def _leant_on(question: str, history: Sequence[Message]) -> tuple[Message, ...]:
    """The exchange before a question that may mean something of it."""
    first = max((place for place, said in enumerate(history) if said.role == "user"), default=len(history))
    exchange = tuple(history[first:])
    # Where calls were made, answers are written otherwise.
    return () if not leans(question) or any(said.tool_calls for said in exchange) else exchange
