"""Taking back what one turn taught."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from omni_memory import SqliteMemory

from omni_agent.memory import Origin, Scope

pytestmark = pytest.mark.anyio

ANNA, BEN = Scope("anna", "butler"), Scope("ben", "butler")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
UNDO = Origin("s", "undo", NOON)


def turn(name: str) -> Origin:
    return Origin("s", name, NOON)


async def known(memory: SqliteMemory, scope: Scope = ANNA) -> list[str]:
    return [fact.said.text for fact in await memory.facts(scope)]


@pytest.fixture
def memory(tmp_path: Path) -> SqliteMemory:
    return SqliteMemory(tmp_path / "memory.db")


async def test_what_it_had_replaced_counts_again(memory: SqliteMemory) -> None:
    await memory.remember(ANNA, "my dentist is Dr. Huber", turn("one"))
    await memory.remember(ANNA, "my dentist is Dr. Maier", turn("two"))
    gone = await memory.unlearn(ANNA, "s", "two", UNDO)
    assert [fact.said.object for fact in gone] == ["Dr. Maier"]
    assert await known(memory) == ["The user's dentist is Dr. Huber."]
    assert await memory.unlearn(ANNA, "s", "two", UNDO) == []
    await memory.close()


async def test_what_was_taught_elsewhere_too_stays(memory: SqliteMemory) -> None:
    await memory.remember(ANNA, "my dentist is Dr. Huber", turn("one"))
    await memory.remember(ANNA, "my dentist is Dr. Huber", turn("two"))
    await memory.remember(BEN, "my dentist is Dr. Huber", turn("two"))
    assert await memory.unlearn(ANNA, "s", "two", UNDO) == []
    assert await memory.unlearn(ANNA, "t", "one", UNDO) == []
    assert await memory.unlearn(Scope("anna", "maid"), "s", "one", UNDO) == []
    assert await known(memory) == await known(memory, BEN) == ["The user's dentist is Dr. Huber."]
    await memory.close()
