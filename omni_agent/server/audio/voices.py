"""Which voice speaks, by the name that a client gives."""

from __future__ import annotations

from ...agent import Agent
from ...errors import ModelUnavailable
from ...senses import Voice
from ..errors import ApiError

# Source: `openai` 3.57, `types/audio/speech_create_params.py`, with those of the realtime models.
OPENAI_VOICES = frozenset({
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer",
    "verse",
})  # fmt: skip
"""Names that clients send because they know no others; they stand for the persona's voice."""


def voice_of(agent: Agent) -> Voice:
    """The voice that speaks for an agent, beside its model.

    Raises:
        ModelUnavailable: It has none.
    """
    voice = agent.parts.senses.voice
    if voice is None:
        raise ModelUnavailable(
            "this agent has no voice to speak a text with", remedy="pip install 'omni-agent-framework[local]'"
        )
    return voice


def voice_name(agent: Agent, wanted: str) -> str:
    """The name of a voice of ours: the one that is wanted, or the persona's for a name of OpenAI's or none.

    Args:
        agent: Who speaks.
        wanted: As a client names it.

    Raises:
        ApiError: 400: there is no such voice; those that there are, are named.
    """
    known = {name.casefold(): name for name in _names(agent)}
    if wanted.casefold() in known:
        return known[wanted.casefold()]
    if not wanted or wanted.casefold() in OPENAI_VOICES:
        return agent.persona.voice
    ours = ", ".join(known.values()) or "none with a name"
    raise ApiError(
        f"there is no such voice; say alloy, or another of OpenAI's, for the agent's own, or one of: {ours}",
        code="voice_not_found",
        param="voice",
    )


def name_beside(agent: Agent, wanted: str) -> str:
    """The same for the voice beside the model, which has none of the model's own: they are its usual one.

    Raises:
        ApiError: 400: there is no such voice.
    """
    name = voice_name(agent, wanted)
    own = {name.casefold() for name in agent.parts.model.capabilities.voices}
    beside = getattr(agent.parts.senses.voice, "voices", ())
    return "" if name.casefold() in own and name not in beside else name


def _names(agent: Agent) -> tuple[str, ...]:
    own = agent.parts.model.capabilities.voices
    return (*getattr(agent.parts.senses.voice, "voices", ()), *own)
