"""A hand-written case of `cases/`: what was said, what a small model made of it, what must run."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from omni_agent.grounding import Evidence, Grounded, ground
from omni_agent.messages import Message, Text, ToolCall, ToolSpec

FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """One case, with the tools and the time of its file."""

    name: str
    tools: tuple[ToolSpec, ...]
    now: datetime
    data: dict[str, Any]

    @property
    def calls(self) -> list[ToolCall]:
        """What the model wrote."""
        return [ToolCall(f"m{i}", name, arguments) for i, (name, arguments) in enumerate(self.data["model"])]

    def evidence(self, said: str | None = None, language: str = "") -> Evidence:
        """What there is to rest on, or the same with other words."""
        return Evidence(
            self.data["said"] if said is None else said,
            self.now,
            language,
            earlier=tuple(map(_message, self.data.get("earlier", ()))),
            pictures=tuple(self.data.get("pictures", ())),
        )

    def ground(self) -> list[Grounded]:
        """The calls, grounded."""
        return ground(self.calls, self.tools, self.evidence())

    def outcome(self) -> tuple[list[list[Any]], list[str]]:
        """What runs, and what is asked for."""
        grounded = self.ground()
        asked = [path.split(".")[-1] for one in grounded for path in one.missing]
        return [[g.call.name, g.call.arguments] for g in grounded if not g.missing], asked

    def passes(self) -> bool:
        """Whether just the wanted calls run, and just the missing arguments are asked for."""
        runs, asked = self.outcome()
        return runs == self.data["want"] and sorted(set(asked)) == sorted(self.data.get("ask", ()))


def cases(folder: Path = FOLDER) -> Iterator[Case]:
    """All cases of all files."""
    for path in sorted(folder.glob("*.toml")):
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        tools = tuple(
            ToolSpec(t["name"], t["description"], json.loads(t["parameters"])) for t in file["tool"]
        )
        for number, data in enumerate(file["case"], 1):
            yield Case(
                f"{path.stem} {number} ({data['kind']})", tools, datetime.fromisoformat(file["now"]), data
            )


def _message(turn: list[Any]) -> Message:
    match turn:
        case ["call", name, arguments]:
            return Message("assistant", (ToolCall("e", name, arguments),))
        case ["user", text]:
            return Message("user", (Text(text),))
        case [_, text]:
            return Message("assistant", (Text(text),))
    raise ValueError(turn)
