"""The requirements, from `requirements.toml`: what a Realtime server must do, and where that is said."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

Level = Literal["must", "should"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that is required of a server.

    Attributes:
        id: Stable: a program may compare it.
        level: `must` where clients break or the reference says so; `should` where servers differ.
        requires: What is required, in a sentence.
        source: Where it is said, or whose client breaks without it.
    """

    id: str
    level: Level
    requires: str
    source: str

    def __str__(self) -> str:
        return self.id


@cache
def requirements() -> Mapping[str, Requirement]:
    """All of them, by id."""
    text = Path(__file__).with_name("requirements.toml").read_text(encoding="utf-8")
    rows = (Requirement(**row) for row in tomllib.loads(text)["requirement"])
    return MappingProxyType({row.id: row for row in rows})
