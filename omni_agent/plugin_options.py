"""The options of a plugin: a table in the settings, held against the signature of what takes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .errors import ConfigError

if TYPE_CHECKING:
    from pydantic import BaseModel


def keywords(target: Callable[..., Any], options: Mapping[str, Any], plugin: str) -> dict[str, Any]:
    """The options in the types that a class or function asks for; what is not given is left to its defaults.

    Raises:
        ConfigError: An option is unknown, missing or of the wrong type. It says what is known, never a value:
            that may be a secret.
    """
    from pydantic import ConfigDict, Field, ValidationError, create_model
    from pydantic.errors import PydanticUserError

    parameters = _parameters(target, plugin)
    open_ended = any(item.kind is item.VAR_KEYWORD for item in parameters)
    taken = [item for item in parameters if item.kind in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY)]
    fields: dict[str, Any] = {}
    for index, item in enumerate(taken):
        kind = Any if item.annotation is item.empty else item.annotation
        default = ... if item.default is item.empty else item.default
        # An alias, since a field's own name must not begin with _ or be a method of the model.
        fields[f"option_{index}"] = (kind, Field(default, alias=item.name))
    settings = ConfigDict(extra="allow" if open_ended else "forbid", arbitrary_types_allowed=True)
    try:
        model: type[BaseModel] = create_model(plugin, __config__=settings, **fields)
        parsed = model.model_validate(dict(options))
    except ValidationError as error:
        raise _refusal(plugin, error, [item.name for item in taken]) from None
    except PydanticUserError as error:
        raise ConfigError(f"plugin '{plugin}': its options cannot be checked: {error.message}") from None
    given = {
        item.name: getattr(parsed, field)
        for item, field in zip(taken, fields, strict=True)
        if field in parsed.model_fields_set
    }
    return (parsed.model_extra or {}) | given


def take_none(plugin: str, options: Mapping[str, Any]) -> None:
    """Refuse options for a plugin that has none.

    Raises:
        ConfigError: There are some.
    """
    if options:
        raise ConfigError(
            f"plugin '{plugin}' takes no options, but is given {', '.join(options)}",
            remedy=f"remove [plugins.{plugin}]",
        )


def _parameters(target: Callable[..., Any], plugin: str) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(target, eval_str=True).parameters.values())
    except (NameError, TypeError, ValueError) as error:
        raise ConfigError(
            f"plugin '{plugin}': its signature cannot be read: {error}",
            remedy="its author must import the types at module level",
        ) from None


def _refusal(plugin: str, error: Any, known: list[str]) -> ConfigError:
    told = []
    for problem in error.errors(include_input=False, include_url=False):
        place, kind = ".".join(map(str, problem["loc"])), problem["type"]
        why = {"extra_forbidden": "is not known", "missing": "is missing"}.get(kind, problem["msg"])
        told.append(
            f"option '{place}' {why}" if kind in {"extra_forbidden", "missing"} else f"{place}: {why}"
        )
    options = f"its options are: {', '.join(known)}" if known else "it takes no options"
    return ConfigError(f"plugin '{plugin}': {'; '.join(told[:5])}", remedy=options)
