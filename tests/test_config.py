"""One file, the environment over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from omni_agent import config
from omni_agent.config import Settings
from omni_agent.errors import ConfigError


def written(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / config.FILE_NAME).write_text(text)
    return folder


def test_nothing_set_gives_the_defaults(tmp_path: Path) -> None:
    assert Settings.load(tmp_path) == Settings()


def test_the_file_beside_you_wins_over_the_one_at_home(tmp_path: Path, home: Path) -> None:
    written(home, 'model = "other"\nthreads = 3')
    assert Settings.load(tmp_path).model == "other"
    assert Settings.load(written(tmp_path, 'tools = ["clock"]')) == Settings(tools=("clock",))


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNI_AGENT_MODEL", "mine")
    monkeypatch.setenv("OMNI_AGENT_TOOLS", "clock, notes,")
    monkeypatch.setenv("OMNI_AGENT_THREADS", "2")
    settings = Settings.load(written(tmp_path, 'model = "other"'))
    assert (settings.model, settings.tools, settings.threads) == ("mine", ("clock", "notes"), 2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("model = ", "cannot read"),
        ("colour = 1", "unknown setting 'colour'"),
        ("threads = 'many'", "must be a int"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Settings.load(written(tmp_path, text))


def test_folders_follow_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNI_AGENT_HOME", str(tmp_path / "a"))
    monkeypatch.setenv("OMNI_AGENT_CACHE", str(tmp_path / "b"))
    assert (config.home(), config.cache()) == (tmp_path / "a", tmp_path / "b")
    monkeypatch.delenv("OMNI_AGENT_HOME")
    assert config.home().name == "omni-agent"


@pytest.mark.parametrize(
    "model", ["openai:https://here/v1?key=WORK_KEY#m", "local | openai:m?inputs=text&key=WORK_KEY"]
)
def test_the_folder_that_one_stands_in_sends_no_key_of_its_choice_anywhere(
    tmp_path: Path, home: Path, model: str
) -> None:
    with pytest.raises(ConfigError, match="may not name a key"):
        Settings.load(written(tmp_path, f'model = "{model}"'))
    (tmp_path / config.FILE_NAME).unlink()
    assert Settings.load(written(home, f'model = "{model}"')).model == model
