"""One user's memory, opened for a command; its options."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ...erasure import Places
    from ...user_memory import UserMemory

DEFAULT_PERSONA = "Omni"

User = Annotated[str, typer.Option(help="Whose memory.")]
PersonaName = Annotated[str, typer.Option(help="Name of the agent or persona that remembers.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@asynccontextmanager
async def opened_places() -> AsyncIterator[Places]:
    """The files of `OMNI_AGENT_HOME`, without an agent.

    Raises:
        ConfigError: The settings name no memory that is installed.
    """
    from ...config import Settings
    from ...erasure import Places
    from ...plugins import load_memory

    places = Places.at_home(load_memory(Settings.load().memory))
    try:
        yield places
    finally:
        await places.close()


@asynccontextmanager
async def opened(user: str, persona: str) -> AsyncIterator[UserMemory]:
    """What a persona keeps of a user, with the circle that it is in."""
    from ...memory import Scope
    from ...user_memory import UserMemory

    async with opened_places() as places:
        known = {scope.persona: scope for scope in await places.archive.scopes(user)}
        yield UserMemory(places, known.get(persona, Scope(user, persona)))
