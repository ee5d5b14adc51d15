"""`omni-agent memory`: what is shown, found, exported, imported and forgotten."""

from __future__ import annotations

import asyncio
import io
import json
import os
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pexpect
import pytest
from omni_memory import SqliteMemory

from omni_agent.cli import run
from omni_agent.memory import Origin, Scope, TurnRecord
from omni_agent.messages import Audio, Message, Text

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
REF = "media://" + "a" * 64
Run = Callable[..., str]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A memory file: Anna told Omni of her dentist and the butler of her cat; Ben told Omni something too."""
    path = tmp_path_factory.mktemp("told") / "memory.db"

    async def main() -> None:
        memory = SqliteMemory(path)
        for user, persona, words in (
            ("anna", "Omni", "My dentist is Dr. Huber."),
            ("anna", "butler", "My cat is called Miezi."),
            ("ben", "Omni", "My dentist is Dr. Maier."),
        ):
            scope = Scope(user, persona)
            await memory.remember(scope, words, Origin("kitchen", "1", NOON))
            heard = (Message("user", (Text(words), Audio(REF, "audio/wav", 1.0))),)
            said = Message("assistant", (Text("I see. Anything else?"),))
            turn = TurnRecord(
                "1", "kitchen", (*heard, said), "I see. Anything else?", "I see.", "done", NOON, NOON
            )
            await memory.commit(scope, turn)
        await memory.close()

    asyncio.run(main())
    return path.read_bytes()


@pytest.fixture(autouse=True)
def remembered(told: bytes, home: Path) -> Path:
    """That file as this test's memory."""
    home.mkdir()
    path = home / "memory.db"
    path.write_bytes(told)
    return path


@pytest.fixture
def called(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `omni-agent memory …` and gives what it printed."""

    def call(*arguments: str, status: int = 0) -> str:
        capsys.readouterr()
        assert run(["memory", *arguments]) == status
        shown = capsys.readouterr()
        return shown.err if status else shown.out

    return call


def as_json(called: Run, *arguments: str) -> Any:
    return json.loads(called(*arguments, "--json"))


def test_it_is_shown_with_facts_conversations_and_size(called: Run, remembered: Path) -> None:
    about = as_json(called, "show", "--user", "anna")
    assert (about["user"], about["persona"], about["file"]) == ("anna", "Omni", str(remembered))
    assert about["bytes"] >= remembered.stat().st_size
    assert about["counts"]["turns"] == 1
    assert [session["id"] for session in about["sessions"]] == ["kitchen"]
    (fact,) = about["facts"]
    assert "Huber" in fact["text"]
    assert fact["turns"] == ["1"]
    shown = called("show", "--user", "anna")
    assert fact["text"] in shown
    assert "kitchen: 1 turns, 2026-11-22" in shown
    assert "nothing" in called("show", "--user", "nobody")


def test_it_is_searched_with_dates_and_sources(called: Run) -> None:
    found = as_json(called, "search", "who is my dentist?", "--user", "anna")
    assert any("Huber" in one["text"] for one in found)
    assert not any("Maier" in one["text"] or "Miezi" in one["text"] for one in found)
    assert all(one["source"].partition(":")[0] in {"turn", "fact", "summary"} for one in found)
    assert "2026-11-22" in called("search", "who is my dentist?", "--user", "anna")
    assert as_json(called, "search", "dentist", "--user", "nobody") == []


def test_an_export_can_be_read_and_imported(called: Run, tmp_path: Path) -> None:
    file = tmp_path / "anna.json"
    called("export", "--user", "anna", "--output", str(file))
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0
    document = json.loads(file.read_text(encoding="utf-8"))
    assert document == json.loads(called("export", "--user", "anna"))
    added = as_json(called, "import", str(file), "--user", "carla", "--persona", "butler")
    assert (added["turns"], added["facts"]) == (1, 1)
    copied = json.loads(called("export", "--user", "carla", "--persona", "butler"))
    assert copied == {**document, "user": "carla", "persona": "butler"}
    assert "added 0 turns, 0 facts" in called("import", str(file), "--user", "carla", "--persona", "butler")


def test_an_export_for_people(called: Run) -> None:
    text = called("export", "--user", "anna", "--markdown")
    assert text.startswith("# What Omni remembers of anna\n")
    for line in ("## What is known", "## Conversation kitchen", "### 2026-11-22"):
        assert f"\n{line}\n" in text
    assert "**User:** My dentist is Dr. Huber." in text
    assert "**Agent:** I see. *(cut short)*" in text
    assert f"*(audio: {REF})*" in text


def test_what_comes_in_through_a_pipe_is_imported(called: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(called("export", "--user", "anna")))
    assert "added 1 turns" in called("import", "-", "--user", "carla")


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"{", "is not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"{}", "no export of a memory"),
        (None, "No such file"),
    ],
)
def test_a_bad_import_is_one_line(called: Run, tmp_path: Path, content: bytes | None, cause: str) -> None:
    file = tmp_path / "bad.json"
    if content is not None:
        file.write_bytes(content)
    told = called("import", str(file), status=1)
    assert told.startswith("omni-agent: ")
    assert cause in told
    assert told.count("\n") == 1


def test_words_are_forgotten_in_one_persona_only(called: Run) -> None:
    gone = as_json(called, "forget", "my dentist", "--user", "anna", "--yes")
    assert (len(gone["facts"]), gone["turns"]) == (1, 1)
    assert as_json(called, "show", "--user", "anna")["facts"] == []
    assert as_json(called, "show", "--user", "ben")["counts"]["turns"] == 1
    assert as_json(called, "show", "--user", "anna", "--persona", "butler")["counts"]["turns"] == 1
    assert called("forget", "my dentist", "--user", "anna", "--yes") == "there was nothing to forget\n"


def test_all_of_a_user_is_forgotten_in_every_persona_without_asking(called: Run, remembered: Path) -> None:
    gone = as_json(called, "forget", "--user", "anna", "--all", "--yes")
    assert gone["sessions"] == [["Omni", "kitchen"], ["butler", "kitchen"]]
    assert (gone["turns"], len(gone["facts"])) == (2, 2)
    for trace in (b"Huber", b"Miezi", b"anna"):
        assert not [
            path for path in remembered.parent.rglob("*") if path.is_file() and trace in path.read_bytes()
        ]
    assert as_json(called, "show", "--user", "ben")["counts"]["turns"] == 1


def test_a_conversation_is_forgotten(called: Run) -> None:
    assert as_json(called, "forget", "--session", "kitchen", "--user", "ben", "--yes")["turns"] == 1
    assert as_json(called, "show", "--user", "ben")["sessions"] == []


@pytest.mark.parametrize("wrong", [(), ("cat", "--all"), ("--all", "--session", "s"), (" ",)])
def test_it_must_be_clear_what_to_forget(called: Run, wrong: tuple[str, ...]) -> None:
    assert "say one of" in called("forget", *wrong, "--yes", status=2)


def test_nothing_is_forgotten_where_nobody_can_be_asked(called: Run) -> None:
    assert "--yes" in called("forget", "dentist", "--user", "anna", status=1)
    assert as_json(called, "show", "--user", "anna")["counts"]["facts"] == 1


@pytest.mark.parametrize(("answer", "left"), [("n", 1), ("y", 0)])
def test_it_shows_what_would_go_and_asks(called: Run, answer: str, left: int) -> None:
    command = [sys.executable, "-m", "omni_agent", "memory", "forget", "my dentist", "--user", "anna"]
    asked = pexpect.spawn(command[0], command[1:], encoding="utf-8", timeout=60)
    asked.expect("Huber")
    asked.expect(r"Forget 1 facts, 1 turns, .*\? There is no way back")
    asked.sendline(answer)
    asked.expect("forgot 1 facts" if answer == "y" else "nothing was forgotten")
    asked.expect(pexpect.EOF)
    asked.close()
    assert asked.exitstatus == (0 if answer == "y" else 1)
    assert as_json(called, "show", "--user", "anna")["counts"]["facts"] == left


def test_a_memory_that_cannot_be_controlled_says_so(called: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from omni_agent import plugins
    from omni_agent.memory import TransientMemory

    monkeypatch.setattr(plugins, "load_memory", lambda name: TransientMemory())
    assert "use the memory `sqlite`" in called("show", status=1)
