"""`omni-agent chat`: a conversation at the terminal that goes on where it was left."""

from __future__ import annotations

from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from ..errors import OmniError
from .background import Background
from .turn import PROMPT, show_turn

if TYPE_CHECKING:
    from ..agent import Agent
    from .screen import Screen

HELP = "/new starts another conversation, /quit leaves; Ctrl-C stops a reply and keeps the conversation."


def chat(
    agent: Annotated[str | None, typer.Option(help="FILE.py[:name] or module:name.")] = None,
    model: Annotated[str, typer.Option(help="NAME, NAME:ADDRESS, or several: 'a | b'.")] = "",
    session: Annotated[str, typer.Option(help="Conversation to go on with.")] = "chat",
    user: Annotated[str, typer.Option(help="Whose memory to use.")] = "local",
    persona: Annotated[Path | None, typer.Option(help="A TOML file with the persona to talk to.")] = None,
    tools_dir: Annotated[str, typer.Option(help="A folder of Python files with more tools.")] = "",
) -> None:
    """Talk by typing; history is kept from one start to the next."""
    from rich.console import Console

    from .agent_file import load_agent
    from .models import fetch_missing
    from .screen import TextScreen

    chosen = load_agent(agent, tools_dir, persona, model)
    fetch_missing(chosen)
    console = Console(highlight=False, soft_wrap=True)
    screen = TextScreen(console)
    with Background() as background:
        with console.status("loading the model"):
            turns = background.run(_prepare(chosen, session, user))
        kept = f"going on with '{session}', {turns} turns" if turns else "a new conversation"
        console.print(f"{chosen.name}: {kept}. {HELP}", style="dim", markup=False)
        background.start(_announce(chosen, screen, user))
        background.run(_greet(chosen, screen, session, user))
        try:
            _converse(background, chosen, screen, session, user)
        finally:
            background.run(chosen.close())


def _converse(background: Background, agent: Agent, screen: Screen, session: str, user: str) -> None:
    while (line := _read()) is not None and line != "/quit":
        if line in {"/new", "/help"}:
            session = uuid4().hex[:8] if line == "/new" else session
            typer.echo(f"conversation '{session}'. {HELP}")
            background.run(_greet(agent, screen, session, user))
        elif line:
            try:
                background.run(show_turn(agent, screen, session=session, user=user, text=line))
            except KeyboardInterrupt:
                typer.echo("\n      (stopped; the conversation goes on)")
            except OmniError as error:
                typer.echo(f"      {error}", err=True)


async def _greet(agent: Agent, screen: Screen, session: str, user: str) -> None:
    """Show the persona's opening line, where the conversation is new."""
    async with aclosing(agent.greet(session=session, user=user, speak=False)) as events:
        async for event in events:
            screen.show(event)


async def _announce(agent: Agent, screen: Screen, user: str) -> None:
    """Show what happens between the turns: alarms, and calls that end late."""
    async with aclosing(agent.notices(user=user)) as notices:
        async for event in notices:
            screen.show(event)


def _read() -> str | None:
    """The next line, edited and recalled as readline does; None when there is no more."""
    with suppress(ImportError):
        import readline  # noqa: F401  (importing it is what gives `input` its history)
    try:
        return input(PROMPT).strip()
    except EOFError:
        return None
    except KeyboardInterrupt:
        typer.echo()
        return ""


async def _prepare(agent: Agent, session: str, user: str) -> int:
    await agent.prewarm()
    return len(await agent.parts.memory.history(agent.parts.scope(user), session, limit=1000))
