"""What each field of a session may be: whatever is sent, a value in its bounds comes out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from ...messages import JsonObject
from .protocol import Refusal
from .sound import RATE
from .turn_detection import TurnDetection

Clean: TypeAlias = Callable[[Any, Any], Any]
"""Makes a value of what was sent and of the value so far."""

MOST_TOOLS = 128
SLOWEST, FASTEST = 0.25, 1.5
"""Speeds of speech, as at OpenAI (`RealtimeAudioConfigOutput.speed`)."""
NO_PARAMETERS: JsonObject = {"type": "object", "properties": {}}
_OLD_FORMATS = {"pcm16": "audio/pcm", "g711_ulaw": "audio/pcmu", "g711_alaw": "audio/pcma"}
_FORMATS = ("audio/pcm", "audio/pcmu", "audio/pcma")


def _modalities(value: Any, old: Any) -> Any:
    if not isinstance(value, list):
        return old
    return ["text"] if value and "audio" not in value else ["audio"]


def _words(value: Any, old: Any) -> Any:
    if not isinstance(value, str):
        return "" if value is None else old
    # What JSON can hold of broken surrogates nothing behind here can.
    return value.encode("utf-8", "replace").decode()


def tools_of(value: Any, old: list[JsonObject]) -> tuple[list[JsonObject], Refusal | None]:
    """Those that can be served, and why the first of the others cannot."""
    if value is None:
        return [], None
    if not isinstance(value, list) or len(value) > MOST_TOOLS:
        return old, Refusal(f"'tools' is a list of at most {MOST_TOOLS}", "invalid_value", "session.tools")
    tools, problem = list[JsonObject](), None
    for place, told in enumerate(value):
        try:
            tools.append(_tool(told, place))
        except Refusal as refusal:
            problem = problem or refusal
    return tools, problem


def _tool(tool: Any, place: int) -> JsonObject:
    where = f"session.tools[{place}]"
    if isinstance(tool, dict) and tool.get("type", "function") != "function":
        raise Refusal(
            f"tools of type {str(tool['type'])[:40]!r} are not served; give the agent its own instead",
            "unsupported_tool",
            where,
        )
    name = tool.get("name") if isinstance(tool, dict) else None
    if not isinstance(name, str) or not name:
        raise Refusal("a tool has a name", "missing_required_parameter", f"{where}.name")
    parameters = tool.get("parameters")
    return {
        "type": "function",
        "name": name,
        "description": str(tool.get("description") or ""),
        "parameters": parameters if isinstance(parameters, dict) else NO_PARAMETERS,
    }


def _choice(value: Any, old: Any) -> Any:
    if value in ("auto", "none", "required"):
        return value
    if isinstance(value, dict):
        function = value.get("function")
        name = value.get("name") or (function.get("name") if isinstance(function, dict) else None)
        if isinstance(name, str):
            return {"type": "function", "name": name}
    return "auto" if value is None else old


def _most(value: Any, old: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return max(1, int(value))
    return "inf" if value in (None, "inf") else old


def format_of(value: Any, old: Any) -> Any:
    name = value.get("type") if isinstance(value, dict) else value
    name = _OLD_FORMATS.get(str(name), str(name))
    if name not in _FORMATS:
        return old
    # Another rate is not sent: strict clients know only this one.
    return {"type": name, "rate": RATE} if name == "audio/pcm" else {"type": name}


def detection_of(value: Any, old: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, dict):
        return old
    kind = value.get("type") or (old or {}).get("type") or "server_vad"
    if not isinstance(kind, str) or kind not in _DETECTIONS:
        return old
    same = old if old and old["type"] == kind else {}
    clamps = _DETECTIONS[kind]
    usual = {name: getattr(TurnDetection(), name) for name in clamps}
    given = {name: clamps[name](value[name], usual[name]) for name in clamps if name in value}
    return {"type": kind, **usual, **{k: v for k, v in same.items() if k in clamps}, **given}


def _between(low: float, high: float, *, whole: bool = True) -> Clean:
    def clean(value: Any, usual: Any) -> Any:
        if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
            return usual
        clamped = min(max(value, low), high)
        return int(clamped) if whole else float(clamped)

    return clean


def _truth(value: Any, usual: Any) -> Any:
    return value if isinstance(value, bool) else usual


def _eagerness(value: Any, usual: Any) -> Any:
    return value if value in ("low", "medium", "high", "auto") else usual


_ALWAYS: dict[str, Clean] = {"create_response": _truth, "interrupt_response": _truth}
_DETECTIONS: dict[str, dict[str, Clean]] = {
    "server_vad": {
        "threshold": _between(0.05, 1.0, whole=False),
        "prefix_padding_ms": _between(0, 5_000),
        "silence_duration_ms": _between(100, 10_000),
        "idle_timeout_ms": _between(1_000, 600_000),
        **_ALWAYS,
    },
    "semantic_vad": {"eagerness": _eagerness, **_ALWAYS},
}


def _transcription(value: Any, old: Any) -> Any:
    if not isinstance(value, dict):
        return None if value is None else old
    told = {**(old or {}), **value}
    return {name: told[name] for name in ("model", "language", "prompt") if isinstance(told.get(name), str)}


def _voice(value: Any, old: Any) -> Any:
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) and value else old


def _speed(value: Any, old: Any) -> Any:
    return 1.0 if value is None else _between(SLOWEST, FASTEST, whole=False)(value, old)


def _as_it_is(value: Any, old: Any) -> Any:
    return old


FIELDS: dict[str, Clean] = {
    "output_modalities": _modalities,
    "instructions": _words,
    "tool_choice": _choice,
    "max_output_tokens": _most,
    "parallel_tool_calls": lambda value, old: True if value is None else _truth(value, old),
    # Accepted, and told to be what they are: not in force.
    **dict.fromkeys(("reasoning", "tracing", "truncation", "prompt", "include"), _as_it_is),
}
AUDIO: dict[str, dict[str, Clean]] = {
    "input": {
        "format": format_of,
        "transcription": _transcription,
        "noise_reduction": _as_it_is,
        "turn_detection": detection_of,
    },
    "output": {"format": format_of, "voice": _voice, "speed": _speed},
}
