"""What the user may ask of memory, as tools: noted, put right, told, and after a yes erased.

They are called by rule (`requests.py`) and not shown to models, whose prompt they would make longer. What
they give is told by the model in the persona's words, so it is short, and turned to the user as it is to be
said.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias

from ..clock import Clock
from ..errors import ToolError
from ..execution import idempotency_key
from ..memory import Fact, Forgotten, KnowledgeStore, Origin, Scope
from ..messages import JsonObject
from ..tool import Tool, ToolContext, tool
from .requests import ABOUT_ME, CORRECT, FORGET, REMEMBER, asked
from .wording import Wording, named_facts, to_user, wording_of

Erase: TypeAlias = Callable[[Scope, str], Awaitable[Forgotten]]
MOST_TOLD = 12
_MOST_CANDIDATES = 1000


class _Asking:
    """The questions before a call, in the language of the user's request.

    Args:
        memory: Has the facts that are named.
        preview: Tells what would be erased.
    """

    def __init__(self, memory: KnowledgeStore, preview: Erase) -> None:
        self._memory = memory
        self._preview = preview

    async def remember(self, arguments: JsonObject, context: ToolContext, said: str) -> str:
        """Reads back what is to be noted."""
        return _words(arguments, said)[1].remember.format(what=arguments["what"])

    async def correct(self, arguments: JsonObject, context: ToolContext, said: str) -> str:
        """Reads back what is right."""
        return _words(arguments, said)[1].correct.format(said=str(arguments["said"]).rstrip(".!"))

    async def forget(self, arguments: JsonObject, context: ToolContext, said: str) -> str:
        """Names what would be gone.

        Raises:
            ToolError: Nothing would.
        """
        scope, what = context.memory.scope, str(arguments.get("what", ""))
        gone = await self._preview(scope, what)
        if not (gone.facts or gone.turns):
            raise ToolError("I know nothing about that, so there is nothing to forget." if what else _EMPTY)
        language, words = _words(arguments, said)
        if not what:
            return words.forget_all.format(listed=words.listing(gone, ()))
        facts = await self._memory.facts(scope, past=True, limit=_MOST_CANDIDATES)
        return words.forget.format(what=what, listed=words.listing(gone, named_facts(gone, facts, language)))


_EMPTY = "I know nothing about you yet."


def _words(arguments: JsonObject, said: str) -> tuple[str, Wording]:
    """The language of a request, and its words."""
    request = asked(said, str(arguments.get("told", "")))
    language = request.language if request else "en"
    return language, wording_of(language)


def memory_tools(memory: KnowledgeStore, erase: Erase, preview: Erase, clock: Clock) -> tuple[Tool, ...]:
    """The tools for a memory.

    Args:
        memory: Notes, corrects and tells.
        erase: Erases everywhere what is known about some words, or all of a scope for none.
        preview: What `erase` would erase.
        clock: Tells when something was said.
    """
    asking = _Asking(memory, preview)
    return (
        _remember(memory, asking, clock),
        _correct(memory, asking, clock),
        _about_me(memory),
        _forget(erase, asking),
    )


def _remember(memory: KnowledgeStore, asking: _Asking, clock: Clock) -> Tool:
    async def take_back(context: ToolContext) -> str:
        return f"No longer noted: {await _unlearnt(memory, context, clock)}"

    @tool(name=REMEMBER, effect="write", undo=take_back, question=asking.remember, shown=False)
    async def remember(context: ToolContext, what: str) -> str:
        """Note something that the user wants to be remembered.

        Args:
            what: The user's words: "my dentist is Dr. Huber".
        """
        made = await memory.remember(context.memory.scope, what, _origin(context, clock.now()))
        if not made:
            raise ToolError("Nothing was noted: there was nothing to remember in it.")
        return f"I will remember it: {_told(made)}."

    return remember


def _correct(memory: KnowledgeStore, asking: _Asking, clock: Clock) -> Tool:
    async def take_back(context: ToolContext) -> str:
        return f"No longer noted: {await _unlearnt(memory, context, clock)}"

    @tool(name=CORRECT, effect="write", undo=take_back, question=asking.correct, shown=False)
    async def correct(context: ToolContext, said: str, told: str) -> str:
        """Put right what is known.

        Args:
            said: The user's words: "no, it's Dr. Maier".
            told: What was told before, which is wrong.
        """
        done = await memory.correct(context.memory.scope, said, told, _origin(context, clock.now()))
        if done.new:
            return f"Thank you, I have put it right: {_told(done.new)}."
        if done.old:
            return f"I no longer take it that {_told(done.old)}. What is right?"
        return "I had noted nothing about that, so nothing was changed."

    return correct


def _about_me(memory: KnowledgeStore) -> Tool:
    @tool(name=ABOUT_ME, effect="read", shown=False)
    async def about_me(context: ToolContext, topic: str = "") -> str:
        """Tell what is known about the user.

        Args:
            topic: What of it: "my family". Leave empty for all.
        """
        scope = context.memory.scope
        facts = await memory.facts(scope, about=topic, limit=MOST_TOLD + 1)
        if facts:
            more = " There is more." if len(facts) > MOST_TOLD else ""
            return f"I know this: {_told(facts[:MOST_TOLD], dated=True)}.{more}"
        found = await memory.recall(scope, topic, limit=2) if topic else []
        if found:
            return "I have noted no fact about that, but remember: " + to_user(
                " ".join(f.text for f in found)
            )
        return "I know nothing about that yet." if topic else _EMPTY

    return about_me


def _forget(erase: Erase, asking: _Asking) -> Tool:
    @tool(name=FORGET, effect="irreversible", timeout=120, question=asking.forget, shown=False)
    async def forget(context: ToolContext, what: str = "") -> str:
        """Forget for good what is known about something, or about the user.

        Args:
            what: The user's words: "my address". Leave empty for everything.
        """
        gone = await erase(context.memory.scope, what)
        if not (gone.facts or gone.turns or gone.summaries):
            return "There was nothing to forget."
        return f"It is forgotten for good (facts: {len(gone.facts)}, turns: {gone.turns})."

    return forget


async def _unlearnt(memory: KnowledgeStore, context: ToolContext, clock: Clock) -> str:
    """What the call that is taken back had taught, no longer known.

    Raises:
        ToolError: Its turn is gone, or taught nothing that is still known.
    """
    scope = context.memory.scope
    for record in reversed(await context.memory.history()):
        calls = (call for message in record.messages for call in message.tool_calls)
        keys = {idempotency_key(scope, context.session, record.id, call) for call in calls}
        if context.undoes in keys:
            gone = await memory.unlearn(scope, context.session, record.id, _origin(context, clock.now()))
            if gone:
                return f"{_told(gone)}."
    raise ToolError("what was noted is no longer known.")


def _origin(context: ToolContext, now: datetime) -> Origin:
    return Origin(context.session, context.turn, now)


def _told(facts: tuple[Fact, ...] | list[Fact], *, dated: bool = False) -> str:
    """Facts as they are told to the user, in one line."""
    return "; ".join(to_user(fact.said.text).rstrip(".") + (_since(fact) if dated else "") for fact in facts)


def _since(fact: Fact) -> str:
    at = fact.said.valid_from
    return f" ({at:%Y-%m-%d})" if at else f" (noted {fact.recorded_at:%Y-%m-%d})"
