"""The responses of a session, asked for by the client or by the user's voice: one at a time of the
conversation, and beside it those out of band."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ...messages import JsonObject
from ...terms import Terms
from ..api.watching import Place
from .configuration import Configuration
from .items import Conversation, Item
from .life_cycle import Life
from .plan import Plan
from .protocol import Refusal
from .remembering import Remembered
from .replying import Reply
from .tasks import Tasks

if TYPE_CHECKING:
    from ...agent import Agent
    from ..caller import Caller
    from ..hosting import Hosting

LAST_WORDS = 10.0
"""Seconds that replies get to be settled when the session ends."""

MOST_BESIDE = 8
"""Responses out of band that may be given at once."""


class Responses:
    """Has the agent answer.

    Args:
        hosting: What is served.
        caller: Who the client is.
        model: Under which name the agent is served.
        user: Whose memory it uses; None for nobody's.
        called: The user as the client calls him; empty for none.
        conversation: What it answers.
        conversation_id: Its id.
        remembered: What memory has of it.
        put: Sends an event.
        room: Waits while the client is far behind.
        over: Called when a response of the conversation is over and none follows, with the seconds until its
            speech was heard.

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
        called: str = "",
        conversation: Conversation,
        conversation_id: str,
        remembered: Remembered,
        put: Callable[[JsonObject], None],
        room: Callable[[], Awaitable[None]],
        over: Callable[[float], None],
    ) -> None:
        self._hosting, self._caller, self._model = hosting, caller, model
        self._agent: Agent = hosting.agents[model]
        self._user, self._called = user, called
        self._conversation, self._conversation_id = conversation, conversation_id
        self._remembered = remembered
        self._put, self._room, self._tell_over = put, room, over
        self._reply: Reply | None = None
        self._running: dict[str, tuple[Reply, asyncio.Task[Any]]] = {}
        self._count = 0
        self._owed: Configuration | None = None
        self.tasks = Tasks()

    @property
    def active(self) -> Reply | None:
        """The response of the conversation that is being given."""
        return self._reply if self._reply and not self._reply.over else None

    @property
    def beside(self) -> list[Reply]:
        """The responses out of band that are being given."""
        replies = (reply for reply, _ in self._running.values())
        return [reply for reply in replies if not (reply.in_conversation or reply.over)]

    def check_free(self, *, apart: bool) -> None:
        """See that there is room for one more.

        Args:
            apart: It is no part of the conversation.

        Raises:
            Refusal: There is none.
        """
        if apart:
            if len(self.beside) >= MOST_BESIDE:
                raise Refusal(
                    f"{MOST_BESIDE} responses out of band are in progress. Wait until one is finished.",
                    "too_many_responses",
                )
        elif self.active:
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
            apart: It is no part of the conversation, runs beside it, and is not remembered.
            metadata: The client's, told again.
            insists: Say something even where nobody said anything.
        """
        self._count += 1
        whole = items is not None or self._conversation.edited
        if not apart:
            self._owed = None
        items = self._answered(items, self._count, apart=apart)
        conversation = "" if apart else self._conversation_id
        terms = {**conf.response_terms, "metadata": metadata}
        pace = self._pace(conf.speed)
        plan = Plan(
            Life(f"resp_{self._agent.ids()}", speaks=conf.speaks, conversation=conversation, terms=terms),
            self._count,
            items,
            self._terms(conf, whole=whole, rate=pace),
            conf.sends,
            round(conf.speed / pace, 6),
            None if apart else self._user,
            conversation,
            insists,
        )
        self._start(plan)

    def _answered(
        self, items: tuple[Item, ...] | None, number: int, *, apart: bool
    ) -> tuple[Item, ...] | None:
        """What a response answers; None for the conversation as it is when the response gets to it."""
        if items is not None:
            return tuple(dataclasses.replace(item, asked=number) for item in items)
        if apart:
            # What is answered out of band is still to be answered, and goes on meanwhile.
            return tuple(dataclasses.replace(item, asked=item.asked or number) for item in self._conversation)
        for item in self._conversation:
            item.asked = item.asked or number
        return None

    def _start(self, plan: Plan) -> None:
        reply = Reply(
            plan,
            self._agent,
            self._conversation,
            self._remembered,
            put=self._put,
            room=self._room,
            watch=self._hosting.watching.observer(
                self._caller, Place(self._model, self._called if plan.session else "", plan.session)
            ),
        )
        if reply.in_conversation:
            self._reply = reply
        reply.begin()
        task = self.tasks.start(self._run(reply))
        self._running[reply.id] = reply, task
        task.add_done_callback(lambda _: self._running.pop(reply.id))

    def cancel(self, reason: str, name: str = "") -> bool:
        """End a response.

        Args:
            reason: Why.
            name: Its id; empty for the one of the conversation.

        Returns:
            Whether it was being given.
        """
        name = name or (self.active.id if self.active else "")
        reply, task = self._running.get(name, (None, None))
        if reply is None or task is None or reply.over:
            return False
        reply.cancel(reason)
        if reply.in_conversation and not reply.begun:
            # Nobody has taken it in: it is answered with what comes next.
            self._conversation.unask(reply.number)
        task.cancel()
        return True

    async def close(self) -> None:
        """End them all. A reply that is being given is kept as far as it was heard."""
        self._owed = None
        for name in tuple(self._running):
            self.cancel("client_cancelled", name)
        await self.tasks.close(LAST_WORDS)

    def _terms(self, conf: Configuration, *, whole: bool, rate: float) -> Terms:
        parts = self._agent.parts
        known = {*parts.model.capabilities.voices, *getattr(parts.senses.voice, "voices", ())}
        return Terms(
            instructions=conf.instructions,
            tools=conf.tools,
            tool_choice=conf.tool_choice,
            one_call=not conf.parallel_calls,
            max_tokens=conf.max_tokens,
            voice=conf.voice if conf.voice in known else "",
            rate=rate,
            whole=whole,
        )

    def _pace(self, speed: float) -> float:
        """How much of a speed the agent's voice does by itself."""
        parts = self._agent.parts
        usual = parts.persona.rate
        return 1.0 if parts.model.capabilities.speech else Terms(rate=speed).paced(parts.persona).rate / usual

    async def _run(self, reply: Reply) -> None:
        try:
            with self._hosting.at_work.reply():
                await reply.run(lambda: self._hosting.allowances.admit(self._caller))
        finally:
            self._hosting.spent(
                self._caller, model=self._model, usage=reply.tokens, spoken=reply.speech.seconds
            )
            await reply.settle()
            if self._reply is reply:
                self._after(reply)

    def _after(self, reply: Reply) -> None:
        if self._owed:
            self.begin(self._owed)
            return
        now = self._agent.parts.clock.monotonic()
        speech = reply.speech
        played = 0.0 if speech.since is None else now - speech.since
        self._tell_over(max(0.0, speech.seconds - played))
