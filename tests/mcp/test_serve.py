"""`omni-agent serve --mcp` as the SDK's client finds it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.types import TextContent

from omni_agent.mcp import MCPServer
from tests.mcp.talking import SERVERS, call

pytestmark = pytest.mark.anyio

COMMAND = [sys.executable, str(SERVERS / "serve.py"), "--mcp", "--agent", str(SERVERS / "agent.py")]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT), "OMNI_AGENT_HOME": str(home), "PYTHONWARNINGS": "error"}


async def use(there: Client) -> None:
    """Everything of interest, once."""
    told = list[str | None]()

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    assert [item.name for item in (await there.list_tools()).tools][:2] == ["add", "burn"]
    result = await there.call_tool("add", {"a": 1, "b": 2}, progress_callback=note)
    assert result.content == [TextContent(text="3")]
    assert told == ["adding"]
    assert (await there.call_tool("add", {"a": "one", "b": 2})).is_error
    assert (await there.call_tool("burn", {})).is_error


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_over_standard_input_and_output(
    environment: dict[str, str], mode: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    parameters = StdioServerParameters(command=COMMAND[0], args=COMMAND[1:], env=environment)
    with (tmp_path / "stderr").open("w+", encoding="utf-8") as errors:
        process = stdio_client(parameters, errlog=errors)
        async with Client(process, mode=mode, read_timeout_seconds=30) as there:
            assert there.server_info is not None
            assert there.server_info.name == "Served"
            await use(there)
        errors.seek(0)
        said = errors.read().splitlines()
    assert "Failed to parse" not in caplog.text
    assert said == ["this must not get into the protocol", "nor must this"]


async def test_yes_allows_what_cannot_be_taken_back(environment: dict[str, str]) -> None:
    server = MCPServer.stdio(*COMMAND, "--yes", env=environment, name="served")
    assert await call(server, "burn") == "burnt"
    await server.close()


@pytest.fixture
def url(environment: dict[str, str]) -> Iterator[str]:
    command = [*COMMAND, "--http", "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = iter(process.stdout)
        try:
            yield next(line.strip() for line in lines if line.startswith("http"))
            process.terminate()
            assert process.wait(10) in (0, -15)
        finally:
            process.kill()


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_over_http(url: str, mode: str) -> None:
    async with Client(url, mode=mode, read_timeout_seconds=30) as there:
        await use(there)


async def test_an_agent_uses_another_agents_tools_over_http(url: str) -> None:
    server = MCPServer.http(url, name="other", timeout=20)
    assert await call(server, "add", a=2, b=3) == "5"
    await server.close()


async def test_web_pages_are_turned_away(url: str) -> None:
    server = MCPServer.http(url, headers={"Origin": "https://evil.example"}, timeout=20)
    with pytest.raises(Exception, match="HTTP status 403"):
        await server.tools()
