"""consent: the user is asked whether words may go on that a guardrail held back.

A node of its own, without side effects: when the answer comes, it runs again from its first line.
"""

from __future__ import annotations

from dataclasses import asdict

from langgraph.types import interrupt

from ..events import ApprovalRequested
from ..state import Turn, TurnState, Update

ID = "guardrail"


async def consent(state: TurnState, turn: Turn) -> Update:
    """Put the question; the words go on with `yes` beside them, which is true for a yes to just these."""
    asked = state["withheld"]
    request = ApprovalRequested(ID, asked["name"], {}, asked["question"], "guardrail", asked["digest"])
    answers = interrupt({"asked_at": turn.parts.clock.now().isoformat(), "questions": [asdict(request)]})
    answer = answers.get(ID)
    # A program that runs the graph itself may answer with plain truth values.
    given = answer if isinstance(answer, dict) else {"yes": answer, "digest": asked["digest"]}
    yes = given.get("yes") is True and given.get("digest") == asked["digest"]
    return {"withheld": {**asked, "yes": yes}}
