"""The fake session behind a wire: in this process, or over a WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from omni_agent.testing.realtime_conformance import Closed, Dial, Wire
from tests.testing.realtime_conformance.fake_session import FakeSession, Flaw


class InProcess:
    """A wire to a session in this process."""

    def __init__(self, flaw: Flaw, offered: Sequence[str]) -> None:
        echoed = "realtime" in offered and "no subprotocol" not in flaw.ways
        self.subprotocol = "realtime" if echoed else None
        self._frames: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._session = FakeSession(self._frames.put_nowait, flaw)
        self._session.start()

    async def send(self, text: str) -> None:
        if self._session.ended:
            raise Closed(1011)
        self._session.take(text)

    async def receive(self) -> str | bytes:
        if self._session.ended and self._frames.empty():
            raise Closed(1011)
        return await self._frames.get()

    async def close(self) -> None:
        self._session.stop()


def dial(flaw: Flaw) -> Dial:
    """Opens wires to sessions with a flaw."""

    async def opened(offered: Sequence[str]) -> Wire:
        return InProcess(flaw, offered)

    return opened


@asynccontextmanager
async def serving(flaw: Flaw | None = None) -> AsyncIterator[str]:
    """A server on loopback; gives its address."""
    from websockets.asyncio.server import ServerConnection, serve
    from websockets.typing import Subprotocol

    async def handle(connection: ServerConnection) -> None:
        frames: asyncio.Queue[str | bytes] = asyncio.Queue()
        session = FakeSession(frames.put_nowait, flaw or Flaw())
        session.start()

        async def pump() -> None:
            while True:
                await connection.send(await frames.get())

        pumping = asyncio.create_task(pump())
        try:
            async for text in connection:
                session.take(text if isinstance(text, str) else text.decode())
        finally:
            session.stop()
            pumping.cancel()

    def select(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        return Subprotocol("realtime") if "realtime" in offered else None

    async with serve(handle, "127.0.0.1", 0, select_subprotocol=select, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"http://127.0.0.1:{port}/v1"
