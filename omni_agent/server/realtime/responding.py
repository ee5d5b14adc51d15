"""The responses of a session: one at a time, asked for by the client or by the user's voice."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ...messages import JsonObject
from ...terms import Terms
from .configuration import Configuration
from .items import Conversation, Item
from .life_cycle import Life
from .protocol import Refusal
from .remembering import Remembered
from .replying import Plan, Reply
from .tasks import Tasks

if TYPE_CHECKING:
    from ...agent import Agent
    from ..caller import Caller
    from ..hosting import Hosting

LAST_WORDS = 10.0
"""Seconds that replies get to be settled when the session ends."""


class Responses:
    """Has the agent answer.

    Args:
        hosting: What is served.
        caller: Who the client is.
        model: Under which name the agent is served.
        user: Whose memory it uses; None for nobody's.
        conversation: What it answers.
        conversation_id: Its id.
        remembered: What memory has of it.
        put: Sends an event.
        room: Waits while the client is far behind.
        over: Called when a response is over and none follows, with the seconds until its speech was heard.

    Attributes:
        tasks: The replies, also those that are over and being settled.
    """

    def __init__(
        self,
        hosting: Hosting,
        caller: Caller,
        *,
        model: str,
        user: str | None,
        conversation: Conversation,
        conversation_id: str,
        remembered: Remembered,
        put: Callable[[JsonObject], None],
        room: Callable[[], Awaitable[None]],
        over: Callable[[float], None],
    ) -> None:
        self._hosting, self._caller, self._model = hosting, caller, model
        self._agent: Agent = hosting.agents[model]
        self._user = user
        self._conversation, self._conversation_id = conversation, conversation_id
        self._remembered = remembered
        self._put, self._room, self._tell_over = put, room, over
        self._reply: Reply | None = None
        self._replying: asyncio.Task[Any] | None = None
        self._count = 0
        self._owed: Configuration | None = None
        self.tasks = Tasks()

    @property
    def active(self) -> Reply | None:
        """The response that is being given."""
        return self._reply if self._reply and not self._reply.over else None

    def check_free(self) -> None:
        """See that none is.

        Raises:
            Refusal: One is.
        """
        if self.active:
            raise Refusal(
                "Conversation already has an active response in progress: "
                f"{self.active.id}. Wait until the response is finished before creating a new one.",
                "conversation_already_has_active_response",
            )

    def answer_voice(self, conf: Configuration) -> None:
        """Answer what was said: at once, or when the response that is active is over."""
        if self.active:
            self._owed = conf
        else:
            self.begin(conf)

    def begin(
        self,
        conf: Configuration,
        items: tuple[Item, ...] | None = None,
        *,
        apart: bool = False,
        metadata: JsonObject | None = None,
        insists: bool = False,
    ) -> None:
        """Answer.

        Args:
            conf: What holds for this response.
            items: What is answered; None for the conversation.
            apart: It is no part of the conversation, and is not remembered.
            metadata: The client's, told again.
            insists: Say something even where nobody said anything.
        """
        self._owed = None
        self._count += 1
        # What is answered out of band is still to be answered.
        number = 0 if apart and items is None else self._count
        if items is None:
            for item in self._conversation:
                item.asked = item.asked or number
        else:
            items = tuple(dataclasses.replace(item, asked=number) for item in items)
        conversation = "" if apart else self._conversation_id
        terms = {**conf.response_terms, "metadata": metadata}
        plan = Plan(
            Life(f"resp_{self._agent.ids()}", speaks=conf.speaks, conversation=conversation, terms=terms),
            number,
            items,
            self._terms(conf, whole=items is not None or self._conversation.edited),
            conf.sends,
            None if apart else self._user,
            conversation,
            insists,
        )
        reply = Reply(plan, self._agent, self._conversation, self._remembered, put=self._put, room=self._room)
        self._reply = reply
        reply.begin()
        self._replying = self.tasks.start(self._run(reply))

    def cancel(self, reason: str) -> None:
        """End the response that is being given, if one is."""
        if active := self.active:
            active.cancel(reason)
            if not active.begun:
                # Nobody has taken it in: it is answered with what comes next.
                self._conversation.unask(active.number)
            if self._replying:
                self._replying.cancel()

    async def close(self) -> None:
        """End them all. A reply that is being given is kept as far as it was heard."""
        self._owed = None
        self.cancel("client_cancelled")
        await self.tasks.close(LAST_WORDS)

    def _terms(self, conf: Configuration, *, whole: bool) -> Terms:
        parts = self._agent.parts
        known = {*parts.model.capabilities.voices, *getattr(parts.senses.voice, "voices", ())}
        return Terms(
            instructions=conf.instructions,
            tools=conf.tools,
            tool_choice=conf.tool_choice,
            max_tokens=conf.max_tokens,
            voice=conf.voice if conf.voice in known else "",
            whole=whole,
        )

    async def _run(self, reply: Reply) -> None:
        try:
            with self._hosting.at_work.reply():
                await reply.run(lambda: self._hosting.allowances.admit(self._caller))
        finally:
            self._hosting.spent(self._caller, model=self._model, usage=reply.tokens, spoken=reply.seconds)
            await reply.settle()
            if self._reply is reply:
                self._after(reply)

    def _after(self, reply: Reply) -> None:
        if self._owed:
            self.begin(self._owed)
            return
        now = self._agent.parts.clock.monotonic()
        played = 0.0 if reply.since is None else now - reply.since
        self._tell_over(max(0.0, reply.seconds - played))
