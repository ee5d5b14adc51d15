"""From the command line to the sound file, with a tiny Qwen3-Omni that hears, writes and speaks."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from omni_agent.cli import run

pytestmark = [
    # transformers' remark is silenced when it speaks; a test's own filters come after that.
    pytest.mark.filterwarnings("ignore:Passing `repetition_penalty`"),
]
EXAMPLE = Path(__file__).parents[3] / "examples" / "timer.wav"
AGENT = """
from omni_agent import Agent
from omni_agent.models.omni import Options, TransformersOmni

agent = Agent(name="Ada", model=TransformersOmni(Options.parse({address!r})), memory=None)
"""


@pytest.mark.parametrize("family", ["qwen3", "qwen25"])
def test_a_recording_is_answered_in_words_and_in_sound_at_24_khz(
    family: str, request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "ada.py", tmp_path / "out.wav"
    folder = request.getfixturevalue(family)
    file.write_text(AGENT.format(address=f"{folder}?device=cpu&seconds=1"), encoding="utf-8")
    asked = ["ask", "--agent", str(file), "--audio", str(EXAMPLE), "--speak", str(out), "--json"]
    assert run(asked) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [event["type"] for event in events]
    assert kinds.index("text.delta") < kinds.index("speech.chunk") < kinds.index("turn.ended")
    ended = events[-1]
    assert len(ended["text"]) > 20
    with wave.open(str(out)) as sound:
        assert sound.getframerate() == 24_000
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
    assert 2_000 < len(samples) <= 24_000
    assert samples.std() > 500
