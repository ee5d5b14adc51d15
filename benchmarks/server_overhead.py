"""What the server adds to a chat completion: the same agent asked in this process, and over HTTP.

`added_p50_ms` is the median of whole answers over HTTP less that of `Agent.answer` here; its limit is 3 ms.
`first_byte_p50_ms` is from a request's last byte to the first byte of a streamed answer's body; its limit is
5 ms. `health_p50_ms` is what any request costs. `added_cpu_ms` is processor time alone, the server's less
this process's, which a busy machine hardly changes. The model is scripted and takes no time, so all is ours.
The server runs in a process of its own, the client is a kept connection of bare bytes; the ways take turns.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen
from sys import executable

from omni_agent import Agent
from omni_agent.messages import Message, Text
from omni_agent.server import Hosting
from omni_agent.server.metrics import PrometheusMetrics
from omni_agent.server.running import running
from omni_agent.testing import ScriptedModel, Step

from .report import DATA, arguments, median, publish, quantile

ADDED_LIMIT_MS, FIRST_BYTE_LIMIT_MS = 3.0, 5.0
_WARMING = 30
_QUESTION = "What time is it in Vienna?"
_ANSWER = "It is half past nine in the evening there, and the shops are closed."

Ask = Callable[[], Awaitable[tuple[float, float]]]
"""Asks once: milliseconds to the first byte or event, and to the end."""


def agent() -> Agent:
    """One that answers the same to everything."""
    model = ScriptedModel(otherwise=lambda request: Step(says=_ANSWER))
    return Agent(name="Bench", model=model, memory=None, grounding=False)


async def serve() -> None:
    """The process of the server: it prints its port and runs until its input ends."""
    async with agent() as served:
        hosting = Hosting({"bench": served}, metrics=PrometheusMetrics())
        await hosting.readiness.prewarm(hosting)
        async with running(hosting) as address:
            print(address.rpartition(":")[2], flush=True)
            await asyncio.to_thread(input)


@contextmanager
def server() -> Iterator[int]:
    """A server in a process of its own; gives its port."""
    code = "import asyncio; from benchmarks.server_overhead import serve; asyncio.run(serve())"
    with Popen([executable, "-c", code], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def in_process(asked: Agent) -> Ask:
    """`Agent.answer`, without a server."""

    async def ask() -> tuple[float, float]:
        started, first = time.perf_counter(), 0.0
        async for _ in asked.answer((Message("user", (Text(_QUESTION),)),)):
            first = first or time.perf_counter()
        return _ms(started, first), _ms(started, time.perf_counter())

    return ask


class Connection:
    """A kept connection that speaks as little HTTP as is needed."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def asking(self, method: str, path: str, body: object = None) -> Ask:
        """A request, again and again."""
        data = json.dumps(body).encode() if body else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(data)}\r\n"
        request = head.encode() + b"Content-Type: application/json\r\n\r\n" + data

        async def ask() -> tuple[float, float]:
            self._writer.write(request)
            started = time.perf_counter()
            first = await self._answer()
            return _ms(started, first), _ms(started, time.perf_counter())

        return ask

    async def cpu_s(self) -> float:
        """Processor time that the server's process has taken, from its figures."""
        self._writer.write(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        text = (await self._reader.readexactly(length)).decode()
        return float(text.partition("\nprocess_cpu_seconds_total ")[2].partition("\n")[0])

    async def _answer(self) -> float:
        """Read one answer; when the first byte of its body came."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise SystemExit(f"the server refused: {head.decode()}")
        if b"transfer-encoding: chunked" not in head:
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await self._reader.readexactly(1)
            first = time.perf_counter()
            await self._reader.readexactly(length - 1)
            return first
        first = 0.0
        while size := int(await self._reader.readline(), 16):
            await self._reader.readexactly(1)
            first = first or time.perf_counter()
            await self._reader.readexactly(size + 1)
        await self._reader.readexactly(2)
        return first


async def figures(port: int, count: int) -> dict[str, object]:
    """Ask each way in turn."""
    connection = Connection(*await asyncio.open_connection("127.0.0.1", port))
    body = {"model": "bench", "messages": [{"role": "user", "content": _QUESTION}]}
    path = "/v1/chat/completions"
    async with agent() as asked:
        ways = {
            "answer": in_process(asked),
            "whole": connection.asking("POST", path, body),
            "streamed": connection.asking("POST", path, {**body, "stream": True}),
            "health": connection.asking("GET", "/health"),
        }
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for number in range(-_WARMING, count):
            for name, ask in ways.items():
                taken = await ask()
                if number >= 0:
                    spent[name].append(taken)
        cpu = await _cpu_ms(ways["answer"], ways["whole"], connection, count)
    return _reported(spent, count) | {"added_cpu_ms": cpu}


async def _cpu_ms(here: Ask, there: Ask, connection: Connection, count: int) -> float:
    """Processor time of a request there less that of one here, on the average."""
    began = time.process_time()
    for _ in range(count):
        await here()
    ours, began = time.process_time() - began, await connection.cpu_s()
    for _ in range(count):
        await there()
    return round((await connection.cpu_s() - began - ours) * 1000 / count, 3)


def _reported(spent: dict[str, list[tuple[float, float]]], count: int) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, values in spent.items():
        ends = [end for _, end in values]
        found |= {f"{name}_p50_ms": median(ends), f"{name}_p95_ms": quantile(ends, 0.95)}
    firsts = [first for first, _ in spent["streamed"]]
    added = median([end for _, end in spent["whole"]]) - median([end for _, end in spent["answer"]])
    found |= {"added_p50_ms": round(added, 3), "added_ratio_to_limit": round(added / ADDED_LIMIT_MS, 3)}
    found |= {"first_byte_p50_ms": median(firsts), "first_byte_p95_ms": quantile(firsts, 0.95)}
    return {**found, "first_byte_ratio_to_limit": round(median(firsts) / FIRST_BYTE_LIMIT_MS, 3), "n": count}


def _ms(started: float, ended: float) -> float:
    return (ended - started) * 1000


def main() -> None:
    """Measure and print the figures."""
    given = arguments("What the server adds to a chat completion.", DATA, limit=300)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OMNI_AGENT_HOME"] = folder
        with server() as port:
            publish(asyncio.run(figures(port, given.limit)))


if __name__ == "__main__":
    main()
