"""An agent: a persona, a model, tools and memory. Start reading here.

`Agent` holds what does not change from turn to turn. What one does with it is in `asking.py` (`ask`,
`stream`, `session`) and `approval/deciding.py` (`approve`, `deny`). `turns.py` begins each turn, `runner.py`
runs it through the graph (`graph.py`). None of them knows anything of devices, servers or terminals.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .asking import Asking
from .clock import Clock, SystemClock
from .config import Settings
from .errors import ConfigError
from .guardrails import Guardrail, Guardrails
from .ids import random_id
from .memory import LOCAL_USER, MemoryStore
from .models.base import OmniModel
from .persona import Persona
from .tool import Effect, Offer, Tool, Toolbox

if TYPE_CHECKING:
    from .graph import TurnGraph
    from .state import Parts
    from .turns import Turns
    from .user_memory import UserMemory


class Agent(Asking):
    """Something to talk to.

    Args:
        name: What it is called; the persona's memory is kept under this name. By default the persona's own,
            or "Omni".
        description: What it is there for, in a sentence: other agents choose by it.
        persona: How it speaks.
        tools: Functions, `Tool` objects, toolboxes, objects with `@tool` methods, agents to be asked
            (`as_tool`), or a mix.
        handoffs: Agents that it may hand a conversation over to; `agent.handoffs` may also be set later,
            before the first turn.
        model: A model, or the spec of one (`name`, `name:address`, `a | b`); by default what the settings say
            (`local`).
        memory: A store, or the name of a memory plugin; by default what the settings say (`sqlite`).
            `None` forgets everything with the process.
        learns: Draw facts and summaries from the conversations, between their turns, where the memory can.
        max_steps: How often the model may answer in one turn, tool calls included.
        grounding: Hold every call against what was said: drop what the model invented, fill in what it
            forgot, ask for what is missing. By default for models that need it.
        input_guardrails: Functions that see the user's words before memory and the model.
        output_guardrails: Functions that see each clause of an answer before it is shown or spoken.
        settings: By default read from `omni-agent.toml` and the environment.
        clock: Where time comes from.
        ids: Makes the ids of turns and notes; by default random ones. With a clock and ids of its own, a
            scripted agent does the same to the last bit whenever it runs.

    Nothing is loaded before the first turn or `prewarm()`.
    """

    def __init__(
        self,
        *,
        name: str = "",
        description: str = "",
        persona: Persona | None = None,
        tools: Iterable[Offer] = (),
        handoffs: Iterable[Agent] = (),
        model: str | OmniModel | None = None,
        memory: str | MemoryStore | None = "",
        learns: bool = True,
        max_steps: int = 6,
        grounding: bool | None = None,
        input_guardrails: Iterable[Guardrail] = (),
        output_guardrails: Iterable[Guardrail] = (),
        settings: Settings | None = None,
        clock: Clock | None = None,
        ids: Callable[[], str] = random_id,
    ) -> None:
        self.name = name or (persona.name if persona else "") or "Omni"
        self.description = description
        self.persona = persona or Persona()
        offers = list(tools)
        self.delegates = tuple(offer for offer in offers if isinstance(offer, Agent))
        self.toolbox = Toolbox(offer.as_tool() if isinstance(offer, Agent) else offer for offer in offers)
        self.handoffs: Sequence[Agent] = list(handoffs)
        self.settings = settings or Settings.load()
        self.model = self.settings.model if model is None else model
        self.memory = (memory or self.settings.memory) if isinstance(memory, str) else memory
        self.learns = learns
        self.max_steps = max_steps
        self.grounding = grounding
        self.guardrails = Guardrails.of(input_guardrails, output_guardrails)
        self.clock = clock or SystemClock()
        self.ids = ids

    async def settled(self) -> None:
        """Have done now what the turns left to do: facts noted, long conversations summed up.

        It is done by itself when nobody talks for a second; a turn that begins stops it.
        """
        if self.parts.study:
            await self.parts.study.settled()

    def memory_of(self, user: str = LOCAL_USER) -> UserMemory:
        """What it keeps of a user: to look into, add to, take along and erase."""
        from .user_memory import UserMemory

        return UserMemory.of(self.parts, user)

    def as_tool(
        self, *, name: str = "", description: str = "", effect: Effect | None = None, timeout: float = 60.0
    ) -> Tool:
        """A tool that asks this agent: it works on a request in a turn of its own, without speech.

        It keeps a conversation of its own under the caller's. What needs the user's yes it does not do:
        nobody may say yes in the user's place.

        Args:
            name: Instead of the agent's, in lower case with underscores.
            description: Instead of the agent's.
            effect: By default `read` where all of its tools only read, else `write`.
            timeout: Seconds that a request may take.

        Raises:
            ToolDefinitionError: There is no description, or the name cannot be called.
        """
        from .delegation import as_tool

        return as_tool(self, name=name, description=description, effect=effect, timeout=timeout)

    def with_persona(self, persona: Persona) -> Agent:
        """This agent under another persona: the same model, tools, memory and clock.

        What one of them is told the other does not know, unless both personas are of one `circle`: then they
        share what they know of a user, but not their conversations. Closing one closes what they share.

        Raises:
            ConfigError: The persona has no name by which its memory can be told from this one's.
        """
        if persona.name in ("", self.name):
            raise ConfigError(
                f"a second persona of '{self.name}' needs a name of its own", remedy="Persona(name=…)"
            )
        other = copy(self)
        other.name, other.persona = persona.name, persona
        for made_of_it in ("graph", "_turns"):
            vars(other).pop(made_of_it, None)
        from .parts import shared

        vars(other)["parts"] = shared(other, self.parts)
        return other

    async def prewarm(self) -> None:
        """Load the model and the senses, and compute the system prompt, so that the first reply is quick.

        The agents that it asks or hands over to are covered.
        """
        from .warmup import warm_up

        # Compiling the graph imports LangGraph, which takes a second.
        await asyncio.to_thread(lambda: self.graph)
        taking_over = self.parts.team.others
        for other in self.others:
            await warm_up(taking_over.get(other) or other.parts, LOCAL_USER)
        await warm_up(self.parts, LOCAL_USER)

    async def close(self) -> None:
        """Free the model and the memory; the agent may be used again.

        Calls that may not be cut off get ten seconds to end. The agents that it asks or hands over to are
        closed too.
        """
        await self._close()
        for other in self.others:
            await other._close()

    async def _close(self) -> None:
        if "parts" in self.__dict__:
            if self.parts.study:
                await self.parts.study.close()
            self.parts.anticipation.close()
            await self.parts.executor.close()
            await asyncio.gather(*(source.close() for source in self.parts.toolbox.sources))
            self.parts.alarms.close()
            await self.parts.model.close()
            await self.parts.memory.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @cached_property
    def parts(self) -> Parts:
        """What the agent is made of, loaded by name where a name was given."""
        from .parts import made

        return made(self)

    @property
    def others(self) -> list[Agent]:
        """The agents that it asks or hands over to, by themselves or by one another."""
        from .handoff import reached

        return reached(self, lambda agent: (*agent.handoffs, *agent.delegates))[1:]

    @cached_property
    def graph(self) -> TurnGraph:
        """The compiled LangGraph, to run or to nest in another one."""
        from .graph import build

        return build(self.parts)

    @cached_property
    def _turns(self) -> Turns:
        from .turns import Turns

        return Turns(self.parts, self.graph)
