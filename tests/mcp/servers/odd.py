"""A server with everything that can be odd about one, on its standard input and output.

Its first argument names a file where it notes its process at each start; a file beside it, with the ending
`.hanging`, is there while a call hangs.
"""

from __future__ import annotations

import asyncio
import base64
import os
import sys
from pathlib import Path
from typing import Any

import anyio
import mcp.types as types
from mcp.server import Server
from mcp.server.lowlevel.server import NotificationOptions
from mcp.server.stdio import stdio_server
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
ANYTHING: dict[str, Any] = {"type": "object", "properties": {}}
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
NUMBERS = {
    "type": "object",
    "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
    "required": ["a", "b"],
}
READS = types.ToolAnnotations(read_only_hint=True)

TOOLS = [
    types.Tool(name="echo", description="Say it again.", input_schema=TEXT, annotations=READS),
    types.Tool(name="add", description="Add two numbers.", input_schema=NUMBERS, annotations=READS),
    types.Tool(name="picture", description="A picture.", input_schema=ANYTHING, annotations=READS),
    types.Tool(name="env", description="A variable.", input_schema=TEXT, annotations=READS),
    types.Tool(name="read_hang", description="Never ends.", input_schema=ANYTHING, annotations=READS),
    types.Tool(name="write_hang", description="Never ends.", input_schema=ANYTHING),
    types.Tool(name="crash", description="Ends the process.", input_schema=ANYTHING),
    types.Tool(name="progress", description="Tells how far it is.", input_schema=ANYTHING),
    types.Tool(name="fail", description="Fails.", input_schema=ANYTHING),
    types.Tool(name="refuse", description="Answers with an error of the protocol.", input_schema=ANYTHING),
    types.Tool(name="grow", description="Offers one tool more from now on.", input_schema=ANYTHING),
    types.Tool(name="ask", description="Asks the user.", input_schema=ANYTHING),
    types.Tool(name="cancelled", description="How many calls were cut off.", input_schema=ANYTHING),
    types.Tool(
        name="wipe",
        input_schema=ANYTHING,
        annotations=types.ToolAnnotations(destructive_hint=True, title="Wipe the disk"),
    ),
    types.Tool(name="odd.name/with spaces", description="Odd.", input_schema=ANYTHING),
    types.Tool(name="odd.name_with_spaces", description="Odd too.", input_schema=ANYTHING),
    types.Tool(name="x" * 100, description="Long.", input_schema=ANYTHING),
    types.Tool(
        name="odd_schema",
        description="Odd arguments.",
        input_schema={
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "properties": {"when": {"type": "string", "format": "rfc9999", "example": "now"}},
        },
    ),
]

Answer = types.CallToolResult | types.InputRequiredResult


def text(words: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=words)])


class Odd:
    """The server; `hanging` is a file."""

    def __init__(self, hanging: Path) -> None:
        self.hanging = hanging
        self.cut = 0
        self.grown = False
        self.listings = 0
        self.changes = InMemorySubscriptionBus()
        self.server: Server[dict[str, Any]] = Server(
            "odd",
            on_list_tools=self.list_tools,
            on_call_tool=self.call_tool,
            on_list_resources=self.list_resources,
            on_read_resource=self.read_resource,
            on_subscriptions_listen=ListenHandler(self.changes),
        )

    async def list_tools(self, context: Any, params: Any) -> types.ListToolsResult:
        self.listings += 1
        extra = [types.Tool(name="grown", description="New.", input_schema=ANYTHING)] if self.grown else []
        return types.ListToolsResult(tools=[*TOOLS, *extra])

    async def call_tool(self, context: Any, params: types.CallToolRequestParams) -> Answer:
        arguments = params.arguments or {}
        match params.name:
            case "echo":
                return text(arguments["text"])
            case "add":
                total = arguments["a"] + arguments["b"]
                return types.CallToolResult(content=[], structured_content={"total": total})
            case "picture":
                picture = types.ImageContent(data=PIXEL, mime_type="image/png")
                return types.CallToolResult(content=[types.TextContent(text="Here:"), picture])
            case "env":
                return text(os.environ.get(arguments["text"], "nothing"))
            case "fail":
                return types.CallToolResult(content=[types.TextContent(text="no such bird")], is_error=True)
            case "refuse":
                raise ValueError("not today")
            case "cancelled":
                return text(str(self.cut))
            case name:
                return await self.rarer(name, context)

    async def rarer(self, name: str, context: Any) -> Answer:
        match name:
            case "read_hang" | "write_hang":
                return await self.hang()
            case "crash":
                os._exit(3)
            case "progress":
                await context.session.report_progress(1, 2)
                await context.session.report_progress(2, 2, "nearly there")
                return text("done")
            case "grow":
                self.grown = True
                await context.session.send_tool_list_changed()
                await self.changes.publish(ToolsListChanged())
                return text("grown")
            case "ask":
                schema: Any = {"type": "object", "properties": {}}
                question = types.ElicitRequestFormParams(message="May I?", requested_schema=schema)
                return types.InputRequiredResult(input_requests={"may": types.ElicitRequest(params=question)})
            case other:
                return text(f"this is {other}")

    async def hang(self) -> Answer:
        self.hanging.touch()
        try:
            await asyncio.Event().wait()
        finally:
            self.cut += 1
            self.hanging.unlink(missing_ok=True)
        raise AssertionError

    async def list_resources(self, context: Any, params: Any) -> types.ListResourcesResult:
        return types.ListResourcesResult(
            resources=[
                types.Resource(uri="memo://one", name="one", description="The first memo."),
                types.Resource(uri="memo://blob", name="blob", mime_type="application/zip"),
            ]
        )

    async def read_resource(
        self, context: Any, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        if uri == "memo://one":
            return types.ReadResourceResult(contents=[types.TextResourceContents(uri=uri, text="Buy milk.")])
        blob = base64.b64encode(b"PK").decode()
        return types.ReadResourceResult(
            contents=[types.BlobResourceContents(uri=uri, blob=blob, mime_type="application/zip")]
        )


async def main() -> None:
    starts = Path(sys.argv[1])
    async with await anyio.open_file(starts, "a", encoding="utf-8") as file:
        await file.write(f"{os.getpid()}\n")
    print("the odd server starts", file=sys.stderr, flush=True)
    # As a program does that writes its log to the wrong place, and in another encoding.
    os.write(1, b"gr\xfc\xdfe\n")
    server = Odd(starts.with_suffix(".hanging")).server
    async with stdio_server() as (reading, writing):
        options = server.create_initialization_options(NotificationOptions(tools_changed=True))
        await server.run(reading, writing, options)


if __name__ == "__main__":
    anyio.run(main)
