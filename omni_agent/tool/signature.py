"""From a function's signature and docstring to the JSON Schema of its arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from ..errors import ToolArgumentError, ToolDefinitionError
from ..messages import JsonObject
from .media_parameters import loaded, with_references
from .short_schema import shortened

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..media import MediaStore


@dataclass(frozen=True, slots=True)
class Signature:
    """What was read off a function.

    Attributes:
        name: The function's own.
        description: First paragraph of its docstring.
        schema: JSON Schema of the arguments, without generated titles; references only where a type refers
            to itself.
        injected: Names of the parameters that the caller never sees.
        owner: Name of the first parameter of a method that has no instance yet (`self`), or empty.
        model: Parses arguments that fit the schema into the parameters' own types.
        fields: Parameter names by the model's field names.
    """

    name: str
    description: str
    schema: JsonObject
    injected: tuple[str, ...]
    owner: str
    model: type[BaseModel]
    fields: dict[str, str]

    async def bind(self, arguments: JsonObject, media: MediaStore) -> dict[str, Any]:
        """The arguments in the types that the function asks for; those not given are left to its defaults.

        Raises:
            ToolArgumentError: A type refuses what its schema let through, or a media reference leads to
                nothing, or to something else than is wanted.
        """
        from pydantic import ValidationError

        try:
            parsed = self.model.model_validate(arguments)
        except ValidationError as error:
            told = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
            raise ToolArgumentError("; ".join(told)) from None
        given = parsed.model_fields_set
        return {
            name: await loaded(getattr(parsed, field), media)
            for field, name in self.fields.items()
            if field in given
        }


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

    name = getattr(function, "__name__", type(function).__name__)
    description, described = _docstring(function)
    owner, injected, parameters = _parameters(function, name, injected_type, described)
    fields = {f"p{index}": key for index, key in enumerate(parameters)}
    made: dict[str, Any] = {field: parameters[key] for field, key in fields.items()}
    try:
        model: type[BaseModel] = create_model(f"{name}_arguments", **made)
        schema = shortened(_schema(model))
    except PydanticUserError as error:
        raise ToolDefinitionError(f"tool '{name}': {str(error).splitlines()[0]}") from None
    return Signature(name, description, schema, tuple(injected), owner, model, fields)


def _schema(model: type[BaseModel]) -> JsonObject:
    import warnings

    from pydantic.json_schema import PydanticJsonSchemaWarning

    with warnings.catch_warnings():
        # A default that JSON cannot hold is left out of the schema; the function still has it.
        warnings.simplefilter("ignore", PydanticJsonSchemaWarning)
        return model.model_json_schema(mode="validation")


def _parameters(
    function: Callable[..., Any], name: str, injected_type: type, described: dict[str, str]
) -> tuple[str, list[str], dict[str, Any]]:
    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise ToolDefinitionError(
            f"tool '{name}': {error}", remedy="import the type at module level"
        ) from None
    owner, injected, made = "", list[str](), dict[str, Any]()
    for index, (key, parameter) in enumerate(inspect.signature(function).parameters.items()):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise ToolDefinitionError(f"tool '{name}': parameter '{key}' cannot be called by name")
        if key not in hints:
            if index == 0 and key == "self":
                owner = key
                continue
            raise ToolDefinitionError(
                f"tool '{name}': parameter '{key}' has no type", remedy=f"write {key}: str or so"
            )
        if hints[key] is injected_type or injected_type in get_args(hints[key]):
            injected.append(key)
        else:
            made[key] = (with_references(hints[key]), _field(key, parameter, described))
    return owner, injected, made


def _field(key: str, parameter: inspect.Parameter, described: dict[str, str]) -> Any:
    """A field that is called as the parameter is, however pydantic would like that name."""
    from pydantic import Field
    from pydantic.fields import FieldInfo

    default = ... if parameter.default is parameter.empty else parameter.default
    extra: dict[str, Any] = {"alias": key}
    if key in described:
        extra["description"] = described[key]
    if isinstance(default, FieldInfo):
        return FieldInfo.merge_field_infos(default, **extra, validation_alias=key)
    return Field(default, **extra)


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
