"""A server with routes that show what came through the guard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect

from omni_agent import Agent
from omni_agent.server import Hosting
from omni_agent.server.caller import caller_of
from omni_agent.server.running import Place, running
from omni_agent.testing import ScriptedModel

QUIET = 0.05


@dataclass
class Probe:
    """Routes of its own, and what it saw.

    Attributes:
        read: Bytes of bodies that reached it.
        go: Lets the slow answers end.
        begun: Set when a slow answer has begun.
    """

    read: int = 0
    go: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/probe", self.echo, methods=["GET", "POST"]),
            Route("/probe/slow", self.slow, methods=["POST"]),
            Route("/probe/broken", self.broken),
            WebSocketRoute("/v1/realtime", self.live),
            WebSocketRoute("/probe/live", self.live),
        ]

    async def echo(self, request: Request) -> JSONResponse:
        async for piece in request.stream():
            self.read += len(piece)
        return JSONResponse({"caller": caller_of(request).name})

    async def slow(self, request: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"begun "
            self.begun.set()
            await self.go.wait()
            yield b"ended"

        return StreamingResponse(pieces())

    async def broken(self, request: Request) -> JSONResponse:
        raise RuntimeError("the secret is swordfish")

    async def live(self, socket: WebSocket) -> None:
        await socket.accept()
        caller = caller_of(socket)
        await socket.send_json({"caller": caller.name, "session": caller.session})
        self.begun.set()
        async for text in socket.iter_text():
            if text == "break":
                raise RuntimeError("the secret is swordfish")
            await socket.send_text(str(len(text)))


def hosted(**named: Any) -> Hosting:
    """One agent that answers nothing."""
    return Hosting({"probe": Agent(model=ScriptedModel(), memory=None)}, **named)


@asynccontextmanager
async def probed(
    hosting: Hosting | None = None, probe: Probe | None = None, **place: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a real server on loopback."""
    probe = probe or Probe()
    async with running(hosting or hosted(), replace(Place(), **place), probe.routes()) as address:
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=20) as client:
            yield client
        probe.go.set()


def socket_to(client: httpx.AsyncClient, path: str = "/probe/live", **named: Any) -> connect:
    """A socket to the same server, as a program opens it."""
    url = str(client.base_url.copy_with(scheme="ws", path=path))
    return connect(url, proxy=None, max_size=None, **named)


__all__ = ["ClientConnection", "Probe", "hosted", "probed", "socket_to"]
