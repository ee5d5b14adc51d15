"""Answers in a form: random weights, which would write anything, write JSON that fits."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from omni_agent.errors import ModelError, ModelUnavailable
from omni_agent.events import Usage
from omni_agent.media import MediaStore
from omni_agent.messages import ToolCall, ToolSpec
from omni_agent.models.base import Done, ModelEvent, TextDelta
from omni_agent.models.omni import Options, TransformersOmni, forms
from omni_agent.models.omni.libraries import library
from tests.models.omni.conftest import answered, ask, text_of
from tests.models.omni.test_qwen3 import IGNORED

pytest.importorskip("llguidance")
pytestmark = IGNORED

SHORT = {"type": "string", "maxLength": 12}
SCHEMAS: dict[str, dict[str, Any]] = {
    "nested": {
        "type": "object",
        "properties": {
            "who": {"type": "object", "properties": {"name": SHORT, "age": {"type": "integer"}}},
            "tags": {"type": "array", "items": SHORT, "minItems": 1, "maxItems": 3},
        },
        "required": ["who", "tags"],
    },
    "enum": {
        "type": "object",
        "properties": {"mood": {"enum": ["glad", "sad", "neither"]}, "sure": {"const": True}},
        "required": ["mood", "sure"],
        "additionalProperties": False,
    },
    "numbers": {
        "type": "object",
        "properties": {
            "share": {"type": "number", "minimum": 0, "maximum": 1},
            "count": {"type": "integer", "minimum": 3, "exclusiveMaximum": 9},
            "any": {"type": "number"},
        },
        "required": ["share", "count", "any"],
    },
    "array": {"type": "array", "items": {"type": ["boolean", "null"]}, "minItems": 2},
    "references": {
        "$defs": {"point": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}},
        "type": "object",
        "properties": {"from": {"$ref": "#/$defs/point"}, "to": {"$ref": "#/$defs/point"}},
        "required": ["from", "to"],
    },
    "alternatives": {"anyOf": [{"type": "null"}, {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{2}$"}]},
    "date": {
        "type": "object",
        "properties": {"on": {"type": "string", "format": "date"}},
        "required": ["on"],
    },
    "open": {"type": "object", "additionalProperties": {"type": "boolean"}, "maxProperties": 3},
}


def fits(text: str, schema: dict[str, Any]) -> object:
    """The answer as a value, which must fit."""
    value: object = json.loads(text)
    Draft202012Validator(schema).validate(value)
    return value


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("temperature", [0.0, 1.3])
def test_random_weights_write_json_that_fits(omni3: TransformersOmni, name: str, temperature: float) -> None:
    request = ask(format=SCHEMAS[name], max_tokens=600, temperature=temperature, seed=3)
    events = answered(omni3, request)
    fits(text_of(events), SCHEMAS[name])
    assert events[-1] == Done("stop")


def test_the_other_family_is_held_to_it_too(omni25: TransformersOmni) -> None:
    events = answered(omni25, ask(format=SCHEMAS["nested"], max_tokens=600))
    fits(text_of(events), SCHEMAS["nested"])
    assert events[-1] == Done("stop")


def test_what_a_schema_leaves_open_ends_all_the_same(omni3: TransformersOmni) -> None:
    """The tiny model writes letters for ever where it may."""
    schema = {"type": "object", "properties": {"all": {"type": "string"}}, "required": ["all"]}
    events = answered(omni3, ask(format=schema, max_tokens=600))
    assert len(str(fits(text_of(events), schema))) > 300
    assert events[-1] == Done("stop")


def test_an_answer_without_room_is_cut_off_and_says_so(omni3: TransformersOmni) -> None:
    events = answered(omni3, ask(format=SCHEMAS["nested"], max_tokens=5))
    assert events[-1] == Done("length")


def test_json_is_spelled_as_it_is_in_prompts(omni3: TransformersOmni) -> None:
    schema = {"type": "object", "properties": {"a": SHORT, "b": {"type": "array", "items": SHORT}}}
    schema["required"] = ["a", "b"]
    text = text_of(answered(omni3, ask(format=schema, max_tokens=900, temperature=1.5, seed=1)))
    assert text == json.dumps(json.loads(text), ensure_ascii=False)


def test_a_stopped_answer_leaves_the_next_one_its_form(omni3: TransformersOmni) -> None:
    request = ask(format=SCHEMAS["nested"], max_tokens=600, temperature=1.0)

    async def main() -> tuple[list[ModelEvent], list[ModelEvent]]:
        seen: list[ModelEvent] = []
        async with aclosing(omni3.stream(request)) as events:
            async for event in events:
                seen.append(event)
                if len(seen) == 9:
                    break
        return seen, [event async for event in omni3.stream(request)]

    cut, whole = asyncio.run(main())
    assert all(isinstance(event, TextDelta) for event in cut)
    assert text_of(whole).startswith(text_of(cut))
    fits(text_of(whole), SCHEMAS["nested"])


def test_a_cancelled_answer_leaves_the_next_one_its_form(omni3: TransformersOmni) -> None:
    request = ask(format=SCHEMAS["numbers"], max_tokens=600, temperature=1.0)

    async def main() -> list[ModelEvent]:
        started = asyncio.Event()

        async def listen() -> None:
            async for _ in omni3.stream(request):
                started.set()

        listening = asyncio.ensure_future(listen())
        await started.wait()
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
        return [event async for event in omni3.stream(request)]

    fits(text_of(asyncio.run(main())), SCHEMAS["numbers"])


LAMP = ToolSpec(
    "switch_lamp",
    "Switch a lamp.",
    {
        "type": "object",
        "properties": {"room": {"enum": ["hall", "küche"]}, "level": {"type": "integer", "maximum": 9}},
        "required": ["room", "level"],
        "additionalProperties": False,
    },
)
OTHER = ToolSpec("wait", "Wait.", {"type": "object", "properties": {}, "additionalProperties": False})


@pytest.mark.parametrize("family", ["omni3", "omni25"])
@pytest.mark.parametrize("chosen", [LAMP, OTHER])
def test_a_call_that_must_be_made_is_made(
    family: str, chosen: ToolSpec, request: pytest.FixtureRequest
) -> None:
    model = request.getfixturevalue(family)
    asked = ask(tools=(LAMP, OTHER), tool_choice=chosen.name, max_tokens=900, speech=True)
    events = answered(model, asked)
    calls = [event for event in events if isinstance(event, ToolCall)]
    assert {call.name for call in calls} == {chosen.name}
    for call in calls:
        Draft202012Validator(chosen.parameters).validate(call.arguments)
    assert text_of(events) == ""
    assert events[-1] == Done("tool_calls")


def test_a_thinking_model_answers_in_the_form_at_once(
    tmp_path: Path, store: MediaStore, libraries: None
) -> None:
    from tests.models.omni.tiny import make_qwen3

    folder = make_qwen3(tmp_path / "tiny-Thinking", talker=False, thinking=True)
    model = TransformersOmni(Options(str(folder), device="cpu"), store=store)
    events = answered(model, ask(format=SCHEMAS["enum"], max_tokens=80))
    fits(text_of(events), SCHEMAS["enum"])
    asyncio.run(model.close())


def test_a_schema_of_which_there_is_no_grammar_is_refused(omni3: TransformersOmni) -> None:
    with pytest.raises(ModelError) as caught:
        answered(omni3, ask(format={"type": "string", "pattern": "^(?!x).*$"}))
    assert caught.value.code == "format_unsupported"
    assert "look-around" in caught.value.remedy
    assert next(e for e in answered(omni3, ask(max_tokens=2)) if isinstance(e, Usage)).completion_tokens == 2


def test_without_llguidance_it_says_what_to_install(
    omni3: TransformersOmni, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> Any:
        return library(name.replace("llguidance", "llguidance_that_is_not_there"))

    monkeypatch.setattr(forms, "library", missing)
    with pytest.raises(ModelUnavailable) as caught:
        answered(omni3, ask(format={"type": "object", "title": "no other test's"}))
    assert "omni-agent-framework[omni]" in caught.value.remedy
