"""Long recordings are cut where it is quiet, and nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest

from omni_agent.server.audio.stretches import LONGEST, stretches
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import noise

RATE = 1000


@pytest.mark.parametrize("seconds", [0.0, 1.0, 29.9, 30.0, 30.001, 95.0])
def test_a_sound_comes_back_whole(seconds: float) -> None:
    sound = noise(seconds, rate=RATE)
    parts = stretches(sound)
    assert np.array_equal(np.concatenate([part.samples for part in parts]), sound.samples)
    assert all(part.seconds <= LONGEST for part in parts)


def test_a_cut_falls_into_the_pause() -> None:
    loud, pause = noise(25.0, rate=RATE), Pcm.silence(0.5, RATE)
    first, _ = stretches(Pcm.joined([loud, pause, noise(20.0, rate=RATE, seed=1)], RATE))
    assert 25.0 < first.seconds < 25.5
