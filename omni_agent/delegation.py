"""An agent as a tool of another: it is asked something, and works on it in a turn of its own.

Nobody says yes in the user's place: where that turn waits for an approval, it is denied, and the caller is
told.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from contextvars import ContextVar, copy_context
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated
from weakref import WeakKeyDictionary, WeakValueDictionary

from pydantic import Field

from .errors import OmniError, ToolDefinitionError, ToolError
from .events import AgentEvent, ToolFinished, ToolProgress, ToolStarted
from .reply import Reply
from .tool import Effect, Tool, ToolContext, tool

if TYPE_CHECKING:
    from .agent import Agent

MOST_DEEP = 4
"""How many agents may wait for one another."""

_deep: ContextVar[int] = ContextVar("agents that wait for one another", default=0)
_locks: WeakKeyDictionary[Agent, WeakValueDictionary[tuple[str, str], asyncio.Lock]] = WeakKeyDictionary()

Request = Annotated[str, Field(json_schema_extra={"x-ground": False})]


def tool_name(agent: Agent) -> str:
    """The agent's name as a tool's: "Tax Office" is `tax_office`.

    Raises:
        ToolDefinitionError: Nothing is left of it.
    """
    plain = unicodedata.normalize("NFKD", agent.name).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    if not name or name[0].isdigit():
        raise ToolDefinitionError(
            f"agent '{agent.name}' has no name that a model can call", remedy="begin it with a Latin letter"
        )
    return name


def as_tool(agent: Agent, *, name: str, description: str, effect: Effect | None, timeout: float) -> Tool:
    """The tool; `Agent.as_tool` has the rest."""
    described = description or agent.description
    if not described:
        raise ToolDefinitionError(
            f"agent '{agent.name}' has no description", remedy="Agent(description=…): models choose by it"
        )
    may_change = agent.toolbox.sources or agent.handoffs or any(t.effect != "read" for t in agent.toolbox)

    @tool(
        name=name or tool_name(agent),
        description=described,
        effect=effect or ("write" if may_change else "read"),
        timeout=timeout,
        cancellable=True,
        untrusted=bool(agent.toolbox.sources) or any(item.untrusted for item in agent.toolbox),
    )
    async def ask(context: ToolContext, request: Request) -> str:
        """Ask another agent.

        Args:
            request: What is asked of it, with all that it must know: it does not hear the user.
        """
        deep = _deep.get()
        if deep >= MOST_DEEP:
            raise ToolError("Not asked: too many agents wait for one another. Do without this one.")
        here, around = copy_context(), copy_context()
        around.run(_deep.set, deep + 1)
        around.run(_leave_graph)
        # What is reported is an event of the caller's turn, and finds its way out in that turn's context.
        asked = replace(context, report=lambda message: here.run(context.report, message))
        return await asyncio.create_task(_answer(agent, request, asked), context=around)

    return ask


def delegated() -> bool:
    """Whether this turn answers another agent, not the user."""
    return _deep.get() > 0


def _leave_graph() -> None:
    """A turn is a graph of its own, no part of the one whose node runs the tool."""
    from langchain_core.runnables.config import var_child_runnable_config

    var_child_runnable_config.set(None)


async def _answer(agent: Agent, request: str, context: ToolContext) -> str:
    """What the agent says, and what it did not do for want of a yes."""
    user, session = context.user, f"{context.session}/{agent.name}"
    heard = _Hearing(agent, context)
    words, asked = list[str](), list[str]()
    async with _locks.setdefault(agent, WeakValueDictionary()).setdefault((user, session), asyncio.Lock()):
        # The request is no answer to what an earlier call, cut off there, left waiting.
        with suppress(OmniError):
            await agent.deny(session=session, user=user, speak=False)
        reply = await heard.reply(agent.stream(request, session=session, user=user, speak=False))
        while reply.status == "waiting":
            questions = [question.question for question in reply.approvals]
            asked += questions
            words.append(reply.text.removesuffix(" ".join(questions)))
            reply = await heard.reply(agent.decide({}, session=session, user=user, speak=False))
    said = " ".join(part.strip() for part in (*words, reply.text) if part.strip())
    if asked:
        said += f"\nNot done, because only the user can say yes to it, and was not asked: {' '.join(asked)}"
    return said


class _Hearing:
    """Follows the agent's turn for the one who asked."""

    def __init__(self, agent: Agent, context: ToolContext) -> None:
        self._name = agent.name
        self._context = context
        self._ran: list[str] = []

    async def reply(self, events: AsyncGenerator[AgentEvent, None]) -> Reply:
        """The turn's reply.

        Raises:
            ToolError: The turn failed, or was cut off.
        """
        try:
            async with aclosing(events) as stream:
                reply = await Reply.of(self._reported(stream))
        except OmniError as error:
            raise ToolError(f"{self._name} failed: {error.message}.{self._done()}") from error
        if reply.status == "interrupted":
            raise ToolError(f"{self._name} was cut off.{self._done()}")
        return reply

    async def _reported(self, events: AsyncIterator[AgentEvent]) -> AsyncIterator[AgentEvent]:
        async for event in events:
            match event:
                case ToolStarted():
                    self._context.report(f"{self._name}: {event.name.replace('_', ' ')}")
                case ToolProgress():
                    self._context.report(event.message)
                case ToolFinished(status="done" | "unknown"):
                    self._ran.append(event.name)
                case _:
                    pass
            yield event

    def _done(self) -> str:
        return f" It had run before: {', '.join(self._ran)}." if self._ran else ""
