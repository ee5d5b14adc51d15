"""The reference server of the protocol, in JavaScript, by npx."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from omni_agent import Tool
from omni_agent.errors import ToolError
from omni_agent.mcp import MCPServer
from omni_agent.messages import Image
from tests.mcp.talking import by_name, call, context, until

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(shutil.which("npx") is None, reason="npx is not installed"),
]

COMMAND = ["npx", "-y", "@modelcontextprotocol/server-everything"]
ARGUMENTS: dict[str, dict[str, Any]] = {
    "echo": {"message": "hello"},
    "get-annotated-message": {"messageType": "error", "includeImage": True},
    "get-resource-links": {"count": 2},
    "get-structured-content": {"location": "Chicago"},
    "get-sum": {"a": 2, "b": 3},
    "gzip-file-as-resource": {"data": "data:text/plain,hello"},
    "trigger-long-running-operation": {"duration": 0.1, "steps": 2},
    "read_resource": {"uri": "demo://resource/dynamic/text/1"},
}
LONG = {"duration": 60, "steps": 600}


async def check(server: MCPServer) -> dict[str, Tool]:
    """Every tool can be called, and shows what it should."""
    tools = await by_name(server)
    assert len(tools) >= 14
    assert all("runs as a task" in note for note in server.notes)
    shown = {name: await call(server, name, **ARGUMENTS.get(name, {})) for name in tools}
    assert shown["echo"] == "Echo: hello"
    assert shown["get-sum"] == "The sum of 2 and 3 is 5."
    assert "temperature" in shown["get-structured-content"]
    assert "Resource 1" in shown["read_resource"]
    (picture,) = (part for part in shown["get-tiny-image"] if isinstance(part, Image))
    assert context().media.get(picture.ref).startswith(b"\x89PNG")
    assert tools["echo"].effect == "read"
    assert tools["toggle-simulated-logging"].effect == "write"
    return tools


async def test_over_its_pipes(tmp_path: Path) -> None:
    server = MCPServer.stdio(*COMMAND, env={"MARK": str(tmp_path)}, timeout=60)
    tools = await check(server)
    told = list[str]()
    long = asyncio.create_task(work(tools, told))
    await until(lambda: bool(told))
    (pid,) = (pid for pid in processes(str(tmp_path)) if command_of(pid)[0] == "node")
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ToolError, match="went away in the middle of the call"):
        await long
    assert await call(server, "echo", message="back") == "Echo: back"
    await server.close()
    assert processes(str(tmp_path)) == []


async def test_over_http() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = MCPServer.http(f"http://127.0.0.1:{port}/mcp", name="everything")
    with running(port) as first:
        tools = await check(server)
        told = list[str]()
        long = asyncio.create_task(work(tools, told))
        await until(lambda: bool(told))
        os.killpg(first.pid, signal.SIGKILL)
        with pytest.raises(ToolError, match="went away in the middle of the call"):
            await long
    with pytest.raises(ToolError, match="cannot be reached"):
        await call(server, "echo", message="down")
    with running(port) as second:
        assert await tools["echo"].run({"message": "up"}, context()) == "Echo: up"
        os.killpg(second.pid, signal.SIGKILL)
    with running(port):
        # It does not know the session of the one before, and takes the call all the same.
        assert await tools["echo"].run({"message": "new"}, context()) == "Echo: new"
        await server.close()


@contextmanager
def running(port: int) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*COMMAND, "streamableHttp"],
        env={**os.environ, "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as process:
        assert process.stderr
        try:
            assert any("listening" in line for line in process.stderr)
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def processes(mark: str) -> list[int]:
    """Those that have `mark` in their environment."""
    found = list[int]()
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                environment = (folder / "environ").read_bytes()
            except OSError:
                continue
            if mark.encode() in environment:
                found.append(int(folder.name))
    return found


def command_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")


async def work(tools: dict[str, Tool], told: list[str]) -> object:
    """Something that takes long, and tells how far it is."""
    return await tools["trigger-long-running-operation"].run(LONG, context(told.append))
