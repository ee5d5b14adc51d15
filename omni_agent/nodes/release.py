"""release: an answer goes on behind a clause that a guardrail asked about, or ends before it."""

from __future__ import annotations

from typing import cast

from langgraph.types import Overwrite

from ..guardrails import DECLINED, phrase
from ..messages import JsonObject, Message, Text
from ..state import Turn, TurnState, Update
from .saying import say
from .sieve import Sieve


async def release(state: TurnState, turn: Turn) -> Update:
    """After a yes say the clause, and the rest of its answer as the guardrails let it pass.

    Anything else drops them, and the calls of that answer.
    """
    asked = state["withheld"]
    before: str = asked["said"]
    if not asked["yes"]:
        user = Message.from_json(state["messages"][0])
        declined = await phrase(DECLINED, before or user.text, turn)
        await say(declined, turn)
        return _update(f"{before} {declined}".strip(), state, {"stopped": True})
    gap: str = asked["lead"] if before else (" " if state["reply"] else "")
    sieve = Sieve(turn, reply=state["reply"] + gap, gap="", sounds=False)
    await sieve.judge(asked["text"], first=asked["place"] + 1)
    await sieve.feed(asked["rest"])
    await sieve.finish()
    said = before + (gap if before and sieve.said else "") + sieve.said
    if sieve.withheld:
        return _update(said, state, {"withheld": {**sieve.withheld, "said": said, "calls": asked["calls"]}})
    if sieve.stopped:
        return _update(said, state, {"stopped": True})
    return _update(said, state, {}, asked["calls"])


def _update(said: str, state: TurnState, update: Update, calls: list[JsonObject] | None = None) -> Update:
    """With the whole answer as the last message, in place of what it was when the question was put."""
    before = state["withheld"]["said"]
    kept = state["messages"][:-1] if before else state["messages"]
    words = Message("assistant", (Text(said),) if said else ()).to_json()
    words["parts"] += calls or []
    spoken = said[len(before) :]
    gap = " " if state["reply"] and not before and spoken else ""
    messages = [*kept, *([words] if words["parts"] else [])]
    return {
        "withheld": {},
        "messages": cast(list[JsonObject], Overwrite(messages)),
        "reply": state["reply"] + gap + spoken,
        **update,
    }
