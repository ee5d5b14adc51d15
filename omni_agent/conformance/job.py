"""What a process that checks a plugin is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..messages import JsonObject


@dataclass(frozen=True, slots=True)
class Job:
    """One plugin to check.

    Attributes:
        name: The plugin's.
        value: What its entry point says, or the path of a Python file.
        root: The sandbox.
        path: Folders for the front of the module path.
        options: Keyword arguments of the plugin.
        arguments: Arguments to call tools with, by tool.
        taken: Names that other tools have.
        done: Tools that are not to be looked at again.
        run: Whether tools may be called.
        irreversible: Whether those may be called that cannot be taken back.
        network: Whether tools may reach other machines.
        patience: Seconds after which a call is cut off.
    """

    name: str
    value: str
    root: str
    path: list[str] = field(default_factory=list)
    options: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, list[JsonObject]] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    run: bool = True
    irreversible: bool = False
    network: bool = False
    patience: float = 3.0

    def write(self, path: Path) -> None:
        """Keep it in a file."""
        path.write_text(json.dumps(asdict(self), default=str), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Job:
        """Read it from a file."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))
