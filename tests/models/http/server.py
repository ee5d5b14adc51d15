"""A server on a loopback port that answers as a test says, piece by piece, and notes what was asked of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

CUT = "cut"
"""In a reply: the connection ends here, without the end of the answer."""
STALL = "stall"
"""In a reply: nothing more comes until the client goes away."""


@dataclass
class Reply:
    """One answer.

    Attributes:
        parts: Its body, each part sent by itself; or `CUT`, or `STALL`.
        status: Of the response.
        kind: Its content type.
        headers: More headers.
        late: Before the head of the response is sent, this must be set.
    """

    parts: Sequence[bytes | str] = ()
    status: int = 200
    kind: str = "text/event-stream"
    headers: dict[str, str] = field(default_factory=dict)
    late: asyncio.Event | None = None


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


def failure(status: int, message: str, **headers: str) -> Reply:
    """A refusal in OpenAI's shape."""
    body = json.dumps({"error": {"message": message, "type": "error", "code": status}}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply([body], status, "application/json", named)


class Server:
    """Plays replies in order, the last one again and again; `check` refuses what a real one would refuse."""

    def __init__(self, *replies: Reply, models: Reply, check: Callable[[Any], str] = lambda body: "") -> None:
        self.replies = list(replies)
        self.models = models
        self.check = check
        self.asked: list[Asked] = []
        self.connections = 0
        self.gone = asyncio.Event()
        self.url = ""
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def bodies(self) -> list[Any]:
        """The bodies of the requests for an answer."""
        return [asked.body for asked in self.asked if asked.method == "POST"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self.connections += 1
        try:
            while asked := await _request(reader):
                self.asked.append(asked)
                if not await self._answer(self._reply(asked), reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            self.gone.set()
        except asyncio.CancelledError:
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    def _reply(self, asked: Asked) -> Reply:
        if asked.method == "GET":
            return self.models
        if wrong := self.check(asked.body):
            return failure(400, wrong)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    async def _answer(self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if reply.late:
            await reply.late.wait()
        headers = {"Content-Type": reply.kind, "Transfer-Encoding": "chunked", **reply.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {reply.status} So\r\n{head}\r\n".encode())
        for part in reply.parts:
            if part == CUT:
                return False
            if part == STALL:
                # Only the client's going away ends the read.
                await reader.read(1)
                self.gone.set()
                return False
            assert isinstance(part, bytes)
            writer.write(b"%x\r\n%s\r\n" % (len(part), part))
            await writer.drain()
            await asyncio.sleep(0)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _request(reader: asyncio.StreamReader) -> Asked | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    pairs = (line.split(": ", 1) for line in lines if line)
    headers = {name.lower(): value for name, value in pairs}
    length = int(headers.get("content-length", "0"))
    body = await reader.readexactly(length) if length else b""
    return Asked(method, path, headers, json.loads(body) if body else None)


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[Server]:
    """The server, listening."""
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=1 << 26)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        await server.close()
        listener.close()
        await listener.wait_closed()
