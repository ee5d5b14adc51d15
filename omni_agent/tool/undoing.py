"""What takes a call back: a function beside the tool, called with the arguments of the call."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, get_args, get_type_hints

from ..errors import ToolDefinitionError
from ..messages import JsonObject
from .call import call
from .context import ToolContext
from .signature import Signature


def taking_back(
    undo: Callable[..., Any], signature: Signature, tool: str
) -> Callable[[object], Callable[[JsonObject, ToolContext], Awaitable[object]]]:
    """From the owner of a tool (None for a plain function) to what takes its calls back.

    Args:
        undo: Gets those of the call's arguments that it names, and the context.
        signature: The tool's own.
        tool: The tool's name, for errors.

    Raises:
        ToolDefinitionError: `undo` wants something that the tool does not have.
    """
    wanted, injected = _parameters(undo, signature, tool)

    def of(owner: object) -> Callable[[JsonObject, ToolContext], Awaitable[object]]:
        function = undo if owner is None else undo.__get__(owner)

        async def run(arguments: JsonObject, context: ToolContext) -> object:
            values = await signature.bind(arguments, context.media)
            given = {name: value for name, value in values.items() if name in wanted}
            return await call(function, given | dict.fromkeys(injected, context), context)

        return run

    return of


def _parameters(undo: Callable[..., Any], signature: Signature, tool: str) -> tuple[set[str], list[str]]:
    """The arguments that it names, and the names of the parameters that get the context."""
    hints = get_type_hints(undo)
    injected = [name for name, kind in hints.items() if kind is ToolContext or ToolContext in get_args(kind)]
    named = list(inspect.signature(undo).parameters)[1 if signature.owner else 0 :]
    wanted = {name for name in named if name not in injected}
    if unknown := wanted - set(signature.fields.values()):
        raise ToolDefinitionError(
            f"tool '{tool}': its undo wants {', '.join(sorted(unknown))}, which is no argument of it"
        )
    return wanted, injected
