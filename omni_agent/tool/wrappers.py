"""Small changes to tools, to be put around each other.

Each takes a tool and gives a tool, or takes a toolbox (or list) and gives a toolbox; what it was given stays
as it is.

    from omni_agent.tool import approval, only, prefix, retry, timeout

    tools = [*prefix(lamps, "home_"), timeout(retry(weather), 10), *approval(only(bank, "pay"))]
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import overload

from ..errors import ToolDefinitionError, ToolError
from ..messages import JsonObject
from .context import ToolContext
from .definition import Run, Tool
from .toolbox import Offer, Toolbox

__all__ = ["approval", "only", "prefix", "rename", "retry", "timeout", "without"]


@overload
def prefix(tools: Tool, text: str) -> Tool: ...
@overload
def prefix(tools: Iterable[Offer], text: str) -> Toolbox: ...
def prefix(tools: Tool | Iterable[Offer], text: str) -> Tool | Toolbox:
    """The tools under names that begin with `text`, so that two sources do not clash.

    Raises:
        ToolDefinitionError: A name gets too long, or cannot be called.
    """
    return _each(tools, lambda tool: _named(tool, text + tool.name))


@overload
def rename(tools: Tool, name: str) -> Tool: ...
@overload
def rename(tools: Iterable[Offer], name: Mapping[str, str]) -> Toolbox: ...
def rename(tools: Tool | Iterable[Offer], name: str | Mapping[str, str]) -> Tool | Toolbox:
    """A tool under another name; of a toolbox, those whose new names are given by their old ones.

    Raises:
        ToolNotFound: There is no tool of an old name.
        ToolDefinitionError: A new name cannot be called, or is another tool's.
    """
    if isinstance(tools, Tool):
        return _named(tools, str(name))
    box, names = Toolbox(tools), dict(name) if isinstance(name, Mapping) else {}
    for old in names:
        box[old]
    return _each(box, lambda tool: _named(tool, names.get(tool.name, tool.name)))


def only(tools: Iterable[Offer], *wanted: str | Callable[[Tool], bool]) -> Toolbox:
    """Those of the tools that are named, or for which a test holds: `only(box, "pay", is_reading)`.

    Raises:
        ToolNotFound: There is no tool of such a name.
    """
    box = Toolbox(tools)
    return Toolbox(tool for tool in box if _wanted(box, tool, wanted))


def without(tools: Iterable[Offer], *unwanted: str | Callable[[Tool], bool]) -> Toolbox:
    """All of the tools but those that are named, or for which a test holds.

    Raises:
        ToolNotFound: There is no tool of such a name.
    """
    box = Toolbox(tools)
    return Toolbox(tool for tool in box if not _wanted(box, tool, unwanted))


@overload
def approval(tools: Tool) -> Tool: ...
@overload
def approval(tools: Iterable[Offer]) -> Toolbox: ...
def approval(tools: Tool | Iterable[Offer]) -> Tool | Toolbox:
    """The tools, run only after the user has said yes: their effect counts as `irreversible`."""
    return _each(tools, lambda tool: replace(tool, effect="irreversible"))


@overload
def timeout(tools: Tool, seconds: float) -> Tool: ...
@overload
def timeout(tools: Iterable[Offer], seconds: float) -> Toolbox: ...
def timeout(tools: Tool | Iterable[Offer], seconds: float) -> Tool | Toolbox:
    """The tools with so much time for a call, all attempts together.

    Raises:
        ToolDefinitionError: `seconds` is not more than 0.
    """
    return _each(tools, lambda tool: replace(tool, timeout=seconds))


@overload
def retry(
    tools: Tool, attempts: int = 3, *, delay: float = 0.2, on: tuple[type[Exception], ...] = ...
) -> Tool: ...
@overload
def retry(
    tools: Iterable[Offer], attempts: int = 3, *, delay: float = 0.2, on: tuple[type[Exception], ...] = ...
) -> Toolbox: ...
def retry(
    tools: Tool | Iterable[Offer],
    attempts: int = 3,
    *,
    delay: float = 0.2,
    on: tuple[type[Exception], ...] = (Exception,),
) -> Tool | Toolbox:
    """The tools, tried again when they fail; every attempt has the same idempotency key.

    A `ToolError` is an answer, not a failure: it is tried again only where `on` names it or a kind of it.

    Args:
        tools: None of them irreversible: what failed may have happened all the same.
        attempts: How often at most, the first included.
        delay: Seconds before the second attempt, doubled for each one after.
        on: Errors that are worth another attempt.

    Raises:
        ToolDefinitionError: `attempts` is less than 1, or a tool is irreversible.
    """
    if attempts < 1:
        raise ToolDefinitionError("retry needs at least one attempt")

    def change(tool: Tool) -> Tool:
        if tool.effect == "irreversible":
            raise ToolDefinitionError(
                f"tool '{tool.name}' is irreversible and must not be tried twice",
                remedy="put approval() around retry(), if only its question is wanted",
            )
        return tool.around(lambda run: _tried(run, attempts, delay, on))

    return _each(tools, change)


def _tried(run: Run, attempts: int, delay: float, on: tuple[type[Exception], ...]) -> Run:
    answers = any(issubclass(kind, ToolError) for kind in on)

    async def again(arguments: JsonObject, context: ToolContext) -> object:
        for attempt in range(1, attempts):
            try:
                return await run(arguments, context)
            except on as error:
                if context.cancelled or (isinstance(error, ToolError) and not answers):
                    raise
            context.report(f"trying again, {attempt + 1} of {attempts}")
            await asyncio.sleep(delay * 2 ** (attempt - 1))
        return await run(arguments, context)

    return again


def _each(tools: Tool | Iterable[Offer], change: Callable[[Tool], Tool]) -> Tool | Toolbox:
    return change(tools) if isinstance(tools, Tool) else Toolbox(map(change, Toolbox(tools)))


def _named(tool: Tool, name: str) -> Tool:
    return replace(tool, spec=replace(tool.spec, name=name))


def _wanted(box: Toolbox, tool: Tool, marks: tuple[str | Callable[[Tool], bool], ...]) -> bool:
    return any(box[mark] is tool if isinstance(mark, str) else mark(tool) for mark in marks)
