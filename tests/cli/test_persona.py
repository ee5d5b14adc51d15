"""`--persona FILE` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from omni_agent.cli import run

AGENT = """
from omni_agent import Agent
from omni_agent.testing import ScriptedModel, Step

step = Step(expect=lambda request: "pirate" in request.system, says="Aye. " * 9)
agent = Agent(name="Test", model=ScriptedModel(step), memory=None)
"""
PIRATE = """
name = "Flint"
relationship = "an old pirate"
max_words = 3
opening = "Ahoy!"
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    agent, persona = tmp_path / "a.py", tmp_path / "pirate.toml"
    agent.write_text(AGENT)
    persona.write_text(PIRATE)
    return str(agent), str(persona)


def test_the_agent_answers_as_that_persona(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    agent, persona = files
    assert run(["ask", "who are you?", "--agent", agent, "--persona", persona]) == 0
    assert "agent › Aye. Aye. Aye.\n" in capsys.readouterr().out


def test_it_opens_the_chat(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, persona = files
    lines = iter(["who are you?", "/quit"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(lines))
    assert run(["chat", "--agent", agent, "--persona", persona]) == 0
    out = capsys.readouterr().out
    assert out.index("Flint: a new conversation") < out.index("agent › Ahoy!") < out.index("agent › Aye.")


def test_a_wrong_file_is_one_line(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    agent, persona = files
    Path(persona).write_text("nam = 'x'")
    assert run(["ask", "hi", "--agent", agent, "--persona", persona]) == 1
    errors = capsys.readouterr().err.strip()
    assert "unknown key 'nam'" in errors
    assert "\n" not in errors
