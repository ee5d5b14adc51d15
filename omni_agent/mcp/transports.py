"""What a connection runs on: a process's pipes, or HTTP. Both are opened by the SDK and watched here."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import anyio

from .naming import one_line
from .stderr import Stderr

if TYPE_CHECKING:
    import httpx2
    from mcp.client.stdio import StdioServerParameters
    from mcp.shared.message import SessionMessage

Message: TypeAlias = "SessionMessage | Exception"
Streams: TypeAlias = tuple[Any, Any]
Opened: TypeAlias = AbstractAsyncContextManager[Streams]
Ended: TypeAlias = Callable[[str], None]

# More messages in so many seconds are no conversation.
MOST_MESSAGES, PER_SECONDS = 20_000, 10.0
MOST_GARBAGE = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer over HTTP: its status, and whether what it answers named a session."""

    status: int
    in_session: bool


# The answers to what is sent from this context.
seen: ContextVar[list[Seen] | None] = ContextVar("seen", default=None)


class Ear:
    """A server's messages, counted; tells of their end, and makes one where they are too many.

    Args:
        stream: The SDK's.
        ended: Told once, why; with nothing where the server just went.
    """

    def __init__(self, stream: Any, ended: Ended) -> None:
        self._stream = stream
        self._ended = ended
        self._since, self._count, self._garbage = time.monotonic(), 0, 0

    @property
    def last_context(self) -> Any:
        """The context that a message was sent from, where the SDK's stream knows it."""
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> Message:
        """The next message, or an exception in place of one that could not be read."""
        try:
            item: Message = await self._stream.receive()
            self._weigh(item)
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            self._ended("")
            raise
        return item

    def _weigh(self, item: Message) -> None:
        now = time.monotonic()
        if now - self._since > PER_SECONDS:
            self._since, self._count = now, 0
        self._count += 1
        self._garbage = self._garbage + 1 if isinstance(item, Exception) else 0
        if self._garbage > MOST_GARBAGE or self._count > MOST_MESSAGES:
            such = f", such as {said(item)!r}" if isinstance(item, Exception) else ""
            self._ended(f"it sends more than anybody can read{such}")
            raise anyio.EndOfStream

    async def aclose(self) -> None:
        """Close the SDK's stream."""
        await self._stream.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


@asynccontextmanager
async def watched(opened: Opened, ended: Ended) -> AsyncIterator[Streams]:
    """The streams of a transport, with an ear on what comes in."""
    async with opened as (reading, writing):
        yield Ear(reading, ended), writing


@asynccontextmanager
async def process(parameters: StdioServerParameters, stderr: Stderr) -> AsyncIterator[Streams]:
    """A server's process, started now and ended with the context."""
    from mcp.client.stdio import stdio_client

    with stderr.pipe() as file:
        async with stdio_client(parameters, errlog=file) as streams:
            # With this end open, the pipe would outlive the process.
            file.close()
            yield streams


@asynccontextmanager
async def http(url: str, headers: Mapping[str, str], timeout: float) -> AsyncIterator[Streams]:
    """A server at an address, over streamable HTTP."""
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    limits = httpx2.Timeout(timeout, read=None)
    async with (
        httpx2.AsyncClient(
            headers=dict(headers), timeout=limits, event_hooks={"response": [_note_status]}
        ) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


async def _note_status(response: httpx2.Response) -> None:
    answers = seen.get()
    if answers is not None:
        answers.append(Seen(response.status_code, "mcp-session-id" in response.request.headers))


def quieten() -> None:
    """Keep the SDK's loggers off the terminal of a program that has set up no logging."""
    for name in ("mcp", "client"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def said(error: Exception) -> str:
    """The line that was no message, or what is wrong with it."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError) and error.errors():
        return one_line(error.errors()[0].get("input", ""), 60)
    return one_line(error, 60)
