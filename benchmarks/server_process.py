"""A server in a process of its own, which tells how it fares when it is asked."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


class Process:
    """A server that runs.

    Attributes:
        address: Where, as it printed it.
        told: What else it printed at its start.
    """

    def __init__(self, process: asyncio.subprocess.Process, address: str, told: str) -> None:
        self._process = process
        self.address = address
        self.told = told

    async def state(self) -> dict[str, Any]:
        """Memory, tasks, sockets and processor time, now."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(b"\n")
        await self._process.stdin.drain()
        state: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return state


@asynccontextmanager
async def served(
    command: Sequence[str], *, lines: int = 1, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Process]:
    """Run a server; its first line is its address.

    Args:
        command: The program and its arguments.
        lines: How many lines it prints at its start, the address included.
        environment: Beside our own.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        limit=1 << 22,
    )
    assert process.stdin
    assert process.stdout
    try:
        async with asyncio.timeout(120):
            first = [(await process.stdout.readline()).decode().strip() for _ in range(lines)]
        if not first[0]:
            raise RuntimeError(f"{command[0]} did not start")
        yield Process(process, first[0], "\n".join(first[1:]))
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(30):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
