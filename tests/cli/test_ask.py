"""`omni-agent ask`, with a scripted agent: what is printed, and how it exits."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import pytest

from omni_agent.cli import run
from omni_agent.media import MediaStore

AGENT = '''
from omni_agent import Agent, tool
from omni_agent.errors import ModelError
from omni_agent.messages import Hearing
from omni_agent.senses import Senses
from omni_agent.testing import ScriptedEars, ScriptedModel, Step, ToneVoice

@tool
def set_timer(minutes: float) -> str:
    """Start a timer.

    Args:
        minutes: How long.
    """
    return f"runs for {minutes:g} minutes"

senses = Senses(ears=ScriptedEars(Hearing("ten minutes", "en", 0.99, 0.9)), voice=ToneVoice())
agent = Agent(
    name="Test",
    model=ScriptedModel(
        Step(calls={"set_timer": {"minutes": 10}}), Step("10", says="Ten minutes."), senses=senses
    ),
    tools=[set_timer],
)
failing = Agent(model=ScriptedModel(Step(raises=ModelError("the model stopped", remedy="try again"))))
defective = Agent(model=ScriptedModel(Step(raises=ZeroDivisionError("oh"))))
'''


@pytest.fixture
def agent_file(tmp_path: Path) -> Path:
    path = tmp_path / "kitchen.py"
    path.write_text(AGENT)
    return path


def test_a_person_sees_call_result_answer_and_timings(
    agent_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ask", "ten minutes", "--agent", f"{agent_file}:agent"]) == 0
    out = capsys.readouterr().out
    assert "set_timer(minutes=10)" in out
    assert "runs for 10 minutes" in out
    assert "agent › Ten minutes." in out
    assert "first words" in out


def test_json_is_one_event_a_line_and_nothing_else(
    agent_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = agent_file.with_name("out.wav")
    assert run(["ask", "ten", "--agent", f"{agent_file}:agent", "--json", "--speak", str(target)]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    types = [event["type"] for event in events]
    assert types[0] == "turn.started"
    assert types[-1] == "turn.ended"
    started = events[types.index("tool.started")]
    assert (started["name"], started["arguments"]) == ("set_timer", {"minutes": 10})
    chunk = events[types.index("speech.chunk")]
    assert "pcm" not in chunk
    assert MediaStore().get(chunk["ref"])[:4] == b"RIFF"
    with wave.open(str(target)) as spoken:
        assert spoken.getnframes() > 1000


def test_a_recording_is_heard(agent_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound = agent_file.with_name("in.wav")
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(b"\x10\x00" * 16000)
    assert run(["ask", "--audio", str(sound), "--agent", f"{agent_file}:agent"]) == 0
    assert "heard › ten minutes  (en, 90% sure)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ask", "--agent", "FILE:agent"], "nothing to answer"),
        (["ask", "hi", "--agent", "FILE:failing"], "the model stopped (try again)"),
        (["ask", "hi", "--agent", "FILE:defective"], "unexpected ZeroDivisionError: oh"),
        (
            ["ask", "hi", "--agent", "FILE:nobody"],
            "no agent 'nobody' there (there are: agent, failing, defective)",
        ),
        (["ask", "hi", "--agent", "FILE"], "holds 3 agents (name one: FILE.py:name)"),
        (["ask", "hi", "--agent", "missing.py"], "there is no agent file missing.py"),
        (
            ["ask", "hi", "--agent", "no.such.module:x"],
            "no.such.module cannot be loaded: ModuleNotFoundError",
        ),
        (["ask", "--audio", "missing.wav", "--agent", "FILE:agent"], "missing.wav"),
    ],
)
def test_what_goes_wrong_is_one_line_and_exit_1(
    arguments: list[str], says: str, agent_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([word.replace("FILE", str(agent_file), 1) for word in arguments]) == 1
    errors = capsys.readouterr().err.strip()
    assert says in errors
    assert errors.startswith("omni-agent: ")
    assert "\n" not in errors


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("def (:", "SyntaxError line 1"),
        ("import nowhere", "No module named 'nowhere'"),
        ("x = 1", "holds 0 agents"),
    ],
)
def test_a_broken_agent_file_is_one_line(
    source: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.py"
    path.write_text(source)
    assert run(["ask", "hi", "--agent", str(path)]) == 1
    errors = capsys.readouterr().err.strip()
    assert says in errors
    assert "\n" not in errors


@pytest.mark.parametrize("arguments", [["nonsense"], ["ask", "--nonsense"], ["ask", "a", "b"]])
def test_wrong_usage_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "Usage" in capsys.readouterr().err


def test_speech_that_was_asked_for_and_cannot_be_is_an_error(
    agent_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agent_file.write_text(AGENT.replace(", voice=ToneVoice()", ""))
    target = agent_file.with_name("out.wav")
    assert run(["ask", "ten", "--agent", f"{agent_file}:agent", "--speak", str(target)]) == 1
    assert "was not written" in capsys.readouterr().err
    assert not target.exists()


def test_lone_surrogates_in_arguments_do_no_harm(agent_file: Path) -> None:
    assert run(["ask", "ten \udcff minutes", "--agent", f"{agent_file}:agent"]) == 0
