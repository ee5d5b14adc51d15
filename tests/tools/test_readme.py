"""The tool in the README works as it stands there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from omni_agent.plugins import installed

README = Path(__file__).parents[2] / "tools" / "README.md"


def test_the_tool_in_ten_lines(run: Callable[..., str], examine: Callable[..., None]) -> None:
    found = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    module = ModuleType("dice_tools")
    exec(found[1], module.__dict__)
    examine(module, {"roll_dice": "read"})
    assert run(module.roll_dice, sides=1) == "You rolled 1."


def test_every_plugin_and_tool_is_listed() -> None:
    text = README.read_text(encoding="utf-8")
    own = [plugin for plugin in installed("tools").values() if plugin.source == "omni-agent-framework"]
    assert len(own) > 10
    for plugin in own:
        row = next(line for line in text.splitlines() if line.startswith(f"| `{plugin.name}`"))
        assert {tool.name for tool in plugin.tools()} <= set(re.findall(r"`(\w+)`", row))
