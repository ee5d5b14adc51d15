"""The session object: what a client set, merged, clamped, and told back whole.

Present keys alone are merged, nested objects key by key; null clears. What cannot be honoured is not told as
if it were: the object that goes back is what is in force. The shape before GA is understood and never sent.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Literal, cast

from ...messages import JsonObject, ToolSpec
from .fields import AUDIO, FIELDS, NO_PARAMETERS, detection_of, format_of, tools_of
from .protocol import Refusal
from .sound import Format
from .turn_detection import TurnDetection

Kind = Literal["realtime", "transcription"]
# Names of OpenAI's voices stand for the persona's own: clients send one whatever they talk to.
STRANGE_VOICES = {
    *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable"),
    *("marin", "nova", "onyx", "sage", "shimmer", "verse"),
}


def defaults(model: str, voice: str) -> JsonObject:
    """A session of which nothing was set."""
    return {
        "model": model,
        "output_modalities": ["audio"],
        "instructions": "",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "parallel_tool_calls": True,
        "reasoning": None,
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "include": None,
        "audio": {
            "input": {
                "format": format_of("audio/pcm", None),
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": detection_of({"type": "server_vad"}, None),
            },
            "output": {"format": format_of("audio/pcm", None), "voice": voice, "speed": 1.0},
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
        self._audio_in["turn_detection"] = detection_of({"type": "server_vad"}, None)

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
            self._set["tools"], problem = tools_of(patch["tools"], self._set["tools"])
        for name, clean in FIELDS.items():
            if name in patch:
                self._set[name] = clean(patch[name], self._set[name])
        audio = patch.get("audio")
        for way, fields in AUDIO.items():
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
            ToolSpec(tool["name"], tool.get("description") or "", tool.get("parameters") or NO_PARAMETERS)
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
    def parallel_calls(self) -> bool:
        """An answer may make several calls at once."""
        return bool(self._set["parallel_tool_calls"])

    @property
    def speed(self) -> float:
        """How much faster than usual answers are spoken."""
        return float(self._set["audio"]["output"]["speed"])

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
    """What a response sets: of `audio` also what is nested in it."""
    return {
        key: _without_nulls(value)
        if isinstance(value, dict) and key in ("audio", "input", "output")
        else value
        for key, value in patch.items()
        if value is not None
    }


def metadata_of(told: object) -> JsonObject | None:
    """What a client attached to a response, as it is told again; None where it is no object."""
    return {str(key): str(value) for key, value in told.items()} if isinstance(told, dict) else None
