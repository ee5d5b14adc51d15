"""An agent's tools, offered to other programs as a server of the Model Context Protocol."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from ..errors import OmniError
from ..tool import Tool, Toolbox
from .approving import answer
from .calling import Calls
from .contents import failure, result_of

if TYPE_CHECKING:
    from mcp.server import Server, ServerRequestContext
    from mcp.types import (
        CallToolRequestParams,
        CallToolResult,
        InputRequiredResult,
        ListToolsResult,
        PaginatedRequestParams,
    )
    from mcp.types import Tool as Theirs

NOT_ASKED = (
    "{name} cannot be taken back, and this client has no way to ask its user, so it was not run "
    "(omni-agent serve --mcp --yes allows it)"
)


class Offering:
    """Tools as a server offers them.

    Args:
        toolbox: What is offered; its sources are asked at each listing.
        calls: Runs them.
        name: What the server is called.
        yes: Run what is irreversible without asking.
    """

    def __init__(self, toolbox: Toolbox, calls: Calls, *, name: str, yes: bool = False) -> None:
        self._toolbox = toolbox
        self._calls = calls
        self._name = name
        self._yes = yes

    def server(self) -> Server[dict[str, Any]]:
        """The SDK's server, to run over any transport."""
        from importlib.metadata import version

        from mcp.server import Server

        return Server(
            self._name,
            version=version("omni-agent-framework"),
            on_list_tools=self._listed,
            on_call_tool=self._called,
        )

    async def _listed(
        self, context: ServerRequestContext[Any, Any], params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        from mcp.types import ListToolsResult

        await self._toolbox.refresh()
        return ListToolsResult(tools=[_theirs(tool) for tool in self._toolbox])

    async def _called(
        self, context: ServerRequestContext[Any, Any], params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        try:
            if params.name not in self._toolbox:
                await self._toolbox.refresh()
            tool = self._toolbox[params.name]
            arguments = tool.validate(params.arguments or {})
            if tool.effect == "irreversible" and not self._yes:
                said = await answer(tool, arguments, context, params)
                if said is None:
                    return failure(NOT_ASKED.format(name=tool.name))
                if said is False:
                    return failure(f"the user said no to {tool.name}, so it was not run")
                if said is not True:
                    return said
            async with _progress(context) as report:
                result = await self._calls.run(tool, arguments, report)
        except OmniError as error:
            return failure(error.message)
        return await result_of(result, self._calls.parts.media)


def _theirs(tool: Tool) -> Theirs:
    from mcp.types import Tool as Theirs
    from mcp.types import ToolAnnotations

    hints = ToolAnnotations(
        read_only_hint=tool.effect == "read",
        destructive_hint=tool.effect == "irreversible",
        open_world_hint=tool.untrusted or None,
    )
    return Theirs(
        name=tool.name,
        description=tool.spec.description,
        input_schema=tool.spec.parameters,
        annotations=hints,
    )


@asynccontextmanager
async def _progress(context: ServerRequestContext[Any, Any]) -> AsyncIterator[Callable[[str], None]]:
    """A `report` for any thread; what it tells is sent in order, all of it before the result."""
    loop, home = asyncio.get_running_loop(), threading.get_ident()
    told = asyncio.Queue[str | None]()

    def report(message: str) -> None:
        if threading.get_ident() == home:
            told.put_nowait(message)
        elif not loop.is_closed():
            loop.call_soon_threadsafe(told.put_nowait, message)

    async def send() -> None:
        count = 0
        while (message := await told.get()) is not None:
            count += 1
            await context.session.report_progress(count, message=message)

    sending = asyncio.create_task(send())
    try:
        yield report
        told.put_nowait(None)
        await sending
    finally:
        sending.cancel()
