"""Hours in milliseconds: a program whose time is virtual.

    @in_virtual_time
    async def test_the_reminder_comes_in_time() -> None:
        async with Agent(model=model, memory=None, clock=LoopClock()) as agent:
            ...
            await asyncio.sleep(3600)

Nothing waits in real time except for work in threads, during which virtual time stands still. Two runs of one
program see the same moments in the same order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, overload

from .virtual_loop import VirtualLoop

P = ParamSpec("P")
T = TypeVar("T")


class LoopClock:
    """A clock that shows the time of the running event loop: under `run_virtually`, virtual time.

    `asyncio.sleep`, `asyncio.timeout` and this clock then agree. A thread may read it once the loop has.

    Args:
        start: What `now` says when the loop's time is 0, with a time zone.
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._loop: asyncio.AbstractEventLoop | None = None

    def monotonic(self) -> float:
        """Seconds of the loop's time.

        Raises:
            RuntimeError: No loop runs here, and none has shown it yet.
        """
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            if self._loop is None:
                raise
        return self._loop.time()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def run_virtually(
    main: Coroutine[Any, Any, T],
    *,
    patience: float = 30.0,
    limit: float = 86_400.0,
    threaded: Collection[str] = (),
) -> T:
    """Run a coroutine on a loop of its own in virtual time, as `asyncio.run` does in real time.

    Args:
        main: The program.
        patience: Real seconds that threads may work without a word before that is an error.
        limit: Virtual seconds that the program may take at most; a day.
        threaded: Names of modules that make futures for threads of their own to finish, as database drivers
            do. `aiosqlite`, SQLAlchemy's use of it and this package's own are known.

    Raises:
        VirtualTimeError: Nothing is left that could go on, a thread hangs, or the limit is reached; it names
            the tasks that wait and where.
        RuntimeError: A loop runs here already.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        main.close()
        raise RuntimeError("run_virtually() needs a thread without a running event loop")
    made = VirtualLoop(patience=patience, limit=limit, threaded=threaded)
    with asyncio.Runner(loop_factory=lambda: made) as runner:
        return runner.run(main)


@overload
def in_virtual_time(test: Callable[P, Coroutine[Any, Any, T]], /) -> Callable[P, T]: ...


@overload
def in_virtual_time(
    *, patience: float = ..., limit: float = ..., threaded: Collection[str] = ...
) -> Callable[[Callable[P, Coroutine[Any, Any, T]]], Callable[P, T]]: ...


def in_virtual_time(
    test: Callable[..., Coroutine[Any, Any, Any]] | None = None,
    /,
    *,
    patience: float = 30.0,
    limit: float = 86_400.0,
    threaded: Collection[str] = (),
) -> Callable[..., Any]:
    """Make a plain function of an async one, which runs in virtual time: for tests.

    It needs no plugin; fixtures come as usual, but not those that are async themselves. The arguments are
    those of `run_virtually`.
    """

    def decorated(test: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
        @wraps(test)
        def run(*args: Any, **named: Any) -> Any:
            main = test(*args, **named)
            return run_virtually(main, patience=patience, limit=limit, threaded=threaded)

        return run

    return decorated if test is None else decorated(test)
