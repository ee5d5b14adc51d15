"""Calls that outlive their turn: they come to their end, and the user learns of it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from omni_agent import Agent, tool
from omni_agent.events import AgentEvent, ErrorRaised, ToolFinished, ToolStarted
from omni_agent.memory import Scope, TransientMemory
from omni_agent.messages import ToolResult
from omni_agent.models.base import Request
from omni_agent.testing import ScriptedModel, Step
from omni_agent.tool import ToolContext

pytestmark = pytest.mark.anyio


class Booking:
    """A tool that books when it is let, and the count of its bookings."""

    def __init__(self) -> None:
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()
        self.bookings = 0

    @tool
    async def book(self, table: int) -> str:
        """Book a table.

        Args:
            table: Which one.
        """
        self.begun.set()
        await self.go_on.wait()
        self.bookings += 1
        return f"Table {table} is booked."


async def interrupted(agent: Agent, booking: Booking, said: str = "book table 2") -> list[AgentEvent]:
    """A turn that the user cuts while the tool runs."""

    async def cut() -> None:
        await booking.begun.wait()
        agent.interrupt()

    cutting = asyncio.create_task(cut())
    events = await collected(agent.stream(said, speak=False))
    await cutting
    return events


async def collected(stream: Any) -> list[AgentEvent]:
    async with aclosing(stream) as events:
        return [event async for event in events]


def results(request: Request) -> list[tuple[str, str]]:
    parts = [part for message in request.messages for part in message.parts if isinstance(part, ToolResult)]
    return [(part.status, part.content) for part in parts]


async def test_a_late_result_is_a_notice_and_is_told_in_the_next_turn() -> None:
    booking, memory = Booking(), TransientMemory()
    model = ScriptedModel(
        Step(calls={"book": {"table": 2}}),
        Step(lambda request: "Table 2 is booked." in request.context, says="Your table is booked."),
        Step("thanks", says="You are welcome."),
    )
    agent = Agent(name="B", model=model, memory=memory, tools=[booking])
    async with agent, aclosing(agent.notices()) as notices:
        waiting = asyncio.ensure_future(anext(notices))
        await interrupted(agent, booking)
        [record] = await memory.history(Scope("local", "B"), "default")
        assert [p.status for m in record.messages for p in m.parts if isinstance(p, ToolResult)] == [
            "running"
        ]
        booking.go_on.set()
        late = await waiting
        assert isinstance(late, ToolFinished)
        assert (late.status, late.result) == ("done", "Table 2 is booked.")
        await agent.ask("is it booked?", speak=False)
        await agent.ask("thanks", speak=False)
        # What the model sees of it from now on is what came of it, and it is not told again.
        assert results(model.requests[-1]) == [("done", "Table 2 is booked.")]
        assert model.requests[-1].context == ""
    assert booking.bookings == 1
    model.finish()


@pytest.mark.parametrize("ended", [False, True])
async def test_who_asks_again_after_an_interruption_gets_one_booking(ended: bool) -> None:
    booking = Booking()
    model = ScriptedModel(
        Step(calls={"book": {"table": 2}}),
        Step(calls={"book": {"table": 2}}),
        Step("Already done, not run again. Table 2 is booked.", says="It is booked."),
    )
    agent = Agent(model=model, memory=TransientMemory(), tools=[booking])
    async with agent:
        await interrupted(agent, booking)
        if ended:
            booking.go_on.set()
            await asyncio.sleep(0)
        again = asyncio.create_task(collected(agent.stream("book table 2", speak=False)))
        await asyncio.sleep(0)
        booking.go_on.set()
        events = await again
    assert booking.bookings == 1
    assert not [event for event in events if isinstance(event, ToolStarted)]
    model.finish()


async def test_what_only_reads_ends_with_its_turn() -> None:
    ended = asyncio.Event()

    @tool(effect="read")
    async def look() -> str:
        """Look."""
        booking.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return "never"

    booking, memory = Booking(), TransientMemory()
    agent = Agent(name="B", model=ScriptedModel(Step(calls={"look": {}})), memory=memory, tools=[look])
    async with agent:
        await interrupted(agent, booking)
        assert ended.is_set()
        [record] = await memory.history(Scope("local", "B"), "default")
    assert [p.status for m in record.messages for p in m.parts if isinstance(p, ToolResult)] == ["cancelled"]


async def test_closing_waits_for_what_may_not_be_cut_off_and_no_longer_than_its_grace() -> None:
    booking = Booking()
    agent = Agent(model=ScriptedModel(Step(calls={"book": {"table": 2}})), memory=None, tools=[booking])
    await interrupted(agent, booking)
    asyncio.get_running_loop().call_soon(booking.go_on.set)
    await agent.close()
    assert booking.bookings == 1

    hanging = Booking()
    agent = Agent(model=ScriptedModel(Step(calls={"book": {"table": 3}})), memory=None, tools=[hanging])
    await interrupted(agent, hanging)
    executor = agent.parts.executor
    [key] = executor._calls
    await executor.close(grace=0.01)
    assert hanging.bookings == 0
    assert not executor._calls
    assert key


async def test_the_end_of_the_process_makes_a_write_unknown_and_the_user_is_told_and_asked(
    tmp_path: Any,
) -> None:
    memory, booking = TransientMemory(), Booking()
    first = Agent(
        name="B", model=ScriptedModel(Step(calls={"book": {"table": 2}})), memory=memory, tools=[booking]
    )
    await interrupted(first, booking)
    # As the system does when a process ends.
    first.parts.executor.journal._owner.leave()

    def knows(request: Request) -> bool:
        return "Whether it took effect is not known" in request.context

    fresh = Booking()
    fresh.go_on.set()
    model = ScriptedModel(
        Step(knows, calls={"book": {"table": 2}}), Step("Table 2 is booked.", says="Now it is booked.")
    )
    second = Agent(name="B", model=model, memory=memory, tools=[fresh])
    events = await collected(second.stream("book table 2", speak=False))
    [note] = [event for event in events if isinstance(event, ErrorRaised)]
    assert (note.code, note.severity) == ("tool_unknown", "note")
    reply = await second.ask("yes", speak=False)
    assert fresh.bookings == 1
    assert reply.text == "Now it is booked."
    booking.go_on.set()
    await first.close()
    await second.close()
    model.finish()


async def test_at_most_so_many_calls_run_at_once() -> None:
    running = most = 0

    @tool(repeats=True, effect="read")
    async def count(context: ToolContext) -> str:
        """Count."""
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        running -= 1
        return "counted"

    model = ScriptedModel(Step(calls=[("count", {})] * 30), Step(says="Thirty."))
    agent = Agent(model=model, memory=None, tools=[count])
    reply = await agent.ask("count", speak=False)
    assert len(reply.tool_calls) == 30
    assert most == 8


async def test_two_equal_calls_in_one_answer_are_one_and_both_have_its_result() -> None:
    booking = Booking()
    booking.go_on.set()

    def both(request: Request) -> bool:
        parts = [p for p in request.messages[-1].parts if isinstance(p, ToolResult)]
        return [p.content.endswith("Table 2 is booked.") for p in parts] == [True, True]

    model = ScriptedModel(Step(calls=[("book", {"table": 2})] * 2), Step(both, says="Booked."))
    reply = await Agent(model=model, memory=None, tools=[booking]).ask("book table 2", speak=False)
    assert booking.bookings == 1
    assert [call.name for call in reply.tool_calls] == ["book"]


async def test_a_journal_that_cannot_be_written_stops_what_writes_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from omni_agent.errors import MemoryStoreError
    from omni_agent.ledger import Ledger

    def full(*given: object, **named: object) -> None:
        raise MemoryStoreError("cannot use journal.db: disk is full")

    looked: list[int] = []

    @tool(effect="read")
    async def look() -> str:
        """Look."""
        looked.append(1)
        return "Seen."

    booking = Booking()
    booking.go_on.set()
    model = ScriptedModel(
        Step(calls=[("look", {}), ("book", {"table": 2})]),
        Step("It was not run, because the journal fails", says="I could not book."),
    )
    agent = Agent(model=model, memory=None, tools=[booking, look])
    monkeypatch.setattr(Ledger, "transaction", full)
    reply = await agent.ask("look and book", speak=False)
    assert (booking.bookings, looked) == (0, [1])
    assert reply.text == "I could not book."
