"""A turn of a conversation that a caller keeps himself: what it is made of, and what it begins with."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .errors import InputError, MemoryStoreError, ToolDefinitionError, ToolError
from .memory import TransientMemory
from .messages import JsonObject, Message, ToolCall, ToolResult, ToolSpec
from .nodes.hearing import understood
from .nodes.recall import open_calls
from .tool import Tool, Toolbox, ToolContext

if TYPE_CHECKING:
    from .state import Parts, Turn
    from .terms import Terms

NOBODY = "nobody"
"""Who the user is in turns that are not remembered."""
MOST_KNOWN = 256
"""Earlier messages with media whose hearing and reading is kept for the next time."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a turn begins with.

    Attributes:
        earlier: The conversation before it.
        user: The user's message.
        since: What followed it: calls, and the results that the caller brings.
    """

    earlier: tuple[Message, ...]
    user: Message
    since: tuple[Message, ...] = ()

    @classmethod
    def of(cls, messages: Sequence[Message]) -> Contribution:
        """The last turn of a conversation.

        Raises:
            InputError: The user has said nothing in it, or nobody waits for an answer.
        """
        asked = [place for place, message in enumerate(messages) if message.role == "user"]
        if not asked or messages[-1].role == "assistant":
            raise InputError(
                "there is nothing to answer", code="input_empty", remedy="end with a message of the user's"
            )
        last = asked[-1]
        since = tuple(messages[last + 1 :])
        if missing := open_calls(since):
            raise InputError(
                f"the call '{missing[0].id}' has no result", remedy="send a result for each call"
            )
        return cls(tuple(messages[:last]), messages[last], since)

    async def gone_on(self, turn: Turn) -> Contribution:
        """The same, as memory knows its beginning, where the turn has one: it is that turn then."""
        if not self.since:
            return self
        with suppress(MemoryStoreError):
            for record in await turn.parts.memory.history(turn.scope, turn.session, limit=1):
                if brought := self._results(open_calls(record.messages)):
                    turn.id = record.id
                    user, *since = record.messages
                    return replace(self, user=user, since=(*since, Message("tool", brought)))
        return self

    def _results(self, calls: Sequence[ToolCall]) -> tuple[ToolResult, ...]:
        """The results of just these calls; none where one is missing."""
        parts = [part for said in self.since for part in said.parts if isinstance(part, ToolResult)]
        found = {part.call_id: part for part in parts}
        return tuple(found[call.id] for call in calls) if all(c.id in found for c in calls) else ()


class Earlier:
    """What the senses made of messages that callers bring anew with every turn."""

    def __init__(self) -> None:
        self._known: dict[Message, Message] = {}

    async def understood(self, message: Message, turn: Turn) -> Message:
        """A message of the conversation before the turn, its media heard and read once."""
        if message.role != "user" or not message.media:
            return message
        if message not in self._known:
            while len(self._known) >= MOST_KNOWN:
                self._known.pop(next(iter(self._known)))
            self._known[message] = await understood(message, turn)
        return self._known[message]


@dataclass(frozen=True, slots=True)
class Guest:
    """A caller who keeps the conversation himself.

    Attributes:
        terms: What he sets for the turn.
        remembered: The turn goes to memory, and memory to the turn.
        asks: Its user can be asked for a yes.
    """

    terms: Terms
    remembered: bool
    asks: bool

    def take(self, turn: Turn) -> None:
        """Give a turn his terms.

        Raises:
            InputError: A tool of his cannot be offered to a model.
        """
        turn.parts = under(turn.parts, self.terms, remembered=self.remembered)
        turn.terms, turn.asks = self.terms, self.asks


def under(parts: Parts, terms: Terms, *, remembered: bool) -> Parts:
    """An agent's parts for one turn on a caller's terms.

    Args:
        parts: The agent's.
        terms: The caller's.
        remembered: The turn goes to memory, and memory to the turn.

    Raises:
        InputError: A tool of the caller's cannot be offered to a model.
    """
    made = parts
    if terms.tools:
        theirs = [_elsewhere(spec) for spec in terms.tools]
        names = {tool.name for tool in theirs}
        made = replace(made, toolbox=Toolbox([*theirs, *(t for t in made.toolbox if t.name not in names)]))
    if terms.voice:
        made = replace(made, persona=replace(made.persona, voice=terms.voice))
    if terms.rate != 1.0:
        made = replace(made, persona=terms.paced(made.persona))
    return made if remembered else replace(made, memory=TransientMemory(), study=None)


def _elsewhere(spec: ToolSpec) -> Tool:
    try:
        tool = Tool.from_schema(spec.name, spec.description, spec.parameters, _never, effect="read")
    except ToolDefinitionError as error:
        raise InputError(error.message, code="tool_definition_invalid", remedy=error.remedy) from None
    return replace(tool, elsewhere=True, repeats=True)


async def _never(arguments: JsonObject, context: ToolContext) -> object:
    raise ToolError("Not run: the caller runs it.")
