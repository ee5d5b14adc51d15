"""Whether a client's user says yes to what cannot be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..approval import question_of
from ..messages import JsonObject, ToolCall
from ..tool import Tool

if TYPE_CHECKING:
    from mcp.server import ServerRequestContext
    from mcp.types import CallToolRequestParams, InputRequiredResult

ASKED = "approval"


async def answer(
    tool: Tool, arguments: JsonObject, context: ServerRequestContext[Any, Any], params: CallToolRequestParams
) -> bool | InputRequiredResult | None:
    """Yes, no, None where the client cannot ask, or what makes it ask and call again with the answer.

    Clients of 2026-07-28 are asked by a result that wants their input; older ones by a request of ours.
    """
    from mcp.types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
    from mcp.types.version import MODERN_PROTOCOL_VERSIONS

    able = context.session.client_capabilities
    if able is None or able.elicitation is None:
        return None
    form: JsonObject = {"type": "object", "properties": {}}
    question = question_of(tool, ToolCall(ASKED, tool.name, arguments), "irreversible")
    if context.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        answered = await context.session.elicit_form(question, form, context.request_id)
        return answered.action == "accept"
    given = (params.input_responses or {}).get(ASKED)
    if given is None:
        asking = ElicitRequest(params=ElicitRequestFormParams(message=question, requested_schema=form))
        return InputRequiredResult(input_requests={ASKED: asking})
    return isinstance(given, ElicitResult) and given.action == "accept"
