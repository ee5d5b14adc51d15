"""Several turns at once, their events as one stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TypeAlias

from ...events import AgentEvent

Numbered: TypeAlias = tuple[int, AgentEvent]
_ROOM = 16


async def numbered(turns: Sequence[AsyncGenerator[AgentEvent, None]]) -> AsyncGenerator[Numbered, None]:
    """The events of all turns as they come, each with the number of its turn.

    Closing it closes them.

    Raises:
        Exception: What one of the turns raises; the others are closed.
    """
    if len(turns) == 1:
        async with aclosing(turns[0]) as events:
            async for event in events:
                yield 0, event
        return
    queue: asyncio.Queue[Numbered | Exception | None] = asyncio.Queue(_ROOM)
    # A task group has no place in a generator: closing that would be one more failure to the group.
    tasks = [asyncio.create_task(_feed(i, turn, queue)) for i, turn in enumerate(turns)]
    try:
        left = len(tasks)
        while left:
            item = await queue.get()
            if isinstance(item, Exception):
                raise item
            if item is None:
                left -= 1
            else:
                yield item
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _feed(
    number: int,
    turn: AsyncGenerator[AgentEvent, None],
    queue: asyncio.Queue[Numbered | Exception | None],
) -> None:
    try:
        async with aclosing(turn) as events:
            async for event in events:
                await queue.put((number, event))
        await queue.put(None)
    except Exception as error:
        # Raised where the events are read.
        await queue.put(error)
