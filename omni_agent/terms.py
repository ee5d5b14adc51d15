"""What a caller who brings his own conversation sets for one turn: a server's client, another program."""

from __future__ import annotations

from dataclasses import dataclass

from .messages import JsonObject, ToolSpec

NO_TOOL = "none"
ANY_TOOL = "required"


@dataclass(frozen=True, slots=True)
class Terms:
    """Conditions of one turn, beside those of the agent.

    Attributes:
        instructions: Go after the persona's own, which stay.
        tools: What the caller runs himself: the turn ends when the model calls one (`ToolRequested`). One
            with the name of one of the agent's own takes its place.
        tool_choice: Name of the tool that the answer must call, `required` for any, `none` for no tool; empty
            leaves it to the model.
        max_tokens: Most tokens of an answer; None for the usual.
        temperature: 0 for the most likely words.
        seed: For what is random.
        stop: The answer ends before any of these.
        format: JSON Schema that the words of the answer must fit.
        voice: Instead of the persona's; empty for that.
    """

    instructions: str = ""
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: str = ""
    max_tokens: int | None = None
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    format: JsonObject | None = None
    voice: str = ""
