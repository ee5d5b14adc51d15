"""A server's tools, as tools of ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..errors import ToolDefinitionError
from ..messages import JsonObject
from ..tool import Effect, Run, Tool, ToolContext
from . import resources
from .naming import shortened, tool_names
from .schemas import acceptable

if TYPE_CHECKING:
    from mcp.types import Tool as Theirs

LONGEST_DESCRIPTION = 300

# Calls a tool by the server's own name for it.
Call = Callable[[str, Effect, JsonObject, ToolContext], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Offered:
    """What a server offers.

    Attributes:
        tools: As ours.
        notes: What is not among them and why, a sentence each.
    """

    tools: tuple[Tool, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a server's tools are taken.

    Attributes:
        server: Its name here.
        timeout: Seconds that a call may take, a new start of the server included.
        effects: The user's word on what a tool does, by the server's name for it or by ours.
        only: Those that are wanted, by either name; None for all.
    """

    server: str
    timeout: float
    effects: Mapping[str, Effect] = field(default_factory=dict)
    only: Collection[str] | None = None

    def offered(self, theirs: Iterable[Theirs], call: Call, using: resources.Using | None) -> Offered:
        """The tools, and two that read resources where `using` reaches any."""
        known = {tool.name: tool for tool in theirs}
        names = tool_names(self.server, [*known, *(resources.TOOLS if using else ())])
        notes, made = self._mistaken(names), list[Tool]()
        for name, full in names.items():
            if self.only is not None and not {name, full} & set(self.only):
                continue
            try:
                if name in known:
                    made.append(self._tool(full, known[name], call))
                elif using:
                    made.append(self._reader(full, resources.TOOLS[name], using))
            except ToolDefinitionError as error:
                notes.append(f"{self.server}: {error.message}; it is left out")
        return Offered(tuple(made), tuple(notes))

    def _tool(self, name: str, theirs: Theirs, call: Call) -> Tool:
        if theirs.execution and theirs.execution.task_support == "required":
            raise ToolDefinitionError(f"tool '{name}' runs as a task, which is not supported")
        effect = self._effect(name, theirs)
        annotated = theirs.annotations.title if theirs.annotations else None
        told = theirs.description or theirs.title or annotated or theirs.name

        async def run(arguments: JsonObject, context: ToolContext) -> object:
            return await call(theirs.name, effect, arguments, context)

        return self._made(name, told, acceptable(name, theirs.input_schema), run, effect)

    def _reader(self, name: str, reader: resources.Reader, using: resources.Using) -> Tool:
        told = reader.description.format(server=self.server)
        return self._made(name, told, reader.parameters, reader.make(using), "read")

    def _made(self, name: str, told: str, parameters: JsonObject, run: Run, effect: Effect) -> Tool:
        described = shortened(told, LONGEST_DESCRIPTION) or name
        made = Tool.from_schema(name, described, parameters, run, effect=effect, timeout=self.timeout)
        return replace(made, untrusted=True)

    def _effect(self, name: str, theirs: Theirs) -> Effect:
        """The user's word, else the server's, else `write`."""
        told = self.effects.get(theirs.name) or self.effects.get(name)
        if told or theirs.annotations is None:
            return told or "write"
        if theirs.annotations.read_only_hint:
            return "read"
        return "irreversible" if theirs.annotations.destructive_hint else "write"

    def _mistaken(self, names: Mapping[str, str]) -> list[str]:
        """Names that the user gave and the server does not have."""
        known = {*names, *names.values()}
        given = dict.fromkeys([*self.effects, *(self.only or ())])
        return [f"{self.server} has no tool '{name}'" for name in given if name not in known]
