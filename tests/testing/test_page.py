"""What docs/testing.md shows is run as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import omni_agent.testing

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"


def test_every_example_of_the_page_passes() -> None:
    text = PAGE.read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "page"}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), names)
    tests = [made for name, made in names.items() if name.startswith("test_")]
    assert len(tests) == 4
    for test in tests:
        test()


def test_the_page_names_all_that_is_offered() -> None:
    text = PAGE.read_text(encoding="utf-8")
    errors = {"ScriptError", "UnconsumedSteps", "UnexpectedRequest", "Flush"}
    missing = {name for name in omni_agent.testing.__all__ if not re.search(rf"\b{name}\b", text)}
    assert missing <= errors
