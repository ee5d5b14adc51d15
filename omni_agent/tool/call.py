"""How a tool's function is called, whatever kind of function it is."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, closing, suppress
from typing import Any

from ..messages import Audio, Image, Video
from .context import ToolContext
from .result import as_text

LONGEST_PROGRESS = 200


async def call(function: Callable[..., Any], values: dict[str, Any], context: ToolContext) -> object:
    """Call a function and give its result; each kind of function has its own way.

    - `async def`: awaited.
    - `def`: in a thread of its own, which it may block.
    - a generator, plain (in a thread) or async: every value that it yields is progress. The result is what
      it returns; where it returns nothing, which an async generator cannot, the last value it yielded. It is
      closed at its next `yield` once nobody waits for it.
    """
    try:
        if inspect.isasyncgenfunction(function):
            return await _drained_async(function(**values), context)
        if inspect.iscoroutinefunction(function):
            return await function(**values)
        if inspect.isgeneratorfunction(function):
            return await in_thread(lambda: _drained(function(**values), context))
        result = await in_thread(lambda: function(**values))
        return await result if inspect.isawaitable(result) else result
    except (SystemExit, KeyboardInterrupt) as error:
        # Out of a task these end the whole program, which is not a tool's to do.
        raise RuntimeError(f"it tried to end the program ({type(error).__name__})") from error


async def in_thread(work: Callable[[], object]) -> Any:
    """The result of `work`, done in a thread of its own.

    Not one of the loop's pool: a tool that never returns would take a place there for good, and the program
    could not end without it.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[object] = loop.create_future()
    variables = contextvars.copy_context()

    def settle(result: object, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def run() -> None:
        result: object = None
        error: BaseException | None = None
        try:
            result = variables.run(work)
        except StopIteration as stop:
            # A future cannot hold this one: in a coroutine it would mean the end of an iteration.
            error = RuntimeError(f"StopIteration: {stop.value}")
        except BaseException as raised:
            error = raised
        # The loop may be closed by now: then nobody waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="omni-agent-tool", daemon=True).start()
    return await future


def _drained(generator: Generator[object, None, object], context: ToolContext) -> object:
    last: object = None
    with closing(generator):
        while True:
            context.raise_if_cancelled()
            try:
                last = next(generator)
            except StopIteration as stop:
                return last if stop.value is None else stop.value
            _report(last, context)


async def _drained_async(generator: AsyncGenerator[object, None], context: ToolContext) -> object:
    last: object = None
    async with aclosing(generator):
        async for last in generator:
            _report(last, context)
            context.raise_if_cancelled()
    return last


def _report(value: object, context: ToolContext) -> None:
    if not isinstance(value, Image | Audio | Video):
        context.report(as_text(value)[:LONGEST_PROGRESS])
