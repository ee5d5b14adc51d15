"""Answers of a given form: a grammar says which tokens may come next, so that what is written always fits.

llguidance (MIT) reads the schema and keeps the state of each answer: a call of it takes microseconds, where a
step of the model takes milliseconds (`docs/transformers.md`). The JSON is spelled as `json.dumps` spells it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import ModelError
from ..grammar import MOST_CALLS
from .bounds import bounded
from .libraries import library

if TYPE_CHECKING:
    from ...messages import JsonObject
    from ..base import Request
    from .loading import Loaded

_SPELLING: dict[str, Any] = {
    "item_separator": ", ",
    "key_separator": ": ",
    "whitespace_flexible": False,
    # No \uXXXX: halves of a pair are no text that can be written on.
    "json_allowed_escapes": 'nrbtf\\"',
}
_KEPT = 16


class Forms:
    """The forms that answers of a loaded model can be held to.

    Args:
        loaded: Whose tokens.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._tokens: Any = None
        self._compiled: dict[str, Any] = {}

    def of(self, request: Request) -> Form | None:
        """The form of the answer that a request wants: JSON, or calls of one tool; None for any words.

        Raises:
            ModelError: The schema says what no grammar can (`format_unsupported`).
            ModelUnavailable: llguidance is not installed.
        """
        if request.format is not None:
            return self._form(request.format, _json)
        chosen = next((spec for spec in request.tools if spec.name == request.tool_choice), None)
        if chosen is None:
            return None
        tags = self._tag("<tool_call>"), self._tag("</tool_call>")
        return self._form({"type": "object", **chosen.parameters}, partial(_calls, chosen.name, tags))

    def _form(self, schema: JsonObject, written: Callable[[JsonObject], str]) -> Form:
        """At its beginning; what is asked for again and again is compiled once."""
        key = written(schema)
        if key not in self._compiled:
            while len(self._compiled) >= _KEPT:
                self._compiled.pop(next(iter(self._compiled)))
            self._compiled[key] = self._matcher(schema, written)
        return Form(self._compiled[key].deep_copy())

    def _matcher(self, schema: JsonObject, written: Callable[[JsonObject], str]) -> Any:
        """The strictest reading of the schema of which there is a grammar."""
        matcher: Any = None
        for reading in _readings(schema):
            tried = library("llguidance").LLMatcher(self._vocabulary(), written(reading), log_level=0)
            if not tried.is_error():
                return tried
            matcher = matcher or tried
        raise ModelError(
            f"no grammar can be made of the schema: {_first_line(matcher)}",
            code="format_unsupported",
            remedy="leave look-around out of its patterns, and what contradicts itself",
        )

    def _tag(self, tag: str) -> str:
        """A tag as grammars write it: bare where it is one token, which has no text for llguidance."""
        tokenizer = self._loaded.tokenizer
        number = tokenizer.convert_tokens_to_ids(tag)
        one = number is not None and tokenizer.convert_ids_to_tokens(number) == tag
        return tag if one and self._vocabulary().is_special_token(number) else json.dumps(tag)

    def _vocabulary(self) -> Any:
        if self._tokens is None:
            tokenizer = self._loaded.tokenizer
            self._tokens = library("llguidance.hf").from_tokenizer(
                tokenizer, n_vocab=len(tokenizer), eos_token=list(self._loaded.ends)
            )
        return self._tokens


class Form:
    """The form of one answer, as a logits processor of transformers: what may not come next is impossible.

    Args:
        matcher: Of llguidance, at its beginning.
    """

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher
        self._read: int | None = None

    def __call__(self, ids: Any, scores: Any) -> Any:
        """The scores, (1, vocabulary), of the next token after `ids`, (1, tokens).

        Raises:
            ModelError: A token was taken that does not fit (`format_failed`).
        """
        count = ids.shape[1]
        if self._read is not None and not self._matcher.is_stopped():
            self._matcher.consume_tokens(ids[0, self._read :].tolist())
        self._read = count
        torch = library("torch")
        packed = torch.frombuffer(bytearray(self._matcher.compute_bitmask()), dtype=torch.uint8)
        if self._matcher.is_error():
            raise ModelError(
                f"the answer cannot be held to its form: {_first_line(self._matcher)}",
                code="format_failed",
                remedy="ask again, or for a simpler schema",
            )
        packed = packed.to(scores.device)
        bits = (packed[:, None] >> torch.arange(8, device=scores.device, dtype=torch.uint8)) & 1
        allowed = torch.zeros(scores.shape[-1], dtype=torch.bool, device=scores.device)
        known = min(len(allowed), bits.numel())
        allowed[:known] = bits.flatten()[:known].bool()
        return scores.masked_fill(~allowed, float("-inf"))


def _readings(schema: JsonObject) -> Iterator[JsonObject]:
    """Ways to read a schema, the strictest first: keywords that no grammar knows are passed over at last."""
    for lenient in (False, True):
        for reading in (bounded(schema), schema):
            yield {**reading, "x-guidance": {**_SPELLING, "lenient": lenient}}


def _first_line(matcher: Any) -> str:
    return str(matcher.get_error()).partition("\n")[0]


def _json(schema: JsonObject) -> str:
    grammar: str = library("llguidance").LLMatcher.grammar_from_json_schema(json.dumps(schema))
    return grammar


def _calls(name: str, tags: tuple[str, str], parameters: JsonObject) -> str:
    """One call or more of a tool, in the Hermes form that both families' templates and parsers know."""
    opening = json.dumps(f'\n{{"name": {json.dumps(name)}, "arguments": ', ensure_ascii=False)
    closing = json.dumps("}\n")
    lark = (
        f'start: call ("\\n" call){{0,{MOST_CALLS - 1}}}\n'
        f"call: {tags[0]} {opening} arguments {closing} {tags[1]}\n"
        f"arguments: %json {json.dumps(parameters)}\n"
    )
    grammar: str = library("llguidance").LLMatcher.grammar_from_lark(lark)
    return grammar
