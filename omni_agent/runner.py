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
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from .approval import Pending
from .errors import OmniError
from .events import (
    AgentEvent,
    ErrorRaised,
    Interrupted,
    SpeechChunk,
    TextDelta,
    TurnEnded,
    TurnStarted,
    TurnStatus,
)
from .nodes.saying import speak
from .settling import settle_cut
from .state import Turn, TurnInput, TurnState, total_usage

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.types import Command

    from .graph import TurnGraph

log = logging.getLogger(__name__)

QUEUE = 64
# What the graph starts from, or questions that are put once more instead.
Start: TypeAlias = "TurnInput | Command[Any] | Pending"


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
        self.turn = turn
        self._queue: asyncio.Queue[AgentEvent | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(QUEUE)
        self._state: TurnState = {}
        self._text = ""
        self._heard = 0
        self._spoken = 0.0
        self.ran = False
        self.waiting = False
        self._work: asyncio.Task[None] | None = None
        self._cut = False

    @property
    def state(self) -> TurnState:
        """The turn's state, as far as it came."""
        return self._state

    async def put(self, event: AgentEvent) -> None:
        """Hand an event to whoever reads the stream; waits while that one is far behind."""
        if isinstance(event, SpeechChunk) and self.turn.live:
            await self.turn.live.room()
        await self._room.acquire()
        if isinstance(event, SpeechChunk):
            self._spoken += len(event.pcm) / 2 / event.sample_rate
        self._queue.put_nowait(event)

    def cut(self) -> None:
        """Stop the reply where it is; the stream then ends with `Interrupted` and `TurnEnded`."""
        self._cut = True
        if self._work:
            _cancel(self._work)

    async def events(
        self, begin: Callable[[], Awaitable[Start]], notes: Sequence[AgentEvent] = ()
    ) -> AsyncGenerator[AgentEvent, None]:
        """The turn's events, `TurnEnded` last.

        Args:
            begin: Hears what came in, and tells what follows from it.
            notes: Events to begin with.
        """
        self._work = asyncio.create_task(self._produce(begin, notes))
        if self._cut:
            _cancel(self._work)
        settled = False
        try:
            while (event := await self._queue.get()) is not None:
                self._room.release()
                self._note(event)
                yield event
            status, failure = await self._outcome()
            if failure and failure.code != "input_empty":
                # What failed early is told when the user has ended, or never; noise is no turn.
                await self.turn.authorised()
            settled = True
            for event in await self._settle(status, failure):
                yield event
        finally:
            if not settled:
                await asyncio.shield(self._abandon())

    async def _ask(self, pending: Pending) -> None:
        """Put questions to the user; the turn waits for the answer."""
        said = f" {pending.words}" if self._text else pending.words
        await self.put(TextDelta(said))
        await speak(said, self.turn)
        for question in pending.questions:
            await self.put(question)

    async def _produce(self, begin: Callable[[], Awaitable[Start]], notes: Sequence[AgentEvent]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                if self.turn.delivery:
                    group.create_task(self.turn.delivery.run())
                start = await self._begun(begin, notes)
                asked = start if isinstance(start, Pending) else await self._run_graph(start)
                if asked:
                    self.waiting = True
                    await self._ask(asked)
                if self.turn.delivery:
                    await self.turn.delivery.finish()
            if self.turn.live and self.turn.delivery:
                await self.turn.live.heard_out(self._spoken)
        finally:
            self._queue.put_nowait(None)

    async def _begun(self, begin: Callable[[], Awaitable[Start]], notes: Sequence[AgentEvent]) -> Start:
        """What the graph starts from. Which turn it is, is known when the user was heard."""
        early: list[AgentEvent] = [*notes]
        self.turn.emit = early.append
        try:
            return await begin()
        finally:
            first = TurnStarted(self.turn.id, self.turn.session)
            for event in (first, *early):
                await self.put(event)

    async def _run_graph(self, start: TurnInput | Command[Any]) -> Pending | None:
        """Run it to its end, or to where it waits for an approval."""
        self.ran = True
        waits: tuple[Any, ...] = ()
        stream = self._graph.astream(
            start,
            self._config,
            context=self.turn,
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
                    waits += chunk["__interrupt__"]
        return Pending.of(self.turn.id, waits) if waits else None

    def _note(self, event: AgentEvent) -> None:
        if isinstance(event, TextDelta):
            self._text += event.text
        elif isinstance(event, SpeechChunk):
            self._heard = event.span[1]
            self.turn.mark("first_speech")

    async def _outcome(self) -> tuple[TurnStatus, ErrorRaised | None]:
        assert self._work is not None
        await asyncio.wait([self._work])
        if self._work.cancelled():
            # Who answers a question before it was read out to the end has interrupted nothing.
            return ("waiting" if self.waiting else "interrupted"), None
        error = self._work.exception()
        if error is None:
            return self._ended(), None
        return "failed", raised(error)

    def _ended(self) -> TurnStatus:
        if self.waiting:
            return "waiting"
        return "calling" if self._state.get("handed") else "done"

    async def _settle(self, status: TurnStatus, failure: ErrorRaised | None) -> list[AgentEvent]:
        """What is left to say, and to write, when the work has ended."""
        last: list[AgentEvent] = []
        heard = self._text
        if self._never_was:
            return last
        if status in ("interrupted", "failed") or self.turn.live:
            heard = self._heard_text()
            self.turn.emit = last.append
            await self._remember(status, heard)
        if status == "interrupted":
            last.append(Interrupted(heard))
        if failure:
            last.append(failure)
        self.turn.mark("total")
        cut = self._state.get("truncated", False)
        last.append(TurnEnded(self._text, heard, status, self.turn.timings, total_usage(self._state), cut))
        return last

    async def _abandon(self) -> None:
        """The reader left, or was cancelled: stop the work and keep what the user got."""
        assert self._work is not None
        self._work.cancel()
        await asyncio.wait([self._work])
        self.turn.emit = lambda event: None
        if not self._never_was:
            await self._remember("interrupted", self._heard_text())

    @property
    def _never_was(self) -> bool:
        """Whether it was cut before it was sure that the user had ended."""
        return self.turn.live is not None and not self.turn.live.certain

    def _heard_text(self) -> str:
        if not self.turn.delivery:
            return self._text
        heard = self.turn.live.heard if self.turn.live else self._heard
        return self._text[:heard].rstrip()

    async def _remember(self, status: TurnStatus, heard: str) -> None:
        if not self.waiting:
            await settle_cut(self._state, self.turn, self._text, status=status, heard_text=heard)


def _cancel(work: asyncio.Task[None]) -> None:
    # Not at once: a task that is cancelled before its first step runs nothing, not even what ends the stream.
    work.get_loop().call_soon(work.cancel)


def raised(error: BaseException) -> ErrorRaised:
    """The event for what ended the work; what is not ours is logged whole, for whoever has to mend it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, OmniError):
        return ErrorRaised(error.code, error.message, error.remedy, cause=error)
    log.error("a turn failed", exc_info=error)
    first = f"unexpected {type(error).__name__}: {error}".splitlines()[0]
    cause = error if isinstance(error, Exception) else None
    return ErrorRaised("internal_error", first, "this is a defect; the log holds the details", cause=cause)
