"""What a request sets for its answer, as the agent's `Terms`; what cannot be had is refused here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ...messages import JsonObject, ToolSpec
from ...terms import ANY_TOOL, NO_TOOL, Terms
from ..errors import ApiError
from .parsing import invalid, unsupported
from .requests import ChatRequest, ChosenFunction, ChosenTools, FunctionTool, ResponseFormat
from .schemas import usable

MOST_STOPS = 4
# Engines count seeds in 32 bits at least, some with a sign.
ENGINE_SEEDS = 2**31
_REFUSED = {
    "functions": "is the old way: use 'tools'",
    "function_call": "is the old way: use 'tool_choice'",
    "logprobs": "cannot be had: the models here tell no probabilities of tokens",
    "top_logprobs": "cannot be had: the models here tell no probabilities of tokens",
    "logit_bias": "cannot be had: the models here take no weights for tokens",
    "web_search_options": "cannot be had: give the agent a tool that searches",
}


def check(request: ChatRequest) -> None:
    """Refuse what changes an answer's meaning and cannot be had.

    Raises:
        ApiError: There is such a thing; `param` names it.
    """
    refuse(request, _REFUSED)
    if request.speaks:
        _check_audio(request)


def refuse(request: object, refused: Mapping[str, str]) -> None:
    """Refuse a request that names one of these fields.

    Raises:
        ApiError: It does.
    """
    for name, why in refused.items():
        if getattr(request, name):
            raise unsupported(name, why)


def schema_of(kind: str, name: str, schema: JsonObject | None, param: str) -> JsonObject | None:
    """The schema that an answer's words must fit; None for plain text.

    Args:
        kind: `text`, `json_object` or `json_schema`.
        name: The schema's.
        schema: It, where one is wanted.
        param: Where it stands in the request.

    Raises:
        ApiError: It is missing, or cannot be used.
    """
    if kind == "text":
        return None
    if kind == "json_object":
        return {"type": "object"}
    if schema is None:
        raise ApiError(f"'{param}' is missing", code="missing_required_parameter", param=param)
    return usable(name, schema, param)


def terms_of(request: ChatRequest, instructions: str, own: Collection[str], voice: str = "") -> Terms:
    """The conditions of a request's answer.

    Args:
        request: The request.
        instructions: What it says as the system.
        own: Names of the agent's own tools.
        voice: The agent's name of the voice that is wanted.

    Raises:
        ApiError: A tool is chosen that there is not.
    """
    tools = tuple(
        spec_of(tool, f"tools[{i}].function.parameters") for i, tool in enumerate(request.tools or ())
    )
    check_names(tools, "tools[{}].function.name")
    chosen = ""
    match request.tool_choice:
        case ChosenFunction(function=function):
            chosen = function.name
            check_choice(chosen, tools, own, "tool_choice.function.name")
        case ChosenTools(allowed_tools=allowed):
            names = {tool.function.name for tool in allowed.tools}
            tools, chosen = narrowed(tools, names, allowed.mode)
        case str() | None as choice:
            chosen = chosen_of(choice)
    return Terms(
        instructions=instructions,
        tools=tools,
        tool_choice=chosen,
        one_call=request.parallel_tool_calls is False,
        max_tokens=request.most_tokens,
        temperature=request.temperature or 0.0,
        seed=(request.seed or 0) % ENGINE_SEEDS,
        stop=_stops(request),
        format=_format(request.response_format),
        voice=voice,
    )


def spec_of(tool: FunctionTool, param: str) -> ToolSpec:
    """A caller's tool."""
    function = tool.function
    parameters = usable(function.name, function.parameters or {}, param)
    return ToolSpec(function.name, function.description or "", parameters)


def check_names(tools: Sequence[ToolSpec], place: str) -> None:
    """Refuse two tools of one name.

    Raises:
        ApiError: There are such; `param` is the place with the number of the second.
    """
    names = [tool.name for tool in tools]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise invalid(place.format(number), f"is '{name}' again: a tool's name is its own")


def chosen_of(choice: str | None) -> str:
    """`Terms.tool_choice` for a choice in one word."""
    return {"none": NO_TOOL, "required": ANY_TOOL}.get(choice or "", "")


def narrowed(
    tools: Sequence[ToolSpec], allowed: Collection[str], mode: str
) -> tuple[tuple[ToolSpec, ...], str]:
    """The tools among those that may be called, and the choice among them."""
    return tuple(tool for tool in tools if tool.name in allowed), chosen_of(mode)


def check_choice(name: str, tools: Sequence[ToolSpec], own: Collection[str], param: str) -> None:
    """Refuse the choice of a tool that there is not.

    Raises:
        ApiError: It is neither among the caller's nor among the agent's own.
    """
    if name not in own and all(tool.name != name for tool in tools):
        raise invalid(param, f"names '{name[:64]}', which is not among the tools")


def _check_audio(request: ChatRequest) -> None:
    if request.audio is None:
        raise ApiError("'audio' is missing", code="missing_required_parameter", param="audio")
    if request.audio.format == "aac":
        raise unsupported("audio.format", "must be wav, mp3, flac, opus or pcm16")
    if request.stream and request.audio.format != "pcm16":
        raise unsupported("audio.format", "must be pcm16 where the answer is streamed")


def _stops(request: ChatRequest) -> tuple[str, ...]:
    stop = request.stop or ()
    stops = (stop,) if isinstance(stop, str) else stop
    if len(stops) > MOST_STOPS:
        raise invalid("stop", f"has more than {MOST_STOPS} entries")
    return tuple(filter(None, stops))


def _format(wanted: ResponseFormat | None) -> JsonObject | None:
    if wanted is None:
        return None
    given, param = wanted.json_schema, "response_format.json_schema"
    if given is None:
        return schema_of(wanted.type, "", None, param)
    return schema_of(wanted.type, given.name, given.schema_, f"{param}.schema")
