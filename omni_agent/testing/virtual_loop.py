"""An event loop whose time jumps to the next timer instead of waiting for it."""

from __future__ import annotations

import asyncio
import selectors
import sys
import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple, Unpack

from .thread_work import ThreadWork, name_of
from .waiting import VirtualTimeError, waiting

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

# A thread of its own finishes the futures that these modules make.
THREADED = ("aiosqlite", "sqlalchemy.dialects.sqlite.aiosqlite", "omni_agent.tool.call")

# Passes of the loop without any time going by: after the first number threads are listened to all the same,
# the second is a program that spins.
_PASSES_UNHEARD, _PASSES = 10_000, 1_000_000
_PASSES_UNSEEN = 100


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop in virtual time, which begins at 0 and is counted in whole nanoseconds.

    While a thread works for the loop, time stands still: the work takes no time, however long it is. Sockets,
    pipes and subprocesses belong to the real world; this loop takes what they have, but does not wait for it.

    Args:
        patience: Real seconds that a thread may work without a word.
        limit: Virtual seconds after which the program is taken for one that never ends.
        threaded: Modules whose futures are finished by threads of their own, besides `THREADED`.
    """

    def __init__(
        self, *, patience: float = 30.0, limit: float = 86_400.0, threaded: Collection[str] = ()
    ) -> None:
        self._nanoseconds = 0
        self._limit = limit
        self._threaded = {*THREADED, *threaded}
        self._thread_work = ThreadWork(patience)
        self._home = threading.get_ident()
        self._pool: Executor | None = None
        self._chained: int | None = None
        self._passes = 0
        super().__init__(_Selector(self._nothing_ready))

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._nanoseconds / 1e9

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[_Ts]], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """As of any loop; `when` is rounded to a nanosecond, so that sums of times stay exact."""
        return super().call_at(round(when, 9), callback, *args, context=context)

    def call_soon_threadsafe(
        self,
        callback: Callable[[Unpack[_Ts]], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """As of any loop; what a thread hands over is taken when nothing else is left to do now."""
        home = threading.get_ident() == self._home
        if home and self._chained is None and not self._thread_work.collecting:
            return self.call_soon(callback, *args, context=context)
        if self.is_closed():
            raise RuntimeError("Event loop is closed")
        handle = asyncio.Handle(callback, args, self, context)
        self._thread_work.post(handle, (callback, *args), self._chained if home else None)
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        """As of any loop."""
        future = super().create_future()
        # Only who makes the future knows that a thread is to finish it, and says so to nobody.
        module = sys._getframe(1).f_globals.get("__name__", "")
        if module in self._threaded or module.partition(".")[0] in self._threaded:
            self._thread_work.expect(future, module)
        return future

    def set_default_executor(self, executor: Executor) -> None:
        """As of any loop."""
        self._pool = executor

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[_Ts]], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        """As of any loop; time stands still until the work is done."""
        if self.is_closed():
            raise RuntimeError("Event loop is closed")
        work, pool = self._thread_work, executor or self._own_pool()
        number = work.began(name_of(func))
        try:
            # What goes to other processes must be pickled, which this loop's own things cannot be.
            threads = isinstance(pool, ThreadPoolExecutor)
            running = pool.submit(work.within, number, func, *args) if threads else pool.submit(func, *args)
        except BaseException:
            work.ended(number)
            raise
        # Work that is done already hands over its result here and now, in this thread: that must not come
        # earlier than the result of work that is not.
        self._chained = number
        try:
            future = asyncio.wrap_future(running, loop=self)
        finally:
            self._chained = None
        # Added after the one by which the future gets its result, so called after it.
        running.add_done_callback(lambda _: work.ended(number))
        return future

    def close(self) -> None:
        """Wait for the threads, then close.

        Raises:
            VirtualTimeError: They do not end.
        """
        if self.is_closed():
            return
        try:
            self._thread_work.collect()
        finally:
            if self._pool:
                self._pool.shutdown(wait=self._thread_work.idle, cancel_futures=True)
            super().close()

    def _own_pool(self) -> Executor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(thread_name_prefix="virtual-loop")
        return self._pool

    def _nothing_ready(self, timeout: float | None) -> None:
        """The loop would now wait so many seconds: 0 to go on at once, None for as long as it takes."""
        if timeout is not None and timeout <= 0:
            self._passed_again()
            return
        self._passes = 0
        if handed := self._thread_work.collect(strangers=timeout is None):
            self._take(handed)
        elif timeout is None:
            raise VirtualTimeError(f"a deadlock: no task can go on, and no timer runs{waiting(self)}")
        else:
            self._jump(timeout)

    def _passed_again(self) -> None:
        self._passes += 1
        if self._passes % _PASSES_UNHEARD == 0:
            self._take(self._thread_work.taken())
        if self._passes > _PASSES:
            raise VirtualTimeError(f"a task goes round and round without any time passing{waiting(self)}")

    def _take(self, handed: list[asyncio.Handle]) -> None:
        for handle in handed:
            self.call_soon(_run, handle)

    def _jump(self, seconds: float) -> None:
        self._nanoseconds += max(1, round(seconds * 1e9))
        if self.time() > self._limit:
            raise VirtualTimeError(
                f"{self._limit:g} virtual seconds, the limit, are over; the program is not{waiting(self)}"
            )


class _Selector(selectors.BaseSelector):
    """A selector that never waits: it says how long it would have."""

    def __init__(self, nothing_ready: Callable[[float | None], None]) -> None:
        self._real = selectors.DefaultSelector()
        self._unseen = 0
        self._nothing_ready = nothing_ready

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # The real world is looked at when the program has nothing else to do, or is busy for long.
        busy = timeout is not None and timeout <= 0
        self._unseen = self._unseen + 1 if busy else 0
        events = self._real.select(0) if self._unseen % _PASSES_UNSEEN == 0 else []
        if not events:
            self._nothing_ready(timeout)
        return events

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.get_key(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


def _run(handle: asyncio.Handle) -> None:
    if not handle.cancelled():
        handle._run()
