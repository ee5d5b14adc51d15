"""What the framework adds to a tool call: gate, executor, journal and collecting, without a model.

`memory_p50_ms` is with the journal in the process, `disk_p50_ms` with its file, for a tool that writes (its
start must survive a power cut) and `disk_read_p50_ms` for one that reads; `graph_p50_ms` is what a call adds
to a whole turn, LangGraph's supersteps included, with the journal in the process. Limits: 1 ms without the
disk, 5 ms with.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from omni_agent import Agent, tool
from omni_agent.execution import Journal
from omni_agent.memory import Scope
from omni_agent.messages import Message, Text, ToolCall
from omni_agent.models.base import Capabilities, Done, ModelEvent, Request, TextDelta
from omni_agent.nodes import act, collect, gate
from omni_agent.senses import Senses
from omni_agent.state import Turn, TurnState

from .report import DATA, arguments, median, publish, quantile

MEMORY_LIMIT_MS, DISK_LIMIT_MS = 1.0, 5.0


@tool(effect="write")
async def book(table: int, name: str) -> str:
    """Book a table.

    Args:
        table: Which one.
        name: For whom.
    """
    return f"Table {table} is booked for {name}."


@tool(effect="read")
async def look(table: int, name: str) -> str:
    """Look whether a table is free.

    Args:
        table: Which one.
        name: For whom.
    """
    return f"Table {table} is free, {name}."


class CallingModel:
    """Calls `book` so many times at once, then speaks; it takes no time."""

    capabilities = Capabilities()
    senses = Senses()

    def __init__(self, calls: int) -> None:
        self.calls = calls

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        if self.calls and request.messages[-1].role == "user":
            for number in range(self.calls):
                yield ToolCall(f"c{number}", "book", {"table": number, "name": "Ada"})
            yield Done("tool_calls")
        else:
            yield TextDelta("Booked.")
            yield Done("stop")

    async def prewarm(self, request: Request | None = None) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""


async def path_ms(name: str, journal: Path | None, count: int) -> list[float]:
    """Milliseconds of gate, act and collect for one call, again and again."""
    agent = Agent(model=CallingModel(0), memory=None, tools=[book, look])
    agent.parts.executor.journal = Journal(journal)
    spent = []
    for number in range(count):
        turn = Turn(agent.parts, f"t{number}", Scope("ada", "Omni"), f"s{number % 10}", 0.0)
        call = ToolCall("c1", name, {"table": number, "name": "Ada"})
        messages = [Message("user", (Text("a table, please"),)), Message("assistant", (call,))]
        state: TurnState = {"turn": turn.id, "messages": [message.to_json() for message in messages]}
        started = time.perf_counter()
        passed = await gate(state, turn)
        made = await act(passed["allowed"][0], turn)
        await collect({**state, "results": made["results"]}, turn)
        spent.append((time.perf_counter() - started) * 1000)
    await agent.close()
    return spent


async def turn_ms(calls: int, count: int) -> float:
    """The median of a whole turn's milliseconds, with so many calls in one answer."""
    agent = Agent(model=CallingModel(calls), memory=None, tools=[book])
    spent = []
    for number in range(count):
        started = time.perf_counter()
        await agent.ask("tables, please", session=f"s{number}", speak=False)
        spent.append((time.perf_counter() - started) * 1000)
    await agent.close()
    return median(spent)


async def figures(count: int, folder: Path) -> dict[str, object]:
    memory = await path_ms("book", None, count)
    disk = await path_ms("book", folder / "journal.db", count)
    read = await path_ms("look", folder / "reads.db", count)
    one, many = await turn_ms(1, 40), await turn_ms(9, 40)
    return {
        "memory_p50_ms": median(memory),
        "memory_p95_ms": quantile(memory, 0.95),
        "disk_p50_ms": median(disk),
        "disk_p95_ms": quantile(disk, 0.95),
        "disk_read_p50_ms": median(read),
        "graph_p50_ms": round((many - one) / 8, 3),
        "ratio_to_memory_limit": round(median(memory) / MEMORY_LIMIT_MS, 3),
        "ratio_to_disk_limit": round(median(disk) / DISK_LIMIT_MS, 3),
        "n": count,
    }


def main() -> None:
    """Measure and print the figures."""
    given = arguments("What the framework adds to a tool call.", DATA, limit=500)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OMNI_AGENT_HOME"] = folder
        publish(asyncio.run(figures(given.limit, Path(folder))))


if __name__ == "__main__":
    main()
