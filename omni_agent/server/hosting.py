"""The agents of a server, by the model names under which clients ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..agent import Agent
from ..errors import ConfigError
from .caller import ANYBODY, Caller


@dataclass(frozen=True)
class Hosting:
    """What is served.

    Attributes:
        agents: By model name; the first is the default, which also answers to names that nobody has.
    """

    agents: Mapping[str, Agent]

    def __post_init__(self) -> None:
        if not self.agents:
            raise ConfigError("there is no agent to serve", remedy="omni-agent serve --agent FILE.py")

    @property
    def default(self) -> str:
        """The name of the agent that answers where a name is not known."""
        return next(iter(self.agents))

    def name(self, model: str) -> str:
        """The served name that a client means, who may send one that he knows, such as `gpt-4o`."""
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
