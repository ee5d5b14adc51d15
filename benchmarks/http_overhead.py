"""What the HTTP client adds to a server's answer: a server that answers at once, asked again and again.

`model_p50_ms` is from `OmniModel.stream` to the first event. `agent_p50_ms` is from `Agent.stream` to the
first words, the graph and everything before the model included, and `agent_event_p50_ms` to the first event,
which says that the turn has begun; the limit of either first event is 5 ms. `graph_p50_ms` is the same with a
model in this process that takes no time, and `remembering_p50_ms` that with a memory. LangChain's
`ChatOpenAI` is asked in turn with them, also over a kept connection, where `langchain-openai` is installed.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from omni_agent import Agent
from omni_agent.config import Settings
from omni_agent.events import TextDelta
from omni_agent.messages import Message, Text
from omni_agent.models import base
from omni_agent.models.base import Capabilities, Done, ModelEvent, Request
from omni_agent.models.http.factories import vllm
from omni_agent.senses import Senses

from .instant_server import instant_server
from .report import DATA, arguments, median, publish, quantile

LIMIT_MS = 5.0
_WARMING = 20
_QUESTION = "What time is it in Vienna?"
_SYSTEM = "You are Omni, a helpful assistant. Answer in a few plain words."

Ask = Callable[[int], AsyncIterator[bool]]
"""Asks once and gives, for each thing that comes, whether it is what is waited for."""


class InstantModel:
    """Answers in this process, at once."""

    capabilities = Capabilities()
    senses = Senses()

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        yield base.TextDelta("Good day")
        yield Done("stop")

    async def prewarm(self, request: Request | None = None) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""


async def first_ms(ask: Ask, number: int) -> tuple[float, float]:
    """Milliseconds to the first thing that comes, and to the first that is waited for; the rest of the answer
    is read too."""
    started = time.perf_counter()
    came = spent = 0.0
    async for awaited in ask(number):
        now = (time.perf_counter() - started) * 1000
        came = came or now
        spent = spent or (now if awaited else 0.0)
    return came, spent


def langchain(url: str) -> Ask | None:
    """ChatOpenAI, or None where it is not installed."""
    if importlib.util.find_spec("langchain_openai") is None:
        return None
    made: Any = importlib.import_module("langchain_openai").ChatOpenAI
    chat = made(model="m", base_url=url, api_key="none", max_retries=2)

    async def ask(number: int) -> AsyncIterator[bool]:
        async for chunk in chat.astream([("system", _SYSTEM), ("human", _QUESTION)]):
            yield bool(chunk.content)

    return ask


async def figures(url: str, count: int) -> dict[str, object]:
    """All of them, each asked in its turn."""
    model = vllm(Settings(), f"{url}#m")
    request = Request(_SYSTEM, (Message("user", (Text(_QUESTION),)),))
    async with (
        Agent(model=model, memory=None) as agent,
        Agent(model=InstantModel(), memory=None) as bare,
        Agent(model=InstantModel()) as remembering,
    ):

        async def by_model(number: int) -> AsyncIterator[bool]:
            async with aclosing(model.stream(request)) as events:
                async for _ in events:
                    yield True

        asked: dict[str, Ask] = {
            "model": by_model,
            "agent": of_agent(agent),
            "graph": of_agent(bare),
            "remembering": of_agent(remembering),
        }
        if peer := langchain(url):
            asked["langchain"] = peer
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in asked}
        for number in range(-_WARMING, count):
            for name, ask in asked.items():
                taken = await first_ms(ask, number)
                if number >= 0:
                    spent[name].append(taken)
    return _reported(spent, count)


def of_agent(agent: Agent) -> Ask:
    """An agent, each time in a session of its own; its first words are waited for."""

    async def ask(number: int) -> AsyncIterator[bool]:
        async for event in agent.stream(_QUESTION, session=f"s{number}", speak=False):
            yield isinstance(event, TextDelta)

    return ask


def _reported(spent: dict[str, list[tuple[float, float]]], count: int) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, values in spent.items():
        words = [both[1] for both in values]
        found |= {f"{name}_p50_ms": median(words), f"{name}_p95_ms": quantile(words, 0.95)}
    events = {name: median([both[0] for both in values]) for name, values in spent.items()}
    found |= {f"{name}_event_p50_ms": events[name] for name in ("agent", "remembering")}
    found["ratio_to_limit"] = round(events["model"] / LIMIT_MS, 3)
    found["agent_event_ratio_to_limit"] = round(events["agent"] / LIMIT_MS, 3)
    if "langchain" in spent:
        peer = median([both[1] for both in spent["langchain"]])
        found["ratio_to_langchain"] = round(median([both[1] for both in spent["model"]]) / peer, 3)
    else:
        found["langchain"] = "not installed: pip install langchain-openai"
    return {**found, "n": count}


def main() -> None:
    """Measure and print the figures."""
    given = arguments("What the HTTP client adds to a server's answer.", DATA, limit=300)
    with tempfile.TemporaryDirectory() as folder, instant_server() as url:
        os.environ["OMNI_AGENT_HOME"] = folder
        publish(asyncio.run(figures(url, given.limit)))


if __name__ == "__main__":
    main()
