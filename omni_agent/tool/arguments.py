"""Arguments against a schema: mended where there is no doubt, refused in words that a model can act on."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, cast

from ..errors import ToolArgumentError
from ..messages import JsonObject

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

MOST_PROBLEMS = 5
LONGEST_VALUE = 40
LONGEST_PROBLEM = 160
_MISSING = object()
# What fails when a value is of the wrong kind; where the kind is right, there is nothing to mend.
_KIND = frozenset({"type", "enum", "const", "anyOf", "oneOf"})


def fitting(tool: str, validator: Validator, arguments: object) -> JsonObject:
    """The arguments as the schema wants them.

    Mended is what has one reading only: a number, truth value, list or object that was written as a string
    (`"3"`, `"[1, 2]"`), a whole number where text is wanted, and null for what may be left out, which counts
    as left out. Everything else stays as it is.

    Raises:
        ToolArgumentError: They do not fit; the message names each place, for the model to mend.
    """
    errors = _errors(validator, arguments)
    if errors:
        arguments, errors = _mended(validator, arguments, errors)
    if errors:
        told = list(dict.fromkeys(map(_told, errors)))
        more = f"; and {len(told) - MOST_PROBLEMS} more" if len(told) > MOST_PROBLEMS else ""
        raise ToolArgumentError(f"{tool}: {'; '.join(told[:MOST_PROBLEMS])}{more}")
    return cast(JsonObject, arguments)


def _errors(validator: Validator, arguments: object) -> list[ValidationError]:
    try:
        return list(validator.iter_errors(cast(Any, arguments)))
    except RecursionError:
        raise ToolArgumentError("the arguments are nested too deep") from None


def _mended(
    validator: Validator, arguments: object, errors: list[ValidationError]
) -> tuple[object, list[ValidationError]]:
    wrong = [error for error in map(_deepest, errors) if error.absolute_path and error.validator in _KIND]
    for error in wrong:
        for candidate in _readings(error):
            changed = copy.deepcopy(arguments)
            _put(changed, tuple(error.absolute_path), candidate)
            left = _errors(validator, changed)
            if len(left) < len(errors):
                arguments, errors = changed, left
                break
    return arguments, errors


def _deepest(error: ValidationError) -> ValidationError:
    """Of a choice that nothing fits, what is wrong with the nearest option."""
    from jsonschema.exceptions import best_match

    if not error.context:
        return error
    return best_match([error]) or error


def _readings(error: ValidationError) -> list[object]:
    """What the value may have been meant as."""
    value: object = error.instance
    if value is None:
        return [_MISSING]
    if isinstance(value, int) and not isinstance(value, bool):
        return [str(value)] if error.validator == "type" else []
    if not isinstance(value, str):
        return []
    try:
        read = json.loads(value.strip().lower() if value.strip().lower() in ("true", "false") else value)
    except (ValueError, RecursionError):
        return []
    # Python's JSON also reads NaN and Infinity, which are no numbers to compute with.
    return [] if read is None or read != read or read in (float("inf"), float("-inf")) else [read]


def _put(arguments: Any, path: tuple[str | int, ...], value: object) -> None:
    *before, last = path
    for step in before:
        arguments = arguments[step]
    if value is not _MISSING:
        arguments[last] = value
    elif isinstance(arguments, dict):
        del arguments[last]


def _told(error: ValidationError) -> str:
    nearest = _deepest(error)
    place = ".".join(map(str, nearest.absolute_path)) or "arguments"
    return f"{place}: {_why(nearest)}"


def _why(error: ValidationError) -> str:
    value = repr(error.instance)
    short = value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…"
    return error.message.replace(value, short, 1)[:LONGEST_PROBLEM]
