"""Who is to answer a request, on whose behalf, and in which conversation."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from starlette.requests import Request

from ...agent import Agent
from ...errors import InputError
from ...events import AgentEvent
from ...guest import Contribution
from ...messages import Message
from ...terms import Terms
from ..api.watching import watched
from ..caller import Caller, caller_of
from ..errors import ApiError
from ..hosting import Hosting
from .attachments import Attachments
from .parsing import invalid, unsupported
from .spending import Spending

SESSION = "X-Session-Id"
LONGEST_NAME = 256


@dataclass(frozen=True, slots=True)
class Standing:
    """What a request's turn rests on, beside its words.

    Attributes:
        hosting: The server's agents.
        agent: Answers.
        model: The name under which it is served.
        caller: Who asks.
        user: Whose memory it uses; None for nobody's: nothing is remembered.
        session: The conversation that it is remembered in; empty where none is named.
        called: The user as the caller calls him; empty for none.
    """

    hosting: Hosting
    agent: Agent
    model: str
    caller: Caller
    user: str | None
    session: str
    called: str = ""

    @classmethod
    def of(cls, request: Request, hosting: Hosting, model: str, user: str, session: str) -> Standing:
        """That of a request.

        Args:
            request: The request; its header may name the conversation too.
            hosting: The agents.
            model: The model that it names.
            user: The user that it names; empty for none.
            session: The conversation that it names; empty for none.

        Raises:
            ApiError: A name is too long.
        """
        session = session or request.headers.get(SESSION, "")
        if len(session) > LONGEST_NAME:
            raise invalid(SESSION, f"is longer than {LONGEST_NAME} characters")
        caller = caller_of(request)
        remembered = bool(user or session)
        whose = hosting.memory_user(caller, user) if remembered else None
        return cls(hosting, hosting.agent(model), hosting.name(model), caller, whose, session, user)

    @property
    def attachments(self) -> Attachments:
        """Takes in what the request carries."""
        return Attachments(self.hosting, self.agent.parts.media)

    @property
    def own_tools(self) -> frozenset[str]:
        """Names of the agent's own tools."""
        return frozenset(tool.name for tool in self.agent.parts.toolbox)

    def voice(self, wanted: str) -> str:
        """The agent's name of the voice that a client asks for; empty, for the persona's own, where there is
        none. Clients ask for OpenAI's, such as `alloy`."""
        parts = self.agent.parts
        names = (*parts.model.capabilities.voices, *getattr(parts.senses.voice, "voices", ()))
        return next((name for name in names if name.casefold() == wanted.casefold()), "")

    def check(self, messages: Sequence[Message], param: str, *, speak: bool = False) -> None:
        """Refuse, before the answer begins, what cannot be answered.

        Args:
            messages: The whole conversation.
            param: The field that it came in.
            speak: The answer is to be spoken.

        Raises:
            ApiError: Nobody waits for an answer, or there is no voice.
        """
        try:
            asked = Contribution.of(messages).user
        except InputError as error:
            raise ApiError(str(error), code=error.code, param=param) from None
        if not asked.media and not asked.text.strip():
            raise ApiError("the user's last message is empty", code="input_empty", param=param)
        parts = self.agent.parts
        if speak and not parts.model.capabilities.speech and parts.senses.voice is None:
            raise unsupported("modalities", "cannot hold 'audio': this agent has no voice")

    async def answer(
        self, messages: Sequence[Message], terms: Terms, *, speak: bool = False
    ) -> AsyncGenerator[AgentEvent, None]:
        """The turn; what it takes is noted when it is over or left."""
        spending = Spending(messages)
        turn = self.agent.answer(messages, terms=terms, user=self.user, session=self.session, speak=speak)
        seen = watched(self.hosting, self.caller, self.called, self.session, turn, agent=self.model)
        try:
            async with aclosing(seen) as events:
                async for event in events:
                    spending.take(event)
                    yield event
        finally:
            self.hosting.spent(
                self.caller,
                model=self.model,
                usage=spending.usage,
                heard=spending.heard,
                spoken=spending.spoken,
            )
