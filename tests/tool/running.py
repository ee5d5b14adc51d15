"""How the tests of tools run them: outside of a turn, with a context that nobody listens to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from omni_agent import ToolContext


def context() -> ToolContext:
    return ToolContext("u", "s", "t", "c", "k", report=lambda message: None)


def run(result: Awaitable[object]) -> Any:
    async def main() -> object:
        return await result

    return asyncio.run(main())
