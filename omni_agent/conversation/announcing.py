"""What comes up between turns, said when nobody speaks: alarms, and the ends of calls that ran on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from ..events import AgentEvent, SpeechChunk
from ..notices import notices
from .playout import Playout
from .turn_taking import Floor

if TYPE_CHECKING:
    from ..state import Parts

_LOOK = 0.1


async def announce(
    parts: Parts,
    user: str,
    session: str,
    playout: Playout,
    *,
    floor: Callable[[], Floor],
    emit: Callable[[AgentEvent], None],
) -> None:
    """Tell it as it happens, until cancelled; what is spoken comes after what the agent is saying.

    Args:
        parts: The agent's.
        user: Whose alarms.
        session: The conversation whose late calls are told.
        playout: Where it is heard.
        floor: Whose turn it is.
        emit: Takes what the caller is to see.
    """
    async with aclosing(notices(parts, parts.scope(user), session, speak=True)) as news:
        async for event in news:
            if isinstance(event, SpeechChunk):
                while floor() in (Floor.USER, Floor.PAUSE, Floor.HELD):
                    await parts.clock.sleep(_LOOK)
                # Its words are no part of any reply.
                at = playout.queued_text
                event = replace(event, span=(at, at), words=())
                playout.queue(event)
            emit(event)
