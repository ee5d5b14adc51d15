"""collect: results in the order of the calls, as one message for the model; and who goes on."""

from __future__ import annotations

from ..handoff import MOST, hand_over
from ..messages import Message
from ..state import Turn, TurnState, Update
from .results import results_message


async def collect(state: TurnState, turn: Turn) -> Update:
    """Join what was refused and what `act` ran; then hand over to another agent where that was called for."""
    calls, team = Message.from_json(state["messages"][-1]).tool_calls, turn.parts.team
    update: Update = {"messages": [results_message(calls, state["results"]).to_json()], "allowed": []}
    if to := team.followed(state["results"], calls):
        times = len(team.followed(state["results"]))
        await hand_over(to[0], state, turn, final=times >= MOST)
        if times <= MOST:
            # Who takes over has all of its own steps.
            update["steps"] = 0
    return update
