"""Plugins come in by entry points or plain files, where they are named; a broken one is not fatal."""

from __future__ import annotations

import asyncio
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from omni_agent import plugins
from omni_agent.config import Settings
from omni_agent.errors import ConfigError
from omni_agent.memory import MemoryStore, TransientMemory
from omni_agent.models.base import OmniModel
from omni_agent.models.fallback import Fallback
from omni_agent.testing import ScriptedModel
from omni_agent.tool import Tool, ToolContext, rename, tool


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
    (tmp_path / "leaving_plugin.py").write_text("import sys\nsys.exit(3)\n")
    (tmp_path / "later_plugin.py").write_text("__omni_api__ = 2\n")
    (tmp_path / "second_plugin.py").write_text("from good_plugin import wave\n")
    here = {
        "omni_agent.tools": [
            *(f"{name}_plugin" for name in ("good", "broken", "empty", "leaving", "later", "second")),
            *(
                f"{__name__}:{name}"
                for name in ("Files", "lamps", "one_tool", "Failing", "nothing", "Untyped")
            ),
        ],
        "omni_agent.memory": [f"{__name__}:TransientMemory", f"{__name__}:not_a_store"],
        "omni_agent.models": [
            f"{__name__}:{name}" for name in ("scripted", "not_a_store", "served", "falling", "refusing")
        ],
    }

    def found(*, group: str) -> list[EntryPoint]:
        return [EntryPoint(value.rpartition(":")[2], value, group) for value in here[group]]

    monkeypatch.setattr(plugins, "entry_points", found)


class Files:
    """Tools with options."""

    def __init__(self, *, root: Path | None = None, most: int = 3) -> None:
        self.root, self.most = root, most

    @tool
    def count_files(self) -> str:
        """Count the files."""
        return f"{self.most} at most in {self.root}, of type {type(self.root).__name__}"


class Failing:
    """Cannot be made."""

    def __init__(self, *, token: str) -> None:
        raise ZeroDivisionError("by the way")


class Untyped:
    """Takes whatever it is given."""

    def __init__(self, brightness, **others) -> None:  # type: ignore[no-untyped-def]
        self.seen = {"brightness": brightness, **others}

    @tool
    def show_options(self) -> str:
        """Show the options."""
        return str(self.seen)


def lamps(*, rooms: list[str]) -> list[Tool]:
    """A lamp for each room."""
    return [rename(one_tool, f"light_{room}") for room in rooms]


def nothing() -> list[Tool]:
    """No tools at all."""
    return []


@tool
def one_tool() -> str:
    """Light a lamp."""
    return "lit"


def scripted(settings: Settings) -> ScriptedModel:
    return ScriptedModel()


def served(settings: Settings, address: str) -> ScriptedModel:
    model = ScriptedModel()
    model.address = address  # type: ignore[attr-defined]
    return model


def falling(settings: Settings, address: str = "here") -> ScriptedModel:
    raise ZeroDivisionError(f"cannot divide {address}")


def refusing(settings: Settings, address: str = "") -> ScriptedModel:
    raise ConfigError("that is no folder", remedy="name one")


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
def test_what_leaves_the_program_or_is_made_for_later_is_reported_too() -> None:
    tools, problems = plugins.load_tools(["leaving_plugin", "later_plugin", "good_plugin"])
    assert [item.name for item in tools] == ["wave"]
    assert "cannot be loaded: SystemExit: 3" in str(problems[0])
    assert "is made for plugin interface 2; this omni_agent has 1 (update" in str(problems[1])


PANIC = "class Panic(BaseException):\n    pass\n\nraise Panic('in compiled code')\n"


@pytest.mark.usefixtures("strangers")
def test_what_is_no_exception_does_not_take_the_rest_along(tmp_path: Path) -> None:
    (tmp_path / "broken_plugin.py").write_text(PANIC)
    tools, problems = plugins.load_tools(["broken_plugin", "good_plugin"])
    assert [item.name for item in tools] == ["wave"]
    assert "cannot be loaded: Panic: in compiled code" in str(problems[0])
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "panics.py").write_text(PANIC)
    assert "Panic: in compiled code" in str(plugins.tools_from(folder)[1][0])


@pytest.mark.usefixtures("strangers")
def test_who_stops_the_program_is_not_taken_for_a_broken_plugin(tmp_path: Path) -> None:
    for name in ("broken_plugin.py", "good_plugin.py"):
        (tmp_path / name).write_text("raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        plugins.load_tools(["broken_plugin"])
    with pytest.raises(KeyboardInterrupt):
        plugins.tools_from(tmp_path)


@pytest.mark.usefixtures("strangers")
def test_a_slip_in_all_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("second_plugin")
    vars(module).update(wave=one_tool, __all__=["wave", "wawe"])
    monkeypatch.setitem(sys.modules, "second_plugin", module)
    tools, problems = plugins.load_tools(["second_plugin"])
    assert tools == []
    assert "plugin 'second_plugin' of ? has no 'wawe', which its __all__ names" in str(problems[0])


@pytest.mark.usefixtures("strangers")
def test_only_plugins_that_are_named_are_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "broken_plugin", raising=False)
    monkeypatch.delitem(sys.modules, "leaving_plugin", raising=False)
    tools, problems = plugins.settled(Settings(tools=("good_plugin",)))
    assert [item.name for item in tools] == ["wave"]
    assert problems == []
    assert not {"broken_plugin", "leaving_plugin"} & sys.modules.keys()


@pytest.mark.usefixtures("strangers")
def test_a_tool_may_be_denied_by_either_name() -> None:
    for name in ("wave", "good_plugin.wave", "good_plugin"):
        assert plugins.load_tools(["good_plugin"], deny=[name]) == ([], [])
    tools, problems = plugins.load_tools(["good_plugin"], deny=["good_plugin.wawe"])
    assert [item.name for item in tools] == ["wave"]
    assert "'good_plugin.wawe' is denied, but is no tool (there are: good_plugin.wave)" in str(problems[0])


@pytest.mark.usefixtures("strangers")
def test_the_first_of_two_tools_with_one_name_is_kept() -> None:
    tools, problems = plugins.load_tools(["good_plugin", "second_plugin"])
    assert [item.name for item in tools] == ["wave"]
    assert "two tools are called 'wave'" in str(problems[0])


@pytest.mark.usefixtures("strangers")
def test_a_class_or_function_gets_its_options_in_its_own_types() -> None:
    options = {"Files": {"root": "/srv", "most": 7}, "lamps": {"rooms": ["hall", "attic"]}}
    tools, problems = plugins.load_tools(["Files", "lamps", "one_tool"], options=options)
    assert problems == []
    assert [item.name for item in tools] == ["count_files", "light_hall", "light_attic", "one_tool"]
    context = ToolContext("u", "s", "t", "c", "k", report=lambda message: None)
    told = asyncio.run(_said(tools[0], context))
    assert told.startswith("7 at most in /srv, of type ")
    assert told.endswith("Path")
    (free,), _ = plugins.load_tools(["Untyped"], options={"Untyped": {"brightness": 3, "hue": "red"}})
    assert asyncio.run(_said(free, context)) == "{'brightness': 3, 'hue': 'red'}"


async def _said(chosen: Tool, context: ToolContext) -> str:
    return str(await chosen.run({}, context))


@pytest.mark.usefixtures("strangers")
@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("Files", {"rot": "/srv"}, "plugin 'Files': option 'rot' is not known (its options are: root, most)"),
        ("Files", {"most": "many"}, "plugin 'Files': most: Input should be a valid integer"),
        ("lamps", {}, "plugin 'lamps': option 'rooms' is missing (its options are: rooms)"),
        ("good_plugin", {"x": 1}, "plugin 'good_plugin' takes no options, but is given x"),
        ("one_tool", {"x": 1}, "takes no options"),
        ("nothing", {"x": 1}, "option 'x' is not known (it takes no options)"),
        ("nothing", {}, "offers no tools"),
        ("Failing", {"token": "secret"}, "cannot be made: ZeroDivisionError: by the way"),
        ("Failing", {"token": ["secret"]}, "token: Input should be a valid string"),
    ],
)
def test_options_that_do_not_fit_are_reported(name: str, options: dict[str, Any], says: str) -> None:
    tools, (problem,) = plugins.load_tools([name], options={name: options})
    assert tools == []
    assert isinstance(problem, ConfigError)
    assert says in str(problem)
    assert "secret" not in str(problem)


@pytest.mark.usefixtures("strangers")
def test_options_for_no_plugin_are_reported() -> None:
    _, (problem,) = plugins.settled(Settings(tools=(), plugins={"flies": {"root": "x"}}))
    assert "[plugins.flies] is for no installed plugin" in str(problem)


TOOL_FILE = '''
from __future__ import annotations
from dataclasses import dataclass
from _colours import RED
from omni_agent import tool

@dataclass
class Rose:
    name: str

@tool
def {name}(rose: Rose) -> str:
    """Paint a rose."""
    return rose.name + RED
'''


def test_plain_files_give_tools_and_broken_ones_are_reported(tmp_path: Path) -> None:
    (tmp_path / "_colours.py").write_text("RED = ' red'\n")
    (tmp_path / "paint.py").write_text(TOOL_FILE.format(name="paint"))
    hidden = "@tool\ndef hide() -> str:\n    'Hide the paint.'\n    return ''\n"
    (tmp_path / "some.py").write_text(f"{TOOL_FILE.format(name='spray')}\n{hidden}\n__all__ = ['spray']\n")
    (tmp_path / "twice.py").write_text(TOOL_FILE.format(name="paint"))
    (tmp_path / "wrong.py").write_text("def (:\n")
    (tmp_path / "plain.py").write_text("x = 1\n")
    (tmp_path / "late.py").write_text("__omni_api__ = 'two'\n")
    (tmp_path / "readme.txt").write_text("no tools")
    before = list(sys.path)
    tools, problems = plugins.tools_from(tmp_path)
    assert [item.name for item in tools] == ["paint", "spray"]
    told = " | ".join(map(str, problems))
    for words in (
        "wrong.py cannot be loaded: SyntaxError",
        "line 1",
        "plain.py offers no tools",
        "interface two",
    ):
        assert words in told
    assert "two tools are called 'paint'" in told
    assert sys.path == before
    assert plugins.tools_from(tmp_path, deny=["paint", "wrong", "plain", "late", "some"])[1] == []


def test_a_folder_that_is_not_there_is_reported(tmp_path: Path) -> None:
    tools, (problem,) = plugins.tools_from(tmp_path / "none")
    assert tools == []
    assert "there is no folder" in str(problem)


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


@pytest.mark.usefixtures("strangers")
@pytest.mark.parametrize(
    ("spec", "address"),
    [
        ("served:http://127.0.0.1:8091/v1", "http://127.0.0.1:8091/v1"),
        (" served : Qwen/Qwen3-Omni-30B-A3B-Instruct ", "Qwen/Qwen3-Omni-30B-A3B-Instruct"),
        (r"served:C:\models\omni", r"C:\models\omni"),
    ],
)
def test_a_model_may_have_an_address(spec: str, address: str) -> None:
    assert plugins.load_model(spec, Settings()).address == address  # type: ignore[attr-defined]


@pytest.mark.usefixtures("strangers")
@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("nobody:there", "no model plugin 'nobody' (installed are: falling, not_a_store, refusing, scripted"),
        ("served", "model 'served' needs an address (served:ADDRESS)"),
        ("served:", "the address after 'served:' is empty"),
        ("scripted:here", "model 'scripted' takes no address"),
        ("", "a model's name is empty"),
        (":8091", "a model's name is empty"),
        ("scripted | ", "a model's name is empty"),
        ("falling", "model plugin 'falling' of ? cannot be made: ZeroDivisionError: cannot divide here"),
        ("refusing:x", "that is no folder (name one)"),
        ("not_a_store:x", "does not give an OmniModel"),
    ],
)
def test_a_spec_that_is_wrong_says_what_to_do(spec: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plugins.load_model(spec, Settings())
    assert says in str(caught.value)


@pytest.mark.usefixtures("strangers")
def test_several_models_are_a_chain() -> None:
    chain = plugins.load_model("served:http://me:hunter2@host/ | scripted", Settings())
    assert isinstance(chain, Fallback)
    assert chain.health == {"served:http://host/": True, "scripted": True}


@pytest.mark.usefixtures("strangers")
def test_what_is_secret_in_an_address_is_not_told() -> None:
    with pytest.raises(ConfigError) as caught:
        plugins.load_model("falling:http://me:hunter2@host/v1?key=hunter3", Settings())
    assert "hunter" not in str(caught.value)
    assert "http://host/v1" in str(caught.value)


def test_what_comes_along_is_installed_by_the_same_door() -> None:
    assert {"clock", "calculator", "timer", "notes", "units"} <= plugins.installed("tools").keys()
    assert "sqlite" in plugins.installed("memory")
    assert "local" in plugins.installed("models")
    tools, problems = plugins.load_tools(Settings().tools)
    assert problems == []
    assert len({item.name for item in tools}) == len(tools) >= 8
    assert all(plugin.source == "omni-agent-framework" for plugin in plugins.installed("tools").values())


assert TransientMemory  # named in the entry points above
