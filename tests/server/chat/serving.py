"""A running server on a loopback port, and unmodified clients of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import openai

from omni_agent import Agent
from omni_agent.server import Hosting
from omni_agent.server.running import running


@dataclass
class Served:
    """A running server.

    Attributes:
        url: With `/v1`.
        http: A plain client of it.
        hosting: What it serves.
    """

    url: str
    http: httpx.AsyncClient
    hosting: Hosting

    def key(self, name: str) -> dict[str, str]:
        """The header of the bearer of a new key."""
        return {"authorization": f"Bearer {self.hosting.keys.new(name)}"}

    def client(self) -> openai.AsyncOpenAI:
        """OpenAI's client."""
        return openai.AsyncOpenAI(base_url=self.url, api_key="none is needed", max_retries=0)

    def sync_client(self) -> openai.OpenAI:
        """OpenAI's client for programs without a loop."""
        return openai.OpenAI(base_url=self.url, api_key="none is needed", max_retries=0)

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


@asynccontextmanager
async def serving(*agents: Agent, **named: Any) -> AsyncIterator[Served]:
    """Serve agents, the first as the default, until the block ends; they are closed with it."""
    hosting = Hosting({agent.name.lower(): agent for agent in agents}, **named)
    try:
        async with running(hosting) as address, httpx.AsyncClient(timeout=30, trust_env=False) as http:
            http.base_url = f"{address}/v1"
            yield Served(f"{address}/v1", http, hosting)
    finally:
        for agent in agents:
            await agent.close()
