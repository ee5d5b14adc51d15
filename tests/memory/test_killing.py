"""Processes that die while they write, processes that write at once, and files of the version before."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from omni_memory import SqliteMemory, upgrading

from omni_agent.events import Timings, Usage
from omni_agent.memory import Scope, TurnRecord
from omni_agent.messages import Audio, Image, Message, Text, ToolCall, ToolResult

ROOT = Path(__file__).parents[2]
ANNA = Scope("anna", "butler")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
REF = "media://" + "a" * 64
SHOWN = "media://" + "b" * 64

WRITERS = """
import os
from omni_agent.memory import Origin

async def write(name, times):
    memory = SqliteMemory(Path(sys.argv[1]))
    for number in range(times):
        id = f"{name}-{number}"
        await memory.commit(ANNA, turn(id, session=name))
        said = f"My friend {name}{number} lives in Graz."
        await memory.remember(ANNA, said, Origin(name, id, NOON))
        assert await memory.history(ANNA, name)
    await memory.close()

# Everything is imported once, and the eight begin at once.
asyncio.run(write("a", 1))
children = {}
for name in "abcdefgh":
    children[name] = os.fork()
    if not children[name]:
        asyncio.run(write(name, 12))
        os._exit(0)
print([name for name, child in children.items() if os.waitpid(child, 0)[1]])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_killing_at_random_moments_leaves_nothing_half_written() -> None:
    paths = [str(ROOT), *(path for path in sys.path if path)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory_kill", "--kills", "30", "--json"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["damaged"], figures["lost"]) == (0, 0), done.stderr
    assert figures["turns"] > 10, "the processes did not write before they died"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_eight_processes_write_at_once_and_nothing_is_lost(
    tmp_path: Path, process: Callable[..., subprocess.Popen[str]], empty_file: bytes
) -> None:
    path = tmp_path / "memory.db"
    path.write_bytes(empty_file)
    assert process(WRITERS, path).communicate(timeout=120) == ("[]\n", "")
    with closing(sqlite3.connect(path)) as file:
        written = file.execute("SELECT session, seq FROM turns ORDER BY session, seq").fetchall()
        sources = file.execute("SELECT count(DISTINCT turn) FROM fact_sources").fetchone()
        bare = "SELECT count(*) FROM facts WHERE id NOT IN (SELECT fact FROM fact_sources)"
        assert file.execute(bare).fetchone() == (0,)
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert written == [(name, seq) for name in "abcdefgh" for seq in range(1, 13)]
    assert sources == (96,)


def _first_version(path: Path) -> None:
    """A file as the first version made it, with its own migration."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import NullPool, create_engine

    config = Config()
    config.set_main_option("script_location", str(upgrading.MIGRATIONS).replace("%", "%%"))
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")


def _insert(path: Path, session: str, seq: int, turn: TurnRecord) -> None:
    moment = NOON.isoformat(timespec="microseconds")
    messages = json.dumps([message.to_json() for message in turn.messages], ensure_ascii=False)
    timings, usage = json.dumps({"total": 2.0}), json.dumps({"prompt_tokens": 3})
    row = ("anna", "butler", session, turn.id, seq, turn.text, turn.heard_text, "done", moment, moment)
    with closing(sqlite3.connect(path)) as file, file:
        for table in ("users", "personas"):
            name = "anna" if table == "users" else "butler"
            file.execute(f"INSERT OR IGNORE INTO {table} VALUES (?, ?)", (name, moment))
        place = ("anna", "butler", session, moment, moment)
        file.execute("INSERT OR IGNORE INTO sessions VALUES (?, ?, ?, ?, ?)", place)
        file.execute(f"INSERT INTO turns VALUES ({', '.join('?' * 13)})", (*row, messages, timings, usage))


def test_a_file_of_the_first_version_keeps_all_and_is_searched(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    _first_version(path)
    call = ToolCall("c", "look", {})
    shown = ToolResult("c", "look", "done", "a picture", (Image(SHOWN, "image/png", 1, 1),))
    turns = [
        TurnRecord(
            "1",
            "kitchen",
            (
                Message("user", (Text("My dentist is Dr. Müller."), Audio(REF, "audio/wav", 1.0))),
                Message("assistant", (call,)),
                Message("tool", (shown,)),
                Message("assistant", (Text("I see."),)),
            ),
            "I see.",
            "I see.",
            "done",
            NOON,
            NOON,
            Timings(total=2.0),
            Usage(3),
        ),
        TurnRecord(
            "2", "kitchen", (Message("user", (Text("我的猫叫咪咪。"),)),), "好的。", "", "done", NOON, NOON,
            Timings(total=2.0), Usage(3),
        ),
    ]  # fmt: skip
    for seq, turn in enumerate(turns, 1):
        _insert(path, "kitchen", seq, turn)
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE turns SET messages = 'no JSON' WHERE id = '3'")

    async def main() -> Any:
        memory = SqliteMemory(path)
        assert await memory.history(ANNA, "kitchen") == turns
        assert (await memory.archive.contents(ANNA)).media == 2
        found = await memory.recall(ANNA, "Who is my dentist?")
        assert any("Müller" in one.text for one in found)
        exported = await memory.archive.export(ANNA)
        gone = await memory.archive.forget(ANNA, "我的猫")
        await memory.close()
        return exported, gone

    exported, gone = asyncio.run(main())
    assert {entry["ref"] for entry in exported["media"]} == {REF, SHOWN}
    assert gone.turns == 1
    assert not list(tmp_path.glob("*.bak-*")), "the copy that the upgrade made held it too"
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT version_num FROM alembic_version").fetchone() == (upgrading.HEAD,)
        assert file.execute("SELECT speaker, text FROM utterances ORDER BY id").fetchall() == [
            ("user", "My dentist is Dr. Müller."),
            ("agent", "I see."),
        ]
