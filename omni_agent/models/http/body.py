"""The body of a request, in OpenAI's shape first and then in the dialect's."""

from __future__ import annotations

import json
from dataclasses import replace

from ...messages import JsonObject
from .. import injected
from ..base import ANY_TOOL, Request
from .attachments import Attachments
from .chat import chat
from .dialect import Dialect

_FORM = "Answer with JSON that fits this schema, and with nothing else:\n{schema}"


def offered(request: Request, dialect: Dialect) -> Request:
    """The request with just the tools that may be called in it.

    Those that are withheld are left out, and where the dialect cannot ask for one by name, only that one is
    left to be called. A task that is none of talk goes without.
    """
    tools = tuple(spec for spec in request.tools if spec.name not in request.withheld)
    if request.tool_choice not in ("", ANY_TOOL) and dialect.tool_choice != "named":
        tools = tuple(spec for spec in tools if spec.name == request.tool_choice)
    if request.format is not None or not request.talk:
        tools = ()
    return replace(request, tools=tools, tool_choice=request.tool_choice if tools else "")


def body(
    request: Request, dialect: Dialect, model: str, media: Attachments, *, voice: str | None = None
) -> JsonObject:
    """What is sent.

    Args:
        request: From `offered`.
        dialect: Of the server.
        model: The model's name; empty leaves it out.
        media: What goes along.
        voice: The voice that the answer is spoken in, empty for the usual one; None for words only.
    """
    if request.format is not None and dialect.schema == "prompt":
        words = _FORM.format(schema=json.dumps(request.format, ensure_ascii=False))
        request = replace(request, system=f"{request.system}\n\n{words}".strip())
    made: JsonObject = {"model": model} if model else {}
    made |= {
        "messages": chat(request, dialect.form, media.data),
        "stream": True,
        "temperature": request.temperature,
        "seed": request.seed,
    }
    if voice is None or not dialect.counts_speech:
        made[dialect.limit] = request.max_tokens
    if dialect.counts:
        made["stream_options"] = {"include_usage": True}
    made |= _tools(request, dialect) | _schema(request, dialect)
    made |= dialect.clips_heard if media.clips_sound else {}
    made |= dialect.speaking(voice) if dialect.speaking and voice is not None else dialect.silent
    return dialect.finish(made, dialect.capabilities.context_tokens)


def _tools(request: Request, dialect: Dialect) -> JsonObject:
    if not request.tools or dialect.form.tools_in_prompt:
        return {}
    fields: JsonObject = {"tools": [injected.signature(spec) for spec in request.tools]}
    if dialect.tool_choice == "none":
        return fields
    if request.tool_choice == ANY_TOOL or (request.tool_choice and dialect.tool_choice == "required"):
        return {**fields, "tool_choice": "required"}
    if request.tool_choice:
        named = {"type": "function", "function": {"name": request.tool_choice}}
        return {**fields, "tool_choice": named}
    return {**fields, "tool_choice": "auto"}


def _schema(request: Request, dialect: Dialect) -> JsonObject:
    if request.format is None or dialect.schema == "prompt":
        return {}
    form = {"name": "answer", "schema": request.format}
    return {"response_format": {"type": "json_schema", "json_schema": form}}
