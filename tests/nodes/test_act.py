"""Running a call: progress, being cut off, and what a tool shows."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture

from omni_agent import Agent, Tool, ToolContext, tool
from omni_agent.events import AgentEvent, Interrupted, ToolFinished, ToolProgress, ToolStarted
from omni_agent.messages import Audio, Hearing, Image, Message, Reading, Text, TextBox, ToolResult, Video
from omni_agent.models.base import Capabilities, Request
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedEars, ScriptedEyes, ScriptedModel, Step

pytestmark = pytest.mark.anyio
SIGHTED = Capabilities(inputs=frozenset({"text", "image", "audio"}))


async def turn(
    made: Tool,
    arguments: dict[str, Any] | None = None,
    *,
    capabilities: Capabilities | None = None,
    senses: Senses | None = None,
) -> tuple[list[AgentEvent], Request, ToolResult]:
    """One call: the events, the request that had its result, and that result."""
    steps = Step(calls={made.name: arguments or {}}), Step(says="Done.")
    with ScriptedModel(*steps, capabilities=capabilities, senses=senses) as model:
        agent = Agent(model=model, memory=None, tools=[made])
        events = [event async for event in agent.stream("go", speak=False)]
    [result] = model.requests[-1].messages[-1].parts
    assert isinstance(result, ToolResult)
    return events, model.requests[-1], result


def progress(events: list[AgentEvent]) -> list[str]:
    return [event.message for event in events if isinstance(event, ToolProgress)]


def png(color: str = "red") -> bytes:
    out = io.BytesIO()
    Picture.new("RGB", (4, 3), color).save(out, "PNG")
    return out.getvalue()


async def test_what_a_generator_yields_is_progress_and_what_it_returns_the_result() -> None:
    @tool
    def cook(eggs: int) -> Generator[object, None, str]:
        """Cook eggs."""
        for egg in range(eggs):
            yield f"egg {egg + 1}"
        yield {"left": 0}
        return "cooked"

    events, _, result = await turn(cook, {"eggs": "2"})
    assert progress(events) == ["egg 1", "egg 2", '{"left":0}']
    assert (result.status, result.content) == ("done", "cooked")
    kinds = [type(event) for event in events if not isinstance(event, ToolProgress)]
    assert kinds.index(ToolStarted) < kinds.index(ToolFinished)
    assert isinstance(
        events[events.index(next(e for e in events if isinstance(e, ToolFinished))) - 1], ToolProgress
    )
    [started] = [event for event in events if isinstance(event, ToolStarted)]
    assert started.arguments == {"eggs": 2}


async def test_where_nothing_is_returned_the_last_thing_yielded_is_the_result() -> None:
    @tool
    async def count() -> AsyncGenerator[object, None]:
        """Count."""
        yield "one"
        yield ["two", 2]

    @tool
    def add() -> Generator[object, None, None]:
        """Add."""
        yield "adding"
        yield 3

    @tool
    def idle() -> Generator[object, None, None]:
        """Do nothing."""
        yield from ()

    events, _, result = await turn(count)
    assert progress(events) == ["one", '["two",2]']
    assert result.content == '["two",2]'
    assert (await turn(add))[2].content == "3"
    assert (await turn(idle))[2].content == "null"


async def test_a_thread_learns_that_its_time_is_over_and_reports_no_more() -> None:
    stopped, leave = threading.Event(), list[str]()

    @tool(effect="read", timeout=0.05)
    def wait(context: ToolContext) -> None:
        """Wait."""
        context.report("waiting")
        assert context.cancellation.wait(30)
        context.report("too late")
        try:
            context.raise_if_cancelled()
        except Exception as error:
            leave.append(str(error))
            raise
        finally:
            stopped.set()

    events, _, result = await turn(wait)
    assert (result.status, result.content) == ("failed", "wait did not finish within 0.05 seconds")
    assert await asyncio.to_thread(stopped.wait, 30)
    assert leave == ["the call was cut off"]
    assert progress(events) == ["waiting"]


async def test_a_generator_is_closed_at_its_next_yield() -> None:
    closed, go = threading.Event(), threading.Event()

    @tool(timeout=0.05)
    def spin() -> Generator[str, None, None]:
        """Spin."""
        try:
            yield "round"
            go.wait(30)
            yield "and round"
            yield "never"
        finally:
            closed.set()

    events, _, result = await turn(spin)
    assert result.status == "unknown"
    assert not closed.is_set()
    go.set()
    assert await asyncio.to_thread(closed.wait, 30)
    assert progress(events) == ["round"]


async def test_cutting_the_reply_stops_the_tool() -> None:
    stopped, cleaned = threading.Event(), asyncio.Event()

    @tool(cancellable=True)
    def dig(context: ToolContext) -> None:
        """Dig."""
        if context.cancellation.wait(30):
            stopped.set()

    @tool(cancellable=True)
    async def climb() -> AsyncGenerator[str, None]:
        """Climb."""
        try:
            yield "up"
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    model = ScriptedModel(Step(calls={"dig": {}, "climb": {}}))
    agent = Agent(model=model, memory=None, tools=[dig, climb])
    kinds = []
    async for event in agent.stream("go", speak=False):
        kinds.append(type(event))
        if isinstance(event, ToolProgress):
            agent.interrupt()
    assert Interrupted in kinds
    assert await asyncio.to_thread(stopped.wait, 30)
    assert cleaned.is_set()


async def test_a_tools_own_timeout_is_its_own_failure() -> None:
    @tool
    async def fetch() -> None:
        """Fetch."""
        raise TimeoutError("the server is slow")

    assert (await turn(fetch))[2].content == "fetch failed: the server is slow"


async def test_a_tool_sees_the_memory_of_its_user_only() -> None:
    @tool
    async def earlier(context: ToolContext) -> list[str]:
        """What was said before."""
        assert await context.memory.recall("x") == []
        return [record.text for record in await context.memory.history()]

    steps = [Step(calls={"earlier": {}}), Step(says="First.")] * 3
    with ScriptedModel(*steps) as model:
        agent = Agent(model=model, tools=[earlier], memory=None)
        for user in ("ada", "ada", "bob"):
            await agent.ask("go", user=user)
    seen = [m for r in model.requests[1::2] for m in r.messages[-1].parts if isinstance(m, ToolResult)]
    assert [part.content for part in seen] == ["[]", '["First."]', "[]"]


@tool
def draw(context: ToolContext) -> Image:
    """Draw."""
    return Image(context.media.put(png(), "image/png"))


async def test_a_model_with_eyes_gets_the_picture() -> None:
    _, request, result = await turn(draw, capabilities=SIGHTED)
    [image] = result.media
    assert isinstance(image, Image)
    assert (image.width, image.height, image.mime, image.reading) == (4, 3, "image/png", None)
    assert result.content == "[picture]"
    assert Message.from_json(request.messages[-1].to_json()) == request.messages[-1]


async def test_a_model_without_eyes_gets_what_it_says() -> None:
    _, _, result = await turn(draw, senses=Senses(eyes=ScriptedEyes("Total", "14.50")))
    assert result.content == '[picture; it says: "Total / 14.50"]'
    [image] = result.media
    assert isinstance(image, Image)
    assert image.reading
    assert image.reading.text == "Total\n14.50"
    assert (await turn(draw))[2].content == "[a picture that you cannot see]"


async def test_words_and_media_in_one_result(tmp_path: Path) -> None:
    path = tmp_path / "chart.png"
    path.write_bytes(png("blue"))
    known = Reading((TextBox("Sales", (0, 0, 1, 1)),))

    @tool
    async def show(context: ToolContext) -> object:
        """Show."""
        sound = context.media.put(Pcm.silence(0.5, 16000).to_wav(), "audio/wav")
        return "Two things:", Image(str(path), reading=known), Audio(sound), Text("That is all."), {"n": 2}

    ears = ScriptedEars(Hearing("ding dong", "en", 1.0, 1.0))
    _, _, result = await turn(show, senses=Senses(ears=ears))
    assert result.content.splitlines() == [
        "Two things:",
        "That is all.",
        '{"n":2}',
        '[picture; it says: "Sales"]',
        '[sound; it says: "ding dong"]',
    ]
    picture, sound = result.media
    assert picture.ref.startswith("media://")
    assert isinstance(sound, Audio)
    assert sound.seconds == pytest.approx(0.5)
    _, _, heard = await turn(show, capabilities=SIGHTED)
    assert heard.content.splitlines()[-2:] == ["[picture]", "[sound]"]


def clip() -> bytes:
    av, data = pytest.importorskip("av"), io.BytesIO()
    with av.open(data, "w", format="mp4") as container:
        track = container.add_stream("mpeg4", rate=5)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for level in range(0, 250, 25):
            frame = av.VideoFrame.from_image(Picture.new("RGB", (64, 48), (level, level, level)))
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return data.getvalue()


async def test_a_clip_is_shown_as_pictures_to_a_model_that_sees_only_those() -> None:
    @tool
    def film(context: ToolContext) -> Video:
        """Film."""
        return Video(context.media.put(clip(), "video/mp4"))

    _, _, result = await turn(film, capabilities=SIGHTED)
    video, *frames = result.media
    assert isinstance(video, Video)
    assert video.seconds == pytest.approx(2, abs=0.3)
    assert frames
    assert all(isinstance(frame, Image) and (frame.width, frame.height) == (64, 48) for frame in frames)
    told, *names = result.content.splitlines()
    assert told.startswith("[a clip of 2 s, shown as pictures at 0 s, ")
    assert names == ["[picture]"] * len(frames)
    _, _, whole = await turn(film, capabilities=Capabilities(inputs=frozenset({"text", "video"})))
    assert (whole.content, len(whole.media)) == ("[clip]", 1)


@pytest.mark.parametrize("part", [Image("nowhere.png"), Audio("media://" + "0" * 64), Video("nowhere.mp4")])
async def test_what_cannot_be_shown_is_said(part: Image | Audio | Video) -> None:
    @tool
    def show() -> object:
        """Show."""
        return ["It worked.", part]

    _, _, result = await turn(show, capabilities=SIGHTED)
    assert result.status == "done"
    assert result.content.startswith(f"It worked.\n[{part.type} that cannot be shown: ")
    assert result.media == ()


async def test_eyes_that_fail_do_not_end_the_turn() -> None:
    class Sore(ScriptedEyes):
        async def read(self, image: bytes) -> Reading:
            raise RuntimeError("out of memory")

    _, _, result = await turn(draw, senses=Senses(eyes=Sore()))
    assert (result.status, result.content) == ("done", "[image that cannot be shown: out of memory]")


def test_results_that_were_stored_before_media_are_read() -> None:
    old = {"call_id": "c", "name": "n", "status": "done", "content": "x", "type": "tool_result"}
    assert Message.from_json({"role": "tool", "parts": [old]}).parts == (ToolResult("c", "n", "done", "x"),)
