"""`MCPServer`: the tools of another program's server."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import ConfigError, ToolError, ToolTimeout
from ..messages import JsonObject
from ..tool import Effect, Tool, ToolContext
from .connection import Connection
from .definitions import Offered, Terms
from .line import Line
from .naming import named_after, named_after_host, one_line, server_name
from .results import parts_of
from .transports import Seen, seen
from .ways import Address, Command, Way

if TYPE_CHECKING:
    from mcp import Client
    from mcp.shared.exceptions import MCPError
    from mcp.types import CallToolResult
    from mcp.types import Tool as Theirs

log = logging.getLogger(__name__)

# Pages may be empty, and point to themselves.
MOST_TOOLS, MOST_PAGES = 1000, 200
UNKNOWN = "tool_unknown"

T = TypeVar("T")


class MCPServer:
    """Tools of a server that speaks the Model Context Protocol: give it to `Agent(tools=[...])`.

    Made by `stdio` or `http`. Nothing starts before the first turn. Each event loop has a connection of its
    own; one that ended is opened anew by the next call or turn, and no call is repeated by itself. The tools
    are called `name__tool`. Their effect is what the server's annotations say (`read_only_hint` is `read`, a
    `destructive_hint` that is given is `irreversible`) and `write` where they say nothing; `effects` has the
    last word. What they return counts as written by strangers.
    """

    def __init__(self, way: Way, terms: Terms, timeout: float) -> None:
        if not timeout > 0:
            raise ConfigError(f"MCP server '{terms.server}': timeout must be more than 0 seconds")
        self.name = terms.server
        self._way = way
        self._terms = terms
        self._timeout = timeout
        self._lines: dict[asyncio.AbstractEventLoop, Line] = {}
        self._offered = Offered((), ())

    @classmethod
    def stdio(
        cls,
        command: str,
        *args: str,
        name: str = "",
        env: Mapping[str, str] | None = None,
        cwd: Path | str | None = None,
        timeout: float = 30.0,
        effects: Mapping[str, Effect] | None = None,
        only: Collection[str] | None = None,
    ) -> MCPServer:
        """A server that is started as a process and spoken to through its pipes.

        Args:
            command: The program.
            args: Its arguments.
            name: What its tools' names begin with; by default read off the command line.
            env: Variables for it, beside a few harmless ones such as PATH and HOME. It gets no others.
            cwd: Where it runs.
            timeout: Seconds that it may take to start, and that a call may take.
            effects: What tools do, by name, where the server's own word is not to count.
            only: Names of the tools that are wanted; by default all.
        """
        way = Command(command, args, dict(env or {}), Path(cwd) if cwd else None)
        own = server_name(name) if name else named_after(command, args)
        return cls(way, _terms(own, timeout, effects, only), timeout)

    @classmethod
    def http(
        cls,
        url: str,
        *,
        name: str = "",
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        effects: Mapping[str, Effect] | None = None,
        only: Collection[str] | None = None,
    ) -> MCPServer:
        """A server that runs elsewhere and is spoken to over streamable HTTP.

        Args:
            url: Its address: `http://127.0.0.1:8000/mcp`.
            name: What its tools' names begin with; by default read off the address.
            headers: Sent with every request, such as `Authorization`.
            timeout: Seconds that it may take to answer, and that a call may take.
            effects: As for `stdio`.
            only: As for `stdio`.
        """
        if not url.startswith(("http://", "https://")):
            raise ConfigError(
                f"'{url}' is no address of an MCP server", remedy="it begins with http:// or https://"
            )
        own = server_name(name) if name else named_after_host(url)
        return cls(Address(url, dict(headers or {})), _terms(own, timeout, effects, only), timeout)

    def __repr__(self) -> str:
        return f"MCPServer({self.name})"

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not among the tools and why, as of the last time they were asked for."""
        return self._offered.notes

    async def tools(self) -> Sequence[Tool]:
        """What the server offers now; asked again only after it said that this changed, or was started anew.

        Raises:
            ToolError: It cannot be reached.
        """
        line = self._line()
        async with line.listing:
            connection = await line.connection()
            if connection.stale:
                # First, so that a change while it is asked counts.
                connection.stale = False
                try:
                    self._offered = await self._asked(self._look)
                except BaseException:
                    connection.stale = True
                    raise
                for note in self._offered.notes:
                    log.warning("%s", note)
        return self._offered.tools

    async def close(self) -> None:
        """End this loop's connection, and the server's process with it; it may be used again."""
        line = self._lines.pop(asyncio.get_running_loop(), None)
        if line:
            await line.close()

    async def _look(self, client: Client) -> Offered:
        has = client.server_capabilities
        theirs = await _listed(client) if has.tools else []
        return self._terms.offered(theirs, self._call, self._asked if has.resources else None)

    async def _call(self, name: str, effect: Effect, arguments: JsonObject, context: ToolContext) -> object:
        async def report(progress: float, total: float | None, message: str | None) -> None:
            context.report(message or (f"{progress:g} of {total:g}" if total else f"{progress:g}"))

        async def request(client: Client) -> CallToolResult:
            return await client.call_tool(name, arguments, progress_callback=report)

        return await parts_of(await self._asked(request, effect), context.media)

    async def _asked(self, request: Callable[[Client], Awaitable[T]], effect: Effect = "read") -> T:
        """The answer to a request.

        Raises:
            ToolError: There is none, or it is an error; the message says whether anything may have happened.
        """
        line = self._line()
        connection = await line.connection()
        try:
            return await self._sent(connection, request, effect)
        except _Refused:
            # The server was started anew, does not know the session and took nothing: this is no repetition.
            line.forget(connection)
        connection = await line.connection()
        try:
            return await self._sent(connection, request, effect)
        except _Refused as refused:
            raise ToolError(f"{self.name}: {refused}") from None

    async def _sent(
        self, connection: Connection, request: Callable[[Client], Awaitable[T]], effect: Effect
    ) -> T:
        from mcp.shared.exceptions import MCPError

        answers = list[Seen]()
        token = seen.set(answers)
        try:
            answer = await request(connection.client)
        except MCPError as error:
            if answers and answers[-1].in_session and answers[-1].status in (400, 404):
                raise _Refused(one_line(error)) from None
            raise self._failure(error, connection, effect) from None
        except (RuntimeError, ValueError) as error:
            # An answer that does not fit the protocol or the tool's own schema, or a connection just closed.
            if not connection.alive:
                raise self._lost(connection, effect) from None
            raise ToolError(f"{self.name} answered with what cannot be read: {one_line(error)}") from None
        finally:
            seen.reset(token)
        connection.answered += 1
        return answer

    def _failure(self, error: MCPError, connection: Connection, effect: Effect) -> ToolError:
        from mcp.types import CONNECTION_CLOSED, REQUEST_TIMEOUT

        if error.code == CONNECTION_CLOSED and isinstance(self._way, Address):
            connection.end(str(error))
        if not connection.alive:
            return self._lost(connection, effect)
        if error.code == REQUEST_TIMEOUT:
            why = f"{self.name} did not answer within {self._timeout:g} seconds"
            return ToolTimeout(why) if effect == "read" else ToolTimeout(f"{why}; {_UNSURE}", code=UNKNOWN)
        return ToolError(f"{self.name} refused: {one_line(error, 500)}")

    def _lost(self, connection: Connection, effect: Effect) -> ToolError:
        why = f" ({one_line(connection.reason)})" if connection.reason else ""
        gone = f"the server '{self.name}' went away in the middle of the call{why}"
        if effect == "read":
            return ToolError(f"{gone}; the call may be made again")
        return ToolError(f"{gone}; {_UNSURE}", code=UNKNOWN)

    def _line(self) -> Line:
        loop = asyncio.get_running_loop()
        if loop not in self._lines:
            if importlib.util.find_spec("mcp") is None:
                raise ToolError(
                    "MCP servers need the package mcp", remedy="pip install 'omni-agent-framework[mcp]'"
                )
            self._lines = {other: line for other, line in self._lines.items() if not other.is_closed()}
            self._lines[loop] = Line(self.name, self._way, self._timeout)
        return self._lines[loop]


_UNSURE = "it is not known whether it took effect: look before calling it again"


class _Refused(Exception):
    """A request that a server did not take, because it does not know the session."""


def _terms(
    server: str, timeout: float, effects: Mapping[str, Effect] | None, only: Collection[str] | None
) -> Terms:
    # Its own limits come first: these are for the start and for the call.
    return Terms(server, 2 * timeout + 1, dict(effects or {}), None if only is None else frozenset(only))


async def _listed(client: Client) -> list[Theirs]:
    theirs: list[Theirs] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        theirs += page.tools
        cursor = page.next_cursor
        if not cursor or len(theirs) >= MOST_TOOLS:
            break
    return theirs[:MOST_TOOLS]
