"""Tools that an agent has of itself: reading on in a long result, and taking back what was done.

They stand on the journal, so they also know what was done before the program was started anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import ToolError
from ..messages import Message, ToolResult, ToolSpec
from ..tool import Tool, Toolbox, ToolContext, as_text, tool
from .entry import Entry

if TYPE_CHECKING:
    from .executor import Executor

LONGEST_RESULT = 4000
_PART = 3900
READ_ON, UNDO = "read_on", "undo"


def shortened(text: str) -> str:
    """At most `LONGEST_RESULT` characters, saying how to get the rest; valid UTF-8 whatever came in."""
    clean = text.encode("utf-8", "replace").decode()
    if len(clean) <= LONGEST_RESULT:
        return clean
    return f"{clean[:_PART]} … [part 1 of {_parts(clean)}; {READ_ON} gives the others]"


def is_shortened(text: str) -> bool:
    """Whether `shortened` left something out."""
    return text.endswith(f"{READ_ON} gives the others]")


def _parts(text: str) -> int:
    return -(-len(text) // _PART)


def standing_tools(toolbox: Toolbox, executor: Executor) -> tuple[Tool, ...]:
    """The tools for an agent that holds `toolbox`; `undo` only where something can be taken back, and shown
    only where something can that is."""
    undoable = [item for item in toolbox if item.undo]
    undo = replace(_undo(toolbox, executor), shown=any(item.shown for item in undoable))
    return (_read_on(executor), *((undo,) if undoable else ()))


def offered(toolbox: Toolbox, messages: Sequence[Message]) -> tuple[ToolSpec, ...]:
    """What the model is shown of an agent's tools: `read_on` where there is something to read on in."""
    results = (part for message in messages for part in message.parts if isinstance(part, ToolResult))
    hidden = () if any(is_shortened(result.content) for result in results) else (READ_ON,)
    return tuple(item.spec for item in toolbox if item.shown and item.name not in hidden)


def _read_on(executor: Executor) -> Tool:
    @tool(name=READ_ON, effect="read", untrusted=True)
    async def read_on(context: ToolContext, part: int) -> str:
        """Read on in the last result that was too long to be given whole.

        Args:
            part: Which part of it, from 2 on.
        """
        scope = context.memory.scope
        entry = await executor.ask(
            lambda: executor.journal.last_longer(scope, context.session, LONGEST_RESULT)
        )
        if entry is None:
            raise ToolError("There is no longer result to read on in.")
        last = _parts(entry.content)
        if not 1 <= part <= last:
            raise ToolError(f"The result of {entry.call.name} has the parts 1 to {last}.")
        start = (part - 1) * _PART
        return f"[part {part} of {last}] {entry.content[start : start + _PART]}"

    return read_on


def _undo(toolbox: Toolbox, executor: Executor) -> Tool:
    @tool(name=UNDO, effect="write")
    async def undo(context: ToolContext) -> str:
        """Undo what was done last: take it back."""
        scope, journal = context.memory.scope, executor.journal
        last = await executor.ask(lambda: journal.last_written(scope, context.session, but=UNDO))
        if not last:
            raise ToolError("There is nothing to take back.")
        if last[0].turn == context.turn:
            raise ToolError("Not taken back: it was done just now, as the user wanted. Tell the user.")
        told = [await _taken_back(entry, toolbox, executor, context) for entry in last]
        return " ".join(told)

    return undo


async def _taken_back(entry: Entry, toolbox: Toolbox, executor: Executor, context: ToolContext) -> str:
    name = entry.call.name
    plain = name.replace("_", " ")
    take_back = toolbox[name].undo if name in toolbox else None
    if take_back is None:
        return f"{plain.capitalize()} cannot be taken back."
    try:
        made = await take_back(entry.call.arguments, replace(context, undoes=entry.key))
    except ToolError as error:
        return f"{plain.capitalize()} was not taken back: {error.message}"
    await executor.ask(lambda: executor.journal.undone(entry.key))
    return as_text(made) if made else f"{plain.capitalize()} is taken back."
