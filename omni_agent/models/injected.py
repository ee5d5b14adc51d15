"""Tools for a model whose template or server has no place for them: as words, in the form of Nous Hermes.

That is the form that Qwen's models were trained on. Where a checkpoint's own template knows tools, that one
is used; these are our own words for the others.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..messages import JsonObject, ToolCall, ToolResult, ToolSpec
from .base import ANY_TOOL
from .prompt import clean, told_result

_RULES = """\
# Tools

You may call the functions that these signatures describe:
<tools>
{tools}
</tools>

To call, write nothing but one such block for each call, with the function's name and its arguments as JSON:
<tool_call>
{{"name": "the function's name", "arguments": {{"the argument's name": "its value"}}}}
</tool_call>
What the functions gave comes back between <tool_response> and </tool_response>. Where none of them fits, \
answer in words."""
_MUST = "\nThis time you must call {what}."
_DEMANDED = {ANY_TOOL: "one of them"}


def signature(spec: ToolSpec) -> JsonObject:
    """A tool in OpenAI's shape, which templates and models know.

    What a server of tools describes is written by others, too, so it holds no control tokens.
    """
    about = {"name": spec.name, "description": spec.description, "parameters": spec.parameters}
    cleaned: JsonObject = json.loads(clean(json.dumps(about, ensure_ascii=False)))
    return {"type": "function", "function": cleaned}


def block(tools: Sequence[ToolSpec], choice: str = "") -> str:
    """What the system prompt says of the tools; `choice` is as in a request."""
    listed = "\n".join(json.dumps(signature(spec), ensure_ascii=False) for spec in tools)
    return _RULES.format(tools=listed) + (_MUST.format(what=_DEMANDED.get(choice, choice)) if choice else "")


def called(calls: Sequence[ToolCall]) -> str:
    """Calls that the model made, as it would have written them."""
    written = ({"name": call.name, "arguments": call.arguments} for call in calls)
    return "\n".join(f"<tool_call>\n{json.dumps(call, ensure_ascii=False)}\n</tool_call>" for call in written)


def answered(results: Sequence[ToolResult]) -> str:
    """What became of them, for a message of the user's."""
    return "\n".join(f"<tool_response>\n{told_result(result)}\n</tool_response>" for result in results)
