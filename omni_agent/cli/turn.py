"""One turn at the terminal, with the questions that it may ask."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from ..events import AgentEvent, ApprovalRequested
from ..reply import raise_failure

if TYPE_CHECKING:
    from ..agent import Agent
    from .screen import Screen


async def show_turn(
    agent: Agent, screen: Screen, *, session: str, user: str, speak: bool = False, **inputs: Any
) -> list[AgentEvent]:
    """Run a turn and show it; gives all of its events.

    Approvals are asked for where a person sits at the terminal; elsewhere the turn stays waiting.

    Raises:
        OmniError: The turn failed.
    """
    seen = await _shown(agent.stream(session=session, user=user, speak=speak, **inputs), screen)
    while sys.stdin.isatty() and (asked := [event for event in seen if isinstance(event, ApprovalRequested)]):
        answers = {event.id: await asyncio.to_thread(_yes, event.question) for event in asked}
        more = await _shown(agent.decide(answers, session=session, user=user, speak=speak), screen)
        seen = [*(event for event in seen if not isinstance(event, ApprovalRequested)), *more]
    return seen


async def _shown(events: AsyncGenerator[AgentEvent, None], screen: Screen) -> list[AgentEvent]:
    seen: list[AgentEvent] = []
    async with aclosing(events):
        async for event in events:
            seen.append(event)
            screen.show(event)
    raise_failure(seen)
    return seen


def _yes(question: str) -> bool:
    return input(f"      {question} [y/N] ").strip().casefold() in {"y", "yes"}
