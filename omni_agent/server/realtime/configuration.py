"""The session object: what a client set, merged, clamped, and told back whole.

Present keys alone are merged, nested objects key by key; null clears. What cannot be honoured is not told as
if it were: the object that goes back is what is in force. The shape before GA is understood and never sent.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Literal, cast

from ...messages import JsonObject, ToolSpec
from .protocol import Refusal
from .sound import RATE, Format
from .turn_detection import TurnDetection

Kind = Literal["realtime", "transcription"]
MOST_TOOLS = 128
_OLD_FORMATS = {"pcm16": "audio/pcm", "g711_ulaw": "audio/pcmu", "g711_alaw": "audio/pcma"}
_FORMATS = ("audio/pcm", "audio/pcmu", "audio/pcma")
# Names of OpenAI's voices stand for the persona's own: clients send one whatever they talk to.
STRANGE_VOICES = frozenset(
    ("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer")
    + ("verse",)
)


def defaults(model: str, voice: str) -> JsonObject:
    """A session of which nothing was set."""
    return {
        "model": model,
        "output_modalities": ["audio"],
        "instructions": "",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "parallel_tool_calls": False,
        "reasoning": None,
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "include": None,
        "audio": {
            "input": {
                "format": _format("audio/pcm", None),
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": _detection({"type": "server_vad"}, None),
            },
            "output": {"format": _format("audio/pcm", None), "voice": voice, "speed": 1.0},
        },
    }


class Configuration:
    """What is set for a session.

    Args:
        name: The session's id.
        model: Under which name its agent is served.
        voice: Its usual voice, as it is told.
        expires_at: When the session ends at the latest, in seconds since 1970.
        kind: What the session is for.
    """

    def __init__(
        self, name: str, model: str, *, voice: str = "default", expires_at: int = 0, kind: Kind = "realtime"
    ) -> None:
        self.id = name
        self.kind: Kind = kind
        self.expires_at = expires_at
        self._set = defaults(model, voice)
        self._audio_in["turn_detection"] = _detection({"type": "server_vad"}, None)

    def update(self, patch: JsonObject) -> Refusal | None:
        """Merge what a client sends. What can be is set; why the rest is not is told.

        Raises:
            Refusal: It is no session, and nothing was set.
        """
        patch = _of_today(patch)
        kind = patch.get("type", self.kind)
        if kind not in ("realtime", "transcription"):
            raise Refusal(
                "a session is of type 'realtime' or 'transcription'", "invalid_value", "session.type"
            )
        self.kind = kind
        problem: Refusal | None = None
        if "tools" in patch:
            self._set["tools"], problem = _tools(patch["tools"])
        for name, clean in _FIELDS.items():
            if name in patch:
                self._set[name] = clean(patch[name], self._set[name])
        audio = patch.get("audio")
        for way, fields in _AUDIO.items():
            given = audio.get(way) if isinstance(audio, dict) else None
            for name, clean in fields.items():
                if isinstance(given, dict) and name in given:
                    self._set["audio"][way][name] = clean(given[name], self._set["audio"][way][name])
        return problem

    @property
    def shape(self) -> JsonObject:
        """The whole object, as it is told."""
        whole = deepcopy(self._set)
        if self.kind == "transcription":
            audio = {"input": whole["audio"]["input"]}
            rest = {"object": "realtime.transcription_session", "include": whole["include"], "audio": audio}
        else:
            rest = {"object": "realtime.session", **whole}
        return {"type": self.kind, "id": self.id, "expires_at": self.expires_at, **rest}

    def merged(self, patch: JsonObject) -> Configuration:
        """This with what one response sets instead; null there means the session's."""
        other = Configuration(self.id, self.model, expires_at=self.expires_at, kind=self.kind)
        other._set = deepcopy(self._set)
        if problem := other.update({"type": "realtime", **_without_nulls(patch)}):
            raise problem
        return other

    @property
    def model(self) -> str:
        """Under which name the agent is served."""
        return str(self._set["model"])

    @model.setter
    def model(self, name: str) -> None:
        self._set["model"] = name

    @property
    def speaks(self) -> bool:
        """Answers are spoken."""
        return "audio" in self._set["output_modalities"]

    @property
    def instructions(self) -> str:
        """What the client asks of the agent."""
        return str(self._set["instructions"])

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """What the client runs."""
        return tuple(
            ToolSpec(tool["name"], tool.get("description") or "", tool.get("parameters") or _NOTHING)
            for tool in self._set["tools"]
        )

    @property
    def tool_choice(self) -> str:
        """As `Terms.tool_choice` has it."""
        choice = self._set["tool_choice"]
        if isinstance(choice, dict):
            return str(choice["name"])
        return "" if choice == "auto" else str(choice)

    @property
    def max_tokens(self) -> int | None:
        """Most tokens of an answer."""
        most = self._set["max_output_tokens"]
        return most if isinstance(most, int) else None

    @property
    def hears(self) -> Format:
        """What the client sends."""
        return cast(Format, self._audio_in["format"]["type"])

    @property
    def sends(self) -> Format:
        """What the client gets."""
        return cast(Format, self._set["audio"]["output"]["format"]["type"])

    @property
    def voice(self) -> str:
        """Which voice; empty for the persona's."""
        voice = str(self._set["audio"]["output"]["voice"])
        return "" if voice == "default" or voice in STRANGE_VOICES else voice

    @property
    def turn_detection(self) -> TurnDetection | None:
        """How turns are told; None where the client says it."""
        told = self._audio_in["turn_detection"]
        return TurnDetection(**told) if told else None

    @property
    def transcription(self) -> JsonObject | None:
        """Whether and how the client wants to read what was heard."""
        told: JsonObject | None = self._audio_in["transcription"]
        return told if told is not None or self.kind == "realtime" else {}

    @property
    def response_terms(self) -> JsonObject:
        """What a response object says of it."""
        output = self._set["audio"]["output"]
        return {
            "output_modalities": list(self._set["output_modalities"]),
            "max_output_tokens": self._set["max_output_tokens"],
            "audio": {"output": {"format": dict(output["format"]), "voice": output["voice"]}},
        }

    @property
    def _audio_in(self) -> JsonObject:
        return cast(JsonObject, self._set["audio"]["input"])


_NOTHING: JsonObject = {"type": "object", "properties": {}}


def _of_today(patch: JsonObject) -> JsonObject:
    """A session in the shape before GA, in today's."""
    new = {key: value for key, value in patch.items() if key not in _RENAMED}
    for old, path in _RENAMED.items():
        if old not in patch:
            continue
        place = new
        for step in path[:-1]:
            inner = place.get(step)
            place[step] = dict(inner) if isinstance(inner, dict) else {}
            place = place[step]
        place.setdefault(path[-1], patch[old])
    return new


_RENAMED: dict[str, tuple[str, ...]] = {
    "modalities": ("output_modalities",),
    "max_response_output_tokens": ("max_output_tokens",),
    "voice": ("audio", "output", "voice"),
    "speed": ("audio", "output", "speed"),
    "output_audio_format": ("audio", "output", "format"),
    "input_audio_format": ("audio", "input", "format"),
    "input_audio_transcription": ("audio", "input", "transcription"),
    "input_audio_noise_reduction": ("audio", "input", "noise_reduction"),
    "turn_detection": ("audio", "input", "turn_detection"),
}


def _without_nulls(patch: JsonObject) -> JsonObject:
    return {
        key: _without_nulls(value) if isinstance(value, dict) and key == "audio" else value
        for key, value in patch.items()
        if value is not None
    }


def _modalities(value: Any, old: Any) -> Any:
    if not isinstance(value, list):
        return old
    return ["text"] if value and "audio" not in value else ["audio"]


def _words(value: Any, old: Any) -> Any:
    return value if isinstance(value, str) else "" if value is None else old


def _tools(value: Any) -> tuple[list[JsonObject], Refusal | None]:
    """Those that can be served, and why the first of the others cannot."""
    if value is None:
        return [], None
    if not isinstance(value, list) or len(value) > MOST_TOOLS:
        return [], Refusal(f"'tools' is a list of at most {MOST_TOOLS}", "invalid_value", "session.tools")
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
        "parameters": parameters if isinstance(parameters, dict) else _NOTHING,
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


def _format(value: Any, old: Any) -> Any:
    name = value.get("type") if isinstance(value, dict) else value
    name = _OLD_FORMATS.get(str(name), str(name))
    if name not in _FORMATS:
        return old
    # Another rate is not sent: strict clients know only this one.
    return {"type": name, "rate": RATE} if name == "audio/pcm" else {"type": name}


def _detection(value: Any, old: Any) -> Any:
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


def _between(low: float, high: float, *, whole: bool = True) -> Callable[[Any, Any], Any]:
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


_ALWAYS: dict[str, Callable[[Any, Any], Any]] = {"create_response": _truth, "interrupt_response": _truth}
_DETECTIONS: dict[str, dict[str, Callable[[Any, Any], Any]]] = {
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


def _as_it_is(value: Any, old: Any) -> Any:
    return old


_FIELDS: dict[str, Callable[[Any, Any], Any]] = {
    "output_modalities": _modalities,
    "instructions": _words,
    "tool_choice": _choice,
    "max_output_tokens": _most,
    # Accepted, and told to be what they are: not in force.
    **dict.fromkeys(
        ("parallel_tool_calls", "reasoning", "tracing", "truncation", "prompt", "include"), _as_it_is
    ),
}
_AUDIO: dict[str, dict[str, Callable[[Any, Any], Any]]] = {
    "input": {
        "format": _format,
        "transcription": _transcription,
        "noise_reduction": _as_it_is,
        "turn_detection": _detection,
    },
    "output": {"format": _format, "voice": _voice, "speed": _as_it_is},
}
