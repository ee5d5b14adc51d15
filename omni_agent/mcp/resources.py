"""What a server holds beside its tools, as two tools that read it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..messages import JsonObject
from ..tool import Run, ToolContext
from .naming import shortened
from .results import resource

if TYPE_CHECKING:
    from mcp import Client

MOST = 200
LONGEST_LINE = 160

# Sends requests over a live connection; their failures become errors for the model.
Using = Callable[[Callable[["Client"], Awaitable[Any]]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Reader:
    """A tool that reads resources; `{server}` in its description stands for the server's name."""

    description: str
    parameters: JsonObject
    make: Callable[[Using], Run]


def _listing(using: Using) -> Run:
    async def run(arguments: JsonObject, context: ToolContext) -> object:
        lines: list[str] = await using(_lines)
        more = [f"… and {len(lines) - MOST} more"] if len(lines) > MOST else []
        return "\n".join(lines[:MOST] + more) or "There is nothing."

    return run


def _reading(using: Using) -> Run:
    async def run(arguments: JsonObject, context: ToolContext) -> object:
        result = await using(lambda client: client.read_resource(arguments["uri"]))
        read = [await resource(item, context.media) for item in result.contents]
        return (read[0] if len(read) == 1 else read) or "It is empty."

    return run


TOOLS = {
    "list_resources": Reader(
        "List the files and other texts that {server} holds, with their addresses.",
        {"type": "object", "properties": {}},
        _listing,
    ),
    "read_resource": Reader(
        "Read one of the files or texts that {server} holds.",
        {
            "type": "object",
            "properties": {"uri": {"type": "string", "description": "Its address, as it was listed."}},
            "required": ["uri"],
        },
        _reading,
    ),
}


async def _lines(client: Client) -> list[str]:
    lines, cursor = list[str](), None
    for _ in range(MOST + 1):
        page = await client.list_resources(cursor=cursor)
        lines += [_line(item.uri, item.title or item.name, item.description) for item in page.resources]
        cursor = page.next_cursor
        if not cursor or len(lines) > MOST:
            break
    return lines + await _templates(client)


async def _templates(client: Client) -> list[str]:
    """Addresses with gaps to fill; few servers have any, and some of the others refuse the question."""
    from mcp.shared.exceptions import MCPError

    try:
        found = (await client.list_resource_templates()).resource_templates
    except MCPError:
        return []
    return [_line(item.uri_template, item.title or item.name, item.description) for item in found]


def _line(uri: str, name: str, description: str | None) -> str:
    return f"{uri} – {shortened(': '.join(filter(None, (name, description))), LONGEST_LINE)}"
