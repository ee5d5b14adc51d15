"""What is always known: the weightiest facts, the same words while a conversation lasts, changes beside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from omni_memory import SqliteMemory
from omni_memory.brief import MOST_TOKENS

from omni_agent.memory import Origin, Scope, TurnRecord
from omni_agent.messages import Message, Text
from omni_agent.tokens import estimated_tokens

pytestmark = pytest.mark.anyio

ANNA = Scope("anna", "butler")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def origin(turn: str, hours: float) -> Origin:
    return Origin("s", turn, NOON + timedelta(hours=hours))


async def test_what_changes_is_told_beside_words_that_stay(home: Path) -> None:
    memory = SqliteMemory()
    await memory.remember(ANNA, "my name is Anna and I live in Vienna", origin("1", 0))
    before = await memory.brief(ANNA, NOON + timedelta(hours=1))
    assert "Anna" in before.known
    assert "Vienna" in before.known
    assert before.changed == ()
    await memory.remember(ANNA, "I moved to Graz", origin("2", 2))
    after = await memory.brief(ANNA, NOON + timedelta(hours=1))
    assert after.known == before.known
    assert len(after.changed) == 1
    assert "Graz" in after.changed[0]
    later = await memory.brief(ANNA, NOON + timedelta(hours=3))
    assert "Graz" in later.known
    assert "Vienna" not in later.known
    assert later.changed == ()
    await memory.close()


async def test_it_stays_short_and_is_nobody_elses(home: Path) -> None:
    memory = SqliteMemory()
    for number in range(40):
        await memory.remember(ANNA, f"my favourite thing number {number} is a rose", origin(str(number), 0))
    known = (await memory.brief(ANNA, NOON + timedelta(hours=1))).known
    assert "rose" in known
    assert estimated_tokens(known) < MOST_TOKENS + 30
    for other in (Scope("ben", "butler"), Scope("anna", "cook"), Scope("anna", "cook", circle="home")):
        assert "rose" not in (await memory.brief(other, NOON + timedelta(hours=1))).known
    await memory.close()


async def test_a_circle_shares_what_it_knows_and_a_persona_keeps_what_is_its_own(home: Path) -> None:
    memory = SqliteMemory()
    cook, butler = Scope("anna", "cook", "home"), Scope("anna", "butler", "home")
    await memory.remember(cook, "I am allergic to nuts", origin("1", 0))
    at = NOON + timedelta(hours=1)
    assert "nuts" in (await memory.brief(butler, at)).known
    assert "nuts" not in (await memory.brief(Scope("anna", "stranger"), at)).known
    await memory.close()


async def test_what_was_said_in_one_breath_is_one_line_and_what_leans_on_it_follows(home: Path) -> None:
    memory = SqliteMemory()
    said = (
        ("1", "Red wine is out of the question for me. One glass, and I lie awake for two nights."),
        ("2", "Our twins were born on the ninth of June. I have wept like a fountain."),
        ("3", "They are not called Ada and Klara after all, we named them Lilla and Bo."),
        ("4", "I keep bees behind the house."),
    )
    for number, words in said:
        at = NOON + timedelta(minutes=int(number))
        turn = TurnRecord(number, "s", (Message("user", (Text(words),)),), "fine", "fine", "done", at, at)
        await memory.commit(ANNA, turn)
        while await memory.study(None):
            pass
    known = (await memory.brief(ANNA, NOON.replace(year=2099))).known.splitlines()
    (wine,) = (line for line in known if "wine" in line)
    assert "awake" in wine
    (twins,) = (line for line in known if "fountain" in line)
    assert "Lilla" in twins
    assert not any("bees" in line and "Lilla" in line for line in known)
    await memory.close()
