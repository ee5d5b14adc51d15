"""What importing costs, and what it gives."""

from __future__ import annotations

import json
import subprocess
import sys

import omni_agent

HEAVY = (
    "langgraph",
    "torch",
    "xllamacpp",
    "sqlalchemy",
    "onnxruntime",
    "faster_whisper",
    "numpy",
    "httpx",
    "alembic",
)


def loaded_by(statement: str) -> tuple[list[str], float]:
    found = f"[m for m in {HEAVY} if m in sys.modules]"
    probe = f"import json, sys, time; {statement}; print(json.dumps([{found}, time.process_time()]))"
    out = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    modules, seconds = json.loads(out.splitlines()[-1])
    return modules, seconds


def test_importing_loads_nothing_heavy() -> None:
    modules, _ = loaded_by("import omni_agent")
    assert modules == []


def test_the_command_line_loads_nothing_heavy_for_its_help() -> None:
    modules, _ = loaded_by("import omni_agent.cli as c; c.run(['--help'])")
    assert modules == []


def test_importing_is_quick() -> None:
    # Measured against asyncio, some 40 ms on an idle machine: on a busy one both take longer.
    empty = min(loaded_by("pass")[1] for _ in range(3))
    known = min(loaded_by("import asyncio")[1] for _ in range(3)) - empty
    ours = min(loaded_by("import omni_agent")[1] for _ in range(3)) - empty
    assert ours < 10 * known


def test_every_public_name_is_there() -> None:
    assert len(set(omni_agent.__all__)) == len(omni_agent.__all__)
    assert all(hasattr(omni_agent, name) for name in omni_agent.__all__)


def test_core_runs_without_the_extras() -> None:
    probe = """
import asyncio, sys
for missing in ("xllamacpp", "faster_whisper", "piper", "kokoro_onnx", "rapidocr", "torch"):
    sys.modules[missing] = None
from omni_agent import Agent
from omni_agent.testing import ScriptedModel, Step
print(asyncio.run(Agent(model=ScriptedModel(Step(says="hello")), memory=None).ask("hi")).text)
"""
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "hello", done.stderr
