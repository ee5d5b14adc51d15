"""`omni-agent ask`: one turn."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

if TYPE_CHECKING:
    from ..events import AgentEvent
    from .screen import Screen


def ask(
    text: Annotated[str, typer.Argument(help="What you say; may be left out where --audio says it.")] = "",
    agent: Annotated[str | None, typer.Option(help="FILE.py[:name] or module:name.")] = None,
    model: Annotated[str, typer.Option(help="NAME, NAME:ADDRESS, or several: 'a | b'.")] = "",
    audio: Annotated[Path | None, typer.Option(help="A recording of what you say.")] = None,
    image: Annotated[
        list[Path] | None, typer.Option(help="A picture to look at; may be given several times.")
    ] = None,
    video: Annotated[Path | None, typer.Option(help="A clip to look at.")] = None,
    speak: Annotated[Path | None, typer.Option(help="Speak the answer into this WAV file.")] = None,
    session: Annotated[str, typer.Option(help="Conversation to go on with; by default a new one.")] = "",
    user: Annotated[str, typer.Option(help="Whose memory to use.")] = "local",
    persona: Annotated[Path | None, typer.Option(help="A TOML file with the persona to talk to.")] = None,
    tools_dir: Annotated[str, typer.Option(help="A folder of Python files with more tools.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One event a line, as JSON.")] = False,
) -> None:
    """Ask an agent once and show its answer as it comes."""
    from .agent_file import load_agent
    from .models import fetch_missing
    from .screen import JsonScreen, TextScreen

    chosen = load_agent(agent, tools_dir, persona, model)
    fetch_missing(chosen)
    screen: Screen = JsonScreen(chosen.parts.media) if json else TextScreen()

    async def turn() -> None:
        from .turn import show_answered_turn

        async with chosen:
            seen = await show_answered_turn(
                chosen,
                screen,
                session=session or uuid4().hex,
                user=user,
                speak=speak is not None,
                text=text,
                audio=audio,
                images=image or (),
                video=video,
            )
        if speak:
            _save(seen, speak, quiet=json)

    asyncio.run(turn())


def _save(seen: list[AgentEvent], path: Path, *, quiet: bool) -> None:
    from ..errors import ModelUnavailable
    from ..events import SpeechChunk
    from ..reply import speech_of

    speech = speech_of(event for event in seen if isinstance(event, SpeechChunk))
    if speech is None:
        raise ModelUnavailable(
            f"the answer was not spoken, so {path} was not written", remedy="omni-agent doctor"
        )
    speech.save(path)
    if not quiet:
        typer.echo(f"      wrote {path} ({speech.seconds:.1f} s of speech)")
