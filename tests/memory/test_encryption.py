"""A memory with a passphrase: nothing can be read without it, everything works with it."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from omni_memory import SqliteMemory, upgrading
from omni_memory.cipher import KEY, Driver

from omni_agent.errors import MemoryStoreError
from omni_agent.memory import Origin, Scope, TurnRecord
from omni_agent.messages import Message, Text

ANNA = Scope("anna", "butler")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = 'it\'s a "secret" ünder the rug'
MakeTurn = Callable[..., TurnRecord]


def opened(path: Path, key: str | None, work: Callable[[SqliteMemory], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        memory = SqliteMemory(path, key=key)
        try:
            return await work(memory)
        finally:
            await memory.close()

    return asyncio.run(main())


async def _sessions(memory: SqliteMemory) -> Any:
    return await memory.sessions(ANNA)


@pytest.fixture
def path(home: Path) -> Path:
    pytest.importorskip("sqlcipher3", reason="the extra `encryption` is not installed")
    return home / "memory.db"


def test_nothing_can_be_read_without_the_key(
    path: Path, turn: MakeTurn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def work(memory: SqliteMemory) -> None:
        words = Message("user", (Text("My dentist is Dr. Huber."),))
        await memory.commit(ANNA, turn("1", messages=(words,)))
        await memory.remember(ANNA, "my dentist is Dr. Huber", Origin("s", "1", NOON))
        await asyncio.gather(*(memory.commit(ANNA, turn(str(n))) for n in range(2, 12)))
        found = await memory.recall(ANNA, "Who is my dentist?")
        assert any("Huber" in one.text for one in found)
        for file in path.parent.iterdir():
            data = file.read_bytes()
            assert b"Huber" not in data, file
            assert b"dentist" not in data, file
            assert b"SQLite format" not in data, file
        exported = await memory.archive.export(ANNA)
        assert (await memory.archive.forget(ANNA, "my dentist")).turns == 1
        assert len(exported["sessions"][0]["turns"]) == 11

    opened(path, SECRET, work)
    assert len(opened(path, SECRET, _sessions)) == 1
    assert "ünder" not in caplog.text
    with closing(sqlite3.connect(path)) as file, pytest.raises(sqlite3.DatabaseError):
        file.execute("SELECT * FROM turns")


def test_a_wrong_key_is_told_and_nothing_is_changed(path: Path) -> None:
    opened(path, SECRET, _sessions)
    before = path.read_bytes()
    for key, code in (("another", "memory_key_wrong"), ("", "memory_corrupt")):
        with pytest.raises(MemoryStoreError) as caught:
            opened(path, key, _sessions)
        assert caught.value.code == code
        assert KEY in caught.value.remedy
        assert SECRET not in str(caught.value)
    assert path.read_bytes() == before


def test_a_file_that_is_not_encrypted_is_not_opened_with_a_key(path: Path, empty_file: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(empty_file)
    with pytest.raises(MemoryStoreError) as caught:
        opened(path, SECRET, _sessions)
    assert caught.value.code == "memory_key_wrong"
    assert path.read_bytes() == empty_file


def test_the_environment_gives_the_key(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, SECRET)
    opened(path, None, _sessions)
    monkeypatch.delenv(KEY)
    assert opened(path, SECRET, _sessions) == []
    assert b"SQLite format" not in path.read_bytes()


def test_sqlciphers_own_way_to_derive_the_key_opens_it(path: Path) -> None:
    opened(path, SECRET, _sessions)
    sqlcipher: Any = pytest.importorskip("sqlcipher3.dbapi2")
    with closing(sqlcipher.connect(str(path))) as file:
        quoted = SECRET.replace("'", "''")
        file.execute(f"PRAGMA key = '{quoted}'")
        assert file.execute("SELECT version_num FROM alembic_version").fetchone() == (upgrading.HEAD,)


def test_an_upgrade_keeps_its_copy_encrypted(path: Path, turn: MakeTurn) -> None:
    from omni_memory.upgrading import _back_up

    opened(path, SECRET, lambda memory: memory.commit(ANNA, turn("1", text="Dr. Huber")))
    driver = Driver(path, SECRET)
    with closing(driver.connect()) as file:
        _back_up(file, path.with_name("memory.db.bak-0001"), driver)
    copy = path.with_name("memory.db.bak-0001")
    assert b"Huber" not in copy.read_bytes()
    with closing(Driver(copy, SECRET).connect()) as file:
        assert [json.loads(row[0])[0]["role"] for row in file.execute("SELECT messages FROM turns")] == [
            "user"
        ]


def test_without_sqlcipher_a_key_is_an_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlcipher3.dbapi2", None)
    with pytest.raises(MemoryStoreError) as caught:
        opened(home / "memory.db", SECRET, _sessions)
    assert caught.value.code == "memory_cipher_missing"
    assert "[encryption]" in caught.value.remedy
