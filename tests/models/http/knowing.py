"""A server that answers what it is asked, in the wire form of any dialect, as the suite needs it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from omni_agent.models.http.address import Address
from omni_agent.models.http.model import HttpModel
from tests.models.http.asking import PCM, QUICK
from tests.models.http.server import Asked, Reply, Server, failure, serving
from tests.models.http.wires import WIRES, Wire

_ORDERS = {
    "set_timer": ("timer", {"minutes": 10}),
    "switch_lamp": ("lamp", {"room": "hall", "on": True}),
}
_NUMBERS = ["one ", "number ", "more, "] * 60


class Knowing(Server):
    """Answers each request by its last message, as a model behind this wire would."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(models=wire.served(), check=wire.check)
        self._wire = wire

    def _reply(self, asked: Asked) -> Reply:
        if asked.method == "GET":
            return self.models
        if wrong := self.check(asked.body):
            return failure(400, wrong)
        return self._answered(asked.body)

    def _answered(self, body: Any) -> Reply:
        dialect, (*earlier, last) = self._wire.dialect, body["messages"]
        # Rules stand in the system prompt, or in an exchange behind it.
        system = "\n".join(map(_words, earlier))
        text = "" if last["role"] == "tool" or "<tool_response>" in _words(last) else _words(last)
        if len(text) > dialect.capabilities.context_tokens:
            return failure(400, "the request exceeds the available context size", code="context")
        told = [tool["function"]["name"] for tool in body.get("tools", ())]
        offered = told or [name for name in _ORDERS if f'"name": "{name}"' in system]
        choice = body.get("tool_choice")
        wanted = choice["function"]["name"] if isinstance(choice, dict) else ""
        orders = [
            (name, json.dumps(arguments))
            for name, (word, arguments) in _ORDERS.items()
            if word in text and name in offered and wanted in ("", name)
        ]
        if orders:
            return self._wire.reply(calls=orders)
        if "schema" in system or "response_format" in body or "format" in body:
            return self._wire.reply(['{"city": "Graz", ', '"country": "Austria"}'])
        return self._said(_answer(text), body)

    def _said(self, words: list[str], body: Any) -> Reply:
        limit = body.get(self._wire.dialect.limit) or body.get("options", {}).get("num_predict", 10_000)
        said = words[:limit]
        speaks = "audio" in body.get("modalities", ())
        reason = "length" if len(said) < len(words) else ""
        return self._wire.reply(said, speech=[PCM] * len(said) if speaks else (), reason=reason)


def _answer(text: str) -> list[str]:
    if "cat" in text:
        return ["Miso, ", "you told me."] if "Miso" in text else ["I do not ", "know."]
    if "Count" in text:
        return _NUMBERS
    found = next((word for word in ("banana", "zebra") if word in text), "")
    return ["A ", f"{found} ", "is a thing."] if found else ["It ", "is ", "blue."]


def _words(message: Any) -> str:
    content = message["content"] or ""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part["type"] == "text")


@asynccontextmanager
async def knowing(name: str, model: str = "m") -> AsyncIterator[HttpModel]:
    """A model of the dialect on such a server."""
    wire = WIRES[name]
    async with serving(Knowing(wire)) as server:
        address = Address.parse(f"{server.url}#{model}", wire.dialect.path)
        made = HttpModel(wire.dialect, address, key="secret-key", limits=QUICK)
        try:
            yield made
        finally:
            await made.close()
            await asyncio.sleep(0)
