"""What happens between the turns of a conversation: alarms that are due, and calls that end late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from .errors import MemoryStoreError
from .events import AgentEvent, AlarmRaised, ErrorRaised, SpeechChunk, ToolFinished
from .execution import Entry
from .execution.standing import shortened
from .memory import Scope
from .speech.delivery import Delivery
from .state import Parts

LOOK = 0.5
"""Seconds between two looks at the alarms: others may set them, in this process or another."""


async def notices(
    parts: Parts, scope: Scope, session: str, *, speak: bool
) -> AsyncGenerator[AgentEvent, None]:
    """Events as they happen, until it is closed; `Agent.notices` has the rest."""
    queue: asyncio.Queue[AgentEvent] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def tell(entry: Entry) -> None:
        # The journal does not keep which circle a persona is in.
        whose = (entry.scope.user, entry.scope.persona)
        if whose == (scope.user, scope.persona) and session in ("", entry.session):
            end = ToolFinished(entry.call.id, entry.call.name, entry.status, shortened(entry.content))
            # The call may have run on another loop, in another thread.
            loop.call_soon_threadsafe(queue.put_nowait, end)

    forget = parts.executor.on_late(tell)
    watching = asyncio.create_task(_watch(parts, scope.user, queue, speak=speak))
    try:
        while True:
            yield await queue.get()
    finally:
        forget()
        watching.cancel()
        await asyncio.wait([watching])


async def _watch(parts: Parts, user: str, queue: asyncio.Queue[AgentEvent], *, speak: bool) -> None:
    warned = False
    while True:
        try:
            due = await asyncio.to_thread(parts.alarms.take_due, user, parts.clock.now())
        except MemoryStoreError as error:
            if not warned:
                queue.put_nowait(ErrorRaised(error.code, error.message, error.remedy, severity="note"))
            warned, due = True, []
        for alarm in due:
            queue.put_nowait(AlarmRaised(alarm.key, alarm.text))
            if speak and parts.senses.voice:
                await _speak(alarm.text, parts, queue)
        await parts.clock.sleep(LOOK)


async def _speak(text: str, parts: Parts, queue: asyncio.Queue[AgentEvent]) -> None:
    async def send(event: SpeechChunk | ErrorRaised) -> None:
        queue.put_nowait(event)

    delivery = Delivery(parts.senses.voice, parts.persona_beside, send=send)
    async with asyncio.TaskGroup() as group:
        group.create_task(delivery.run())
        await delivery.say(text)
        await delivery.finish()
