"""Every example does what it says, with the real embedded models."""

from __future__ import annotations

import json
import os
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

# Each as it stands, one after the other in one process: the models are loaded for all of them once.
PROGRAM = """
import asyncio, contextlib, io, json, runpy, sys, traceback
from omni_agent.config import Settings
from omni_agent.models import cascade

class Kept(cascade.Cascade):
    async def close(self):
        pass

model = cascade.local(Settings())
cascade.local = lambda settings: Kept(model._language, model.senses)
for path in sys.argv[1:]:
    with contextlib.redirect_stdout(io.StringIO()) as said:
        try:
            runpy.run_path(path, run_name="__main__")
            wrong = ""
        except BaseException:
            wrong = traceback.format_exc()
    print(json.dumps([path, said.getvalue(), wrong]), flush=True)
asyncio.run(model.close())
"""


def test_each_example_is_short_and_checked() -> None:
    assert {path.name for path in FILES} == HOLDS.keys()
    assert all(path.read_text(encoding="utf-8").count("\n") <= 45 for path in FILES)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """What each example prints, and why it broke off, if it did."""
    place = tmp_path_factory.mktemp("examples")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, FILES)],
        cwd=place,
        env={**os.environ, "OMNI_AGENT_HOME": str(place / "home")},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return {Path(path).name: (said, wrong) for path, said, wrong in told}


@pytest.mark.models
@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_example_does_what_it_says(path: Path, told: dict[str, tuple[str, str]]) -> None:
    said, wrong = told[path.name]
    assert wrong == ""
    assert re.search(HOLDS[path.name], said), said
