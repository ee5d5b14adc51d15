"""What is required of the session object, and of `session.update`."""

from __future__ import annotations

from typing import Any

from .check import Check, Failed, Inconclusive, check
from .scenes import INSTRUCTIONS, OPENING, SETTINGS, WEATHER
from .subject import Subject
from .talk import Event

_SESSION = (
    "id",
    "model",
    "output_modalities",
    "instructions",
    "tools",
    "tool_choice",
    "max_output_tokens",
    "audio",
)
_PCM = {"type": "audio/pcm", "rate": 24_000}


@check("session.created")
async def greets(subject: Subject) -> None:
    talk = await subject.seen(OPENING)
    if not talk.events:
        raise Failed(talk.closed or "nothing came after the connection was opened")
    if talk.kinds()[0] != "session.created":
        raise Failed(f"the first event is {talk.kinds()[0]}")


@check("session.object")
async def tells_the_whole_session(subject: Subject) -> None:
    created = (await subject.seen(OPENING)).first("session.created")
    if not created:
        raise Inconclusive("no session.created came")
    session = _dict(created.get("session"))
    if session.get("type") != "realtime":
        raise Failed(f"session.type is {session.get('type')!r}")
    if missing := [name for name in _SESSION if name not in session]:
        raise Failed(f"the session lacks {', '.join(missing)}")
    for side in ("input", "output"):
        shape = _dict(_dict(session["audio"]).get(side)).get("format")
        if _dict(shape) != _PCM:
            raise Failed(f"audio.{side}.format is {shape!r}, and the default is {_PCM}")
    if "turn_detection" not in _dict(_dict(session["audio"]).get("input")):
        raise Failed("the session lacks audio.input.turn_detection")


@check("session.updated")
async def answers_each_update(subject: Subject) -> None:
    marks = (await subject.seen(SETTINGS)).marks
    for label in ("instructions", "tools", "null", "vad", "empty"):
        seen = marks.get(label)
        if not seen:
            raise Failed(f"an update of {label} was not answered")
        if seen["type"] == "error":
            raise Failed(f"an update of {label} was refused: {_message(seen)}")


@check("session.merge")
async def merges_what_is_given(subject: Subject) -> None:
    session = await _updated(subject, "tools")
    if session.get("instructions") != INSTRUCTIONS:
        raise Failed(f"an update of the tools made the instructions {session.get('instructions')!r}")
    names = [_dict(tool).get("name") for tool in session.get("tools") or []]
    if names != [WEATHER["name"]]:
        raise Failed(f"it was given one tool, and echoes {names}")
    if _dict(_dict(_dict(session.get("audio")).get("input")).get("format")) != _PCM:
        raise Failed("an update of the tools changed or left out audio.input.format")


@check("session.clear")
async def clears_what_is_emptied(subject: Subject) -> None:
    hearing = _dict(_dict((await _updated(subject, "null")).get("audio")).get("input"))
    if hearing.get("turn_detection") is not None:
        raise Failed("turn_detection null did not clear it")
    session = await _updated(subject, "empty")
    if session.get("instructions"):
        raise Failed('instructions "" did not clear them')
    if session.get("tools"):
        raise Failed("tools [] did not clear them")


@check("session.turn_detection")
async def fills_in_turn_detection(subject: Subject) -> None:
    turns = _detection(await _updated(subject, "vad"))
    for name in ("create_response", "interrupt_response"):
        if turns.get(name) is not True:
            raise Failed(f"server_vad without {name} is echoed with {turns.get(name)!r}")
    if turns.get("silence_duration_ms") != 700:
        raise Failed(f"silence_duration_ms 700 is echoed as {turns.get('silence_duration_ms')!r}")


@check("session.semantic_vad")
async def takes_semantic_vad(subject: Subject) -> None:
    kind = _detection(await _taken(subject, "semantic")).get("type")
    if kind != "semantic_vad":
        raise Failed(f"semantic_vad is echoed as {kind!r}")


@check("session.model")
async def takes_any_model(subject: Subject) -> None:
    await _taken(subject, "model")


@check("session.unknown_fields")
async def ignores_unknown_fields(subject: Subject) -> None:
    await _taken(subject, "unknown")


@check("session.beta_shape")
async def understands_the_beta_shape(subject: Subject) -> None:
    session = await _taken(subject, "beta")
    if _dict(_dict(session.get("audio")).get("input")).get("turn_detection") is not None:
        raise Failed("turn_detection null in the beta's place did not clear it")
    if "modalities" in session or "input_audio_format" in session:
        raise Failed("the beta's names are echoed")


async def _updated(subject: Subject, label: str) -> Event:
    """The session after an update that is another requirement's matter.

    Raises:
        Inconclusive: It was not answered.
    """
    seen = (await subject.seen(SETTINGS)).marks.get(label)
    if not seen or seen["type"] == "error":
        raise Inconclusive(f"an update of {label} was not taken")
    return _dict(seen.get("session"))


async def _taken(subject: Subject, label: str) -> Event:
    """The session after an update that must be taken.

    Raises:
        Failed: It was refused.
        Inconclusive: It was not answered.
    """
    seen = (await subject.seen(SETTINGS)).marks.get(label)
    if not seen:
        raise Inconclusive("the update was not answered")
    if seen["type"] == "error":
        raise Failed(f"it was refused: {_message(seen)}")
    return _dict(seen.get("session"))


def _detection(session: Event) -> Event:
    return _dict(_dict(_dict(session.get("audio")).get("input")).get("turn_detection"))


def _message(event: Event) -> str:
    return str(_dict(event.get("error")).get("message"))[:80]


def _dict(value: Any) -> Event:
    return value if isinstance(value, dict) else {}


CHECKS: tuple[Check, ...] = (
    greets,
    tells_the_whole_session,
    answers_each_update,
    merges_what_is_given,
    clears_what_is_emptied,
    fills_in_turn_detection,
    takes_semantic_vad,
    takes_any_model,
    ignores_unknown_fields,
    understands_the_beta_shape,
)
