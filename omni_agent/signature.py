"""From a function's signature and docstring to the JSON Schema of its arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast, get_type_hints

from .errors import ToolDefinitionError
from .messages import JsonObject

if TYPE_CHECKING:
    from pydantic import BaseModel

DEEPEST = 60


@dataclass(frozen=True, slots=True)
class Signature:
    """What was read off a function.

    Attributes:
        description: First paragraph of its docstring.
        schema: JSON Schema of the arguments, without references or generated titles.
        injected: Names of the parameters that the caller never sees.
        model: Parses arguments that fit the schema into the parameters' own types.
    """

    description: str
    schema: JsonObject
    injected: tuple[str, ...]
    model: type[BaseModel]

    def bind(self, arguments: JsonObject) -> dict[str, Any]:
        """The arguments in the types that the function asks for; those not given are left to its defaults."""
        parsed = self.model.model_validate(arguments)
        return {name: getattr(parsed, name) for name in parsed.model_fields_set}


def signature_of(function: Callable[..., Any], injected_type: type) -> Signature:
    """Read a function.

    Args:
        function: Typed, with a docstring in Google, NumPy or Sphinx style.
        injected_type: Parameters of this type are injected and stay out of the schema.

    Raises:
        ToolDefinitionError: A parameter has no type, or one that JSON cannot hold.
    """
    from pydantic import create_model
    from pydantic.errors import PydanticUserError

    name = function.__name__
    description, described = _docstring(function)
    injected, fields = _parameters(function, injected_type, described)
    try:
        model: type[BaseModel] = create_model(f"{name}_arguments", **fields)
        schema = _tidy(model.model_json_schema(mode="validation"))
    except PydanticUserError as error:
        raise ToolDefinitionError(f"tool '{name}': {str(error).splitlines()[0]}") from None
    return Signature(description, schema, tuple(injected), model)


def _parameters(
    function: Callable[..., Any], injected_type: type, described: dict[str, str]
) -> tuple[list[str], dict[str, Any]]:
    from pydantic import Field

    name = function.__name__
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise ToolDefinitionError(
            f"tool '{name}': {error}", remedy="import the type at module level"
        ) from None
    injected: list[str] = []
    made: dict[str, Any] = {}
    for key, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise ToolDefinitionError(f"tool '{name}': parameter '{key}' cannot be called by name")
        if key not in hints:
            raise ToolDefinitionError(
                f"tool '{name}': parameter '{key}' has no type", remedy=f"write {key}: str or so"
            )
        if hints[key] is injected_type:
            injected.append(key)
            continue
        default = ... if parameter.default is parameter.empty else parameter.default
        made[key] = (hints[key], Field(default, description=described.get(key)))
    return injected, made


def _docstring(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    text = inspect.getdoc(function) or ""
    if not text:
        return "", {}
    import logging

    from griffe import Docstring, DocstringSectionKind

    logging.getLogger("griffe").setLevel(logging.CRITICAL)
    sections = Docstring(text, lineno=1).parse("auto")
    summary = next((s.value for s in sections if s.kind is DocstringSectionKind.text), "")
    parameters = [s.value for s in sections if s.kind is DocstringSectionKind.parameters]
    described = {item.name: item.description.strip() for group in parameters for item in group}
    return " ".join(str(summary).split()), described


def _tidy(schema: JsonObject) -> JsonObject:
    """Inline `$defs` and drop generated titles: shorter prompts, and grammars need no references."""
    definitions = schema.pop("$defs", {})

    def walk(node: Any, depth: int = 0) -> Any:
        if depth > DEEPEST:
            raise ToolDefinitionError("a parameter's type refers to itself", remedy="use a flat type")
        if isinstance(node, list):
            return [walk(item, depth + 1) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            target = definitions[node["$ref"].rsplit("/", 1)[-1]]
            return walk({**target, **{k: v for k, v in node.items() if k != "$ref"}}, depth + 1)
        return {
            key: {name: walk(item, depth + 1) for name, item in value.items()}
            if key == "properties"
            else walk(value, depth + 1)
            for key, value in node.items()
            if not (key == "title" and isinstance(value, str))
        }

    return cast(
        JsonObject, {"type": "object", "properties": {}, "additionalProperties": False} | walk(schema)
    )
