"""Opening: new, old, newer, foreign, damaged and forbidden files."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from omni_memory import SqliteMemory, database, upgrading

from omni_agent.errors import MemoryStoreError
from omni_agent.events import Timings
from omni_agent.memory import Scope, TurnRecord
from omni_agent.messages import Message, ToolCall

ANNA = Scope("anna", "butler")
MakeTurn = Callable[..., TurnRecord]

NEXT = """
import sqlalchemy as sa
from alembic import op
revision = "0003"
down_revision = "0002"
def upgrade():
    with op.batch_alter_table("sessions", recreate="always") as sessions:
        sessions.add_column(sa.Column("title", sa.Text()))
"""


@pytest.fixture
def path(home: Path) -> Path:
    return home / "memory.db"


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes this the version after: with one more migration, which rebuilds a table that turns refer to."""

    def install(migration: str = NEXT) -> None:
        # A percent sign, because the folder passes through an ini parser.
        folder = tmp_path / "100%" / "migrations"
        shutil.copytree(upgrading.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "versions" / "0003_next.py").write_text(migration, encoding="utf-8")
        monkeypatch.setattr(upgrading, "MIGRATIONS", folder)
        monkeypatch.setattr(upgrading, "HEAD", "0003")

    return install


def write(path: Path, *turns: TurnRecord) -> None:
    async def main() -> None:
        memory = SqliteMemory(path)
        for turn in turns:
            await memory.commit(ANNA, turn)
        await memory.close()

    asyncio.run(main())


def read(path: Path) -> list[TurnRecord]:
    async def main() -> list[TurnRecord]:
        memory = SqliteMemory(path)
        try:
            return await memory.history(ANNA, "s")
        finally:
            await memory.close()

    return asyncio.run(main())


def ask(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as file:
        return file.execute(sql).fetchall()


def test_models_and_migrations_agree(path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from omni_memory.tables import Base, is_mapped
    from sqlalchemy import create_engine

    assert read(path) == []
    assert ScriptDirectory(str(upgrading.MIGRATIONS)).get_current_head() == upgrading.HEAD
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_mapped})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_a_new_file_is_private_and_writes_ahead(path: Path, turn: MakeTurn) -> None:
    write(path, turn("1"))
    assert ask(path, "PRAGMA journal_mode") == [("wal",)]
    assert ask(path, "SELECT version_num FROM alembic_version") == [(upgrading.HEAD,)]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_connections_are_set_up(path: Path) -> None:
    async def main() -> dict[str, Any]:
        upgrading.prepare(path)
        opened = database.Database(path)
        names = ("foreign_keys", "synchronous", "secure_delete", "busy_timeout", "journal_mode")
        async with opened.reading() as connection:
            found = {name: await connection.scalar(_pragma(name)) for name in names}
        await opened.close()
        return found

    assert asyncio.run(main()) == {
        "foreign_keys": 1,
        "synchronous": 1,
        "secure_delete": 1,
        "busy_timeout": 30_000,
        "journal_mode": "wal",
    }


def _pragma(name: str) -> Any:
    from sqlalchemy import text

    return text(f"PRAGMA {name}")


def test_a_file_that_is_up_to_date_opens_without_alembic(path: Path, turn: MakeTurn, process: Any) -> None:
    write(path, turn("1"))
    script = """
assert "sqlalchemy" not in sys.modules
found = asyncio.run(memory.history(ANNA, "s"))
asyncio.run(memory.close())
print(len(found), "alembic" in sys.modules)
"""
    assert process(script, path).communicate(timeout=60) == ("1 False\n", "")


def test_creating_leaves_logging_and_streams_alone(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), root.manager.disable)
    assert read(path) == []
    assert (root.level, list(root.handlers), root.manager.disable) == before
    assert capfd.readouterr() == ("", "")


def test_an_older_file_is_backed_up_and_upgraded(
    path: Path, turn: MakeTurn, next_version: Callable[..., None]
) -> None:
    turns = [turn("1"), turn("2")]
    write(path, *turns)
    next_version()
    assert read(path) == turns
    assert ask(path, "SELECT version_num FROM alembic_version") == [("0003",)]
    assert ask(path, "SELECT id, title FROM sessions") == [("s", None)]
    backup = path.with_name("memory.db.bak-0002")
    assert ask(backup, "SELECT version_num FROM alembic_version") == [("0002",)]
    assert ask(backup, "SELECT id FROM turns ORDER BY seq") == [("1",), ("2",)]
    if os.name == "posix":
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_an_upgrade_leaves_no_copy_that_erasure_would_miss(
    path: Path, turn: MakeTurn, next_version: Callable[..., None]
) -> None:
    write(path, *(turn("1", session=f"canary {number}") for number in range(200)))
    next_version()
    assert read(path) == []
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        for pragma in ("foreign_keys=ON", "secure_delete=ON"):
            file.execute(f"PRAGMA {pragma}")
        assert b"canary" in path.read_bytes()
        file.execute("DELETE FROM users")
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"canary" not in path.read_bytes()


def test_the_backup_holds_what_a_killed_process_left_in_the_log(
    path: Path, process: Any, next_version: Callable[..., None]
) -> None:
    script = """
async def main():
    await memory.commit(ANNA, turn("1"))
    print("committed", flush=True)
    sys.stdin.readline()
asyncio.run(main())
"""
    dying = process(script, path)
    assert dying.stdout.readline() == "committed\n"
    dying.kill()
    dying.communicate(timeout=60)
    assert path.with_name("memory.db-wal").stat().st_size > 0
    next_version()
    assert [one.id for one in read(path)] == ["1"]
    assert ask(path.with_name("memory.db.bak-0002"), "SELECT id FROM turns") == [("1",)]


@pytest.mark.parametrize(
    "fault",
    [
        "    op.execute('INSERT INTO nowhere VALUES (1)')",
        "    op.execute(\"UPDATE turns SET session = 'gone'\")",
    ],
)
def test_an_upgrade_that_fails_changes_nothing(
    path: Path, turn: MakeTurn, next_version: Callable[..., None], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    write(path, turn("1"))
    with monkeypatch.context() as later:
        next_version(NEXT + fault + "\n")
        with pytest.raises(MemoryStoreError) as caught:
            read(path)
        assert caught.value.code == "memory_upgrade_failed"
        assert "memory.db.bak-0002" in caught.value.remedy
        assert path.with_name("memory.db.bak-0002").exists()
        later.undo()
    monkeypatch.undo()
    assert ask(path, "SELECT version_num FROM alembic_version") == [("0002",)]
    assert [one.id for one in read(path)] == ["1"]


@pytest.mark.parametrize("revision", ["('0003')", "('9f8e')", "('0002'), ('0003')"])
def test_a_newer_file_is_refused_and_kept(path: Path, turn: MakeTurn, revision: str) -> None:
    write(path, turn("1"))
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("DELETE FROM alembic_version")
        file.execute(f"INSERT INTO alembic_version VALUES {revision}")
    before = path.read_bytes()
    with pytest.raises(MemoryStoreError) as caught:
        read(path)
    assert caught.value.code == "memory_newer"
    assert "upgrade" in caught.value.remedy
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.bak*"))


def test_another_programs_database_is_refused_and_kept(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("CREATE TABLE recipes (name)")
    before = path.read_bytes()
    with pytest.raises(MemoryStoreError) as caught:
        read(path)
    assert caught.value.code == "memory_foreign"
    assert path.read_bytes() == before


def test_what_is_no_database_is_refused_and_kept(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"Dear diary, " * 500)
    with pytest.raises(MemoryStoreError) as caught:
        read(path)
    assert caught.value.code == "memory_corrupt"
    assert str(path) in caught.value.message
    assert caught.value.remedy
    assert path.read_bytes() == b"Dear diary, " * 500


def test_a_damaged_database_is_an_error_and_kept(path: Path, turn: MakeTurn) -> None:
    write(path, *(turn(str(number), text="long " * 2000) for number in range(5)))
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = b"\xa5" * len(damaged[4096:])
    path.write_bytes(damaged)
    with pytest.raises(MemoryStoreError) as caught:
        read(path)
    assert caught.value.code == "memory_corrupt"
    with pytest.raises(MemoryStoreError):
        write(path, turn("6"))
    assert path.read_bytes() == damaged


def test_a_file_that_is_mended_opens_with_the_same_store(path: Path, turn: MakeTurn) -> None:
    path.parent.mkdir()
    path.write_bytes(b"Dear diary, " * 500)

    memory = SqliteMemory(path)
    with pytest.raises(MemoryStoreError):
        asyncio.run(memory.commit(ANNA, turn("1")))
    path.unlink()
    asyncio.run(memory.commit(ANNA, turn("1")))
    assert len(asyncio.run(memory.history(ANNA, "s"))) == 1
    asyncio.run(memory.close())


@pytest.fixture
def unprivileged(tmp_path_factory: pytest.TempPathFactory, turn: MakeTurn) -> Iterator[None]:
    """Nobody's rights: root may write anywhere."""
    if sys.platform == "win32":
        pytest.skip("rights on folders are another thing on Windows")
    warm = tmp_path_factory.mktemp("warm") / "memory.db"
    write(warm, turn("1"))  # everything is imported that a nobody might not be allowed to read
    read(warm)
    if os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(65534)
    except OSError:
        pytest.skip("there is no other user in this user namespace")
    yield
    os.seteuid(0)


@pytest.mark.parametrize("exists", [False, True])
def test_a_folder_without_write_access_is_an_error(
    path: Path, turn: MakeTurn, exists: bool, request: pytest.FixtureRequest
) -> None:
    path.parent.mkdir()
    if exists:
        write(path, turn("1"))
        path.chmod(0o444)
        path.with_name("memory.db.lock").unlink(missing_ok=True)
    path.parent.chmod(0o555)
    request.getfixturevalue("unprivileged")
    with pytest.raises(MemoryStoreError) as caught:
        write(path, turn("2"))
    assert caught.value.code == "memory_unwritable"
    assert "rights" in caught.value.remedy


def test_a_folder_that_is_a_file_is_an_error(tmp_path: Path, turn: MakeTurn) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MemoryStoreError) as caught:
        write(tmp_path / "file" / "memory.db", turn("1"))
    assert caught.value.remedy


def test_a_file_in_use_is_an_error_and_not_an_endless_wait(
    path: Path, turn: MakeTurn, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, turn("1"))

    async def main() -> None:
        memory = SqliteMemory(path)
        await memory.sessions(ANNA)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(MemoryStoreError) as caught:
                await memory.commit(ANNA, turn("2"))
            assert caught.value.code == "memory_busy"
            assert len(await memory.history(ANNA, "s")) == 1, "readers need not wait"
            other.execute("ROLLBACK")
        await memory.commit(ANNA, turn("2"))
        assert len(await memory.history(ANNA, "s")) == 2
        await memory.close()

    monkeypatch.setattr(database, "_PRAGMAS", ("busy_timeout=50", "foreign_keys=ON"))
    asyncio.run(main())


def test_a_commit_that_fails_after_its_caller_has_gone_is_logged(
    path: Path, turn: MakeTurn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        memory = SqliteMemory(path)
        await memory.sessions(ANNA)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            left = asyncio.create_task(memory.commit(ANNA, turn("1", text="a secret")))
            await asyncio.sleep(0)
            left.cancel()
            await asyncio.wait([left])
            assert left.cancelled()
            await memory.close()

    monkeypatch.setattr(database, "_PRAGMAS", ("busy_timeout=50",))
    asyncio.run(main())
    assert "in use by another program" in caplog.text
    assert "secret" not in caplog.text


def test_an_upgrade_elsewhere_that_never_ends_is_an_error(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    monkeypatch.setattr(upgrading, "LOCK_SECONDS", 0.05)
    with FileLock(f"{path}.lock"), pytest.raises(MemoryStoreError) as caught:
        read(path)
    assert caught.value.code == "memory_busy"
    assert not path.exists()
    assert read(path) == []


def test_the_questions_in_the_readme_have_answers(path: Path, turn: MakeTurn) -> None:
    called = Message("assistant", (ToolCall("c", "lamp", {"on": True}),))
    write(path, turn("1", text="Sure.", messages=(called,), timings=Timings(first_text=0.5)))
    readme = (Path(__file__).parents[2] / "memory" / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```sql\n(.*?)```", readme, re.DOTALL)
    assert [ask(path, sql) for sql in block.split(";") if sql.strip()] == [
        [("s", "2026-11-22T12:00:00.000000+00:00", "Sure.", "")],
        [("lamp", 1)],
        [("2026-11-22", 0.5, 1)],
    ]
