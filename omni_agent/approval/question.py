"""How a call is read back to the user."""

from __future__ import annotations

import re

from ..events import ApprovalReason
from ..messages import REFERENCE, JsonObject, ToolCall
from ..tool import Tool, as_text

_LONGEST = 120
_BEFORE = {"unknown": "It is not known whether this was done before. "}
_REFERENCE = re.compile(REFERENCE)


def question_of(tool: Tool, call: ToolCall, reason: ApprovalReason) -> str:
    """The question that a yes or a no answers: "Delete the note 'garage code'?"."""
    return _BEFORE.get(reason, "") + (_own(tool, call.arguments) or _made(tool, call.arguments))


def _own(tool: Tool, arguments: JsonObject) -> str:
    """The tool's own words; empty where an argument that they name was not given."""
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
