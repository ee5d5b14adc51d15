"""How the graph uses a tool: validate, then run with a context."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable
from typing import Any

import pytest

from omni_agent.tool import Tool, Toolbox, ToolContext

KEYS = itertools.count()


def run(tool: Tool, *, user: str = "ada", key: str = "", **arguments: Any) -> str:
    """The answer of one call; every call has an idempotency key of its own unless one is given."""
    key = key or f"key-{next(KEYS)}"
    context = ToolContext(
        user=user, session="s", turn="t", call_id=key, idempotency_key=key, report=lambda message: None
    )

    async def main() -> object:
        return await tool.run(tool.validate(arguments), context)

    answer = asyncio.run(main())
    assert isinstance(answer, str)
    return answer


def examine(module: Any, effects: dict[str, str]) -> None:
    """Every name in `__all__` is a tool that a small model can read, with the effect it should have."""
    tools = [getattr(module, name) for name in module.__all__]
    assert all(isinstance(tool, Tool) for tool in tools)
    assert {tool.name: tool.effect for tool in Toolbox(tools)} == effects
    for tool in tools:
        assert re.fullmatch(r"[a-z_]+", tool.name)
        assert 10 < len(tool.spec.description) <= 120
        properties = tool.spec.parameters["properties"]
        for name, schema in properties.items():
            assert re.fullmatch(r"[a-z_]+", name)
            assert 3 < len(schema["description"]) <= 110, name
            assert schema["type"] in {"string", "number", "integer"}
        assert "context" not in properties
        assert tool.spec.parameters["additionalProperties"] is False


@pytest.fixture(name="run")
def run_fixture() -> Callable[..., str]:
    return run


@pytest.fixture(name="examine")
def examine_fixture() -> Callable[[Any, dict[str, str]], None]:
    return examine
