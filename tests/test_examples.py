"""Every example runs as it stands, with the real embedded models."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
FILES = sorted(EXAMPLES.glob("*.py"))
HOLDS = {
    "01_hello.py": r"(?i)(light|scatter|atmosphere)[\s\S]*hello\.wav: \d",
    "02_tool.py": r"(?is)heard: .*pasta.*call: set_timer \{'minutes': 10.*result:.*(10|ten)",
    "03_picture.py": r"14[.,]50",
    "04_memory.py": r"(?is)what is my cat called\?.*agent:.*pixel",
    "06_yes_and_undo.py": r"(?is)honey'\].*undo that\s+agent:[^\n]*\['milk', 'eggs'\].*Really empty.*\[\]",
    "07_team.py": r"It snows in Oslo\.\nnow with Billing\n42 euros, due on Friday\.",
    "08_live.py": r"(?is)spoke for [1-9].*set_timer: .*(10|ten).*heard of the answer: .*(10|ten|timer)",
    "05_stateful_tools.py": r"80 degrees\n140 degrees\n200 degrees\nMay I\? Oven clean\?",
}


def test_each_example_is_short_and_checked() -> None:
    assert {path.name for path in FILES} == HOLDS.keys()
    assert all(path.read_text(encoding="utf-8").count("\n") <= 45 for path in FILES)


@pytest.mark.models
@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_example_does_what_it_says(path: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(path)], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(HOLDS[path.name], done.stdout), done.stdout
    assert done.stderr == ""
