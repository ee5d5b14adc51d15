"""What runs in threads while an event loop's time stands still, and what those threads hand back to it."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from .waiting import VirtualTimeError

_T = TypeVar("_T")

# Real seconds. A thread that has handed something over while another still works is answered after the first:
# the other may be waiting for the loop. The second is for threads that nobody announced.
_SETTLED = 1.0
_STRANGERS = 0.25


class ThreadWork:
    """The work that threads do for one loop.

    What they hand over is kept until the loop has nothing else to do, and all work has ended; then it comes
    in the order in which the work was begun. So the speed of threads does not show.

    Args:
        patience: Real seconds without any news from them before the loop gives up.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._changed = threading.Condition()
        self._changes = 0
        self._numbers = itertools.count()
        self._works: dict[int, str] = {}
        self._futures: dict[asyncio.Future[Any], tuple[int, str]] = {}
        self._threads: dict[int, int] = {}
        self._posts: list[tuple[int, int, asyncio.Handle]] = []
        self._given_up = False
        self.collecting = False

    def began(self, name: str) -> int:
        """Some work was given to a pool; the number to tell its end by."""
        with self._changed:
            number = next(self._numbers)
            self._works[number] = name
            return number

    def within(self, number: int, work: Callable[..., _T], *args: Any) -> _T:
        """Do this work in the thread that calls."""
        self._threads[threading.get_ident()] = number
        return work(*args)

    def ended(self, number: int) -> None:
        """That work is over, and has handed over all that it had; from any thread."""
        with self._changed:
            self._works.pop(number, None)
            self._notify()

    def expect(self, future: asyncio.Future[Any], name: str) -> None:
        """A thread is going to finish this future."""
        with self._changed:
            self._futures[future] = (next(self._numbers), name)

    def post(self, handle: asyncio.Handle, call: tuple[object, ...], number: int | None = None) -> None:
        """Hand something over to the loop; from any thread.

        Args:
            handle: What the loop is to run.
            call: The function in it and its arguments, by which is found whose work this is.
            number: Whose work it is, where that is known.
        """
        with self._changed:
            if number is None:
                number = self._answered(call)
            if number is None:
                number = self._threads.get(threading.get_ident(), next(self._numbers))
            self._posts.append((number, next(self._numbers), handle))
            self._notify()

    @property
    def idle(self) -> bool:
        """Whether no work is left."""
        with self._changed:
            return not self._outstanding()

    def taken(self) -> list[asyncio.Handle]:
        """What was handed over so far, without waiting."""
        with self._changed:
            posts, self._posts = sorted(self._posts, key=lambda post: post[:2]), []
        return [handle for _, _, handle in posts]

    def collect(self, *, strangers: bool = False) -> list[asyncio.Handle]:
        """Wait for the work, then what was handed over; once it took too long, no longer wait.

        Args:
            strangers: Also wait a moment for threads that nobody announced.

        Raises:
            VirtualTimeError: The work takes longer than `patience`.
        """
        self.collecting = True
        try:
            with self._changed:
                while self._outstanding() and not self._given_up:
                    if not self._news(_SETTLED if self._posts else self._patience):
                        if self._posts:
                            break
                        self._given_up = True
                        raise VirtualTimeError(self._complaint())
                if strangers and not self._posts:
                    self._news(_STRANGERS)
            return self.taken()
        finally:
            self.collecting = False

    def _outstanding(self) -> bool:
        for future in [future for future in self._futures if future.done()]:
            del self._futures[future]
        return bool(self._works or self._futures)

    def _news(self, seconds: float) -> bool:
        before = self._changes
        return self._changed.wait_for(lambda: self._changes != before, seconds)

    def _notify(self) -> None:
        self._changes += 1
        self._changed.notify()

    def _answered(self, call: tuple[object, ...]) -> int | None:
        """The number of the expected future that a call finishes: one of its arguments, or in its closure."""
        for value in (*call, getattr(call[0], "__self__", None), *_closure(call[0])):
            if isinstance(value, asyncio.Future) and value in self._futures:
                return self._futures.pop(value)[0]
        return None

    def _complaint(self) -> str:
        names = [*self._works.values(), *(name for _, name in self._futures.values())]
        return f"{self._patience:g} real seconds went by, and threads still work: {', '.join(names)}"


def _closure(function: object) -> Iterator[object]:
    for cell in getattr(function, "__closure__", None) or ():
        # A variable that has no value yet.
        with suppress(ValueError):
            yield cell.cell_contents


def name_of(work: Callable[..., object]) -> str:
    """A function's name, also out of `partial` and `asyncio.to_thread`."""
    while isinstance(work, partial):
        # `to_thread` calls `Context.run` with the function as its first argument.
        through_context = getattr(work.func, "__name__", "") == "run" and work.args and callable(work.args[0])
        work = work.args[0] if through_context else work.func
    return f"{getattr(work, '__module__', '') or '?'}.{getattr(work, '__qualname__', repr(work))}"
