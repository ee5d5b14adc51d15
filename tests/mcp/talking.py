"""How the tests speak with servers: in this process, or in one of its own."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from mcp.server import Server
from mcp.server.lowlevel.server import NotificationOptions
from mcp.shared.memory import create_client_server_memory_streams

from omni_agent import Tool, ToolContext
from omni_agent.errors import ToolError
from omni_agent.mcp import MCPServer
from omni_agent.mcp.connection import Connection
from omni_agent.mcp.definitions import Terms
from omni_agent.mcp.stderr import Stderr
from omni_agent.mcp.transports import Opened

SERVERS = Path(__file__).parent / "servers"


def context(report: Callable[[str], None] = lambda message: None) -> ToolContext:
    return ToolContext("u", "s", "t", "c", "k", report=report)


async def by_name(server: MCPServer) -> dict[str, Tool]:
    """Its tools, without the first half of their names."""
    return {tool.name.partition("__")[2]: tool for tool in await server.tools()}


async def call(server: MCPServer, name: str, /, **arguments: Any) -> Any:
    """What a tool gives, called as an agent calls it."""
    tool = (await by_name(server))[name]
    return await tool.run(tool.validate(arguments), context())


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(20):
        # Files and other processes have no event to wait for.
        while not condition():  # noqa: ASYNC110
            await anyio.sleep(0.005)


class Local:
    """A server in this process, over streams in memory."""

    def __init__(self, server: Server[Any]) -> None:
        self._server = server

    def opened(self, stderr: Stderr, timeout: float) -> Opened:
        return self._streams()

    def failure(self, server: str, error: Exception, connection: Connection, stderr: Stderr) -> ToolError:
        return ToolError(str(error))

    @asynccontextmanager
    async def _streams(self) -> AsyncIterator[tuple[Any, Any]]:
        options = self._server.create_initialization_options(NotificationOptions(tools_changed=True))
        async with (
            create_client_server_memory_streams() as (ours, theirs),
            anyio.create_task_group() as group,
        ):
            group.start_soon(self._server.run, *theirs, options)
            try:
                yield ours
            finally:
                group.cancel_scope.cancel()


def local(server: Server[Any], timeout: float = 10.0, **terms: Any) -> MCPServer:
    return MCPServer(Local(server), Terms("odd", timeout, **terms), timeout)


def script(file: str, /, *arguments: str, timeout: float = 20.0, **more: Any) -> MCPServer:
    return MCPServer.stdio(sys.executable, str(SERVERS / file), *arguments, timeout=timeout, **more)
