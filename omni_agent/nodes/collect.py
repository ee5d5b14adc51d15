"""collect: results in the order of the calls, as one message for the model."""

from __future__ import annotations

from ..messages import Message
from ..state import Turn, TurnState, Update
from .results import results_message


async def collect(state: TurnState, turn: Turn) -> Update:
    """Join what was refused and what `act` ran."""
    calls = Message.from_json(state["messages"][-1]).tool_calls
    return {"messages": [results_message(calls, state["results"]).to_json()], "allowed": []}
