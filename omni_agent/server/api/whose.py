"""Whose things a request asks for: the caller's own, under a name of his choice, with one of the agents."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, Field
from starlette.requests import Request

from ...agent import Agent
from ...memory import Scope
from ..caller import Caller, caller_of
from ..errors import ApiError
from ..hosting import Hosting

LONGEST_NAME = 256


class Whose(BaseModel):
    """With which agent, and as which of the caller's users."""

    agent: str = Field(
        "", max_length=LONGEST_NAME, description="Model name of the agent; empty for the default."
    )
    user: str = Field("", max_length=LONGEST_NAME, description="The `user` of the requests; empty for none.")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, and for what.

    Attributes:
        hosting: The server's agents.
        caller: Who asks.
        name: Model name of the agent.
        user: The user as the caller calls him.
    """

    hosting: Hosting
    caller: Caller
    name: str
    user: str

    @classmethod
    def of(cls, request: Request, whose: Whose) -> Asked:
        """What a request asks for.

        Raises:
            ApiError: 404: there is no such agent.
        """
        hosting: Hosting = request.app.state.hosting
        return cls(hosting, caller_of(request), found(hosting, whose.agent), whose.user)

    @property
    def agent(self) -> Agent:
        """The agent."""
        return self.hosting.agents[self.name]

    @property
    def memory_user(self) -> str:
        """The user as memory knows him: two keys never share one."""
        return self.hosting.memory_user(self.caller, self.user)

    @property
    def scope(self) -> Scope:
        """Whose memory it is."""
        return self.agent.parts.scope(self.memory_user)


def found(hosting: Hosting, name: str) -> str:
    """The model name of an agent; the default's for none.

    Raises:
        ApiError: 404: there is no such agent.
    """
    if name and name not in hosting.agents:
        known = ", ".join(hosting.agents)
        raise ApiError(
            f"no agent is called so; there are: {known}", status=404, code="agent_not_found", param="agent"
        )
    return name or hosting.default
