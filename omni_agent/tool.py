"""Tools: a typed function with a docstring becomes something a model can call.

The schema comes from the signature (pydantic) and the docstring (griffe); arguments are validated by a
JSON Schema validator compiled once. A parameter annotated `ToolContext` is injected and never in the schema.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, overload

from .errors import ToolArgumentError, ToolDefinitionError, ToolNotFound
from .messages import JsonObject, ToolSpec
from .signature import signature_of

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

Effect = Literal["read", "write", "irreversible"]
Function: TypeAlias = Callable[..., Any]
Run: TypeAlias = Callable[[JsonObject, "ToolContext"], Awaitable[object]]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a running tool may know of its turn.

    Attributes:
        user: Who speaks.
        session: The conversation.
        turn: The turn.
        call_id: This call.
        idempotency_key: The same for every attempt at this call: pass it on to services that take one.
        report: Tells the user how far the tool is; shown as `ToolProgress`.
    """

    user: str
    session: str
    turn: str
    call_id: str
    idempotency_key: str
    report: Callable[[str], None]


@dataclass(frozen=True)
class Tool:
    """Something a model can call.

    Attributes:
        spec: Name, description and JSON Schema of the arguments.
        run: Takes the arguments (already valid) and the context, gives the result.
        effect: `read` changes nothing, `write` can be put right, `irreversible` asks first.
        timeout: Seconds that it may take.
    """

    spec: ToolSpec
    run: Run = field(repr=False)
    effect: Effect = "write"
    timeout: float = 30.0

    @property
    def name(self) -> str:
        """Name that the model calls it by."""
        return self.spec.name

    @cached_property
    def _validator(self) -> Validator:
        from jsonschema import Draft202012Validator

        return Draft202012Validator(self.spec.parameters)

    def validate(self, arguments: object) -> JsonObject:
        """The arguments, if they fit the schema.

        Raises:
            ToolArgumentError: They do not; the message names each place, for the model to mend.
        """
        problems = [
            f"{'.'.join(str(step) for step in error.absolute_path) or 'arguments'}: {error.message[:200]}"
            for error in self._validator.iter_errors(cast(Any, arguments))
        ]
        if problems:
            raise ToolArgumentError(f"{self.name}: " + "; ".join(problems[:5]))
        return cast(JsonObject, arguments)

    @classmethod
    def from_schema(
        cls,
        name: str,
        description: str,
        parameters: JsonObject,
        run: Run,
        *,
        effect: Effect = "write",
        timeout: float = 30.0,
    ) -> Tool:
        """A tool that is known by its JSON Schema only.

        Raises:
            ToolDefinitionError: The name cannot be called or the schema is no JSON Schema of an object.
        """
        from jsonschema import Draft202012Validator, SchemaError

        if not _NAME.fullmatch(name):
            raise ToolDefinitionError(
                f"'{name}' cannot be a tool's name", remedy="letters, digits, _ and -, up to 64"
            )
        try:
            Draft202012Validator.check_schema(parameters)
        except SchemaError as error:
            raise ToolDefinitionError(f"tool '{name}': not a JSON Schema: {error.message}") from None
        if parameters.get("type") != "object":
            raise ToolDefinitionError(f"tool '{name}': its schema must be of type object")
        if timeout <= 0:
            raise ToolDefinitionError(f"tool '{name}': timeout must be more than 0 seconds")
        return cls(ToolSpec(name, description, parameters), run, effect, timeout)


@overload
def tool(function: Function, /) -> Tool: ...
@overload
def tool(
    *, name: str = "", description: str = "", effect: Effect = "write", timeout: float = 30.0
) -> Callable[[Function], Tool]: ...
def tool(
    function: Function | None = None,
    /,
    *,
    name: str = "",
    description: str = "",
    effect: Effect = "write",
    timeout: float = 30.0,
) -> Tool | Callable[[Function], Tool]:
    """Make a tool of a function.

    The first paragraph of the docstring (Google, NumPy or Sphinx style) describes the tool, its `Args`
    describe the parameters. A plain `def` runs in a thread.

    Args:
        name: Instead of the function's own.
        description: Instead of the docstring's.
        effect: `read` changes nothing, `write` can be put right, `irreversible` is asked for first.
        timeout: Seconds that a call may take.

    Raises:
        ToolDefinitionError: The function has no description, or a parameter no usable type.
    """

    def make(function: Function) -> Tool:
        return _from_function(function, name or function.__name__, description, effect, timeout)

    return make if function is None else make(function)


class Toolbox:
    """The tools that an agent holds, by name, in the order they were given."""

    def __init__(self, tools: Iterable[Tool | Function] = ()) -> None:
        self._tools: dict[str, Tool] = {}
        for item in tools:
            made = item if isinstance(item, Tool) else tool(item)
            if made.name in self._tools:
                raise ToolDefinitionError(f"two tools are called '{made.name}'", remedy="rename one of them")
            self._tools[made.name] = made

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What a model is shown."""
        return tuple(item.spec for item in self._tools.values())

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def __len__(self) -> int:
        return len(self._tools)

    def __getitem__(self, name: str) -> Tool:
        try:
            return self._tools[name]
        except KeyError:
            known = ", ".join(self._tools) or "none"
            raise ToolNotFound(f"there is no tool '{name}'; there are: {known}") from None


def _from_function(function: Function, name: str, description: str, effect: Effect, timeout: float) -> Tool:
    signature = signature_of(function, ToolContext)
    described = description or signature.description
    if not described:
        raise ToolDefinitionError(
            f"tool '{name}' has no description", remedy="give it a docstring: the model reads it"
        )

    async def run(arguments: JsonObject, context: ToolContext) -> object:
        values = signature.bind(arguments) | dict.fromkeys(signature.injected, context)
        if inspect.iscoroutinefunction(function):
            return await function(**values)
        return await asyncio.to_thread(function, **values)

    return Tool.from_schema(name, described, signature.schema, run, effect=effect, timeout=timeout)


def as_text(result: object) -> str:
    """A tool's result as the text that the model reads: strings as they are, the rest as JSON.

    What JSON cannot hold is shown by its `str`; nothing raises.
    """
    if isinstance(result, str):
        return result
    from pydantic import TypeAdapter

    try:
        return TypeAdapter(Any).dump_json(result).decode()
    except Exception:
        return json.dumps(str(result), ensure_ascii=False)
