"""collect: results in the order of the calls, as one message for the model; and who goes on.

Calls that the caller is to run are handed to him, and the turn ends.
"""

from __future__ import annotations

from ..events import ToolRequested
from ..handoff import MOST, hand_over
from ..messages import Message
from ..state import Turn, TurnState, Update
from .results import results_message


async def collect(state: TurnState, turn: Turn) -> Update:
    """Join what was refused and what `act` ran; then hand over to another agent where that was called for."""
    calls, team = Message.from_json(state["messages"][-1]).tool_calls, turn.parts.team
    handed = {call["id"]: call for call in state["handed"]}
    mine = tuple(call for call in calls if call.id not in handed)
    update: Update = {"allowed": []}
    if mine:
        update["messages"] = [results_message(mine, state["results"]).to_json()]
    if handed:
        for call in handed.values():
            turn.emit(ToolRequested(call["id"], call["name"], call["arguments"]))
        return update
    if to := team.followed(state["results"], calls):
        times = len(team.followed(state["results"]))
        await hand_over(to[0], state, turn, final=times >= MOST)
        if times <= MOST:
            # Who takes over has all of its own steps.
            update["steps"] = 0
    return update
