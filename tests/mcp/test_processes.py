"""Servers in processes of their own: how they start, and how they end."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from omni_agent.errors import ToolError
from omni_agent.mcp import MCPServer
from omni_agent.mcp.line import Line
from tests.mcp.talking import call, script, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def starts(tmp_path: Path) -> Path:
    return tmp_path / "starts"


def pids(starts: Path) -> list[int]:
    return [int(line) for line in starts.read_text(encoding="utf-8").split()] if starts.exists() else []


def is_there(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


async def test_nothing_starts_before_it_is_wanted_and_nothing_stays(starts: Path) -> None:
    server = script("odd.py", str(starts))
    assert not pids(starts)
    assert await call(server, "echo", text="hi") == "hi"
    (pid,) = pids(starts)
    assert is_there(pid)
    await server.close()
    assert not is_there(pid)


async def test_a_server_gets_no_variables_but_those_it_is_given(
    starts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "s")
    server = script("odd.py", str(starts), env={"GIVEN": "g"})
    assert await call(server, "env", text="SECRET") == "nothing"
    assert await call(server, "env", text="GIVEN") == "g"
    await server.close()


async def test_what_it_says_beside_the_protocol_stays_off_the_terminal(
    starts: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server = script("odd.py", str(starts))
    await server.tools()
    await server.close()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("tool", "code", "told"),
    [("read_hang", "tool_error", "may be made again"), ("write_hang", "tool_unknown", "not known")],
)
async def test_a_server_killed_in_the_middle_of_a_call(starts: Path, tool: str, code: str, told: str) -> None:
    server = script("odd.py", str(starts))
    hanging = asyncio.create_task(call(server, tool))
    mark = starts.with_suffix(".hanging")
    await until(mark.exists)
    os.kill(pids(starts)[0], signal.SIGKILL)
    killed = time.monotonic()
    with pytest.raises(ToolError, match=told) as error:
        await hanging
    assert time.monotonic() - killed < 10
    assert error.value.code == code
    mark.unlink()
    assert await call(server, "echo", text="back") == "back"
    assert len(pids(starts)) == 2
    assert not mark.exists(), "the call was made again"
    await server.close()
    assert not any(map(is_there, pids(starts)))


async def test_a_server_that_went_while_nobody_looked_is_started_anew(starts: Path) -> None:
    server = script("odd.py", str(starts))
    await server.tools()
    connection = await server._line().connection()
    os.kill(pids(starts)[0], signal.SIGKILL)
    # The end of its pipe comes a moment after the end of the process.
    await until(lambda: not is_there(pids(starts)[0]) and not connection.alive)
    assert await call(server, "echo", text="back") == "back"
    await server.close()


async def test_a_server_that_dies_of_every_call_is_not_started_for_ever(starts: Path) -> None:
    server = script("odd.py", str(starts))
    for _ in range(2):
        with pytest.raises(ToolError) as crashed:
            await call(server, "crash")
        assert crashed.value.code == "tool_unknown"
    with pytest.raises(ToolError, match="tried again in 1 s") as refused:
        await call(server, "crash")
    assert refused.value.code == "mcp_unavailable"
    assert len(pids(starts)) == 2
    await server.close()


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("garbage", "no MCP message: 'Welcome to my server!'"),
        ("mute", "does not answer; its last words: thinking"),
        ("gone", "ended before it answered; its last words: no licence"),
        ("flood", "more than anybody can read, such as 'spam"),
        ("deaf", "does not answer"),
        ("endless", "does not answer"),
    ],
)
async def test_a_server_that_is_none(kind: str, told: str) -> None:
    server = script("wayward.py", kind, name=kind, timeout=1.5)
    with pytest.raises(ToolError, match=told) as error:
        await server.tools()
    assert error.value.code == "mcp_unavailable"
    assert error.value.remedy
    assert "\n" not in str(error.value)
    await server.close()


async def test_a_command_that_is_not_there() -> None:
    server = MCPServer.stdio("no-such-command-anywhere", "--token", "secret")
    with pytest.raises(ToolError, match="there is no no-such-command-anywhere") as error:
        await server.tools()
    assert "secret" not in f"{server!r}{error.value}"
    assert "install it" in error.value.remedy


async def test_pauses_between_attempts_grow() -> None:
    server = MCPServer.stdio("no-such-command-anywhere")
    for _ in range(2):
        with pytest.raises(ToolError):
            await server.tools()
    with pytest.raises(ToolError, match="tried again in 1 s"):
        await server.tools()


async def test_those_who_want_a_connection_at_once_share_one(starts: Path) -> None:
    server = script("odd.py", str(starts))
    first = asyncio.create_task(server.tools())
    others = [asyncio.create_task(server.tools()) for _ in range(3)]
    await asyncio.sleep(0)
    first.cancel()
    assert all(await asyncio.gather(*others))
    assert len(pids(starts)) == 1
    await server.close()


async def test_closing_while_it_opens_leaves_nothing(starts: Path) -> None:
    server = script("wayward.py", "mute")
    opening = asyncio.create_task(server.tools())
    await asyncio.sleep(0)
    await server.close()
    with pytest.raises((asyncio.CancelledError, ToolError)):
        await opening
    assert isinstance(server._line(), Line)


def test_an_event_loop_that_ends_takes_its_server_along(starts: Path) -> None:
    server = script("odd.py", str(starts))
    asyncio.run(call(server, "echo", text="hi"))
    assert not is_there(pids(starts)[0])
    asyncio.run(call(server, "echo", text="hi"))
    assert len(pids(starts)) == 2
