"""A turn to vary, and another process that holds a store."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from omni_agent.memory import TurnRecord
from omni_agent.messages import Message, Text

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)

PRELUDE = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from omni_agent.errors import MemoryStoreError
from omni_agent.memory import Scope, TurnRecord
from omni_agent.messages import Message, Text
from omni_memory import SqliteMemory

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANNA = Scope("anna", "butler")
memory = SqliteMemory(Path(sys.argv[1]))

def turn(id, text="fine", session="s"):
    asked = Message("user", (Text("how are you?"),))
    return TurnRecord(id, session, (asked,), text, text, "done", NOON, NOON)
"""


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A new memory file: copying it is quicker than having every migration run again."""
    from omni_memory import upgrading

    path = tmp_path_factory.mktemp("empty") / "memory.db"
    upgrading.prepare(path)
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


@pytest.fixture
def turn() -> Callable[..., TurnRecord]:
    """Makes a turn: `turn("id", text=...)`, each field by name."""

    def make(id: str, **fields: Any) -> TurnRecord:  # noqa: A002 - the field's name
        text = fields.pop("text", f"answer {id}")
        plain: dict[str, Any] = {
            "session": "s",
            "messages": (Message("user", (Text(f"question {id}"),)), Message("assistant", (Text(text),))),
            "heard_text": text,
            "status": "done",
            "started_at": NOON,
            "ended_at": NOON,
        }
        return TurnRecord(id=id, text=text, **(plain | fields))

    return make


@pytest.fixture
def process() -> Callable[..., subprocess.Popen[str]]:
    """Starts Python on a script that finds `memory`, `turn`, `ANNA` ready; the first argument is the file."""

    def start(script: str, *arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", PRELUDE + script, *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start
