"""The page in a headless Chromium, before a server whose realtime part is the fake one."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import Request as HttpRequest
from starlette.responses import StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from omni_agent import Agent
from omni_agent.messages import Hearing
from omni_agent.models.base import Request
from omni_agent.senses import Senses
from omni_agent.server import Hosting
from omni_agent.server.realtime import Realtime
from omni_agent.server.running import running
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import SaidVoice, ScriptedActivity, ScriptedModel, ScriptedTurnEnd, Step
from tests.testing.realtime_conformance.fake_session import Event, FakeSession

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

SPOKEN = Path(__file__).parents[3] / "examples" / "timer.wav"
"""Somebody who speaks for three seconds."""
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str:
    """Where a Chromium is; skips the test where there is none, or nothing to drive it with."""
    pytest.importorskip("playwright", reason="no playwright: pip install playwright")
    named = os.environ.get("OMNI_AGENT_TEST_CHROMIUM")
    path = named or next((found for name in _NAMES if (found := shutil.which(name))), None)
    if not path:
        pytest.skip("no Chromium: apt-get install chromium, or set OMNI_AGENT_TEST_CHROMIUM")
    return path


def briefly(folder: Path, seconds: float = 1.2) -> Path:
    """The beginning of what is spoken, as a WAV: tests hear it in real time."""
    import soundfile

    samples, rate = soundfile.read(SPOKEN, dtype="int16")
    path = folder / "brief.wav"
    soundfile.write(path, samples[: round(seconds * rate)], rate, subtype="PCM_16")
    return path


@dataclass
class Fake:
    """The fake realtime part.

    Attributes:
        pace: Seconds between the deltas of an answer.
        session: The session that was opened last.
        received: What the page has sent, but for its sound.
        frames: How many frames of sound it sent.
        models, conversations: What each of its connections asked for.
        watched: The conversations whose events were followed.
    """

    pace: float = 0.02
    session: FakeSession | None = None
    received: list[Event] = field(default_factory=list)
    frames: int = 0
    models: list[str] = field(default_factory=list)
    conversations: list[str] = field(default_factory=list)
    watched: list[str] = field(default_factory=list)
    _socket: WebSocket | None = None
    _told: asyncio.Queue[Event] = field(default_factory=asyncio.Queue)

    @property
    def routes(self) -> list[BaseRoute]:
        return [WebSocketRoute("/v1/realtime", self.serve), Route("/api/events", self.watch)]

    def tell(self, event: Event) -> None:
        """An event of the agent's, for those who watch."""
        self._told.put_nowait(event)

    async def watch(self, request: HttpRequest) -> StreamingResponse:
        """As `/api/events` does."""
        self.watched.append(request.query_params["session"])

        async def events() -> AsyncIterator[str]:
            yield "retry: 2000\n\n"
            while True:
                event = await self._told.get()
                data = json.dumps({"session": "page", "event": event})
                yield f"id: 1\nevent: {event['type']}\ndata: {data}\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.received if event["type"] == kind]

    async def hang_up(self) -> None:
        """Close the connection, as a server does that stops."""
        assert self._socket
        await self._socket.close(1001)

    async def serve(self, websocket: WebSocket) -> None:
        self._socket = websocket
        self.models.append(websocket.query_params.get("model", ""))
        self.conversations.append(websocket.query_params.get("conversation", ""))
        await websocket.accept("realtime")
        frames: asyncio.Queue[Any] = asyncio.Queue()
        self.session = FakeSession(frames.put_nowait, pace=self.pace)
        self.session.start()

        async def pump() -> None:
            while True:
                await websocket.send_text(await frames.get())

        pumping = asyncio.create_task(pump())
        try:
            while True:
                text = await websocket.receive_text()
                self._note(json.loads(text))
                self.session.take(text)
        except WebSocketDisconnect:
            pass
        finally:
            self.session.stop()
            pumping.cancel()

    def _note(self, event: Event) -> None:
        if event["type"] == "input_audio_buffer.append":
            self.frames += 1
        else:
            self.received.append(event)


@asynccontextmanager
async def browser(microphone: Path = SPOKEN) -> AsyncIterator[Browser]:
    """A Chromium that lets pages record, and hears a recording each time that one does."""
    path = chromium()
    from playwright.async_api import async_playwright

    arguments = [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}%noloop",
        "--autoplay-policy=user-gesture-required",
    ]
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield launched
        finally:
            await launched.close()


@asynccontextmanager
async def opened(browser: Browser, url: str, **options: Any) -> AsyncIterator[Page]:
    """The page; fails at the end where it wrote an error to its console, as a breach of the policy is."""
    context: BrowserContext = await browser.new_context(permissions=["microphone"], **options)
    try:
        page = await context.new_page()
        page.set_default_timeout(120_000)
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(_told(said)) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        await page.goto(url)
        yield page
        unexpected = [line for line in wrong if not _expected(line)]
        assert not unexpected, unexpected
    finally:
        await context.close()


def _told(said: ConsoleMessage) -> str:
    return f"{said.text} {said.location.get('url', '')}"


def _expected(line: str) -> bool:
    """What a browser writes of answers that the page reckons with."""
    return "401" in line or ("404" in line and "/api/events" in line)


@asynccontextmanager
async def served(fake: Fake, *, agents: Sequence[str] = ("omni",), **options: Any) -> AsyncIterator[str]:
    """A server with the page, the guard and the fake realtime part; gives its address."""
    hosting = Hosting({name: Agent(model=ScriptedModel(), memory=None) for name in agents}, **options)
    async with running(hosting, further=fake.routes) as address:
        yield address


class TimerEars:
    """Understand the recording, whatever the sound."""

    async def transcribe(
        self, audio: Pcm, *, language: str = "", hints: Sequence[str] = (), timed: bool = True
    ) -> Hearing:
        return Hearing("Set a timer.", "en", 1.0, 1.0)

    async def prewarm(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""


@asynccontextmanager
async def served_by_an_agent() -> AsyncIterator[str]:
    """The whole server, with an agent whose model follows a script; gives its address."""

    def answer(request: Request) -> Step:
        return Step(says="It is set." if "timer" in request.messages[-1].text else "Good day to you.")

    senses = Senses(ears=TimerEars(), voice=SaidVoice(rate=24_000))
    model = ScriptedModel(senses=senses, otherwise=answer)
    agent = Agent(model=model, memory=None, learns=False)
    hosting = Hosting({"omni": agent})
    realtime = Realtime(hosting, activity=ScriptedActivity, turn_end=ScriptedTurnEnd())
    async with agent, running(hosting, further=realtime.routes) as address:
        yield address
