"""`omni-agent models key`: asked for unseen, kept in the keyring, forgotten."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from typer.testing import CliRunner

from omni_agent.cli import run
from omni_agent.cli.models import app
from omni_agent.models import keys
from tests.models.test_keys import Drawer

keyring = pytest.importorskip("keyring")
SECRET = "sk-0123456789-secret"
BACKEND = """
from keyring.backend import KeyringBackend

class Drawer(KeyringBackend):
    priority = 1
    kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password
"""


@pytest.fixture
def drawer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Drawer]:
    before, mine = keyring.get_keyring(), Drawer()
    keyring.set_keyring(mine)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    yield mine
    keyring.set_keyring(before)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("openai", "OPENAI_API_KEY"),
        ("realtime+dashscope", "DASHSCOPE_API_KEY"),
        ("vllm-omni", "VLLM_API_KEY"),
        ("WORK_KEY", "WORK_KEY"),
    ],
)
def test_a_key_is_read_from_a_pipe(drawer: Drawer, name: str, kept: str) -> None:
    done = CliRunner().invoke(app, ["key", name], input=f"{SECRET}\n")
    assert (done.exit_code, done.stdout) == (0, f"{kept}: kept in the keyring\n")
    assert drawer.kept == {(keys.SERVICE, kept): SECRET}
    done = CliRunner().invoke(app, ["key", name, "--forget"])
    assert done.stdout == f"{kept}: forgotten\n"
    assert "has none" in CliRunner().invoke(app, ["key", name, "--forget"]).stdout


def test_what_the_environment_has_is_said_to_go_before_it(
    drawer: Drawer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    done = CliRunner().invoke(app, ["key", "openai"], input=SECRET)
    assert "goes before it" in done.output
    assert "sk-" not in done.output


def test_it_is_asked_for_unseen(tmp_path: Path) -> None:
    (tmp_path / "backend.py").write_text(BACKEND)
    path = ":".join([str(tmp_path), *filter(None, sys.path)])
    command = ["-m", "omni_agent", "models", "key", "WORK_KEY"]
    environment = {"PYTHONPATH": path, "PYTHON_KEYRING_BACKEND": "backend.Drawer", "HOME": str(tmp_path)}
    with pexpect.spawn(sys.executable, command, env=environment, encoding="utf-8", timeout=60) as asked:
        asked.expect("WORK_KEY .not shown.: ")
        asked.waitnoecho()
        asked.sendline(SECRET)
        asked.expect(pexpect.EOF)
        assert "WORK_KEY: kept in the keyring" in asked.before
        assert SECRET not in asked.before


@pytest.mark.parametrize("arguments", [[SECRET], ["nonsense"], ["transformers-serve"], ["openai"]])
def test_what_cannot_be_done_is_one_line(
    drawer: Drawer, arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawer.failure = keyring.errors.KeyringLocked(SECRET)
    monkeypatch.setattr("sys.stdin.readline", lambda: SECRET, raising=False)
    assert run(["models", "key", *arguments]) == 1
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert SECRET not in told
