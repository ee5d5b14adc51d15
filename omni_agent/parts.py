"""What an agent is made of, made: what was named is loaded, what is missing is put in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .alarms import Alarms
from .config import home
from .erasure import Places, forget
from .execution import Executor, Journal
from .execution.standing import standing_tools
from .handoff import Team
from .media import MediaStore
from .memory import Forgotten, KnowledgeStore, MemoryStore, Scope, TransientMemory
from .models.base import OmniModel
from .plugins import load_memory, load_model
from .retention import keep_within, read_retention
from .state import Parts
from .study import Ready, Study
from .tool import Tool, Toolbox

if TYPE_CHECKING:
    from .agent import Agent

RECALL_SHARE = 50
"""One part in so many of a model's context is for what is recalled in a turn."""


def made(agent: Agent) -> Parts:
    """The parts of an agent, with those of its arguments that are names loaded.

    Raises:
        ConfigError: There is no plugin of such a name.
        ToolDefinitionError: Two of its tools or agents cannot be told apart.
    """
    model = agent.model
    if isinstance(model, str):
        model = load_model(model, agent.settings, clock=agent.clock)
    memory = load_memory(agent.memory) if isinstance(agent.memory, str) else agent.memory
    for other in agent.others:
        if isinstance(other.model, str) and (other.model, other.settings) == (agent.model, agent.settings):
            # One model in memory serves all that name the same.
            other.model = model
    # An agent that forgets everything with the process keeps nothing else either.
    journal, alarms = (home() / name if memory else None for name in ("journal.db", "alarms.db"))
    executor, team = Executor(Journal(journal)), Team(agent)
    memory = memory or TransientMemory()
    return Parts(
        name=agent.name,
        persona=agent.persona,
        model=model,
        senses=model.senses,
        toolbox=_toolbox(agent, team, executor, memory),
        memory=memory,
        media=MediaStore(),
        clock=agent.clock,
        ids=agent.ids,
        executor=executor,
        alarms=Alarms(alarms),
        team=team,
        guardrails=agent.guardrails,
        max_steps=agent.max_steps,
        recall_tokens=model.capabilities.context_tokens // RECALL_SHARE,
        study=_study(agent, memory, model),
        grounding=model.capabilities.invents if agent.grounding is None else agent.grounding,
    )


def shared(agent: Agent, root: Parts) -> Parts:
    """The parts of an agent that is another one under another persona: they share all that can be shared."""
    team = Team(agent)
    toolbox = _toolbox(agent, team, root.executor, root.memory)
    return replace(root, name=agent.name, persona=agent.persona, toolbox=toolbox, team=team)


def _toolbox(agent: Agent, team: Team, executor: Executor, memory: MemoryStore) -> Toolbox:
    own = Toolbox([agent.toolbox, *_memory_tools(agent, memory)])
    return Toolbox([own, *team.transfers(agent), *standing_tools(own, executor)])


def _study(agent: Agent, memory: MemoryStore, model: OmniModel) -> Study | None:
    if agent.learns and isinstance(memory, KnowledgeStore):
        return Study(memory, model, agent.clock, upkeep=_upkeep(agent))
    return None


def _upkeep(agent: Agent) -> Ready:
    """Erasing what is older than the settings let it be."""
    retention = read_retention(agent.settings.retention)

    async def keep() -> None:
        await keep_within(Places.of(agent.parts), retention)

    return keep


def _memory_tools(agent: Agent, memory: MemoryStore) -> tuple[Tool, ...]:
    """What the user may ask of a memory that knows."""
    if not isinstance(memory, KnowledgeStore):
        return ()
    from .remembering import memory_tools

    async def erase(scope: Scope, what: str) -> Forgotten:
        return await forget(agent.parts, scope, what)

    async def preview(scope: Scope, what: str) -> Forgotten:
        from .erasure import Places

        return await Places.of(agent.parts).archive.preview(scope, what)

    return memory_tools(memory, erase, preview, agent.clock)
