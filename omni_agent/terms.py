"""What a caller who brings his own conversation sets for one turn: a server's client, another program."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .messages import JsonObject, ToolSpec

if TYPE_CHECKING:
    from .persona import Persona

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
        one_call: An answer makes one call at most; what else the model calls in it is dropped.
        max_tokens: Most tokens of an answer; None for the usual.
        temperature: 0 for the most likely words.
        seed: For what is random.
        stop: The answer ends before any of these.
        format: JSON Schema that the words of the answer must fit.
        voice: Instead of the persona's; empty for that.
        rate: How much faster than usual the persona speaks. A model with a voice of its own does not heed it.
        whole: The messages are all of the conversation: what memory has of it beside them is left out, as it
            is what the caller took out of them.
    """

    instructions: str = ""
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: str = ""
    one_call: bool = False
    max_tokens: int | None = None
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    format: JsonObject | None = None
    voice: str = ""
    rate: float = 1.0
    whole: bool = False

    def paced(self, persona: Persona) -> Persona:
        """A persona that speaks at the rate that is wanted, as far as voices can."""
        from .persona import FASTEST, SLOWEST

        if self.rate == 1.0:
            return persona
        return replace(persona, rate=min(max(persona.rate * self.rate, SLOWEST), FASTEST))
