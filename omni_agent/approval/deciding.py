"""What one does with the questions of an agent: see them, say yes, say no."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ..events import AgentEvent, ApprovalRequested
from ..memory import LOCAL_USER
from ..reply import Reply
from .pending import Pending

if TYPE_CHECKING:
    from ..turns import Turns


class Deciding(ABC):
    """Answers the questions that turns wait with, for programs that show them themselves."""

    @cached_property
    @abstractmethod
    def _turns(self) -> Turns:
        """Those that may wait."""

    def decide(
        self,
        answers: Mapping[str, bool],
        *,
        session: str = "default",
        user: str = LOCAL_USER,
        speak: bool = True,
        shown: Sequence[ApprovalRequested] = (),
    ) -> AsyncGenerator[AgentEvent, None]:
        """Answer `ApprovalRequested` events and go on with the turn that waits, also after a restart.

        What the user says next is an answer too: this is for programs that show the questions themselves.

        Args:
            answers: Yes or no by call id; a call that is not named is denied.
            session: The conversation that waits.
            user: Whose it is.
            speak: Speak the rest of the answer.
            shown: The questions that are answered; each must still wait, with the same arguments.

        Raises:
            InputError: Nothing waits in this session, or not what was shown.
        """

        def choose(pending: Pending) -> Mapping[str, bool]:
            pending.check(shown)
            return answers

        return self._turns.decide(choose, user, session, speak=speak)

    async def pending(self, *, session: str = "default", user: str = LOCAL_USER) -> Pending | None:
        """The questions that wait for a yes in a session, also after a restart; None where none do."""
        return await self._turns.waiting.pending(user, session)

    async def all_pending(self, *, user: str = LOCAL_USER) -> Mapping[str, Pending]:
        """The questions that wait in any of a user's sessions, by session."""
        return await self._turns.waiting.all_pending(user)

    async def approve(
        self,
        *requests: ApprovalRequested,
        session: str = "default",
        user: str = LOCAL_USER,
        speak: bool = True,
    ) -> Reply:
        """Say yes to these questions, and no to the others of their turn; the rest of the turn.

        Raises:
            InputError: One of them does not wait, or no longer with these arguments.
            OmniError: The turn failed.
        """

        def choose(pending: Pending) -> dict[str, bool]:
            pending.check(requests)
            return {request.id: True for request in requests}

        return await Reply.of(self._turns.decide(choose, user, session, speak=speak))

    async def deny(self, *, session: str = "default", user: str = LOCAL_USER, speak: bool = True) -> Reply:
        """Say no to all that waits in a session; the rest of the turn.

        Raises:
            InputError: Nothing waits.
            OmniError: The turn failed.
        """
        return await Reply.of(self.decide({}, session=session, user=user, speak=speak))
