"""A tool run within its time, with one kind of error however it fails."""

from __future__ import annotations

import asyncio
import logging

from ..errors import OmniError, ToolError, ToolTimeout
from ..messages import JsonObject
from .context import ToolContext
from .definition import Tool

log = logging.getLogger(__name__)

UNKNOWN = "tool_unknown"


async def limited(tool: Tool, arguments: JsonObject, context: ToolContext) -> object:
    """What a tool gives.

    Raises:
        ToolError: It failed, in words for a model; code `tool_unknown` where it may have taken effect.
        ToolTimeout: Its time was over.
    """
    limit = asyncio.timeout(tool.timeout)
    try:
        async with limit:
            return await tool.run(arguments, context)
    except OmniError as error:
        raise ToolError(error.message, code=error.code) from None
    except Exception as error:
        if not limit.expired():
            # Whatever a stranger's tool raises is for a model to explain; the log has what a developer needs.
            log.warning("tool %s failed", tool.name, exc_info=error)
            raise ToolError(f"{tool.name} failed: {error or type(error).__name__}") from None
        late = f"{tool.name} did not finish within {tool.timeout:g} seconds"
        if tool.effect == "read":
            raise ToolTimeout(late) from None
        raise ToolTimeout(f"{late}; whether it took effect is not known.", code=UNKNOWN) from None
    finally:
        # Also after the end: whatever a tool left running in a thread may stop now.
        context.cancellation.request()
