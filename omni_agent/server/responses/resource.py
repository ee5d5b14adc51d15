"""A response, as clients get it: what was asked for, echoed, and what came of it.

Source of the shape: `openai` 3.57, `types/responses/response.py`, `response_usage.py`, `response_error.py`.
Fields that mean nothing here have their neutral values, for clients that insist on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...events import Usage
from ...messages import JsonObject
from ..errors import ApiError
from .requests import ChosenTools, ResponsesRequest


@dataclass(frozen=True, slots=True)
class Resource:
    """One response while it is made.

    Attributes:
        id: `resp_…`.
        created_at: Seconds since 1970.
        model: The name by which it was asked for.
        request: What was asked.
        session: The conversation that it belongs to, where the client named one.
    """

    id: str
    created_at: int
    model: str
    request: ResponsesRequest
    session: str = ""

    def body(
        self,
        status: str,
        output: Sequence[JsonObject] = (),
        *,
        usage: Usage | None = None,
        error: ApiError | None = None,
        ended_at: int | None = None,
    ) -> JsonObject:
        """It, in a state.

        Args:
            status: in_progress, completed, incomplete or failed.
            output: The items so far.
            usage: Tokens, once they are known.
            error: Why it failed.
            ended_at: Seconds since 1970, where it is completed.
        """
        return {
            "id": self.id,
            "object": "response",
            "created_at": self.created_at,
            "completed_at": ended_at,
            "status": status,
            "error": _error(error) if error else None,
            "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
            "model": self.model,
            "output": list(output),
            "usage": usage_body(usage) if usage else None,
            **self._echoed(),
        }

    def _echoed(self) -> JsonObject:
        asked = self.request
        return {
            "background": False,
            "conversation": {"id": self.session} if self.session else None,
            "frequency_penalty": 0.0,
            "instructions": asked.instructions,
            "max_output_tokens": asked.max_output_tokens,
            "max_tool_calls": None,
            "metadata": asked.metadata or {},
            "parallel_tool_calls": asked.parallel_tool_calls is not False,
            "presence_penalty": 0.0,
            "previous_response_id": asked.previous_response_id,
            "prompt_cache_key": None,
            "reasoning": {"effort": None, "summary": None},
            "safety_identifier": None,
            "service_tier": "default",
            "store": asked.keeps,
            "temperature": asked.temperature or 0.0,
            "text": {"format": self._format()},
            "tool_choice": self._choice(),
            "tools": [
                {**tool.model_dump(), "parameters": tool.parameters or {}, "strict": bool(tool.strict)}
                for tool in asked.tools or ()
            ],
            "top_logprobs": 0,
            "top_p": 1.0,
            "truncation": "disabled",
            "user": asked.user,
        }

    def _format(self) -> JsonObject:
        wanted = self.request.text.format if self.request.text else None
        if wanted is None or wanted.type != "json_schema":
            return {"type": wanted.type if wanted else "text"}
        given = {"name": wanted.name, "schema": wanted.schema_ or {}, "strict": bool(wanted.strict)}
        return {"type": "json_schema", **given}

    def _choice(self) -> str | JsonObject:
        choice = self.request.tool_choice
        if choice is None or isinstance(choice, str):
            return choice or "auto"
        if isinstance(choice, ChosenTools):
            return {**choice.model_dump(), "tools": [tool.model_dump() for tool in choice.tools]}
        return choice.model_dump()


def usage_body(usage: Usage) -> JsonObject:
    """Tokens, as Responses counts them."""
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }


def _error(error: ApiError) -> JsonObject:
    # The SDK's type knows few codes: `response_error.py`.
    return {"code": "invalid_prompt" if error.status < 500 else "server_error", "message": error.message}
