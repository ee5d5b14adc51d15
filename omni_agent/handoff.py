"""Handing a conversation over: which agents it may go to, and which of them answers.

The agent that a program talks to is the root. Its memory, journal, alarms, media and clock serve every turn
of its conversations; who takes one over brings a persona, a voice, a model and tools. Who answers is read off
the journal, so that it holds after a restart: the agent of the session's newest transfer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from .delegation import tool_name
from .errors import ModelUnavailable, ToolDefinitionError, ToolError
from .events import ErrorRaised, HandedOver
from .execution.standing import standing_tools
from .messages import JsonObject, Message, ToolCall
from .remembering import NAMES as MEMORY_TOOLS
from .speech.delivery import Speaker
from .speech.language import detect
from .tool import Tool, Toolbox, ToolContext, tool

if TYPE_CHECKING:
    from .agent import Agent
    from .memory import Scope
    from .persona import Persona
    from .state import Parts, Turn, TurnState

PREFIX = "transfer_to_"
MOST = 3
"""How often a conversation may be handed over in one turn."""

PHRASES = {
    "de": "Ich gebe an {name} weiter.",
    "en": "I'll hand you over to {name}.",
    "es": "Paso la conversación a {name}.",
    "fr": "Je passe la parole à {name}.",
    "hi": "अब {name} बात करेंगे।",
    "it": "Passo la parola a {name}.",
    "ja": "{name}に代わります。",
    "pt": "Passo a conversa para {name}.",
    "zh": "正在转接{name}。",
}


class Team:
    """An agent, and those that it may hand its conversations over to, by themselves or by one another.

    Args:
        root: The agent that the program talks to.

    Raises:
        ToolDefinitionError: One of them cannot be told from another, or is not described.
    """

    def __init__(self, root: Agent) -> None:
        self._root = root
        self._members = _members(root)
        self._parts: dict[tuple[str, bool], Parts] = {}
        self._going: dict[str, str] = {}

    @property
    def others(self) -> dict[Agent, Parts]:
        """Who may take over, with what each works with then."""
        return {agent: self.parts(call) for call, agent in self._members.items() if agent is not self._root}

    def transfers(self, agent: Agent) -> list[Tool]:
        """The tools with which one of them hands over."""
        return [self._transfer(target) for target in agent.handoffs]

    def is_transfer(self, call: str) -> bool:
        """Whether a tool of that name hands over."""
        return call in self._members

    def parts(self, call: str, *, final: bool = False) -> Parts:
        """What the agent works with that a transfer leads to; the root for one that leads nowhere any more.

        Args:
            call: The name of the transfer.
            final: It may not hand over again.
        """
        made = self._parts.get((call, final))
        if made is None:
            made = self._parts[call, final] = self._made(self._members.get(call, self._root), final=final)
        return made

    async def answering(self, scope: Scope, session: str) -> Parts:
        """What the agent works with that a session was handed over to last.

        Raises:
            MemoryStoreError: The journal cannot be read.
        """
        root = self._root.parts
        if not self._members:
            return root
        journal = root.executor.journal
        last = await root.executor.ask(lambda: journal.last_without_arguments(scope, session, PREFIX))
        return self.parts(last.call.name) if last else root

    def followed(self, results: Mapping[str, JsonObject], calls: Iterable[ToolCall] = ()) -> list[str]:
        """The names of the transfers that were made, in a turn or among some calls of it."""
        ids = [call.id for call in calls] or results
        made = (results[id_] for id_ in ids if id_ in results)
        return [item["name"] for item in made if item["name"] in self._members and item["status"] == "done"]

    def done(self, turn: str) -> None:
        """A transfer of that turn has taken effect: the next one may be made."""
        self._going.pop(turn, None)

    def _made(self, agent: Agent, *, final: bool) -> Parts:
        root = self._root.parts
        if agent is self._root and not final:
            return root
        transfers = () if final else self.transfers(agent)
        # Whoever answers, it is the root's memory that is asked to remember and to forget.
        memory = [tool for tool in root.toolbox if tool.name in MEMORY_TOOLS]
        standing = standing_tools(agent.toolbox, root.executor)
        return replace(
            agent.parts,
            toolbox=Toolbox([agent.toolbox, *transfers, *standing, *memory]),
            memory=root.memory,
            anticipation=root.anticipation,
            study=root.study,
            media=root.media,
            clock=root.clock,
            executor=root.executor,
            alarms=root.alarms,
            team=self,
            guardrails=root.guardrails.joined(agent.parts.guardrails),
        )

    def _transfer(self, target: Agent) -> Tool:
        @tool(
            name=_call(target),
            description=f"Hand the conversation over to {target.name}: {target.description}",
            effect="read",
            repeats=True,
        )
        async def transfer(context: ToolContext) -> str:
            if self._going.setdefault(context.turn, context.call_id) != context.call_id:
                raise ToolError("Not done: the conversation goes to one agent only, and another was called.")
            return f"{target.name} answers from here on."

        return transfer


async def hand_over(call: str, state: TurnState, turn: Turn, *, final: bool) -> None:
    """Let another agent go on with the turn.

    Args:
        call: The name of the transfer.
        state: The turn's; its last message made the transfer.
        turn: The turn.
        final: It may not be handed over again.
    """
    before, after = turn.parts, turn.parts.team.parts(call, final=final)
    before.team.done(turn.id)
    problems = await after.toolbox.refresh()
    user, asked = (Message.from_json(state["messages"][place]) for place in (0, -1))
    if turn.delivery:
        if not asked.text:
            await turn.delivery.interject(_words(after.name, user, turn.delivery.language, before.persona))
        voice = None if after.model.capabilities.speech else after.senses.voice
        language = after.persona.reply_language(user.language)
        await turn.delivery.change(Speaker(voice, turn.terms.paced(after.persona), language))
    turn.parts = after
    turn.emit(HandedOver(after.name))
    for problem in problems:
        turn.emit(ErrorRaised(problem.code, problem.message, problem.remedy, severity="note"))


def _words(name: str, user: Message, language: str, persona: Persona) -> str:
    """What is said before another voice is heard."""
    with suppress(ModelUnavailable):
        language = language or detect(user.text, PHRASES)
    known = language or next(iter(persona.languages), "en")
    return PHRASES.get(known, PHRASES["en"]).format(name=name)


def _call(agent: Agent) -> str:
    return f"{PREFIX}{tool_name(agent)}"


def reached(root: Agent, follow: Callable[[Agent], Iterable[Agent]]) -> list[Agent]:
    """An agent and all that are reached from it, each once."""
    found = [root]
    for agent in found:
        found += (other for other in dict.fromkeys(follow(agent)) if other not in found)
    return found


def _members(root: Agent) -> dict[str, Agent]:
    """Every agent that may be handed over to, by the name of its transfer."""
    agents = reached(root, lambda agent: agent.handoffs)
    targets = dict.fromkeys(target for agent in agents for target in agent.handoffs)
    for agent in agents:
        if agent in agent.handoffs:
            raise ToolDefinitionError(f"agent '{agent.name}' hands over to itself")
    if nameless := [target.name for target in targets if not target.description]:
        raise ToolDefinitionError(
            f"agent '{nameless[0]}' has no description", remedy="Agent(description=…): models choose by it"
        )
    members = {_call(target): target for target in targets}
    if len(members) < len(targets) or len({agent.name for agent in agents}) < len(agents):
        raise ToolDefinitionError(
            f"of the agents around '{root.name}' two have the same name", remedy="rename one of them"
        )
    return members
