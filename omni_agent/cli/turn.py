"""One turn at the terminal, with the questions that it may ask."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from ..events import AgentEvent, ApprovalRequested
from ..reply import raise_failure

if TYPE_CHECKING:
    from ..agent import Agent
    from .screen import Screen

PROMPT = "  you › "


async def show_turn(
    agent: Agent, screen: Screen, *, session: str, user: str, speak: bool = False, **inputs: Any
) -> list[AgentEvent]:
    """Run a turn and show it; gives all of its events.

    Raises:
        OmniError: The turn failed.
    """
    seen: list[AgentEvent] = []
    async with aclosing(agent.stream(session=session, user=user, speak=speak, **inputs)) as events:
        async for event in events:
            seen.append(event)
            screen.show(event)
    raise_failure(seen)
    return seen


async def show_answered_turn(
    agent: Agent, screen: Screen, *, session: str, user: str, speak: bool = False, **inputs: Any
) -> list[AgentEvent]:
    """As `show_turn`; what it asks is answered where a person sits at the terminal, elsewhere it stays open.

    Raises:
        OmniError: The turn failed.
    """
    seen = await show_turn(agent, screen, session=session, user=user, speak=speak, **inputs)
    while sys.stdin.isatty() and any(isinstance(event, ApprovalRequested) for event in seen):
        said = await asyncio.to_thread(input, PROMPT)
        kept = (event for event in seen if not isinstance(event, ApprovalRequested))
        more = await show_turn(
            agent, screen, session=session, user=user, speak=speak, text=said.strip() or "no"
        )
        seen = [*kept, *more]
    return seen
