"""`omni-agent serve`: an agent for other programs."""

from __future__ import annotations

import asyncio
import sys
from contextlib import nullcontext, redirect_stdout
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ConfigError

if TYPE_CHECKING:
    from ..agent import Agent


def serve(
    mcp: Annotated[
        bool, typer.Option("--mcp", help="Offer the agent's tools by the Model Context Protocol.")
    ] = False,
    agent: Annotated[str | None, typer.Option(help="FILE.py[:name] or module:name.")] = None,
    model: Annotated[str, typer.Option(help="NAME, NAME:ADDRESS, or several: 'a | b'.")] = "",
    http: Annotated[
        bool, typer.Option("--http", help="Over HTTP, not over standard input and output.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port for --http; 0 takes a free one.", min=0, max=65535)] = 8765,
    yes: Annotated[bool, typer.Option("--yes", help="Run what cannot be taken back without asking.")] = False,
) -> None:
    """Offer an agent's tools to other programs."""
    from .agent_file import load_agent

    if not mcp:
        raise ConfigError("serve does not know what to serve", remedy="omni-agent serve --mcp")
    _check_installed()
    with nullcontext() if http else redirect_stdout(sys.stderr):
        chosen = load_agent(agent, model=model)
    asyncio.run(_served(chosen, http=http, port=port, yes=yes))


async def _served(agent: Agent, *, http: bool, port: int, yes: bool) -> None:
    from ..mcp.calling import Calls
    from ..mcp.offering import Offering
    from ..mcp.serving import over_http, over_stdio

    async with agent:
        server = Offering(agent.toolbox, Calls(agent.parts), name=agent.name, yes=yes).server()
        await (over_http(server, port) if http else over_stdio(server))


def _check_installed() -> None:
    import importlib.util

    if importlib.util.find_spec("mcp") is None:
        raise ConfigError("--mcp needs the package mcp", remedy="pip install 'omni-agent-framework[mcp]'")
