"""Structured results: a turn's answer once more, as a value of the caller's type.

The words stay what they are. When the turn is over, the model is asked for a call of a tool whose arguments
are the value; pydantic checks it, and the model mends what does not fit.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any, Generic

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError, PydanticUserError
from typing_extensions import TypeVar

from .errors import ConfigError, ModelError, ToolArgumentError
from .events import AgentEvent, Usage
from .messages import JsonObject, Message, Text, ToolCall, ToolResult, ToolSpec
from .models.base import OmniModel, Request, TextDelta
from .reply import Reply
from .state import Turn, TurnState
from .tool.arguments import fitting
from .tool.schema import compiled, examined
from .tool.short_schema import shortened

T = TypeVar("T")

TOOL = "hand_in"
MOST_ATTEMPTS = 3
MOST_TOKENS = 1024
MOST_PROBLEMS = 5
_VALUE = "value"
_TASK = f"Now hand in the same as data: call {TOOL} with what was said and found above, and nothing else."
_NO_CALL = f"That was no call. Call {TOOL}."


class Form(Generic[T]):
    """What an answer is to be filled into.

    Args:
        wanted: A pydantic model, a dataclass, a TypedDict, or any other type that pydantic knows; for what
            is no class, such as `int | str`, pydantic's `TypeAdapter` of it.

    Raises:
        ConfigError: Pydantic has no JSON Schema for it, or one with keywords that nothing here checks.
    """

    def __init__(self, wanted: type[T] | TypeAdapter[T]) -> None:
        try:
            self._adapter = wanted if isinstance(wanted, TypeAdapter) else TypeAdapter(wanted)
            schema = self._adapter.json_schema()
        except (PydanticUserError, PydanticSchemaGenerationError, PydanticInvalidForJsonSchema) as error:
            why = str(error).splitlines()[0]
            raise ConfigError(f"output={wanted!r:.80}: {why}", remedy="docs/guardrails.md") from None
        # The arguments of a call are an object; anything else is put into one.
        self._wrapped = schema.get("type") != "object"
        described = "Hand in the result."
        parameters = examined(TOOL, shortened(_in_object(schema) if self._wrapped else schema))
        self.spec = ToolSpec(TOOL, described, parameters)
        self._validator = compiled(parameters)
        self._ended: tuple[Turn, TurnState] | None = None

    def keep(self, turn: Turn, state: TurnState) -> None:
        """Take a turn's end, for `filled`."""
        self._ended = turn, state

    async def reply(self, events: AsyncGenerator[AgentEvent, None]) -> Reply[T]:
        """The reply, with the value where the turn came to its own end; its usage counts for both.

        Raises:
            OmniError: The turn failed.
            ModelError: The model failed, or gave nothing that fits (`output_invalid`).
        """
        async with aclosing(events) as stream:
            plain = await Reply[T].of(stream)
        if plain.status != "done" or self._ended is None or self._ended[1].get("stopped"):
            return plain
        turn, state = self._ended
        messages = [Message.from_json(item) for item in state["messages"]]
        value, usage = await self._filled(
            turn.parts.model, turn.parts.persona.prompt(turn.parts.name), messages
        )
        return replace(plain, output=value, usage=plain.usage + usage)

    async def _filled(self, model: OmniModel, system: str, said: list[Message]) -> tuple[T, Usage]:
        messages, usage, problem = [*said, _user(_TASK)], Usage(), ""
        for attempt in range(MOST_ATTEMPTS):
            request = Request(system, tuple(messages), (self.spec,), tool_choice=TOOL, max_tokens=MOST_TOKENS)
            call, words, tokens = await _asked(model, request)
            usage += tokens
            if call is None:
                problem = "it made no call"
                messages += [Message("assistant", (Text(words),))] if words else []
                messages.append(_user(_NO_CALL))
                continue
            try:
                return self._value(call.arguments), usage
            except ValidationError as error:
                problem = _told(error)
            made = replace(call, id=f"{TOOL}_{attempt}")
            failed = ToolResult(made.id, TOOL, "failed", f"Mend this: {problem}")
            messages += [Message("assistant", (made,)), Message("tool", (failed,))]
        raise ModelError(
            f"no result of the wanted type in {MOST_ATTEMPTS} attempts: {problem}",
            code="output_invalid",
            remedy="give the type fewer or better described fields, or take a larger model",
        )

    def _value(self, arguments: JsonObject) -> T:
        # What pydantic takes beyond the schema is welcome; what it refuses, it explains.
        with suppress(ToolArgumentError):
            arguments = fitting(TOOL, self._validator, arguments)
        given = arguments.get(_VALUE) if self._wrapped else arguments
        return self._adapter.validate_json(json.dumps(given))


def _in_object(schema: JsonObject) -> JsonObject:
    inner = {key: value for key, value in schema.items() if key != "$defs"}
    wrapped: JsonObject = {"type": "object", "properties": {_VALUE: inner}, "required": [_VALUE]}
    return wrapped | ({"$defs": schema["$defs"]} if "$defs" in schema else {})


def _user(words: str) -> Message:
    return Message("user", (Text(words),))


async def _asked(model: OmniModel, request: Request) -> tuple[ToolCall | None, str, Usage]:
    """The call that the model makes, its words, and the tokens."""
    call: ToolCall | None = None
    words, usage = "", Usage()
    async with aclosing(model.stream(request)) as events:
        async for event in events:
            match event:
                case ToolCall(name=name) if name == TOOL and call is None:
                    call = event
                case TextDelta(text=text):
                    words += text
                case Usage():
                    usage += event
                case _:
                    pass
    return call, words, usage


def _told(error: ValidationError) -> str:
    """What does not fit, place by place, for the model to mend."""
    problems: list[Any] = error.errors(include_url=False, include_context=False, include_input=False)
    told = [f"{'.'.join(map(str, p['loc'])) or 'the value'}: {p['msg']}" for p in problems]
    more = f"; and {len(told) - MOST_PROBLEMS} more" if len(told) > MOST_PROBLEMS else ""
    return "; ".join(told[:MOST_PROBLEMS]) + more
