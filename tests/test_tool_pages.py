"""The generated pages of the built-in tools."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest

from omni_agent import tool

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tool_pages", ROOT / "docs" / "hooks" / "tool_pages.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_built_in_tool_has_its_section(hook: ModuleType) -> None:
    made = hook.pages(hook.built_in())
    assert len(made) == len(hook.built_in()) + 1
    for plugin in hook.built_in():
        page = made[f"builtin/{plugin.name}.md"]
        assert f"[{plugin.name}]({plugin.name}.md)" in made["builtin/index.md"]
        for item in plugin.tools():
            assert f"## {item.name}\n" in page
            assert hook.cell(item.spec.description) in page
            assert f"Effect: `{item.effect}`" in page
            for name in item.spec.parameters.get("properties", {}):
                assert f"| `{name}` |" in page


def test_options_are_those_of_the_constructor(hook: ModuleType) -> None:
    class Garden:
        """A garden.

        Args:
            most: How many | beds.
        """

        def __init__(self, *, most: int = 20) -> None: ...

    [_, table] = hook.options("garden", Garden)
    assert "`[plugins.garden]`" in table
    assert "| `most` | int | `20` |" in table
    assert hook.options("garden", hook) == []


def test_a_section_says_all_that_there_is_to_say(hook: ModuleType) -> None:
    def back() -> str:
        return "Back."

    @tool(effect="irreversible", timeout=5, undo=back, untrusted=True, question="Paint it {colour}?")
    def paint(colour: Literal["red", "blue"] = "red", coats: int | None = None) -> str:
        """Paint a | wall <quickly>.

        Args:
            colour: Which one.
        """
        return colour

    text = hook.section(paint)
    assert "Paint a \\| wall &lt;quickly>." in text
    assert "the user is asked first" in text
    assert "“Paint it {colour}?”" in text
    assert "It can be undone." in text
    assert "written by strangers" in text
    assert "| `colour` | string | `'red'` | Which one. |" in text
    assert "| `coats` | integer | `None` |  |" in text
