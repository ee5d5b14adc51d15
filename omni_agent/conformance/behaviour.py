"""What single calls show: arguments, errors, results, time and the event loop."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from ..errors import ToolArgumentError
from ..messages import Audio, Image, JsonObject, Text, Video
from ..tool import Tool
from .calling import GRACE, Call
from .effects import OK, Verdict

LARGEST_RESULT = 100_000
LONGEST_ERROR = 600
_SHOWN_AS_OBJECT = re.compile(r"<[\w.]+(?: object)? at 0x[0-9a-f]+>|<(?:class|function|module|coroutine) ")
_TRACE = re.compile(r"Traceback \(most recent|File \"[^\"]+\", line \d+|^[A-Z]\w*(?:Error|Exception)\b")


def arguments(tool: Tool, calls: Sequence[Call]) -> Verdict:
    """Whether the tool takes what its schema lets in, and its schema refuses the rest."""
    for call in calls:
        if call.ending == "raised":
            return (
                "failed",
                f"{_shown(call.arguments)} fits its schema, but raised {call.text}",
                "say so in the schema, or raise ToolError with a sentence",
            )
        if call.meddled:
            return (
                "failed",
                f"{_shown(call.arguments)} are not the same after the call",
                "work on a copy: the journal and the undo get the arguments too",
            )
    for wrong, what in refusable(tool.spec.parameters, calls[0].arguments if calls else {}):
        try:
            tool.validate(wrong)
        except ToolArgumentError:
            continue
        except Exception as error:
            return "failed", f"{what} raised {type(error).__name__}: {error}", "let the framework validate"
        return "failed", f"{what} was let through", "state the type, the bounds and what is required"
    if not any(call.ending == "result" for call in calls):
        reason = next((f"no example worked: {call.text}" for call in calls if call.text), "no example worked")
        return "not observable", reason, "give arguments with which it works, in a file for --arguments"
    return OK


def refusable(schema: JsonObject, good: JsonObject) -> Iterator[tuple[object, str]]:
    """Arguments that do not fit, with what is wrong with them."""
    yield ["a list"], "a list instead of arguments"
    for name in schema.get("required", ()):
        yield {key: value for key, value in good.items() if key != name}, f"a call without '{name}'"
    if schema.get("additionalProperties") is False:
        yield {**good, "no_such_parameter": 1}, "an unknown parameter"
    for name, part in schema.get("properties", {}).items():
        kind = part.get("type") if isinstance(part, dict) else None
        if kind in {"string", "number", "integer", "boolean"}:
            yield {**good, name: {"an": ["object"]}}, f"an object for '{name}'"
        if kind in {"number", "integer"} and "minimum" in part:
            yield {**good, name: part["minimum"] - 1}, f"a '{name}' that is too small"


def hostile(schema: JsonObject, good: JsonObject) -> Iterator[JsonObject]:
    """Arguments that fit the schema and that no sensible person would give."""
    for name, part in schema.get("properties", {}).items():
        kind = part.get("type") if isinstance(part, dict) and "enum" not in part else None
        values: Mapping[Any, tuple[object, ...]] = {
            "string": ("", "   ", "\x00 \N{COLLISION SYMBOL}" + "x" * 3000, "'; DROP -- %s {0} \\ ../.."),
            "integer": (0, -1, 10**12),
            "number": (0, -1.5, 1e300),
        }
        for value in values.get(kind, ()) if isinstance(kind, str) else ():
            yield {**good, name: value}


def errors(tool: Tool, calls: Sequence[Call]) -> Verdict:
    """Whether bad values are refused in a sentence."""
    for call in calls:
        given = _shown(call.arguments)
        if call.ending == "raised":
            return "failed", f"{given} raised {call.text[:200]}", "raise ToolError with what to do instead"
        if call.ending != "refused" or isinstance(call.error, ToolArgumentError):
            continue
        if _TRACE.search(call.text):
            return (
                "failed",
                f"{given} is refused with a traceback: {call.text[:80]!r}",
                "say it in a sentence",
            )
        if len(call.text.split()) < 3 or len(call.text) > LONGEST_ERROR:
            return (
                "failed",
                f"{given} is refused with {call.text[:80]!r}, which is no sentence",
                "say what is wrong and what to do instead",
            )
    return OK if calls else ("not observable", "it has no parameter to give a bad value for", "")


def serialisation(calls: Sequence[Call]) -> Verdict:
    """Whether results are something that a model can read."""
    worked = [call for call in calls if call.ending == "result"]
    for call in worked:
        if problem := _unreadable(call.value, call.text):
            return (
                "failed",
                problem,
                "return a short sentence, or plain lists and dictionaries of texts and numbers",
            )
    return OK if worked else ("not observable", "no example gave a result", "")


def _unreadable(value: object, text: str) -> str:
    media = (Image, Audio, Video, Text)
    if isinstance(value, media):
        return ""
    plain = (
        [item for item in value if not isinstance(item, media)] if isinstance(value, list | tuple) else value
    )
    if any(isinstance(item, bytes | bytearray | memoryview) for item in _within(plain)):
        return "the result holds bytes, which no model can read"
    if not all(_is_unicode(item) for item in (text, *_within(plain)) if isinstance(item, str)):
        return "the result is no valid UTF-8"
    try:
        TypeAdapter(object).dump_json(plain)
    except Exception as error:
        return f"the result cannot be written as JSON: {' '.join(str(error).split())[:120]}"
    if _SHOWN_AS_OBJECT.search(text):
        return f"the result shows an object by its address: {text[:80]!r}"
    if plain is None or (isinstance(plain, str) and not plain.strip()):
        return "the result is empty: the model cannot tell what happened"
    return (
        f"the result has {len(text)} characters, of {LARGEST_RESULT} at most"
        if len(text) > LARGEST_RESULT
        else ""
    )


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _within(value: object, depth: int = 0) -> Iterator[object]:
    yield value
    if depth < 20 and isinstance(value, dict):
        for item in value.values():
            yield from _within(item, depth + 1)
    elif depth < 20 and isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _within(item, depth + 1)


def timeout(tool: Tool, calls: Sequence[Call], patience: float) -> Verdict:
    """Whether calls end within the time that the tool claims."""
    slow = next((call for call in calls if call.ending == "cut off"), None)
    late = max((call.seconds for call in calls), default=0.0)
    if late > tool.timeout:
        return (
            "failed",
            f"it took more than the {tool.timeout:g} seconds that it claims",
            "claim more, or give its own requests a shorter limit",
        )
    if slow:
        return (
            "not observable",
            f"it did not end in {patience:g} seconds of {tool.timeout:g}",
            "--patience waits longer",
        )
    return "ok", f"{late:.2f} of {tool.timeout:g} seconds", ""


def cancellation(tool: Tool, calls: Sequence[Call]) -> Verdict:
    """Whether calls that were cut off ended."""
    cut = [call for call in calls if call.ending == "cut off"]
    if not cut:
        return "ok", "every call ended by itself", ""
    if any(call.left is None for call in cut):
        return (
            "failed",
            f"it went on for more than {GRACE:g} seconds after it was cut off",
            "in a plain def, call context.raise_if_cancelled() or wait by context.cancellation.wait(seconds)",
        )
    return "ok", f"ended {max(call.left or 0.0 for call in cut):.2f} seconds after it was cut off", ""


def loop(held: Mapping[str, tuple[int, float]]) -> Verdict:
    """Whether the event loop was held up, by place: how often, and for how many seconds at most."""
    for place, (times, seconds) in held.items():
        # Once may be the machine's doing, or an import.
        if times > 1:
            return (
                "failed",
                f"it held up the event loop for {seconds:.1f} seconds at {place}",
                "use a plain def, which runs in a thread, or await",
            )
    return OK


def _shown(given: JsonObject) -> str:
    text = ", ".join(f"{name}={value!r:.40}" for name, value in given.items())
    return f"({text[:120]})"
