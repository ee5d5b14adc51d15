"""What a request sets for its answer, as the agent's `Terms`; what cannot be had is refused here."""

from __future__ import annotations

from collections.abc import Collection

from ...messages import JsonObject, ToolSpec
from ...terms import Terms
from ..chat.conditions import check_choice, check_names, chosen_of, narrowed, refuse, schema_of
from ..chat.parsing import invalid
from ..chat.schemas import usable
from .requests import ChosenFunction, ChosenTools, Format, ResponsesRequest

_REFUSED = {
    "background": "cannot be had: stream the answer, or wait for it",
    "prompt": "cannot be had: no templates are kept here; send 'instructions' and 'input'",
    "top_logprobs": "cannot be had: the models here tell no probabilities of tokens",
}


def check(request: ResponsesRequest) -> None:
    """Refuse what changes an answer's meaning and cannot be had.

    Raises:
        ApiError: There is such a thing; `param` names it.
    """
    refuse(request, _REFUSED)
    if request.previous_response_id and request.conversation:
        raise invalid("previous_response_id", "and 'conversation' are two ways to go on: give one of them")


def terms_of(request: ResponsesRequest, instructions: str, own: Collection[str]) -> Terms:
    """The conditions of a request's answer.

    Args:
        request: The request.
        instructions: What it says as the system.
        own: Names of the agent's own tools.

    Raises:
        ApiError: A tool is chosen that there is not.
    """
    tools = tuple(
        ToolSpec(
            tool.name,
            tool.description or "",
            usable(tool.name, tool.parameters or {}, f"tools[{i}].parameters"),
        )
        for i, tool in enumerate(request.tools or ())
    )
    check_names(tools, "tools[{}].name")
    chosen = ""
    match request.tool_choice:
        case ChosenFunction(name=chosen):
            check_choice(chosen, tools, own, "tool_choice.name")
        case ChosenTools(mode=mode, tools=allowed):
            tools, chosen = narrowed(tools, {tool.name for tool in allowed}, mode)
        case str() | None as choice:
            chosen = chosen_of(choice)
    return Terms(
        instructions=instructions,
        tools=tools,
        tool_choice=chosen,
        one_call=request.parallel_tool_calls is False,
        max_tokens=request.max_output_tokens,
        temperature=request.temperature or 0.0,
        format=_schema(request.text.format) if request.text and request.text.format else None,
    )


def _schema(wanted: Format) -> JsonObject | None:
    return schema_of(wanted.type, wanted.name, wanted.schema_, "text.format.schema")
