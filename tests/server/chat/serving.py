"""A running server on a loopback port, and unmodified clients of it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import openai
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from omni_agent import Agent
from omni_agent.errors import OmniError
from omni_agent.server import chat, responses
from omni_agent.server.caller import Caller
from omni_agent.server.errors import ApiError, on_api_error
from omni_agent.server.hosting import Hosting

KEY = "key-of-"


@dataclass
class Served:
    """A running server.

    Attributes:
        url: With `/v1`.
        http: A plain client of it.
    """

    url: str
    http: httpx.AsyncClient

    def client(self, name: str = "") -> openai.AsyncOpenAI:
        """OpenAI's client, as the bearer of a key."""
        return openai.AsyncOpenAI(base_url=self.url, api_key=KEY + name, max_retries=0)

    def sync_client(self) -> openai.OpenAI:
        """OpenAI's client for programs without a loop."""
        return openai.OpenAI(base_url=self.url, api_key=KEY, max_retries=0)

    async def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        """A request of no client's making."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(path, content=json.dumps(body), headers=named)

    async def events(self, path: str, body: Mapping[str, Any]) -> list[str]:
        """The data of each server-sent event of an answer."""
        async with self.http.stream("POST", path, json=body) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = [line async for line in answer.aiter_lines()]
        return [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]


def app_of(hosting: Hosting) -> Starlette:
    """The two parts by themselves; who bears the key `key-of-ana` is the caller `ana`."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            bearer = Request(scope).headers.get("authorization", "").removeprefix(f"Bearer {KEY}")
            scope.setdefault("state", {})["caller"] = Caller(bearer) if bearer else Caller()
        await inner(scope, receive, send)

    inner = Starlette(
        routes=[*chat.routes(hosting), *responses.routes(hosting)],
        exception_handlers={ApiError: on_api_error, OmniError: on_api_error},
    )
    inner.state.hosting = hosting
    outer = Starlette()
    outer.mount("/", app)
    return outer


@asynccontextmanager
async def serving(*agents: Agent) -> AsyncIterator[Served]:
    """Serve agents, the first as the default, until the block ends; they are closed with it."""
    hosting = Hosting({agent.name.lower(): agent for agent in agents})
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app_of(hosting), log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    try:
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            yield Served(url, http)
    finally:
        server.should_exit = True
        await running
        for agent in agents:
            await agent.close()
