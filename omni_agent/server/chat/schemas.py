"""Schemas that callers bring along: of their tools, and of the answers that they want."""

from __future__ import annotations

import json
from functools import lru_cache

from ...errors import ToolDefinitionError
from ...mcp.schemas import acceptable
from ...messages import JsonObject
from ..errors import ApiError

_KEPT = 256


def usable(name: str, schema: JsonObject, param: str) -> JsonObject:
    """A schema as far as models here can be held to it: what cannot be checked is left out of it.

    Callers send the same schemas with each request, so what was found is kept.

    Args:
        name: Of the tool or the answer.
        schema: The caller's.
        param: The field that it stands in.

    Raises:
        ApiError: It is no JSON Schema of an object.
    """
    try:
        return _usable(name, json.dumps(schema, sort_keys=False))
    except ToolDefinitionError as error:
        raise ApiError(error.message, code="invalid_schema", param=param) from None


@lru_cache(maxsize=_KEPT)
def _usable(name: str, schema: str) -> JsonObject:
    return acceptable(name, json.loads(schema))
