"""What a session and a response are set to, in the shape of each protocol.

The turn is ours: server turn detection is off, so a committed utterance waits for our `response.create`.
Where frames are pushed instead, turn detection would be set here; nothing does so yet.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...messages import JsonObject, ToolSpec
from ..base import ANY_TOOL, Request
from . import wording
from .profile import Profile

_HOTTEST = 1.99


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be set for one request.

    Attributes:
        session: The object of `session.update`; the same where nothing changed.
        response: The object of `response.create`; empty for the session's own settings.
    """

    session: JsonObject
    response: JsonObject


def plan(request: Request, profile: Profile, *, untold: str = "") -> Plan:
    """The settings for a request.

    Args:
        request: The request.
        profile: Of the service.
        untold: What the conversation holds and the server does not, for its instructions.
    """
    if profile.shape == "openai":
        return Plan(_openai_session(request, profile), _openai_response(request, profile))
    return Plan(_flat_session(request, profile, untold), {})


def voice_of(request: Request, profile: Profile) -> str:
    """The voice that speaks; empty for the service's own choice."""
    voices = profile.able.voices
    return request.voice if request.voice in voices else next(iter(voices), "")


def offered(request: Request, profile: Profile) -> tuple[ToolSpec, ...]:
    """The tools that the answer may call."""
    if not profile.able.tools or request.format is not None:
        return ()
    tools = tuple(tool for tool in request.tools if tool.name not in request.withheld)
    return tuple(tool for tool in tools if request.tool_choice in ("", ANY_TOOL, tool.name)) or tools


def _openai_session(request: Request, profile: Profile) -> JsonObject:
    form = {"type": "audio/pcm", "rate": profile.speaks_at}
    return {
        "type": "realtime",
        "output_modalities": ["audio"],
        "instructions": wording.stable(request),
        "tools": [_openai_tool(tool) for tool in request.tools],
        "tool_choice": "auto",
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": profile.hears_at},
                "transcription": None,
                "turn_detection": None,
            },
            "output": {"format": form, "voice": voice_of(request, profile)},
        },
    }


def _openai_response(request: Request, profile: Profile) -> JsonObject:
    """What holds for this answer alone, so that the session's instructions stay cached."""
    response: JsonObject = {
        "output_modalities": ["audio" if request.speech else "text"],
        "max_output_tokens": _longest(request, profile),
    }
    if passing := wording.passing(request):
        response["instructions"] = "\n\n".join(filter(None, (wording.stable(request), passing)))
    tools = offered(request, profile)
    if tools != request.tools:
        response["tools"] = [_openai_tool(tool) for tool in tools]
    if not tools:
        response["tool_choice"] = "none"
    elif request.tool_choice == ANY_TOOL:
        response["tool_choice"] = "required"
    elif request.tool_choice in {tool.name for tool in tools}:
        response["tool_choice"] = {"type": "function", "name": request.tool_choice}
    return response


def _openai_tool(tool: ToolSpec) -> JsonObject:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }


def _flat_session(request: Request, profile: Profile, untold: str) -> JsonObject:
    said = (wording.stable(request), untold, wording.passing(request))
    session: JsonObject = {
        "modalities": ["text", "audio"] if request.speech else ["text"],
        "instructions": "\n\n".join(filter(None, said)),
        "input_audio_transcription": None,
        "turn_detection": None,
        "temperature": min(max(request.temperature, 0.0), _HOTTEST),
        "seed": request.seed,
        "max_tokens": _longest(request, profile),
    }
    voice = voice_of(request, profile)
    session |= _nested_audio(profile, voice) if profile.nested_audio else _flat_audio(voice)
    if profile.able.tools:
        session["tools"] = [_flat_tool(tool) for tool in offered(request, profile)]
    return session


def _flat_audio(voice: str) -> JsonObject:
    audio: JsonObject = {"input_audio_format": "pcm", "output_audio_format": "pcm"}
    return audio | ({"voice": voice} if voice else {})


def _nested_audio(profile: Profile, voice: str) -> JsonObject:
    heard, spoken = (
        {"format": {"type": "pcm", "sample_rate": rate}} for rate in (profile.hears_at, profile.speaks_at)
    )
    return {"audio": {"input": heard, "output": spoken | ({"voice": voice} if voice else {})}}


def _flat_tool(tool: ToolSpec) -> JsonObject:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _longest(request: Request, profile: Profile) -> int:
    spoken = profile.speech_tokens if request.speech else 1
    return max(1, min(request.max_tokens * spoken, profile.most_output))
