"""`omni-agent chat`: a conversation at the terminal that goes on where it was left."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from ..errors import OmniError

if TYPE_CHECKING:
    from ..agent import Agent
    from .screen import Screen

HELP = "/new starts another conversation, /quit leaves; Ctrl-C stops a reply and keeps the conversation."


def chat(
    agent: Annotated[str | None, typer.Option(help="FILE.py[:name] or module:name.")] = None,
    session: Annotated[str, typer.Option(help="Conversation to go on with.")] = "chat",
    user: Annotated[str, typer.Option(help="Whose memory to use.")] = "local",
) -> None:
    """Talk by typing; history is kept from one start to the next."""
    from rich.console import Console

    from .agent_file import load_agent
    from .models import fetch_missing
    from .screen import TextScreen

    chosen = load_agent(agent)
    fetch_missing(chosen)
    console = Console(highlight=False, soft_wrap=True)
    with asyncio.Runner() as runner:
        with console.status("loading the model"):
            turns = runner.run(_prepare(chosen, session, user))
        kept = f"going on with '{session}', {turns} turns" if turns else "a new conversation"
        console.print(f"{chosen.name}: {kept}. {HELP}", style="dim", markup=False)
        try:
            _converse(runner, chosen, TextScreen(console), session, user)
        finally:
            runner.run(chosen.close())


def _converse(runner: asyncio.Runner, agent: Agent, screen: Screen, session: str, user: str) -> None:
    from .turn import show_turn

    while (line := _read()) is not None and line != "/quit":
        if line in {"/new", "/help"}:
            session = uuid4().hex[:8] if line == "/new" else session
            typer.echo(f"conversation '{session}'. {HELP}")
        elif line:
            try:
                runner.run(show_turn(agent, screen, session=session, user=user, text=line))
            except KeyboardInterrupt:
                typer.echo("\n      (stopped; the conversation goes on)")
            except OmniError as error:
                typer.echo(f"      {error}", err=True)


def _read() -> str | None:
    """The next line, edited and recalled as readline does; None when there is no more."""
    with suppress(ImportError):
        import readline  # noqa: F401  (importing it is what gives `input` its history)
    try:
        return input("  you › ").strip()
    except EOFError:
        return None
    except KeyboardInterrupt:
        typer.echo()
        return ""


async def _prepare(agent: Agent, session: str, user: str) -> int:
    from ..memory import Scope

    await agent.prewarm()
    return len(await agent.parts.memory.history(Scope(user, agent.name), session, limit=1000))
