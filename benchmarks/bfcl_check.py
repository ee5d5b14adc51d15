"""Whether calls are what a question of the Berkeley Function-Calling Leaderboard accepts.

The rules are those of its AST check (github.com/ShishirPatil/gorilla, `bfcl_eval/eval_checker/ast_eval`):
each accepted answer lists the values that an argument may have, and `""` among them means that it may be left
out; strings are compared without case, spaces and punctuation; the calls of a parallel question may come in
any order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

# The leaderboard's Python-like type names in JSON Schema; those that are missing stay as they are.
_TYPES = {
    "dict": "object", "float": "number", "tuple": "array", "double": "number", "long": "integer",
    "String": "string", "Boolean": "boolean", "Array": "array", "ArrayList": "array", "HashMap": "object",
}  # fmt: skip
_IGNORED = re.compile(r"[ ,./\-_*^'\"]")

Call = tuple[str, dict[str, Any]]


def tool_name(name: str) -> str:
    """A function's name as a tool may be called."""
    return name.replace(".", "_")


def json_schema(part: Any) -> Any:
    """A parameter description of the leaderboard as JSON Schema."""
    if not isinstance(part, dict):
        return part
    schema: dict[str, Any] = {}
    for key, value in part.items():
        if key == "properties":
            schema[key] = {name: json_schema(inner) for name, inner in value.items()}
        elif key == "items":
            schema[key] = json_schema(value)
        elif key == "type":
            schema |= {} if value == "any" else {"type": _TYPES.get(value, value)}
        elif key in ("description", "enum", "required", "default"):
            schema[key] = value
    return schema


def right(calls: Sequence[Call], accepted: Sequence[dict[str, dict[str, list[Any]]]]) -> bool:
    """Whether the calls are those that are accepted, each once, in any order."""
    if len(calls) != len(accepted):
        return False
    left = [next(iter(answer.items())) for answer in accepted]
    for name, arguments in calls:
        found = next((a for a in left if tool_name(a[0]) == name and _fits(arguments, a[1])), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _fits(arguments: dict[str, Any], accepted: dict[str, list[Any]]) -> bool:
    if any(name not in accepted for name in arguments):
        return False
    return all(
        any(_same(arguments[name], value) for value in values) if name in arguments else "" in values
        for name, values in accepted.items()
    )


def _same(value: Any, accepted: Any) -> bool:
    if isinstance(accepted, dict) and isinstance(value, dict):
        listed = {name: item if isinstance(item, list) else [item] for name, item in accepted.items()}
        return _fits(value, listed)
    if isinstance(accepted, list | tuple) and isinstance(value, list | tuple):
        return len(value) == len(accepted) and all(map(_same, value, accepted))
    if isinstance(accepted, str) and isinstance(value, str):
        return _IGNORED.sub("", value).casefold() == _IGNORED.sub("", accepted).casefold()
    if isinstance(accepted, bool) or isinstance(value, bool):
        return value is accepted
    return bool(value == accepted)
