"""One connection to a server.

| acquired                    | released                                                                 |
|-----------------------------|--------------------------------------------------------------------------|
| task that holds the client  | at `close`, at the server's end, or with the event loop                  |
| the server's process        | by that task: asked to go, then ended with all of its children           |

The SDK's cancel scopes must be left by the task that entered them, which is why one task holds the client;
requests may be sent from any task of the loop.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio

from .transports import Opened, Seen, quieten, said, seen, watched

if TYPE_CHECKING:
    from mcp import Client
    from mcp.client.session import IncomingMessage
    from mcp.types import Implementation

log = logging.getLogger(__name__)

LISTEN_AGAIN = 5.0


class Ended(Exception):
    """A connection ended before it was open, for a reason that is known."""


class Connection:
    """A connection, from its opening to its end; it does not come back.

    Args:
        opened: What it runs on.
        timeout: Seconds that it may take to open, and that any request may take.

    Attributes:
        stale: What the server offers has not been asked since it last changed.
        answered: How many requests were.
        garbage: What the server sent first that was no message.
        answers: How the requests for opening it were answered, over HTTP.
        reason: Why it ended, where that is known.
        since, until: When it began and when it ended, on the loop's clock.
    """

    def __init__(self, opened: Opened, timeout: float) -> None:
        loop = asyncio.get_running_loop()
        self._opened = opened
        self._timeout = timeout
        self._ready: asyncio.Future[Client] = loop.create_future()
        self._over = asyncio.Event()
        self._opening = anyio.CancelScope()
        self._owner: asyncio.Task[None] | None = None
        self.stale = True
        self.answered = 0
        self.garbage = ""
        self.answers = list[Seen]()
        self.reason = ""
        self.since = self.until = loop.time()

    @property
    def alive(self) -> bool:
        """Whether requests can be sent."""
        return self._ready.done() and not self._over.is_set()

    @property
    def gone(self) -> bool:
        """Whether nothing is left of it, its process included."""
        return self._owner is None or self._owner.done()

    @property
    def client(self) -> Client:
        """The SDK's client, while it is alive."""
        return self._ready.result()

    async def open(self) -> None:
        """Start the server, or reach it, and agree on a version.

        Raises:
            TimeoutError: It does not answer.
            Exception: Whatever else went wrong.
        """
        self._owner = asyncio.create_task(self._own(), name="omni-agent-mcp")
        try:
            async with asyncio.timeout(self._timeout):
                await asyncio.shield(self._ready)
        except BaseException:
            self._give_up()
            raise

    def end(self, reason: str) -> None:
        """Have the owner let go; the first reason counts."""
        if not self._over.is_set():
            self.reason, self.until = reason, asyncio.get_running_loop().time()
            self._over.set()
            if reason and not self._ready.done():
                self._ready.set_exception(Ended(reason))

    async def close(self) -> None:
        """End it and wait until the server's process is gone."""
        if not self._ready.done():
            self._give_up()
        self.end("it was closed")
        if self._owner:
            await asyncio.wait({self._owner})

    def _give_up(self) -> None:
        """End it while it opens."""
        self._ready.cancel()
        # Not the task: that would cut short the SDK's ending of the process, were that under way.
        self._opening.cancel()
        self.end("it did not open")

    async def _own(self) -> None:
        from mcp import Client

        quieten()
        seen.set(self.answers)
        client = Client(
            watched(self._opened, self.end),
            read_timeout_seconds=self._timeout,
            message_handler=self._hear,
            client_info=_us(),
            cache=None,
        )
        try:
            with self._opening:
                async with client:
                    if not self._ready.done():
                        self._ready.set_result(client)
                    await self._stay(client)
        except Exception as error:
            log.debug("the connection ended", exc_info=error)
            cause = _first(error)
            if not self._ready.done():
                self._ready.set_exception(cause)
            self.end(str(cause) or type(cause).__name__)
        finally:
            self._ready.cancel()
            self.end("")

    async def _stay(self, client: Client) -> None:
        listening = asyncio.create_task(self._listen(client))
        try:
            await self._over.wait()
        finally:
            listening.cancel()
            await asyncio.wait({listening})

    async def _listen(self, client: Client) -> None:
        """Hear of changes from servers of 2026-07-28, which tell only those who ask; the others just tell."""
        from mcp.client.subscriptions import SubscriptionLost
        from mcp.shared.exceptions import MCPError
        from mcp.types.version import MODERN_PROTOCOL_VERSIONS

        has = client.server_capabilities
        tools = bool(has.tools and has.tools.list_changed)
        if client.protocol_version not in MODERN_PROTOCOL_VERSIONS or not tools:
            return
        while True:
            with suppress(SubscriptionLost, MCPError, TimeoutError):
                async with client.listen(tools_list_changed=True) as changes:
                    async for _ in changes:
                        self.stale = True
            await asyncio.sleep(LISTEN_AGAIN)
            # What changed meanwhile was told to nobody.
            self.stale = True

    async def _hear(self, message: IncomingMessage) -> None:
        from mcp.types import ToolListChangedNotification

        if isinstance(message, ToolListChangedNotification):
            self.stale = True
        elif isinstance(message, Exception):
            self.garbage = self.garbage or said(message)


def _us() -> Implementation:
    from importlib.metadata import version

    from mcp.types import Implementation

    return Implementation(name="omni-agent", version=version("omni-agent-framework"))


def _first(error: Exception) -> Exception:
    """Of a group of errors, the first; one alone is itself."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
