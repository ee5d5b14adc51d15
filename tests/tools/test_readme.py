"""The tool in the README works as it stands there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

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
    from omni_tools import calculator, clock, notes, timer, units

    for module in (calculator, clock, notes, timer, units):
        start = f"| `{module.__name__.rpartition('.')[2]}`"
        row = next(line for line in text.splitlines() if line.startswith(start))
        assert set(module.__all__) <= set(re.findall(r"`(\w+)`", row))
