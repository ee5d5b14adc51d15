"""`omni-agent models check`, on plugins that somebody installed; and models by their specs elsewhere."""

from __future__ import annotations

import json
from importlib import metadata
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from omni_agent import plugins
from omni_agent.cli import run
from omni_agent.config import Settings
from omni_agent.errors import ModelUnavailable
from omni_agent.models.base import OmniModel, Request, TextDelta
from omni_agent.testing import ScriptedModel, Step
from omni_agent.testing.model_conformance import CHECKS
from tests.testing.model_conformance.bad import each
from tests.testing.model_conformance.models import conforming


def good(settings: Settings) -> ScriptedModel:
    return conforming(pace=0.0)


def mute(settings: Settings, address: str) -> OmniModel:
    model = each(lambda request, event: [] if isinstance(event, TextDelta) else [event])()
    model.good = conforming(pace=0.0)
    return model


def greeting(settings: Settings, address: str = "you") -> ScriptedModel:
    return ScriptedModel(otherwise=lambda request: Step(says=f"Hello {address}."))


def away(settings: Settings, address: str) -> OmniModel:
    class Away(ScriptedModel):
        async def prewarm(self, request: Request | None = None) -> None:
            raise ModelUnavailable("nobody answers there", remedy="start the server")

    return Away()


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = metadata.entry_points

    def entry_points(*, group: str) -> list[EntryPoint]:
        ours = [
            EntryPoint(name, f"{__name__}:{name}", group) for name in ("good", "mute", "greeting", "away")
        ]
        return ours if group == "omni_agent.models" else list(found(group=group))

    monkeypatch.setattr(plugins, "entry_points", entry_points)


def test_a_person_sees_a_line_a_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "check", "good"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  ✓ text.words" in lines
    assert "  · input.described skipped: it hears and sees by itself" in lines
    assert lines[-1].startswith("good: ")
    assert len([line for line in lines if line.startswith("  ")]) == len(CHECKS)


def test_what_failed_is_told_with_what_is_required(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "check", "mute:http://me:secret@host/"]) == 1
    told = capsys.readouterr()
    lines = told.out.splitlines()
    at = lines.index("  ✗ text.words failed: it gave no words")
    assert lines[at + 1] == "      → A plain question is answered in words, as TextDelta events."
    assert lines[at + 2] == "      → yield TextDelta for what the model writes"
    assert lines[-1].startswith("mute:http://host/: ")
    assert "secret" not in told.out
    assert told.err == ""


def test_a_program_reads_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "check", "good", "--json", "--reproducible"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told["subject"] == "good"
    assert told["ok"] is True
    assert [finding["check"] for finding in told["findings"]] == [check.id for check in CHECKS]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("nobody", "there is no model plugin 'nobody' (installed are: away, good, greeting, mute)"),
        ("mute", "model 'mute' needs an address (mute:ADDRESS)"),
        ("away:there", "nobody answers there (start the server)"),
    ],
)
def test_what_cannot_be_checked_is_one_line(spec: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "check", spec]) == 1
    assert capsys.readouterr().err == f"omni-agent: {says}\n"


def test_a_model_is_asked_by_its_spec(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ask", "hello", "--model", "greeting:http://127.0.0.1:8091"]) == 0
    assert "Hello http://127.0.0.1:8091." in capsys.readouterr().out


def test_an_agent_of_a_file_may_be_given_another_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lent.py"
    path.write_text("from omni_agent import Agent\nagent = Agent(name='Lent', model='good', memory=None)\n")
    assert run(["ask", "hello", "--agent", str(path), "--model", "greeting:Ada"]) == 0
    assert "Hello Ada." in capsys.readouterr().out


def test_the_setting_is_a_spec_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OMNI_AGENT_MODEL", "greeting:Eva")
    assert run(["ask", "hello"]) == 0
    assert "Hello Eva." in capsys.readouterr().out
