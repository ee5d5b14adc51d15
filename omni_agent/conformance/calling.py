"""One call of a tool in the sandbox, with all that is seen of it."""

from __future__ import annotations

import asyncio
import copy
import itertools
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ..alarms import ToolAlarms
from ..errors import ToolError
from ..media import MediaStore
from ..messages import JsonObject
from ..tool import Cancellation, Tool, ToolContext
from ..tool.result import split
from .sandbox import Sandbox, Thing, substance
from .watch import Deed, Watch

THREAD = "omni-agent-tool"
# Seconds for a tool to end once it was cut off.
GRACE = 2.0

Ending = Literal["result", "refused", "raised", "cut off"]


@dataclass(frozen=True, slots=True)
class Call:
    """What came of a call.

    Attributes:
        ending: `refused` is a `ToolError`; `cut off` did not end by itself.
        text: The result or the error, as text.
        value: The result.
        seconds: How long it ran by itself.
        left: Seconds that it went on after it was cut off; None where it did not end within `GRACE`.
        key: Its idempotency key.
        meddled: It changed the arguments that it was given.
    """

    arguments: JsonObject
    ending: Ending
    text: str
    value: object
    seconds: float
    key: str
    left: float | None = 0.0
    error: BaseException | None = None
    meddled: bool = False
    before: frozenset[Thing] = frozenset()
    after: frozenset[Thing] = frozenset()
    deeds: tuple[Deed, ...] = ()

    @property
    def was(self) -> frozenset[Thing]:
        """What was there before, but empty files."""
        return substance(self.before)

    @property
    def now(self) -> frozenset[Thing]:
        """What is there after it, but empty files."""
        return substance(self.after)

    @property
    def changed(self) -> frozenset[Thing]:
        """What is not as before."""
        return self.was ^ self.now


@dataclass
class Caller:
    """Calls tools with a context of their own.

    Args:
        patience: Seconds after which a call is cut off.
        own: How the names of the plugin's own source files begin.
    """

    sandbox: Sandbox
    watch: Watch
    patience: float
    own: tuple[str, ...] = ()
    alarms: ToolAlarms = field(default_factory=ToolAlarms)
    media: MediaStore = field(default_factory=MediaStore)
    _count: Any = field(default_factory=lambda: itertools.count(1))

    def things(self) -> frozenset[Thing]:
        """What stands in the sandbox, and the alarms that are set."""
        self.watch.on = False
        alarms = {("alarm", item.key, item.at.isoformat(), item.text) for item in self.alarms.pending()}
        return self.sandbox.things() | alarms

    async def call(
        self,
        tool: Tool,
        arguments: JsonObject,
        *,
        key: str = "",
        undoes: str = "",
        limit: float | None = None,
    ) -> Call:
        """Run a tool, or its undo where `undoes` is the key of a call, and see what it changed."""
        before = self.things()
        self.watch.take()
        self.watch.on = True
        try:
            made = await self.bare(tool, arguments, key=key, undoes=undoes, limit=limit)
        finally:
            self.watch.on = False
        deeds = tuple(self.watch.take())
        return _with(made, before, self.things(), deeds)

    async def bare(
        self,
        tool: Tool,
        arguments: JsonObject,
        *,
        key: str = "",
        undoes: str = "",
        limit: float | None = None,
    ) -> Call:
        """Run a tool without looking at the sandbox: several may run at once."""
        cancellation = Cancellation()
        key = key or f"call-{next(self._count)}"
        context = ToolContext(
            user="ada",
            session="conformance",
            turn="turn",
            call_id=key,
            idempotency_key=key,
            report=lambda message: None,
            alarms=self.alarms,
            media=self.media,
            undoes=undoes,
            cancellation=cancellation,
        )
        run = tool.undo if undoes and tool.undo else tool.run
        threads, started = set(threading.enumerate()), time.monotonic()
        given = copy.deepcopy(arguments)
        task = asyncio.create_task(_into_the_tool(run, given, context))
        await asyncio.wait({task}, timeout=self.patience if limit is None else limit)
        seconds = time.monotonic() - started
        if task.done():
            cancellation.request()
            return replace(_ended(task, arguments, seconds, key), meddled=given != arguments)
        cancellation.request()
        task.cancel()
        left = await _left(task, set(threading.enumerate()) - threads)
        return Call(arguments, "cut off", "", None, seconds, key, left)


async def _into_the_tool(run: Any, arguments: JsonObject, context: ToolContext) -> object:
    """Under this name the loop's watch knows a tool's own code."""
    try:
        return await run(arguments, context)
    except (SystemExit, KeyboardInterrupt) as error:
        # These would end the loop, and with it the process.
        return _Leaving(error)


@dataclass(frozen=True, slots=True)
class _Leaving:
    error: BaseException


def _ended(task: asyncio.Task[object], arguments: JsonObject, seconds: float, key: str) -> Call:
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    value = None if error else task.result()
    if isinstance(value, _Leaving):
        error = value.error
    if error is None:
        return Call(arguments, "result", _text(value), value, seconds, key)
    ending: Ending = "refused" if isinstance(error, ToolError) else "raised"
    text = error.message if isinstance(error, ToolError) else f"{type(error).__name__}: {error}"
    return Call(arguments, ending, text, None, seconds, key, error=error)


def _text(value: object) -> str:
    try:
        return split(value)[0]
    except Exception:
        return ""  # it cannot even be shown, which the check of serialisation tells


async def _left(task: asyncio.Task[object], threads: Iterable[threading.Thread]) -> float | None:
    """Seconds until a cut-off call has ended, its thread included; None if that is not within `GRACE`."""
    mine = [thread for thread in threads if thread.name == THREAD]
    started = time.monotonic()
    while (passed := time.monotonic() - started) < GRACE:
        if task.done() and not any(thread.is_alive() for thread in mine):
            if not task.cancelled():
                task.exception()
            return passed
        await asyncio.sleep(0.01)
    return None


def _with(call: Call, before: frozenset[Thing], after: frozenset[Thing], deeds: tuple[Deed, ...]) -> Call:
    return replace(call, before=before, after=after, deeds=deeds)
