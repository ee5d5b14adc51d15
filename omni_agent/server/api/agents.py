"""The agents, what they can do, and their tools."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from ...agent import Agent
from ...tool import Tool
from ..errors import ApiError
from ..hosting import Hosting
from .described import described
from .whose import found


class PersonaShape(BaseModel):
    """How an agent speaks; its instructions are not told."""

    name: str
    style: str
    tone: str
    languages: list[str] = Field(description="ISO 639-1; empty for the user's own.")
    voice: str
    rate: float
    opening: str


class CapabilitiesShape(BaseModel):
    """What an agent takes in and gives: of its model itself, and with the senses beside it."""

    inputs: list[str] = Field(description="What it takes in, by itself or by ears and eyes.")
    model_inputs: list[str] = Field(description="What the model itself takes in.")
    speech: bool = Field(description="It speaks.")
    voices: list[str] = Field(description="Names of its voices.")
    spoken_languages: list[str] = Field(description="ISO 639-1.")
    context_tokens: int


class ToolShape(BaseModel):
    """A tool."""

    name: str
    description: str
    parameters: dict[str, Any] = Field(description="JSON Schema of its arguments.")
    effect: Literal["read", "write", "irreversible"]
    untrusted: bool = Field(description="What it returns was written by strangers.")
    timeout: float = Field(description="Seconds that a call may take.")
    shown: bool = Field(description="The model sees it; another one is called by rules.")


class AgentShape(BaseModel):
    """An agent; `id` is its model name."""

    id: str
    name: str
    description: str
    default: bool = Field(description="It answers where a model name is unknown.")
    persona: PersonaShape
    capabilities: CapabilitiesShape
    tools: list[str]
    remembers: bool = Field(description="It keeps facts, which `/api/memory` shows.")


class AgentList(BaseModel):
    """All agents, the default first."""

    data: list[AgentShape]


class ToolList(BaseModel):
    """The tools of one agent."""

    data: list[ToolShape]


@described("List the agents", tag="Agents", answer=AgentList)
async def agents(request: Request) -> JSONResponse:
    """Each with its persona, its capabilities and the names of its tools."""
    hosting: Hosting = request.app.state.hosting
    return JSONResponse(AgentList(data=[_shape(hosting, name) for name in hosting.agents]).model_dump())


@described("Show an agent", tag="Agents", answer=AgentShape)
async def agent(request: Request) -> JSONResponse:
    """One agent, by its model name."""
    hosting: Hosting = request.app.state.hosting
    return JSONResponse(_shape(hosting, found(hosting, request.path_params["agent"])).model_dump())


@described("List an agent's tools", tag="Agents", answer=ToolList)
async def tools(request: Request) -> JSONResponse:
    """Those that it has now: tool servers are asked."""
    toolbox = await tools_of(request)
    return JSONResponse(ToolList(data=[_tool(tool) for tool in toolbox.values()]).model_dump())


@described("Show a tool", tag="Agents", answer=ToolShape)
async def tool(request: Request) -> JSONResponse:
    """One tool, with the schema of its arguments."""
    return JSONResponse(_tool(named(request, await tools_of(request))).model_dump())


async def tools_of(request: Request) -> dict[str, Tool]:
    """The tools of the agent in the path.

    Raises:
        ApiError: 404: there is no such agent.
    """
    hosting: Hosting = request.app.state.hosting
    toolbox = hosting.agents[found(hosting, request.path_params["agent"])].parts.toolbox
    # A source that cannot be reached keeps what it had.
    await toolbox.refresh()
    return {tool.name: tool for tool in toolbox}


def named(request: Request, tools: dict[str, Tool]) -> Tool:
    """The tool in the path.

    Raises:
        ApiError: 404: there is none.
    """
    if request.path_params["tool"] not in tools:
        raise ApiError(
            "this agent has no such tool; list them", status=404, code="tool_not_found", param="tool"
        )
    return tools[request.path_params["tool"]]


def _shape(hosting: Hosting, name: str) -> AgentShape:
    agent = hosting.agents[name]
    persona = agent.persona
    return AgentShape(
        id=name,
        name=agent.name,
        description=agent.description,
        default=name == hosting.default,
        persona=PersonaShape(
            name=persona.name or agent.name,
            style=persona.style,
            tone=persona.tone,
            languages=list(persona.languages),
            voice=persona.voice,
            rate=persona.rate,
            opening=persona.greeting(),
        ),
        capabilities=_capabilities(agent),
        tools=[tool.name for tool in agent.parts.toolbox],
        remembers=agent.parts.knowledge is not None,
    )


def _capabilities(agent: Agent) -> CapabilitiesShape:
    able, senses = agent.parts.model.capabilities, agent.parts.senses
    inputs = (
        set[str](able.inputs) | ({"audio"} if senses.ears else set()) | ({"image"} if senses.eyes else set())
    )
    beside = tuple(getattr(senses.voice, "voices", ()))
    return CapabilitiesShape(
        inputs=sorted(inputs),
        model_inputs=sorted(able.inputs),
        speech=able.speech or senses.voice is not None,
        voices=[*able.voices, *beside],
        spoken_languages=sorted(senses.voice.languages if senses.voice else able.languages),
        context_tokens=able.context_tokens,
    )


def _tool(tool: Tool) -> ToolShape:
    return ToolShape(
        name=tool.name,
        description=tool.spec.description,
        parameters=tool.spec.parameters,
        effect=tool.effect,
        untrusted=tool.untrusted,
        timeout=tool.timeout,
        shown=tool.shown,
    )
