"""An agent's tools as the SDK's client has them; both are in this process."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from typing import Any

import pytest
from mcp import Client
from mcp.types import CallToolResult, ElicitResult, ImageContent, TextContent

from omni_agent import Agent, Toolbox, ToolContext, tool
from omni_agent.errors import ToolError
from omni_agent.mcp.calling import USER, Calls
from omni_agent.mcp.offering import Offering
from omni_agent.messages import Image
from omni_agent.testing import ScriptedModel
from omni_agent.tool import timeout
from tests.mcp.servers.odd import PIXEL
from tests.mcp.talking import until

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("mode", ["legacy", "auto"])]


class House:
    """Notes what happens in it."""

    def __init__(self) -> None:
        self.done = list[str]()

    @tool(effect="read")
    async def look(self, room: str, lamps: int = 0) -> str:
        """Look into a room.

        Args:
            room: Which one.
            lamps: How many lamps to switch on first.
        """
        return f"{room} {lamps}"

    @tool(effect="irreversible", question="Burn {what}?")
    def burn(self, what: str) -> str:
        """Burn something."""
        self.done.append(what)
        return "burnt"

    @tool
    def fail(self) -> str:
        """Fail."""
        raise ToolError("the door is locked")

    @tool
    def walk(self, context: ToolContext) -> Iterator[str]:
        """Walk through the house."""
        yield "hall"
        yield "kitchen"
        yield f"done by {context.user}"

    @tool(effect="read")
    async def picture(self, context: ToolContext) -> list[str | Image]:
        """Show the house."""
        ref = context.media.put(base64.b64decode(PIXEL), "image/png")
        return ["Here:", Image(ref)]

    @tool(effect="read")
    async def wait(self) -> str:
        """Wait for ever."""
        self.done.append("begun")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.done.append("cut off")
            raise
        return "never"

    @tool
    async def build(self) -> str:
        """Build a wall."""
        self.done.append("begun")
        await asyncio.sleep(0.05)
        self.done.append("built")
        return "built"


@pytest.fixture
def house() -> House:
    return House()


def offered(box: Toolbox, *, yes: bool = False) -> Any:
    calls = Calls(Agent(model=ScriptedModel(), memory=None).parts)
    return Offering(box, calls, name="House", yes=yes).server()


def client(house: House, mode: str, *, yes: bool = False, **more: Any) -> Client:
    server = offered(Toolbox([house]), yes=yes)
    return Client(server, mode=mode, **more)


def text(result: CallToolResult) -> str:
    assert isinstance(result.content[0], TextContent)
    return result.content[0].text


async def test_tools_are_shown_with_what_they_do(house: House, mode: str) -> None:
    async with client(house, mode) as there:
        tools = {item.name: item for item in (await there.list_tools()).tools}
    assert tools["look"].description == "Look into a room."
    assert tools["look"].input_schema["required"] == ["room"]
    hints = {name: item.annotations for name, item in tools.items()}
    assert all(hints.values())
    assert [name for name, hint in hints.items() if hint and hint.read_only_hint] == [
        "look",
        "picture",
        "wait",
    ]
    assert [name for name, hint in hints.items() if hint and hint.destructive_hint] == ["burn"]


async def test_calls_are_checked_mended_and_run(house: House, mode: str) -> None:
    async with client(house, mode) as there:
        assert text(await there.call_tool("look", {"room": "hall", "lamps": "2"})) == "hall 2"
        wrong = await there.call_tool("look", {"lamps": 2})
        assert wrong.is_error
        assert "'room' is a required property" in text(wrong)
        assert "there is no tool 'fly'" in text(await there.call_tool("fly", {}))


async def test_failures_are_told_as_such(house: House, mode: str) -> None:
    async with client(house, mode) as there:
        failed = await there.call_tool("fail", {})
    assert (failed.is_error, text(failed)) == (True, "the door is locked")


async def test_pictures_are_pictures(house: House, mode: str) -> None:
    async with client(house, mode) as there:
        words, picture = (await there.call_tool("picture", {})).content
    assert isinstance(words, TextContent)
    assert isinstance(picture, ImageContent)
    assert (picture.data, picture.mime_type) == (PIXEL, "image/png")


async def test_progress_is_told_in_order(house: House, mode: str) -> None:
    told = list[tuple[float, str | None]]()

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message))

    async with client(house, mode) as there:
        result = await there.call_tool("walk", {}, progress_callback=note)
        await until(lambda: len(told) == 3)
    assert text(result) == f"done by {USER}"
    assert sorted(told)[:2] == [(1, "hall"), (2, "kitchen")]


async def test_a_tool_that_takes_too_long_is_given_up(house: House, mode: str) -> None:
    box = Toolbox([timeout(House().wait, 0.05)])
    async with Client(offered(box), mode=mode) as there:
        late = await there.call_tool("wait", {})
    assert late.is_error
    assert "did not finish within 0.05 seconds" in text(late)


@pytest.mark.parametrize(("name", "end"), [("wait", "cut off"), ("build", "built")])
async def test_a_call_that_the_client_gives_up(house: House, mode: str, name: str, end: str) -> None:
    async with client(house, mode) as there:
        calling = asyncio.create_task(there.call_tool(name, {}))
        await until(lambda: house.done == ["begun"])
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        await until(lambda: house.done == ["begun", end])


async def test_what_cannot_be_taken_back_is_not_run_where_nobody_can_be_asked(
    house: House, mode: str
) -> None:
    async with client(house, mode) as there:
        refused = await there.call_tool("burn", {"what": "the letter"})
    assert refused.is_error
    assert "cannot be taken back" in text(refused)
    assert house.done == []


@pytest.mark.parametrize(("action", "done"), [("accept", ["the letter"]), ("decline", []), ("cancel", [])])
async def test_the_clients_user_is_asked(house: House, mode: str, action: Any, done: list[str]) -> None:
    asked = list[str]()

    async def ask(context: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action=action, content={} if action == "accept" else None)

    async with client(house, mode, elicitation_callback=ask) as there:
        result = await there.call_tool("burn", {"what": "the letter"})
    assert asked == ["Burn the letter?"]
    assert house.done == done
    assert bool(result.is_error) is not bool(done)


async def test_yes_allows_everything(house: House, mode: str) -> None:
    async with client(house, mode, yes=True) as there:
        assert text(await there.call_tool("burn", {"what": "it"})) == "burnt"
