"""Plugins come in by entry points; a broken one is reported, not fatal."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from omni_agent import plugins
from omni_agent.config import Settings
from omni_agent.errors import ConfigError
from omni_agent.memory import MemoryStore, TransientMemory
from omni_agent.models.base import OmniModel
from omni_agent.testing import ScriptedModel


@pytest.fixture
def strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few plugins that somebody else installed, some of them broken."""
    (tmp_path / "good_plugin.py").write_text(
        '"""Good."""\nfrom omni_agent import tool\n__all__ = ["wave"]\n'
        '@tool\ndef wave() -> str:\n    """Wave."""\n    return "waved"\n'
    )
    (tmp_path / "broken_plugin.py").write_text("import nowhere_to_be_found\n")
    (tmp_path / "empty_plugin.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    here = {
        "omni_agent.tools": ["good_plugin", "broken_plugin", "empty_plugin"],
        "omni_agent.memory": [f"{__name__}:TransientMemory", f"{__name__}:not_a_store"],
        "omni_agent.models": [f"{__name__}:scripted", f"{__name__}:not_a_store"],
    }

    def found(*, group: str) -> list[EntryPoint]:
        return [EntryPoint(value.rpartition(":")[2], value, group) for value in here[group]]

    monkeypatch.setattr(plugins, "entry_points", found)


def scripted(settings: Settings) -> ScriptedModel:
    return ScriptedModel()


def not_a_store(*args: Any) -> object:
    return object()


@pytest.mark.usefixtures("strangers")
def test_broken_plugins_are_reported_and_the_rest_work() -> None:
    tools, problems = plugins.load_tools(["good_plugin", "broken_plugin", "empty_plugin", "missing"])
    assert [item.name for item in tools] == ["wave"]
    reported = " | ".join(str(problem) for problem in problems)
    for words in ("nowhere_to_be_found", "offers no tools", "no tool plugin 'missing'"):
        assert words in reported


@pytest.mark.usefixtures("strangers")
def test_a_denied_plugin_does_not_load() -> None:
    assert plugins.load_tools(["good_plugin", "broken_plugin"], deny=["good_plugin", "broken_plugin"]) == (
        [],
        [],
    )


@pytest.mark.usefixtures("strangers")
def test_memory_and_models_must_have_the_right_shape() -> None:
    assert isinstance(plugins.load_memory("TransientMemory"), MemoryStore)
    assert isinstance(plugins.load_model("scripted", Settings()), OmniModel)
    for load in (
        lambda: plugins.load_memory("not_a_store"),
        lambda: plugins.load_model("not_a_store", Settings()),
    ):
        with pytest.raises(ConfigError, match="does not give"):
            load()
    with pytest.raises(ConfigError, match="no memory plugin 'x'"):
        plugins.load_memory("x")


def test_what_comes_along_is_installed_by_the_same_door() -> None:
    assert {"clock", "calculator", "timer", "notes", "units"} <= plugins.installed("tools").keys()
    assert "sqlite" in plugins.installed("memory")
    assert "local" in plugins.installed("models")
    tools, problems = plugins.load_tools(Settings().tools)
    assert problems == []
    assert len({item.name for item in tools}) == len(tools) >= 8
    assert all(plugin.source == "omni-agent-framework" for plugin in plugins.installed("tools").values())


assert TransientMemory  # named in the entry points above
