"""LangGraph's saver for one turn: it opens the checkpoint file only for a turn that waits, or waited.

A turn that comes to its end leaves nothing behind, so what LangGraph puts at a turn's end is held until it is
sure that the turn waits for an answer: an interrupt is among it. Opening the file, and writing to it what is
deleted a moment later, took longer than the rest of the turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import aiosqlite
from langgraph.checkpoint.serde.types import INTERRUPT
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from .unbroken import Unbroken

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import (
        ChannelVersions,
        Checkpoint,
        CheckpointMetadata,
        CheckpointTuple,
    )


class Saver(AsyncSqliteSaver):
    """A saver whose file is opened when there is something to read or to keep in it.

    Args:
        connect: Opens the file.
        kept: The threads that have something there.
    """

    conn: aiosqlite.Connection

    def __init__(self, connect: Callable[[], Awaitable[aiosqlite.Connection]], kept: Collection[str]) -> None:
        super().__init__(None)  # type: ignore[arg-type] # opened by `setup`
        self._connect = connect
        self._kept = set(kept)
        self._opening = asyncio.Lock()
        self._held: list[tuple[str, Callable[[], Awaitable[Any]]]] = []
        self._waiting = set[str]()
        self._writing = Unbroken()

    async def setup(self) -> None:
        """Open the file, if that was not done."""
        async with self._opening:
            if self.conn is None:
                self.conn = await self._connect()
        await super().setup()

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The last checkpoint of a thread."""
        thread = _thread(config)
        await self._keep(thread)
        return await super().aget_tuple(config) if thread in self._kept else None

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 (LangGraph's name)
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """The checkpoints of a thread, or of all, the newest first."""
        await self._keep(_thread(config) if config else None)
        async for found in super().alist(config, filter=filter, before=before, limit=limit):
            yield found

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Hold a checkpoint, or keep it where its thread waits."""
        put = super().aput
        await self._hold(_thread(config), lambda: put(config, checkpoint, metadata, new_versions))
        names = {name: config["configurable"][name] for name in ("thread_id", "checkpoint_ns")}
        return {"configurable": {**names, "checkpoint_id": checkpoint["id"]}}

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Hold writes; with an interrupt among them their thread waits."""
        if any(channel == INTERRUPT for channel, _ in writes):
            self._waiting.add(_thread(config))
        put = super().aput_writes
        await self._hold(_thread(config), lambda: put(config, writes, task_id, task_path))

    async def adelete_thread(self, thread_id: str) -> None:
        """Forget what is held and kept of a thread."""
        self._held = [one for one in self._held if one[0] != thread_id]
        self._waiting.discard(thread_id)
        if thread_id in self._kept:
            await self.setup()
            await self._writing.run(super().adelete_thread(thread_id))
            self._kept.discard(thread_id)

    async def close(self) -> None:
        """Close the file, if it was opened; what is held is dropped."""
        await self._writing.finish()
        if self.conn is not None:
            await self.conn.close()

    async def _hold(self, thread: str, put: Callable[[], Awaitable[Any]]) -> None:
        """Hold what is put, or keep it where its thread waits: LangGraph puts in no certain order."""
        self._held.append((thread, put))
        if thread in self._waiting or thread in self._kept:
            await self._keep(thread)

    async def _keep(self, thread: str | None) -> None:
        """Write what is held of a thread, or of all; also what is put while that is written."""
        while mine := [one for one in self._held if thread in (None, one[0])]:
            self._held = [one for one in self._held if one not in mine]
            self._kept |= {name for name, _ in mine}
            await self._writing.run(_done([put for _, put in mine]))


async def _done(puts: Sequence[Callable[[], Awaitable[Any]]]) -> None:
    for put in puts:
        await put()


def _thread(config: RunnableConfig) -> str:
    return str(config["configurable"]["thread_id"])
