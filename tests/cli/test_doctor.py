"""`omni-agent doctor` and `tools list`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from omni_agent.cli import doctor, run


def test_missing_model_files_come_with_the_command_that_fetches_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OMNI_AGENT_CACHE", str(tmp_path / "empty"))
    monkeypatch.setenv("COLUMNS", "300")
    assert run(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "omni-agent models pull language" in out
    assert "omni-agent models pull hearing" in out


def test_a_missing_package_names_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", {"nothing": ("no_such_package", "local")})
    monkeypatch.setenv("COLUMNS", "300")
    assert run(["doctor"]) == 1
    assert "pip install 'omni-agent-framework[local]'" in capsys.readouterr().out
    [finding] = [f for f in doctor.examine() if f.what == "nothing"]
    assert (finding.state, finding.remedy) == ("missing", "pip install 'omni-agent-framework[local]'")


def test_a_folder_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: False)
    findings = [f for f in doctor.examine() if f.what == "state"]
    assert findings[0].state == "missing"
    assert "OMNI_AGENT_HOME" in findings[0].remedy


def test_tools_are_listed_with_their_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    by_name = {row["tool"]: row for row in rows}
    assert by_name["calculate"]["source"] == "omni-agent-framework"
    assert by_name["calculate"]["version"]
    assert by_name["delete_note"]["effect"] == "irreversible"
    assert run(["tools", "list"]) == 0
