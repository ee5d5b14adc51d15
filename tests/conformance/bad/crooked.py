"""Tools with schemas of their own making, and calls that meddle."""

from __future__ import annotations

from typing import Any

from omni_agent.messages import JsonObject
from omni_agent.tool import Tool, ToolContext, tool


async def _do(arguments: JsonObject, context: ToolContext) -> str:
    return "It is done."


async def _pluck(arguments: JsonObject, context: ToolContext) -> str:
    return f"The {arguments.pop('name')} is plucked."


def _made(name: str, told: str, run: Any = _do, /, **properties: Any) -> Tool:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return Tool.from_schema(name, told, schema, run, effect="read")


_TEXT = {"type": "string", "description": "Which one, for example 'alba'."}
_MANY = {"type": "array", "items": {"type": "string"}, "description": "Which ones."}

name_beds = _made("name_beds", "Name the beds.", beds={**_MANY, "items": {"type": ["string", "object"]}})
name_some = _made("name_some", "Name some beds.", beds={**_MANY, "items": {"type": ["string", "null"]}})
take_any = _made("take_any", "Take anything at all.", it=True)
choose_none = _made("choose_none", "Choose one of none.", it={**_TEXT, "enum": []})
count_between = _made(
    "count_between",
    "Count what is between.",
    it={"type": "integer", "minimum": 5, "exclusiveMaximum": 5, "description": "How many."},
)
list_few = _made("list_few", "List a few of them.", it={**_MANY, "minItems": 5, "maxItems": 2})
pluck_rose = _made("pluck_rose", "Pluck one of the roses.", _pluck, name=_TEXT)


class Hidden:
    """Nothing that can be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("it is hidden")


@tool(effect="read")
def hide_rose() -> list[object]:
    """Hide one of the roses."""
    return [Hidden()]


@tool(effect="read")
def babble() -> str:
    """Babble on and on about roses."""
    raise ValueError("R\udcffse\n" + "line\n" * 5000)
