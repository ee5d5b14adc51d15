"""ingest: what came in becomes the message that a turn begins with."""

from __future__ import annotations

from ..errors import InputError
from ..messages import Audio, Message, Part, Text
from ..state import Turn, TurnState, Update
from .hearing import heard


async def ingest(state: TurnState, turn: Turn) -> Update:
    """Make the user's message of the observations, if that was not done to see what they answer.

    Raises:
        InputError: Nothing was said, shown or written, or it cannot be read.
    """
    given = state.get("heard")
    message = Message.from_json(given) if given else await heard(state["observations"], turn)
    if not message.text.strip() and all(map(_is_words, message.parts)):
        spoken = any(isinstance(part, Audio) for part in message.parts)
        what = "no speech was heard" if spoken else "there was nothing to answer"
        raise InputError(what, code="input_empty", remedy="say or write something")
    turn.mark("ingested")
    said_at = turn.parts.clock.now().astimezone().replace(tzinfo=None).isoformat()
    begun: Update = {"turn": turn.id, "said_at": said_at, "steps": 0, "reply": ""}
    if turn.parts.guardrails.input:
        # They are no message of the turn before they have passed.
        return {**begun, "heard": message.to_json()}
    return {**begun, "messages": [message.to_json(), *state.get("since", [])]}


def _is_words(part: Part) -> bool:
    """Whether nothing but its words counts; a sound that nobody transcribed is for the model to hear."""
    return isinstance(part, Text) or (isinstance(part, Audio) and part.hearing is not None)
