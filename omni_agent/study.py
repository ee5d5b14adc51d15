"""Learning between turns: what a conversation left to do is done when nobody talks, and makes way at once.

What needs no model is learnt at once. When it has been quiet for a moment, the conversation's prompt is
computed as its next turn will need it; then memory does the rest piece by piece, with the model's help: what
is to be read, and what has become long; and the prompt is computed anew. A turn that begins stops all of it;
what was not done is done later, also after a restart.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from .clock import Clock
from .errors import OmniError
from .memory import KnowledgeStore
from .models.base import OmniModel

log = logging.getLogger(__name__)

QUIET = 1.0
"""Seconds without a turn after which the work begins: who talks on at once is not slowed down by it."""

Ready = Callable[[], Awaitable[None]]


class Study:
    """The work between the turns of an agent.

    Args:
        memory: Knows what there is to do.
        model: Helps with it.
        clock: Tells when it has been quiet for long enough.
        upkeep: What is to be done when nothing is left to learn.
    """

    def __init__(
        self, memory: KnowledgeStore, model: OmniModel, clock: Clock, *, upkeep: Ready | None = None
    ) -> None:
        self._memory = memory
        self._model = model
        self._clock = clock
        self._upkeep = upkeep or _nothing
        self._talking = 0
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    @asynccontextmanager
    async def turn(self, ready: Ready) -> AsyncIterator[None]:
        """While a turn runs nothing is studied; `ready` then makes the model ready for the next."""
        self._talking += 1
        await self._stop()
        try:
            yield
        finally:
            self._talking -= 1
            if not self._talking:
                self._begin(ready)

    async def settled(self) -> None:
        """Have everything done that is left to do, now; returns when it is, or when a turn begins."""
        if self._talking:
            return
        if self._task is None or self._task.done():
            self._begin(_nothing)
        self._hurry.set()
        await asyncio.wait([task for task in (self._task,) if task])

    async def close(self) -> None:
        """Stop; of what is left only that is done now which needs no model."""
        await self._stop()
        try:
            await self._all(None)
        except OmniError as error:
            log.info("study: %s", error)

    def _begin(self, ready: Ready) -> None:
        self._hurry = asyncio.Event()
        self._task = asyncio.create_task(self._work(ready, self._hurry))

    async def _stop(self) -> None:
        task, self._task = self._task, None
        if task and not task.done() and task.get_loop() is asyncio.get_running_loop():
            task.cancel()
            await asyncio.wait([task])

    async def _work(self, ready: Ready, hurry: asyncio.Event) -> None:
        try:
            await self._all(None)
            await self._quiet(hurry)
            await ready()
            if await self._all(self._model):
                # A summary moves where the conversation's prompt begins, and the work took the model's cache.
                await ready()
            await self._upkeep()
        except OmniError as error:
            log.info("study: %s", error)
        except Exception:
            # A store or a model of somebody else may fail in any way; the next turn must not notice.
            log.exception("study failed")

    async def _all(self, model: OmniModel | None) -> bool:
        """Do all there is to do; whether that was anything."""
        done = False
        while await self._memory.study(model):
            done = True
        return done

    async def _quiet(self, hurry: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(self._clock.sleep(QUIET)), asyncio.ensure_future(hurry.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


async def _nothing() -> None:
    pass
