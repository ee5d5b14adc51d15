"""The right call, or none, for questions of the Berkeley Function-Calling Leaderboard, with its AST check.

For each category `accuracy` is the share of questions whose calls are accepted (for irrelevance: no call at
all), `baseline` is the same model in the same run through llama.cpp's own chat template and tool calling, of
which also calls are counted that it writes as JSON in its words. Each question's tools are all that the agent
has, and it stops after its first answer. `--limit` is per category.
"""

from __future__ import annotations

import asyncio
import json
from argparse import ArgumentParser
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omni_agent import Agent, Tool, ToolContext
from omni_agent.config import Settings
from omni_agent.events import ToolStarted
from omni_agent.models.base import Capabilities, Done, ModelEvent, OmniModel, Request, TextDelta
from omni_agent.models.llama import LlamaLanguage
from omni_agent.models.store import ModelStore
from omni_agent.senses import Senses

from .bfcl_check import Call, json_schema, right, tool_name
from .bfcl_native import NativeModel
from .report import DATA, Arguments, arguments, publish

CATEGORIES = ("simple_python", "multiple", "parallel", "irrelevance")


@dataclass(frozen=True, slots=True)
class Question:
    """One question: its words, its functions as the leaderboard writes them, and the accepted calls."""

    id: str
    messages: list[dict[str, str]]
    functions: list[dict[str, Any]]
    accepted: list[dict[str, dict[str, list[Any]]]]

    @property
    def words(self) -> str:
        """What the user asks."""
        return "\n".join(message["content"] for message in self.messages if message["role"] == "user")

    def tools(self) -> list[Tool]:
        """The functions as tools that do nothing."""

        async def run(arguments: dict[str, Any], context: ToolContext) -> str:
            return "done"

        return [
            Tool.from_schema(
                tool_name(item["name"]), item["description"], json_schema(item["parameters"]), run
            )
            for item in self.functions
        ]


class FirstAnswer:
    """A model whose turn is over with its first answer; what it would say of a result is not asked."""

    def __init__(self, model: OmniModel) -> None:
        self._model = model

    @property
    def capabilities(self) -> Capabilities:
        return self._model.capabilities

    @property
    def senses(self) -> Senses:
        return self._model.senses

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        if request.messages[-1].role == "tool":
            yield TextDelta("Done.")
            yield Done("stop")
            return
        async with aclosing(self._model.stream(request)) as events:
            async for event in events:
                yield event

    async def prewarm(self, request: Request | None = None) -> None:
        await self._model.prewarm(request)

    async def close(self) -> None:
        """The model is shared by all questions and closed after the last."""


def questions(folder: Path, category: str, limit: int) -> list[Question]:
    """The first questions of a category."""
    accepted: dict[str, list[dict[str, dict[str, list[Any]]]]] = {}
    answers = folder / f"{category}.answers.jsonl"
    if answers.is_file():
        accepted = {item["id"]: item["ground_truth"] for item in _lines(answers)}
    return [
        Question(item["id"], item["question"][0], item["function"], accepted.get(item["id"], []))
        for item in _lines(folder / f"{category}.jsonl")[: limit or None]
    ]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


async def calls_of(model: OmniModel, question: Question) -> list[Call]:
    """The calls that run when an agent is asked."""
    agent = Agent(name="Omni", tools=question.tools(), model=FirstAnswer(model), memory=None)
    async with aclosing(agent.stream(question.words, session=question.id, speak=False)) as events:
        return [(event.name, event.arguments) async for event in events if isinstance(event, ToolStarted)]


async def ours(asked: dict[str, list[Question]], given: Arguments) -> dict[str, list[bool]]:
    store = ModelStore()
    # Without a folder for prefixes: every question has other tools.
    model = LlamaLanguage(lambda: store.ensure("language"), threads=Settings.load().threads)
    scores: dict[str, list[bool]] = {}
    try:
        for category, some in asked.items():
            scores[category] = [
                judged(question, await calls_of(model, question), given.say) for question in some
            ]
    finally:
        await model.close()
    return scores


def judged(question: Question, calls: list[Call], say: Callable[[str], None]) -> bool:
    """Whether the calls are accepted; told line by line."""
    accepted = right(calls, question.accepted)
    say(f"{'ok ' if accepted else '   '}{question.id}  {question.words[:80]!r} -> {calls}")
    return accepted


def main() -> None:
    def own(parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-baseline", action="store_true", help="leave llama.cpp's own tool calling out"
        )
        parser.add_argument("--categories", nargs="+", default=CATEGORIES, choices=CATEGORIES)

    given = arguments("The right call, or none.", DATA / "bfcl", own=own)
    asked = {name: questions(given.data, name, given.limit) for name in given.own.categories}
    scores = asyncio.run(ours(asked, given))
    native: dict[str, list[bool]] = {}
    if not given.own.no_baseline:
        model = NativeModel(ModelStore().ensure("language"))
        native = {
            name: [
                judged(question, model.calls(question.messages, question.functions), given.say)
                for question in some
            ]
            for name, some in asked.items()
        }
    publish({name: _figures(scores[name], native.get(name)) for name in asked})


def _figures(scores: list[bool], baseline: list[bool] | None) -> dict[str, object]:
    def share(values: list[bool]) -> float:
        return round(sum(values) / max(len(values), 1), 4)

    return {"accuracy": share(scores), "baseline": share(baseline) if baseline else None, "n": len(scores)}


if __name__ == "__main__":
    main()
