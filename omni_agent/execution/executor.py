"""Runs calls, each once, and brings those to their end that may not be cut off.

| acquired             | released                                                                        |
|----------------------|---------------------------------------------------------------------------------|
| task of a call       | when the tool ends, at its timeout, or, where it may be cut off, with its turn  |
| entry in the journal | settled by that task, however it ends                                           |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar
from weakref import WeakKeyDictionary

from ..errors import MemoryStoreError
from ..messages import ResultStatus, ToolResult
from .entry import Entry
from .journal import Journal

log = logging.getLogger(__name__)

AT_ONCE = 8
GRACE = 10.0
_SETTLING = 0.25
DONE_BEFORE = "Already done, not run again."
_CUT_OFF = "It was cut off before it was done."

T = TypeVar("T")
Work = Callable[[], Awaitable[ToolResult]]
Late = Callable[[Entry], None]


@dataclass(slots=True)
class _Call:
    """A call in this process."""

    entry: Entry
    work: Work
    repeats: bool
    may_be_cut_off: bool
    task: asyncio.Task[ToolResult] | None = None
    begun: bool = False
    called_off: bool = False
    # The turn is over and waits no longer.
    left: bool = False


class Executor:
    """Runs the calls of one agent.

    Args:
        journal: Where calls are entered.
        at_once: How many may run at the same time; others wait.
    """

    def __init__(self, journal: Journal, *, at_once: int = AT_ONCE) -> None:
        self.journal = journal
        self._at_once = at_once
        self._room: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
        self._calls: dict[str, _Call] = {}
        self._late = set[Late]()

    async def run(
        self, entry: Entry, work: Work, *, repeats: bool = False, may_be_cut_off: bool = False
    ) -> ToolResult:
        """The result of a call: of `work`, or of the same call if that was begun before.

        Cancelling this ends a call that may be cut off; any other goes on, and `late` tells of its end.

        Args:
            entry: The call.
            work: Runs the tool, within its time limit, and does not raise.
            repeats: A second identical call is meant.
            may_be_cut_off: See `Tool.cancellable`.
        """
        known = self._calls.get(entry.key)
        call = known or _Call(entry, work, repeats, may_be_cut_off)
        if call.task is None:
            self._calls[entry.key] = call
            call.task = asyncio.create_task(self._attempt(call))
        try:
            return await asyncio.shield(call.task)
        except asyncio.CancelledError:
            self._leave(call)
            raise

    async def results(self, keys: Iterable[str]) -> dict[str, ToolResult]:
        """What is known of calls of a turn that stopped midway; those cut off get a moment to say so."""
        wanted = list(keys)
        ending = [
            call.task for key in wanted if (call := self._calls.get(key)) and call.task and call.called_off
        ]
        if ending:
            await asyncio.wait(ending, timeout=_SETTLING)
        entries = await self.ask(lambda: self.journal.entries(wanted))
        return {key: entry.result() for key, entry in entries.items()}

    async def ask(self, question: Callable[[], T]) -> T:
        """Ask the journal something, without blocking the loop where it is a file.

        Raises:
            MemoryStoreError: The journal cannot be read or written.
        """
        return await asyncio.to_thread(question) if self.journal.path else question()

    def on_late(self, tell: Late) -> Callable[[], None]:
        """Be told of calls that end after their turn; gives what stops that."""
        self._late.add(tell)
        return lambda: self._late.discard(tell)

    async def close(self, grace: float = GRACE) -> None:
        """Wait so many seconds for what may not be cut off, end the rest, and close the journal."""
        loop = asyncio.get_running_loop()
        mine = [c for c in self._calls.values() if c.task and c.task.get_loop() is loop and not c.task.done()]
        for call in mine:
            self._leave(call)
        tasks = [call.task for call in mine if call.task]
        if tasks:
            _, slow = await asyncio.wait(tasks, timeout=grace)
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)
        await self.ask(self.journal.close)

    def _leave(self, call: _Call) -> None:
        call.left = True
        if call.may_be_cut_off or not call.begun:
            call.called_off = True
            if call.begun and call.task:
                call.task.cancel()

    async def _attempt(self, call: _Call) -> ToolResult:
        try:
            async with self._limit():
                return await self._once(call)
        finally:
            del self._calls[call.entry.key]

    async def _once(self, call: _Call) -> ToolResult:
        try:
            entry, fresh = await self.ask(lambda: self.journal.claim(call.entry, repeats=call.repeats))
        except MemoryStoreError as error:
            if call.entry.effect != "read":
                return _result(call, "failed", f"It was not run, because the journal fails: {error.message}")
            log.warning("a call runs without the journal: %s", error)
            return await call.work()
        if not fresh:
            return await self._joined(entry, call)
        return await self._settled(call, await self._worked(call))

    async def _worked(self, call: _Call) -> ToolResult:
        if call.called_off:
            return _result(call, "cancelled", "It was cut off before it began; nothing was done.")
        call.begun = True
        try:
            return await call.work()
        except asyncio.CancelledError:
            if call.called_off:
                return _result(call, "cancelled", _CUT_OFF)
            self._give_up(call)
            raise
        except BaseException:
            self._give_up(call)
            raise

    def _give_up(self, call: _Call) -> None:
        """Enter that nobody knows how a call ended: the loop is closing, or there is a defect.

        It does not wait for anything but the disk: there may be no time left for more.
        """
        with suppress(MemoryStoreError):
            status: ResultStatus = "cancelled" if call.entry.effect == "read" else "unknown"
            self.journal.settle(call.entry.key, _result(call, status, ""))

    async def _settled(self, call: _Call, result: ToolResult) -> ToolResult:
        try:
            await asyncio.shield(self.ask(lambda: self.journal.settle(call.entry.key, result)))
        except MemoryStoreError as error:
            log.warning("the end of %s is not in the journal: %s", call.entry.call.name, error)
        if call.left and not call.called_off:
            ended = replace(call.entry, status=result.status, content=result.content, media=result.media)
            for tell in tuple(self._late):
                tell(ended)
        return result

    async def _joined(self, entry: Entry, call: _Call) -> ToolResult:
        """What an entry that stands for this call gives: where it still runs here, what it is going to."""
        own = entry.key == call.entry.key
        running = self._calls.get(entry.key)
        if not own and running and running.task:
            result = await asyncio.shield(running.task)
        else:
            now = await self.ask(lambda: self.journal.entries([entry.key]))
            result = now.get(entry.key, entry).result()
        told = f"{DONE_BEFORE} {result.content}" if result.status == "done" and not own else result.content
        return replace(result, call_id=call.entry.call.id, content=told)

    def _limit(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        return self._room.setdefault(loop, asyncio.Semaphore(self._at_once))


def _result(call: _Call, status: ResultStatus, why: str) -> ToolResult:
    return replace(replace(call.entry, content=why).result(), status=status)
