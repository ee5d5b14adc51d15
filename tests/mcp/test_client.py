"""A server's tools as an agent has them; the server runs in this process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import mcp.types as types
import pytest
from mcp.server import Server

from omni_agent import Toolbox
from omni_agent.errors import ConfigError, ToolError, ToolTimeout
from omni_agent.mcp import MCPServer
from omni_agent.messages import Image
from omni_agent.tool import only, prefix
from tests.mcp.servers.odd import Odd
from tests.mcp.talking import by_name, call, context, local, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def odd(tmp_path: Path) -> Odd:
    return Odd(tmp_path / "hanging")


@pytest.fixture
async def server(odd: Odd) -> AsyncIterator[MCPServer]:
    server = local(odd.server)
    yield server
    await server.close()


async def test_tools_have_the_effects_that_their_server_tells(server: MCPServer) -> None:
    effects = {name: tool.effect for name, tool in (await by_name(server)).items()}
    assert effects["echo"] == "read"
    assert effects["progress"] == "write"
    assert effects["wipe"] == "irreversible"
    assert all(tool.untrusted for tool in await server.tools())


async def test_the_users_word_on_effects_comes_before_the_servers(odd: Odd) -> None:
    server = local(
        odd.server, effects={"echo": "irreversible", "odd__wipe": "read"}, only={"echo", "odd__wipe"}
    )
    assert {tool.name: tool.effect for tool in await server.tools()} == {
        "odd__echo": "irreversible",
        "odd__wipe": "read",
    }
    await server.close()


async def test_names_that_the_server_does_not_have_are_noted(
    odd: Odd, caplog: pytest.LogCaptureFixture
) -> None:
    server = local(odd.server, only={"echo", "ecko"})
    await server.tools()
    assert server.notes == ("odd has no tool 'ecko'",)
    assert "ecko" in caplog.text
    await server.close()


async def test_odd_names_fit_and_stay_apart(server: MCPServer, odd: Odd) -> None:
    names = [tool.name for tool in await server.tools()]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 64 for name in names)
    spaced = [name for name in names if name.startswith("odd__odd_name")]
    assert len(spaced) == 2
    again = local(odd.server)
    assert [tool.name for tool in await again.tools()] == names
    assert [await call(server, name.removeprefix("odd__")) for name in spaced] == [
        "this is odd.name/with spaces",
        "this is odd.name_with_spaces",
    ]
    await again.close()


async def test_what_cannot_be_checked_is_left_out_of_a_schema(server: MCPServer) -> None:
    tools = await by_name(server)
    assert tools["odd_schema"].spec.parameters["properties"] == {"when": {"type": "string"}}
    assert tools["wipe"].spec.description == "Wipe the disk"


async def test_results_are_text_structures_and_pictures(server: MCPServer) -> None:
    assert await call(server, "echo", text="hi") == "hi"
    assert await call(server, "add", a="1", b=2) == '{"total": 3}'
    told, picture = await call(server, "picture")
    assert told == "Here:"
    assert isinstance(picture, Image)
    assert context().media.get(picture.ref).startswith(b"\x89PNG")


async def test_failures_are_errors_in_the_servers_words(server: MCPServer) -> None:
    with pytest.raises(ToolError, match=r"^no such bird$"):
        await call(server, "fail")
    with pytest.raises(ToolError, match="odd refused"):
        await call(server, "refuse")


async def test_what_a_server_asks_of_the_user_is_declined(server: MCPServer) -> None:
    with pytest.raises(ToolError, match="Elicitation not supported"):
        await call(server, "ask")
    assert await call(server, "echo", text="still there") == "still there"


async def test_progress_is_told(server: MCPServer) -> None:
    told = list[str]()
    await (await by_name(server))["progress"].run({}, context(told.append))
    assert sorted(told) == ["1 of 2", "nearly there"]


async def test_calls_run_at_the_same_time_and_can_be_cut_off(server: MCPServer, odd: Odd) -> None:
    hanging = asyncio.create_task(call(server, "read_hang"))
    await until(odd.hanging.exists)
    assert await call(server, "echo", text="meanwhile") == "meanwhile"
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    await until(lambda: odd.cut == 1)
    assert await call(server, "cancelled") == "1"


async def test_tools_are_asked_for_again_only_when_they_changed(server: MCPServer, odd: Odd) -> None:
    assert "grown" not in await by_name(server)
    await server.tools()
    assert odd.listings == 1
    await call(server, "grow")
    with pytest.raises(ToolError):
        await call(server, "fail")
    async with asyncio.timeout(10):
        while "grown" not in await by_name(server):
            await call(server, "echo", text="passes the time")
    assert await call(server, "grown") == "this is grown"


async def test_a_call_that_takes_too_long_says_whether_it_may_have_done_something(odd: Odd) -> None:
    server = local(odd.server, timeout=0.3)
    with pytest.raises(ToolTimeout) as reading:
        await call(server, "read_hang")
    assert reading.value.code == "tool_timeout"
    with pytest.raises(ToolTimeout, match="not known whether it took effect") as writing:
        await call(server, "write_hang")
    assert writing.value.code == "tool_unknown"
    await until(lambda: odd.cut == 2)
    await server.close()


async def test_resources_are_listed_and_read(server: MCPServer) -> None:
    tools = await by_name(server)
    assert tools["list_resources"].effect == tools["read_resource"].effect == "read"
    listed = await call(server, "list_resources")
    assert listed.splitlines()[0] == "memo://one – one: The first memo."
    assert await call(server, "read_resource", uri="memo://one") == "Buy milk."
    assert "application/zip" in await call(server, "read_resource", uri="memo://blob")


async def test_a_toolbox_takes_a_server_as_a_source(server: MCPServer) -> None:
    box = Toolbox([server])
    assert len(box) == 0
    assert await box.refresh() == []
    assert "odd__echo" in box
    assert "my_odd__echo" in prefix(only(list(box), "odd__echo"), "my_")


async def test_pages_that_never_end_are_not_turned_for_ever() -> None:
    asked = 0

    async def no_tools(context: object, params: object) -> types.ListToolsResult:
        nonlocal asked
        asked += 1
        return types.ListToolsResult(tools=[], next_cursor="more")

    async def no_resources(context: object, params: object) -> types.ListResourcesResult:
        nonlocal asked
        asked += 1
        return types.ListResourcesResult(resources=[], next_cursor="more")

    server = local(Server("endless", on_list_tools=no_tools, on_list_resources=no_resources))
    with anyio.fail_after(20):
        assert await call(server, "list_resources") == "There is nothing."
        await server.close()
    assert asked < 1000


async def test_a_closed_server_may_be_used_again(server: MCPServer, odd: Odd) -> None:
    echo = (await by_name(server))["echo"]
    await server.close()
    assert await echo.run({"text": "again"}, context()) == "again"
    before = odd.listings
    await server.tools()
    assert odd.listings == before + 1


def test_each_event_loop_has_a_connection_of_its_own(odd: Odd) -> None:
    server = local(odd.server)
    # Left open: the first loop's end must not harm the second one.
    assert asyncio.run(call(server, "echo", text="one")) == "one"
    assert asyncio.run(call(server, "echo", text="two")) == "two"


def test_nonsense_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="http://"):
        MCPServer.http("localhost:80")
    with pytest.raises(ConfigError, match="timeout"):
        MCPServer.stdio("server", timeout=0)


def test_secrets_are_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server = MCPServer.http("http://127.0.0.1:1/mcp", headers={"Authorization": "secret"}, timeout=5)
    with pytest.raises(ToolError) as error:
        asyncio.run(server.tools())
    assert "secret" not in f"{server!r}{error.value}"
    assert "cannot be reached" in str(error.value)
