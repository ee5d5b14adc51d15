"""A line to a server: one connection at a time, opened when it is wanted, and anew after its end."""

from __future__ import annotations

import asyncio
import importlib
import logging

from ..errors import ToolError
from .connection import Connection
from .stderr import Stderr
from .ways import CODE, Way

log = logging.getLogger(__name__)

# A connection that held for so many seconds was no failure to open.
STEADY = 10.0
LONGEST_PAUSE = 60.0


class Line:
    """The line of one event loop.

    After an end or a failure the next who wants a connection has it opened anew; after a second one in a row
    only a second later, then two, four, up to a minute.

    Args:
        server: The server's name.
        way: Where it is.
        timeout: Seconds that it may take to open, and that any request may take.
    """

    def __init__(self, server: str, way: Way, timeout: float) -> None:
        self._server = server
        self._way = way
        self._timeout = timeout
        self._connection: Connection | None = None
        self._opening: asyncio.Task[Connection] | None = None
        # Held while what the server offers is asked for, so that nobody takes half an answer.
        self.listing = asyncio.Lock()
        self._ending = set[Connection]()
        self._failures = 0
        self._not_before = 0.0
        self._failure = ToolError("")

    async def connection(self) -> Connection:
        """A live connection.

        Raises:
            ToolError: There is none to be had, or it is too early to try again.
        """
        if self._connection and self._connection.alive:
            return self._connection
        if self._opening is None:
            self._let_go()
            self._be_patient()
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(_look)
        # Not cancelled with the turn that came first: others wait for it too.
        return await asyncio.shield(self._opening)

    def forget(self, connection: Connection) -> None:
        """End a connection that the server, started anew, knows nothing of; this is no failure of its own."""
        connection.end("the server has forgotten the session")
        if connection is self._connection:
            self._ending.add(connection)
            self._connection, self._failures = None, 0

    async def close(self) -> None:
        """Close it and wait until the server's process is gone; the line may be used again."""
        if self._opening:
            self._opening.cancel()
            await asyncio.wait({self._opening})
            # It may have ended before it began, and then has not said so itself.
            self._opening = None
        if self._connection:
            self._ending.add(self._connection)
        self._connection, self._failures = None, 0
        await asyncio.gather(*(connection.close() for connection in self._ending))
        self._ending.clear()

    async def _open(self) -> Connection:
        # Half a second on a slow machine, which the loop must not stand still for.
        await asyncio.to_thread(importlib.import_module, "mcp")
        stderr = Stderr(self._server)
        connection = Connection(self._way.opened(stderr, self._timeout), self._timeout)
        try:
            await connection.open()
        except Exception as error:
            log.debug("%s cannot be opened", self._server, exc_info=error)
            self._put_off(self._way.failure(self._server, error, connection, stderr))
            self._ending.add(connection)
            raise self._failure from None
        except asyncio.CancelledError:
            self._ending.add(connection)
            raise
        finally:
            self._opening = None
        self._connection = connection
        return connection

    def _let_go(self) -> None:
        """Count an end that came too soon."""
        self._ending = {connection for connection in self._ending if not connection.gone}
        ended, self._connection = self._connection, None
        if ended is None:
            return
        self._ending.add(ended)
        # The first answer is the list of tools, which a server that dies of every call gives as well.
        if ended.answered > 1 or ended.until - ended.since > STEADY:
            self._failures = 0
        else:
            why = f": {ended.reason}" if ended.reason else ""
            self._put_off(ToolError(f"the server '{self._server}' ended again and again{why}", code=CODE))

    def _put_off(self, failure: ToolError) -> None:
        self._failure = failure
        self._failures += 1
        pause = 0.0 if self._failures == 1 else min(LONGEST_PAUSE, 2.0 ** (self._failures - 2))
        self._not_before = asyncio.get_running_loop().time() + pause

    def _be_patient(self) -> None:
        left = self._not_before - asyncio.get_running_loop().time()
        if self._failures and left > 0:
            last = self._failure
            message = f"{last.message}; it is tried again in {left:.0f} s"
            raise ToolError(message, code=CODE, remedy=last.remedy)


def _look(opening: asyncio.Task[Connection]) -> None:
    """Nobody may be waiting any more; then the failure was noted all the same."""
    if not opening.cancelled():
        opening.exception()
