"""A server with two keys, one agent, and tools of every effect."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from omni_memory import SqliteMemory
from starlette.applications import Starlette

from omni_agent import Agent, Persona, tool
from omni_agent.models.base import Request
from omni_agent.senses import Senses
from omni_agent.server import Hosting, create_app
from omni_agent.server.access import Access
from omni_agent.server.api.watching import watched
from omni_agent.server.caller import Caller
from omni_agent.testing import SaidEars, SaidVoice, ScriptedModel, Step

HERE = "http://127.0.0.1"


@dataclass
class House:
    """The server and who lives there.

    Attributes:
        hosting: What is served.
        app: The application.
        keys: By name.
        deleted: Notes that were deleted.
    """

    hosting: Hosting
    app: Starlette
    keys: dict[str, str]
    deleted: list[str] = field(default_factory=list)

    def client(self, name: str = "") -> httpx.AsyncClient:
        """A client with somebody's key."""
        headers = {"Authorization": f"Bearer {self.keys[name]}"} if name else {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url=HERE, headers=headers)

    async def say(self, name: str, words: str, session: str = "one", user: str = "") -> list[Any]:
        """A turn under somebody's key, as the server runs them."""
        caller = Caller(name)
        events = self.hosting.agent("").stream(
            words, user=self.hosting.memory_user(caller, user), session=session, speak=False
        )
        return [event async for event in watched(self.hosting, caller, user, session, events)]


@asynccontextmanager
async def house(
    home: Path,
    *steps: Step,
    otherwise: Callable[[Request], Step] | None = None,
    keys: dict[str, str] | None = None,
) -> AsyncIterator[House]:
    """One that is open as long as it is entered.

    Args:
        home: Where its memory is.
        steps: What its model answers.
        otherwise: What it answers beyond these.
        keys: Those of an earlier one in the same home.
    """
    deleted: list[str] = []

    @tool(effect="read")
    async def weather(town: str) -> str:
        """What the weather is like.

        Args:
            town: Where.
        """
        if town == "Atlantis":
            raise ValueError("it is under water")
        return f"It is sunny in {town}."

    @tool(effect="write")
    async def add_note(text: str) -> str:
        """Keep a note.

        Args:
            text: What it says.
        """
        return "Kept."

    @tool(effect="irreversible", question="Delete the note '{title}'?")
    async def delete_note(title: str) -> str:
        """Delete a note for good.

        Args:
            title: Which note.
        """
        deleted.append(title)
        return f"Deleted {title}."

    model = ScriptedModel(
        *steps, senses=Senses(ears=SaidEars(), voice=SaidVoice(["en", "de"])), otherwise=otherwise
    )
    agent = Agent(
        name="Butler",
        description="Keeps house.",
        persona=Persona(style="brief", voice="", languages=("en", "de"), opening="Good day."),
        model=model,
        memory=SqliteMemory(home / "memory.db"),
        tools=[weather, add_note, delete_note],
        learns=False,
    )
    async with agent:
        hosting = Hosting({"butler": agent}, access=Access(keys=True))
        keys = keys or {name: hosting.keys.new(name) for name in ("anna", "ben")}
        yield House(hosting, create_app(hosting), keys, deleted)
