"""The agents of a server, by the model names under which clients ask for them, and what its parts share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..agent import Agent
from ..clock import Clock, SystemClock
from ..errors import ConfigError
from ..events import Usage
from .access import Access
from .allowances import Allowances
from .api.watching import Watching
from .at_work import AtWork
from .caller import ANYBODY, Caller
from .health import Readiness
from .keys import Keys
from .limits import Limits
from .metrics import Metrics


@dataclass(frozen=True)
class Hosting:
    """What is served.

    Attributes:
        agents: By model name; the first is the default, which also answers to names that nobody has.
        limits: What one request may take.
        access: Names, origins and whether keys are needed.
        fetch_urls: Pictures and sounds that requests name by their address are fetched.
        clock: Where time comes from.
        metrics: What is counted for `/metrics`; by default nothing is.
        at_work: Replies that run and sockets that live.
        readiness: What must be loaded first.
        watching: What turns show, for those who watch.
    """

    agents: Mapping[str, Agent]
    limits: Limits = field(default_factory=Limits)
    access: Access = field(default_factory=Access)
    fetch_urls: bool = False
    clock: Clock = field(default_factory=SystemClock)
    metrics: Metrics = field(default_factory=Metrics)
    at_work: AtWork = field(default_factory=AtWork)
    readiness: Readiness = field(default_factory=Readiness)
    watching: Watching = field(default_factory=Watching)

    def __post_init__(self) -> None:
        if not self.agents:
            raise ConfigError("there is no agent to serve", remedy="omni-agent serve --agent FILE.py")

    @cached_property
    def keys(self) -> Keys:
        """The keys that open it."""
        return Keys(clock=self.clock)

    @cached_property
    def allowances(self) -> Allowances:
        """How much the bearer of each key has taken."""
        return Allowances(self.clock)

    @property
    def default(self) -> str:
        """The name of the agent that answers where a name is not known."""
        return next(iter(self.agents))

    def name(self, model: str) -> str:
        """The served name that a client means. Clients send names of models they know, such as `gpt-4o`."""
        return model if model in self.agents else self.default

    def agent(self, model: str) -> Agent:
        """The agent that answers to a model name."""
        return self.agents[self.name(model)]

    def memory_user(self, caller: Caller, user: str) -> str:
        """Whose memory a request uses: two keys never share a user.

        Args:
            caller: Who asks.
            user: The `user` that he names; empty for himself.
        """
        if caller.name == ANYBODY:
            return user or ANYBODY
        return f"{caller.name}/{user}" if user else caller.name

    def spent(
        self,
        caller: Caller,
        *,
        model: str = "",
        usage: Usage | None = None,
        heard: float = 0.0,
        spoken: float = 0.0,
    ) -> None:
        """Note what a reply took: it is counted for `/metrics` and against the caller's allowance.

        Args:
            caller: Who asked.
            model: The name that he asked for; counted under the one that answered.
            usage: Tokens.
            heard: Seconds of sound that were taken in.
            spoken: Seconds of speech that were made.
        """
        usage = usage or Usage()
        self.metrics.spent(self.name(model), usage, heard, spoken)
        tokens = usage.prompt_tokens + usage.completion_tokens
        self.allowances.spend(caller, tokens=tokens, audio_seconds=heard + spoken)


def by_model_name(agents: Iterable[Agent]) -> dict[str, Agent]:
    """Agents under the names by which clients ask for them: their own, in lower case with dashes.

    Raises:
        ConfigError: Two of them have the same one.
    """
    named = dict[str, Agent]()
    for agent in agents:
        name = model_name(agent.name)
        if name in named:
            raise ConfigError(
                f"two agents would be asked for as '{name}': '{named[name].name}' and '{agent.name}'",
                remedy="give one another name: Agent(name=…)",
            )
        named[name] = agent
    return named


def model_name(name: str) -> str:
    """An agent's name as the name of a model: "Kitchen Aid" is `kitchen-aid`."""
    return re.sub(r"[\W_]+", "-", name.lower()).strip("-") or "omni"
