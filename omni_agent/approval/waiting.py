"""Turns that wait for an approval, and how they go on.

The user's next words may be the answer: a yes or a no goes on with the turn, something unclear is asked
again, once, and anything else is a no and a turn of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from langgraph.types import Command

from ..checkpoints import Checkpoints, config_of, resumable
from ..errors import InputError
from ..messages import Message
from ..settling import settle_waiting
from ..state import Parts, Turn, TurnState
from .answer import Answer
from .pending import Pending

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from ..graph import TurnGraph
    from ..runner import Runner, Start


@dataclass(frozen=True, slots=True)
class Waiting:
    """A turn that waits for an approval."""

    pending: Pending
    state: TurnState


class WaitingTurns:
    """Those of an agent, found in their checkpoints.

    Args:
        parts: The agent's.
        graph: The agent's, without a checkpointer.
        checkpoints: Where they are kept.
    """

    def __init__(self, parts: Parts, graph: TurnGraph, checkpoints: Checkpoints) -> None:
        self._parts = parts
        self._graph = graph
        self._checkpoints = checkpoints
        self._asked_again = set[str]()

    async def pending(self, user: str, session: str) -> Pending | None:
        """The questions that wait in a session; None where none do."""
        async with self._checkpoints.open() as saver:
            waiting = await self._found(saver, user, session)
        return waiting.pending if waiting else None

    async def all_pending(self, user: str) -> dict[str, Pending]:
        """The questions that wait in any of a user's sessions, by session."""
        unfinished = await asyncio.to_thread(self._checkpoints.sessions, user, self._parts.name)
        async with self._checkpoints.open() as saver:
            found = {session: await self._found(saver, user, session) for session in unfinished}
        return {session: waiting.pending for session, waiting in found.items() if waiting}

    async def answered(
        self, message: Message, saver: BaseCheckpointSaver[str], runner: Runner
    ) -> Start | None:
        """What follows where the user's words answer what a turn waits for; None for a new turn.

        Args:
            message: The user's words.
            saver: Open.
            runner: Of the turn that the words began; becomes the one of the turn that waits, if they are its
                answer.
        """
        turn = runner.turn
        waiting = await self._found(saver, turn.scope.user, turn.session)
        if waiting is None:
            return None
        await turn.authorised()
        answer = waiting.pending.answer(message, turn.parts.clock.now())
        if answer is not Answer.OTHER:
            return self._go_on(waiting.pending, answer, runner)
        asked = Turn(self._parts, waiting.pending.turn, turn.scope, turn.session, turn.started)
        await settle_waiting(waiting.state, asked, waiting.pending.words)
        return None

    async def decided(
        self, pending: Pending, answers: Mapping[str, bool], saver: BaseCheckpointSaver[str], runner: Runner
    ) -> Start:
        """Go on with a turn whose questions were answered.

        Args:
            pending: The questions.
            answers: Yes or no by call id; a call that is not named is denied.
            saver: Open.
            runner: Becomes the one of the turn that waits.

        Raises:
            InputError: It waits no longer.
        """
        still = await self._found(saver, runner.turn.scope.user, runner.turn.session)
        if still is None or still.pending.turn != pending.turn:
            raise InputError("the question was answered in the meantime", remedy="see what was done")
        runner.turn.id = still.pending.turn
        return Command(resume=still.pending.resume(answers))

    async def _found(self, saver: BaseCheckpointSaver[str], user: str, session: str) -> Waiting | None:
        config = config_of(user, self._parts.name, session)
        if await saver.aget_tuple(config) is None:
            return None
        found = await resumable(self._graph, saver).aget_state(config)
        if not found.interrupts:
            return None
        state = cast(TurnState, found.values)
        return Waiting(Pending.of(state["turn"], found.interrupts), state)

    def _go_on(self, pending: Pending, answer: Answer, runner: Runner) -> Start:
        """With the turn that waits, or with the question once more."""
        runner.turn.id = pending.turn
        if answer is Answer.UNCLEAR and pending.turn not in self._asked_again:
            self._asked_again.add(pending.turn)
            return pending
        self._asked_again.discard(pending.turn)
        yes = answer is Answer.YES
        return Command(resume=pending.resume(dict.fromkeys((q.id for q in pending.questions), yes)))
