"""The turns of an agent's conversations: one at a time in each, begun by what the user says or decides.

Where a turn waits for an approval, the next words may be the answer (`approval/waiting.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakValueDictionary

from . import greeting
from .approval import Pending
from .approval.waiting import WaitingTurns
from .checkpoints import Checkpoints, config_of, resumable, thread_of
from .errors import InputError, MemoryStoreError, OmniError
from .events import AgentEvent, ErrorRaised
from .guest import NOBODY, Contribution, Earlier, Guest
from .messages import Message
from .nodes.hearing import heard, understood
from .runner import Runner, Start
from .speech.delivery import Delivery
from .state import Live, Observation, Parts, Turn, TurnState
from .terms import Terms
from .warmup import warm_up_conversation

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from .graph import TurnGraph

Begin: TypeAlias = "Callable[[BaseCheckpointSaver[str], Runner], Awaitable[Start]]"
Ended: TypeAlias = Callable[[Turn, TurnState], None]


class Turns:
    """Runs them.

    Args:
        parts: The agent's.
        graph: The agent's, without a checkpointer.
    """

    def __init__(self, parts: Parts, graph: TurnGraph) -> None:
        self._parts = parts
        self._graph = graph
        self._checkpoints = Checkpoints()
        self.waiting = WaitingTurns(parts, graph, self._checkpoints)
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._running: dict[tuple[str, str], Runner] = {}
        self._earlier = Earlier()

    async def contribute(
        self,
        observations: Sequence[Observation],
        user: str,
        session: str,
        *,
        speak: bool,
        ended: Ended | None = None,
        live: Live | None = None,
    ) -> AsyncGenerator[AgentEvent, None]:
        """A turn that begins with what the user says or shows.

        Args:
            observations: What came in.
            user: Whose turn it is.
            session: The conversation.
            speak: Speak the reply.
            ended: Gets the turn at its end.
            live: Who listens, where it begins before the user has surely ended.
        """

        async def begin(saver: BaseCheckpointSaver[str], runner: Runner) -> Start:
            message = await heard(observations, runner.turn)
            answered = await self._answered(message, saver, runner)
            return answered or {"turn": runner.turn.id, "heard": message.to_json(), "observations": []}

        async with aclosing(self._run(begin, user, session, speak, ended, live=live)) as events:
            async for event in events:
                yield event

    async def answer(
        self, messages: Sequence[Message], terms: Terms, user: str | None, session: str, *, speak: bool
    ) -> AsyncGenerator[AgentEvent, None]:
        """A turn of a conversation that the caller keeps.

        Args:
            messages: The conversation, up to the user's last message or the results of the caller's calls.
            terms: What the caller sets for it.
            user: Whose memory it uses; None for nobody's.
            session: The conversation that it is remembered in; empty for one of its own.
            speak: Speak the reply.

        Raises:
            InputError: There is nothing to answer, or a tool of the caller's cannot be offered.
        """
        given = Contribution.of(messages)
        own = session or self._parts.ids()

        async def begin(saver: BaseCheckpointSaver[str], runner: Runner) -> Start:
            turn = runner.turn
            goes_on = await given.gone_on(turn)
            # The last message comes last: the reply is spoken in its language.
            earlier = [await self._earlier.understood(said, turn) for said in goes_on.earlier]
            message = await understood(goes_on.user, turn)
            if not goes_on.since and (answered := await self._answered(message, saver, runner)):
                return answered
            return {
                "turn": turn.id,
                "heard": message.to_json(),
                "observations": [],
                "history": [said.to_json() for said in earlier],
                "since": [said.to_json() for said in goes_on.since],
            }

        guest = Guest(terms, remembered=user is not None, asks=bool(session))
        async with aclosing(self._run(begin, user or NOBODY, own, speak, guest=guest)) as events:
            async for event in events:
                yield event

    async def _answered(
        self, message: Message, saver: BaseCheckpointSaver[str], runner: Runner
    ) -> Start | None:
        """What follows where the user's words answer what a turn waits for; None for a new turn."""
        if answered := await self.waiting.answered(message, saver, runner):
            return answered
        # What a turn that was cut off by the end of its process has left there is no part of this one.
        await saver.adelete_thread(self._thread(runner.turn.scope.user, runner.turn.session))
        return None

    async def decide(
        self, choose: Callable[[Pending], Mapping[str, bool]], user: str, session: str, *, speak: bool
    ) -> AsyncGenerator[AgentEvent, None]:
        """Goes on with a turn that waits.

        Args:
            choose: Yes or no by call id, for the questions that wait; may raise `InputError`.
            user: Whose turn it is.
            session: The conversation that waits.
            speak: Speak the rest of the answer.

        Raises:
            InputError: Nothing waits in this session.
        """
        pending = await self.waiting.pending(user, session)
        if pending is None:
            raise InputError(
                f"nothing waits for approval in session '{session}'", remedy="name the right session"
            )
        answers = choose(pending)

        async def begin(saver: BaseCheckpointSaver[str], runner: Runner) -> Start:
            return await self.waiting.decided(pending, answers, saver, runner)

        async with aclosing(self._run(begin, user, session, speak)) as events:
            async for event in events:
                yield event

    async def greet(
        self, words: str, user: str, session: str, *, speak: bool, live: Live | None = None
    ) -> AsyncGenerator[AgentEvent, None]:
        """A turn that begins a conversation with the agent's own words; nothing where it has begun, or where
        there are no words."""
        if not words or (user, session) in self._running or await self._has_begun(user, session):
            return

        async def begin(saver: BaseCheckpointSaver[str], runner: Runner) -> Start:
            await saver.adelete_thread(self._thread(user, session))
            return greeting.opening(runner.turn.id, words)

        opening = self._run(begin, user, session, speak, graph=self._opening, live=live)
        async with aclosing(opening) as events:
            async for event in events:
                yield event

    async def _has_begun(self, user: str, session: str) -> bool:
        """Whether a conversation has turns; taken for granted where memory cannot tell."""
        try:
            return bool(await self._parts.memory.history(self._parts.scope(user), session, limit=1))
        except MemoryStoreError:
            return True

    @cached_property
    def _opening(self) -> TurnGraph:
        return greeting.build()

    def interrupt(self, user: str, session: str) -> bool:
        """Cut the reply that runs in a session; False where none runs."""
        runner = self._running.get((user, session))
        if runner:
            runner.cut()
        return runner is not None

    async def _run(
        self,
        begin: Begin,
        user: str,
        session: str,
        speak: bool,
        ended: Ended | None = None,
        graph: TurnGraph | None = None,
        live: Live | None = None,
        guest: Guest | None = None,
    ) -> AsyncGenerator[AgentEvent, None]:
        turn = self._turn(user, session, self._parts.ids())
        turn.live = live
        async with self._studying(turn), self._lock(user, session), self._checkpoints.open() as saver:
            notes = await _prepared(turn)
            if guest:
                guest.take(turn)
            config = config_of(user, self._parts.name, session)
            runner = Runner(resumable(graph or self._graph, saver), config, turn)
            turn.delivery = _delivery(runner) if speak else None
            self._running[user, session] = runner
            try:
                async with aclosing(runner.events(lambda: begin(saver, runner), notes)) as events:
                    async for event in events:
                        yield event
                if ended:
                    ended(turn, runner.state)
            finally:
                del self._running[user, session]
                turn.parts.team.done(turn.id)
                if runner.ran and not (runner.waiting and turn.asks):
                    await saver.adelete_thread(self._thread(user, session))

    async def ready(self, user: str, session: str, words: str = "") -> None:
        """Have the model compute a conversation's prompt as its next turn will need it, now.

        Args:
            user: Whose.
            session: Which.
            words: With which what the user is saying will surely begin.
        """
        async with self._lock(user, session):
            await warm_up_conversation(self._turn(user, session, ""), words)

    def _studying(self, turn: Turn) -> AbstractAsyncContextManager[None]:
        """While the turn runs nothing is learnt, and after it the model is made ready for the next."""
        study = self._parts.study
        return study.turn(lambda: warm_up_conversation(turn)) if study else nullcontext()

    def _turn(self, user: str, session: str, turn: str) -> Turn:
        return Turn(self._parts, turn, self._parts.scope(user), session, self._parts.clock.monotonic())

    def _lock(self, user: str, session: str) -> asyncio.Lock:
        return self._locks.setdefault((user, session), asyncio.Lock())

    def _thread(self, user: str, session: str) -> str:
        return thread_of(user, self._parts.name, session)


async def _prepared(turn: Turn) -> list[ErrorRaised]:
    """Give the turn to the agent that answers in its session, with the tools that there are now."""
    problems = list[OmniError]()
    try:
        turn.parts = await turn.parts.team.answering(turn.scope, turn.session)
    except MemoryStoreError as error:
        problems.append(error)
    problems += await turn.parts.toolbox.refresh()
    return [ErrorRaised(p.code, p.message, p.remedy, severity="note") for p in problems]


def _delivery(runner: Runner) -> Delivery | None:
    parts = runner.turn.parts
    speaks = parts.model.capabilities.speech
    if not speaks and parts.senses.voice is None:
        return None
    return Delivery(None if speaks else parts.senses.voice, parts.persona, send=runner.put)
