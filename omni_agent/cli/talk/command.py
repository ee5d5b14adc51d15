"""`omni-agent talk`: a live conversation by voice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import OmniError

if TYPE_CHECKING:
    from ...agent import Agent
    from ...clock import Clock
    from ...speech.devices.line import DeviceChange
    from ...speech.devices.protocols import Microphone, Speaker
    from .loop import LiveSession


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line, but for the agent."""

    user: str = "local"
    session: str = "talk"
    input: str = ""
    output: str = ""
    push_to_talk: bool = False
    json: bool = False
    mute: bool = False


def talk(
    agent: Annotated[str | None, typer.Option(help="FILE.py[:name] or module:name.")] = None,
    model: Annotated[str, typer.Option(help="NAME, NAME:ADDRESS, or several: 'a | b'.")] = "",
    persona: Annotated[Path | None, typer.Option(help="A TOML file with the persona to talk to.")] = None,
    user: Annotated[str, typer.Option(help="Whose memory to use.")] = "local",
    session: Annotated[str, typer.Option(help="Conversation to go on with.")] = "talk",
    input: Annotated[  # noqa: A002 (the option's name)
        str, typer.Option(help="Microphone by number or name, or a recording: FILE.wav.")
    ] = "",
    output: Annotated[str, typer.Option(help="Loudspeaker by number or name, or FILE.wav.")] = "",
    devices: Annotated[bool, typer.Option("--devices", help="List the sound devices.")] = False,
    push_to_talk: Annotated[
        bool, typer.Option("--push-to-talk", help="Listen only between two strokes of the space bar.")
    ] = False,
    tools_dir: Annotated[str, typer.Option(help="A folder of Python files with more tools.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One event a line, as JSON.")] = False,
    mute: Annotated[bool, typer.Option("--mute", help="Begin with the microphone muted.")] = False,
) -> None:
    """Talk by voice; the agent may be interrupted at any time."""
    from ..agent_file import load_agent
    from ..models import fetch_missing
    from .devices import list_devices

    if devices:
        list_devices(json=json)
        return
    chosen = load_agent(agent, tools_dir, persona, model)
    fetch_missing(chosen)
    options = Options(user, session, input, output, push_to_talk, json, mute)
    with _quiet_libraries(on=not json and sys.stdout.isatty()):
        asyncio.run(converse(chosen, options))


async def converse(agent: Agent, options: Options) -> None:
    """Hold a conversation until the user leaves it, or a recording is over.

    Raises:
        OmniError: It could not begin, or with a recording something failed.
    """
    from rich.console import Console

    notices: asyncio.Queue[DeviceChange] = asyncio.Queue()
    async with agent, _devices(agent.parts.clock, options, notices.put_nowait) as (microphone, speaker):
        waiting = nullcontext() if options.json else Console().status("loading the model")
        with waiting:
            await agent.prewarm()
        live = agent.session(
            user=options.user,
            session=options.session,
            speaker=speaker,
            hands_free=not options.push_to_talk,
        )
        async with live as session:
            session.greet()
            await hold(session, microphone, speaker, agent, options, notices)


async def hold(
    session: LiveSession,
    microphone: Microphone,
    speaker: Speaker,
    agent: Agent,
    options: Options,
    notices: asyncio.Queue[DeviceChange],
) -> None:
    """Run screen, keys and session together; `notices` brings what becomes of the devices.

    Raises:
        OmniError: With a recording something failed.
    """
    from ..screen import JsonScreen
    from .keys import Keys, keyboard
    from .loop import Talk
    from .screen import TalkScreen
    from .view import View

    session.muted = options.mute
    view, keys = View(push_to_talk=options.push_to_talk, muted=options.mute), Keys()
    screen = None if options.json else TalkScreen(view, keys)
    show = screen.show if screen else JsonScreen(agent.parts.media).show
    meter: Callable[..., None] = screen.level if screen else lambda frame: None
    going_on = Talk(session, microphone, speaker, agent.parts.clock, view=view, show=show, meter=meter)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, going_on.leave)
    try:
        with screen or nullcontext(), keyboard(keys, going_on.act):
            await going_on.run(notices)
    finally:
        loop.remove_signal_handler(signal.SIGINT)
    if view.failed and hasattr(microphone, "over"):
        raise OmniError(view.failed.message, code=view.failed.code, remedy=view.failed.remedy)


@asynccontextmanager
async def _devices(
    clock: Clock, options: Options, changed: Callable[[DeviceChange], None]
) -> AsyncIterator[tuple[Microphone, Speaker]]:
    from .devices import open_microphone, open_speaker

    microphone = await open_microphone(options.input, clock, changed)
    try:
        speaker = await open_speaker(options.output, clock, changed)
        try:
            yield microphone, speaker
        finally:
            await speaker.close()
    finally:
        await microphone.close()


@contextmanager
def _quiet_libraries(*, on: bool) -> Iterator[None]:
    """Keep what PortAudio, ALSA and the models write to standard error off the screen, unless debugging."""
    if not on or os.environ.get("OMNI_AGENT_DEBUG"):
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
