"""The embedded language model through llama.cpp's own tool calling: the baseline of `bfcl`.

The model's own chat template, tools as JSON Schema, `tool_choice: auto`. This model hardly ever writes calls
in the tags of its template; calls that it writes as JSON, bare or fenced, are therefore counted too.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .bfcl_check import Call, json_schema, tool_name

MOST_TOKENS = 400


class NativeModel:
    """A GGUF model, asked by chat completions with tools.

    Args:
        folder: Holds the one `.gguf`.
    """

    def __init__(self, folder: Path) -> None:
        xllamacpp: Any = importlib.import_module("xllamacpp")
        params = xllamacpp.CommonParams()
        params.model.path, params.n_ctx = str(next(folder.glob("*.gguf"))), 8192
        params.n_gpu_layers, params.use_jinja, params.verbosity = 0, True, -1
        params.fit_params = False
        cores = os.cpu_count() or 1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = cores
        self._server = xllamacpp.Server(params)

    def calls(self, messages: list[dict[str, str]], functions: list[dict[str, Any]]) -> list[Call]:
        """The calls that it answers with, those of unknown functions left out."""
        names = {tool_name(item["name"]) for item in functions}
        answers: list[dict[str, Any]] = []
        body = {
            "messages": messages,
            "tools": [{"type": "function", "function": _function(item)} for item in functions],
            "tool_choice": "auto",
            "temperature": 0,
            "seed": 0,
            "max_tokens": MOST_TOKENS,
        }

        def taken(chunk: dict[str, Any]) -> bool:
            answers.append(chunk)
            return False

        self._server.handle_chat_completions(body, taken)
        message = answers[-1].get("choices", [{}])[0].get("message", {}) if answers else {}
        parsed = [
            {"name": call["function"]["name"], "arguments": json.loads(call["function"]["arguments"] or "{}")}
            for call in message.get("tool_calls") or ()
        ]
        found = parsed or list(_written(message.get("content") or ""))
        return [(item["name"], item["arguments"]) for item in found if item["name"] in names]


def _function(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": tool_name(item["name"]),
        "description": item["description"],
        "parameters": json_schema(item["parameters"]),
    }


def _written(words: str) -> Iterator[dict[str, Any]]:
    """The calls that stand in an answer's words as JSON."""
    decoder = json.JSONDecoder()
    at = 0
    while (at := words.find("{", at)) >= 0:
        try:
            value, end = decoder.raw_decode(words, at)
        except ValueError:
            at += 1
            continue
        at = end
        if isinstance(value, dict) and isinstance(value.get("name"), str):
            arguments = value.get("arguments", value.get("parameters"))
            if isinstance(arguments, dict):
                yield {"name": value["name"], "arguments": arguments}
