"""One turn from its input to its end: runs the graph, merges text and speech, and settles however it ends.

| acquired                  | released                                                        |
|---------------------------|-----------------------------------------------------------------|
| task that runs the graph  | by the turn's end, `cut()`, or the consumer leaving the stream  |
| speech tasks              | with that task: they share its task group                       |
| the turn's words          | written to memory once, by `commit` or, where it is cut, by here |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from .errors import OmniError
from .events import (
    AgentEvent,
    ApprovalRequested,
    ErrorRaised,
    Interrupted,
    SpeechChunk,
    TextDelta,
    TurnEnded,
    TurnStarted,
    TurnStatus,
)
from .messages import Message, Text, ToolResult
from .nodes.commit import remember
from .nodes.results import results_message
from .state import Turn, TurnInput, TurnState, total_usage

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.types import Command

    from .graph import TurnGraph

log = logging.getLogger(__name__)

QUEUE = 64


class Runner:
    """Runs one turn.

    Args:
        graph: The agent's, with a checkpointer.
        config: Names the thread.
        turn: What the nodes work with; `turn.delivery` must send its chunks to `put`.
    """

    def __init__(self, graph: TurnGraph, config: RunnableConfig, turn: Turn) -> None:
        self._graph = graph
        self._config = config
        self._turn = turn
        self._queue: asyncio.Queue[AgentEvent | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(QUEUE)
        self._state: TurnState = {}
        self._text = ""
        self._heard = 0
        self.waiting = False
        self._work: asyncio.Task[None] | None = None

    async def put(self, event: AgentEvent) -> None:
        """Hand an event to whoever reads the stream; waits while that one is far behind."""
        await self._room.acquire()
        self._queue.put_nowait(event)

    def cut(self) -> None:
        """Stop the reply where it is; the stream then ends with `Interrupted` and `TurnEnded`."""
        if self._work:
            self._work.cancel()

    async def events(self, start: TurnInput | Command[Any]) -> AsyncGenerator[AgentEvent, None]:
        """The turn's events, `TurnEnded` last."""
        self._work = asyncio.create_task(self._produce(start))
        settled = False
        try:
            yield TurnStarted(self._turn.id, self._turn.session)
            while (event := await self._queue.get()) is not None:
                self._room.release()
                self._note(event)
                yield event
            status, failure = await self._outcome()
            settled = True
            for event in await self._settle(status, failure):
                yield event
        finally:
            if not settled:
                await asyncio.shield(self._abandon())

    async def _produce(self, start: TurnInput | Command[Any]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                if self._turn.delivery:
                    group.create_task(self._turn.delivery.run())
                await self._run_graph(start)
                if self._turn.delivery:
                    await self._turn.delivery.finish()
        finally:
            self._queue.put_nowait(None)

    async def _run_graph(self, start: TurnInput | Command[Any]) -> None:
        stream = self._graph.astream(
            start,
            self._config,
            context=self._turn,
            stream_mode=["custom", "values", "updates"],
            durability="exit",
        )
        async with aclosing(cast("AsyncGenerator[Any, None]", stream)) as chunks:
            async for mode, chunk in chunks:
                if mode == "custom":
                    await self.put(chunk)
                elif mode == "values":
                    self._state = cast(TurnState, chunk)
                elif "__interrupt__" in chunk:
                    await self._ask(chunk["__interrupt__"])

    async def _ask(self, interrupts: tuple[Any, ...]) -> None:
        self.waiting = True
        for question in (question for item in interrupts for question in item.value):
            await self.put(ApprovalRequested(**question))

    def _note(self, event: AgentEvent) -> None:
        if isinstance(event, TextDelta):
            self._text += event.text
        elif isinstance(event, SpeechChunk):
            self._heard = event.span[1]
            self._turn.mark("first_speech")

    async def _outcome(self) -> tuple[TurnStatus, ErrorRaised | None]:
        assert self._work is not None
        await asyncio.wait([self._work])
        if self._work.cancelled():
            return "interrupted", None
        error = self._work.exception()
        if error is None:
            return ("waiting" if self.waiting else "done"), None
        return "failed", _raised(error)

    async def _settle(self, status: TurnStatus, failure: ErrorRaised | None) -> list[AgentEvent]:
        """What is left to say, and to write, when the work has ended."""
        last: list[AgentEvent] = []
        heard = self._text
        if status in ("interrupted", "failed"):
            heard = self._heard_text()
            self._turn.emit = last.append
            await self._remember(status, heard)
        if status == "interrupted":
            last.append(Interrupted(heard))
        if failure:
            last.append(failure)
        self._turn.mark("total")
        last.append(TurnEnded(self._text, heard, status, self._turn.timings, total_usage(self._state)))
        return last

    async def _abandon(self) -> None:
        """The reader left, or was cancelled: stop the work and keep what the user got."""
        assert self._work is not None
        self._work.cancel()
        await asyncio.wait([self._work])
        self._turn.emit = lambda event: None
        await self._remember("interrupted", self._heard_text())

    def _heard_text(self) -> str:
        return self._text[: self._heard].rstrip() if self._turn.delivery else self._text

    async def _remember(self, status: TurnStatus, heard: str) -> None:
        if self._state.get("messages"):
            await remember(whole(self._state, self._text), self._turn, status=status, heard_text=heard)


async def settle_waiting(state: TurnState, turn: Turn) -> None:
    """Write a turn that waited for an approval which never came: the calls count as denied."""
    calls = Message.from_json(state["messages"][-1]).tool_calls
    results = dict(state.get("results", {}))
    for call in calls:
        denied = ToolResult(call.id, call.name, "denied", "The user went on without a yes; nothing was done.")
        results.setdefault(call.id, asdict(denied))
    await remember(
        whole({**state, "results": results}, state["reply"]), turn, status="done", heard_text=state["reply"]
    )


def whole(state: TurnState, text: str) -> TurnState:
    """A turn that stopped midway, made into valid history: every call has a result, every word is there."""
    messages = list(state["messages"])
    calls = Message.from_json(messages[-1]).tool_calls
    if calls:
        messages.append(results_message(calls, state.get("results", {})).to_json())
    if rest := text[len(state.get("reply", "")) :]:
        messages.append(Message("assistant", (Text(rest),)).to_json())
    return {**state, "messages": messages, "reply": text}


def _raised(error: BaseException) -> ErrorRaised:
    """The event for what ended the work; what is not ours is logged whole, for whoever has to mend it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, OmniError):
        return ErrorRaised(error.code, error.message, error.remedy, cause=error)
    log.error("a turn failed", exc_info=error)
    first = f"unexpected {type(error).__name__}: {error}".splitlines()[0]
    cause = error if isinstance(error, Exception) else None
    return ErrorRaised("internal_error", first, "this is a defect; the log holds the details", cause=cause)
