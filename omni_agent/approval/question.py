"""How a call is read back to the user."""

from __future__ import annotations

import asyncio
import re

from ..errors import OmniError, ToolError, ToolTimeout
from ..events import ApprovalReason
from ..messages import REFERENCE, JsonObject, ToolCall
from ..tool import Tool, ToolContext, as_text

_LONGEST = 120
_BEFORE = {"unknown": "It is not known whether this was done before. "}
_REFERENCE = re.compile(REFERENCE)


def question_of(tool: Tool, call: ToolCall, reason: ApprovalReason) -> str:
    """The question that a yes or a no answers: "Delete the note 'garage code'?"."""
    return _BEFORE.get(reason, "") + (_own(tool, call.arguments) or _made(tool, call.arguments))


async def question_found(
    tool: Tool, call: ToolCall, reason: ApprovalReason, context: ToolContext, said: str
) -> str:
    """The same, where the tool may have to look for the words.

    Args:
        tool: What is called.
        call: The call.
        reason: Why it is asked about.
        context: What the tool may know of its turn.
        said: The user's words.

    Raises:
        ToolError: There is nothing to ask, or it cannot be found out; the call's result says why.
    """
    if isinstance(tool.question, str):
        return question_of(tool, call, reason)
    try:
        async with asyncio.timeout(tool.timeout):
            asked = await tool.question(call.arguments, context, said)
    except TimeoutError:
        raise ToolTimeout(f"{tool.name} did not find out in time what to ask") from None
    except OmniError as error:
        raise ToolError(error.message, code=error.code) from None
    return _BEFORE.get(reason, "") + asked


def _own(tool: Tool, arguments: JsonObject) -> str:
    """The tool's own words; empty where an argument that they name was not given, or they must be found."""
    if not isinstance(tool.question, str):
        return ""
    defaults = {
        name: schema.get("default")
        for name, schema in tool.spec.parameters.get("properties", {}).items()
        if "default" in schema
    }
    try:
        return tool.question.format_map({k: _said(v) for k, v in (defaults | arguments).items()})
    except (KeyError, IndexError, ValueError):
        return ""


def _made(tool: Tool, arguments: JsonObject) -> str:
    name = tool.spec.plain_name.capitalize()
    if len(arguments) == 1:
        (value,) = arguments.values()
        return f"{name} '{_said(value)}'?" if isinstance(value, str) else f"{name}: {_said(value)}?"
    said = ", ".join(f"{key.replace('_', ' ')} {_said(value)}" for key, value in arguments.items())
    return f"{name}: {said}?" if said else f"{name}?"


def _said(value: object) -> str:
    """A value as it is read back; the end of a long one counts too, since a yes is a yes to all of it."""
    text = _REFERENCE.sub("what was shown", as_text(value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"
