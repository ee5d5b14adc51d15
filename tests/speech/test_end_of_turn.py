"""Scores of how likely a turn is over."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from omni_agent.errors import ModelError, ModelFileError, ModelUnavailable
from omni_agent.speech.pcm import Pcm
from omni_agent.speech.turn_end.end_of_turn import RATE, SECONDS, UNKNOWN, SmartTurn, TurnEnd, log_mel
from omni_agent.speech.turn_end.prosody import ProsodyEnd, contour

pytestmark = pytest.mark.anyio


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)


def voice(pitches: np.ndarray, level: np.ndarray | float = 0.3) -> Pcm:
    """A buzz that follows the pitches, one a sample, with 0.2 s of silence after it."""
    phase = 2 * np.pi * np.cumsum(pitches) / RATE
    buzz = sum(np.sin(n * phase) / n for n in range(1, 12)) * level
    return Pcm(np.concatenate([buzz, np.zeros(RATE // 5)]).astype(np.float32) * 0.5, RATE)


def textbook_log_mel(samples: np.ndarray) -> np.ndarray:
    """Whisper's features straight from their definition, frame by frame and band by band."""
    size = SECONDS * RATE
    sound = np.zeros(size)
    if len(samples):
        sound[-len(samples[-size:]) :] = samples[-size:]
    sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
    mel_edges = np.linspace(0.0, 15 + 27 * np.log(8) / np.log(6.4), 82)
    edges = [mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27) for mel in mel_edges]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    padded = np.concatenate([sound[200:0:-1], sound, sound[-2:-202:-1]])
    bands = np.zeros((80, 800))
    for frame in range(800):
        power = np.abs(np.fft.rfft(padded[frame * 160 : frame * 160 + 400] * window)) ** 2
        for band in range(80):
            low, top, high = edges[band : band + 3]
            triangle = np.interp(np.arange(201) * 40.0, [low, top, high], [0.0, 1.0, 0.0])
            bands[band, frame] = power @ triangle * 2 / (high - low)
    logs = np.log10(np.maximum(bands, 1e-10))
    return (np.maximum(logs, logs.max() - 8) + 4) / 4


@pytest.mark.parametrize("seconds", [0.01, 0.7, 8.0])
def test_the_features_are_whispers(seconds: float) -> None:
    samples = noise(seconds) + np.float32(0.02)
    features = log_mel(samples)
    assert features.shape == (80, 800)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, textbook_log_mel(samples), atol=2e-3)


def test_only_the_last_eight_seconds_count() -> None:
    last = noise(8.0)
    assert np.array_equal(log_mel(np.concatenate([noise(3.0, seed=1), last])), log_mel(last))


def test_the_features_do_not_depend_on_the_level_and_stand_anything() -> None:
    samples = noise(1.0)
    np.testing.assert_allclose(log_mel(samples * np.float32(0.3)), log_mel(samples), atol=1e-2)
    broken = samples.copy()
    broken[100:200] = np.nan
    assert np.isfinite(log_mel(broken)).all()
    assert np.isfinite(log_mel(np.zeros(0, np.float32))).all()


class Always(ProsodyEnd):
    """Says the same of everything."""

    async def score(self, audio: Pcm, words: str) -> float:
        return 0.25


def missing() -> Path:
    raise ModelUnavailable("offline", remedy="models pull turn")


async def test_nothing_heard_is_unknown() -> None:
    assert await SmartTurn(missing).score(Pcm.silence(0.0, RATE), "") == UNKNOWN
    assert await ProsodyEnd().score(Pcm.silence(0.0, RATE), "") == UNKNOWN


@pytest.mark.parametrize("where", [missing, Path("/nowhere/smart-turn-v3.2-cpu.onnx")])
async def test_without_the_model_something_else_answers(where: Path) -> None:
    turn = SmartTurn(where, otherwise=Always())
    await turn.prewarm()
    assert await turn.score(Pcm.silence(1.0, RATE), "yes") == 0.25
    assert turn.missing is not None
    assert "models pull turn" in turn.missing.remedy
    await turn.close()


async def test_what_cannot_be_fetched_is_not_fetched_again_at_every_pause() -> None:
    tries: list[int] = []

    def failing() -> Path:
        tries.append(1)
        raise ModelFileError("the line is dead", remedy="try again")

    turn = SmartTurn(failing, otherwise=Always())
    for _ in range(3):
        assert await turn.score(Pcm.silence(1.0, RATE), "") == 0.25
    assert len(tries) == 1


async def test_without_the_model_and_anything_else_the_remedy_is_named() -> None:
    with pytest.raises(ModelUnavailable) as caught:
        await SmartTurn(Path("/nowhere")).score(Pcm.silence(1.0, RATE), "")
    assert "models pull turn" in caught.value.remedy


async def test_a_broken_model_is_an_error_or_is_replaced(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    (tmp_path / "smart-turn-v3.2-cpu.onnx").write_bytes(b"nothing")
    with pytest.raises(ModelError):
        await SmartTurn(tmp_path).score(Pcm.silence(1.0, RATE), "")
    turn = SmartTurn(tmp_path, otherwise=Always())
    assert await turn.score(Pcm.silence(1.0, RATE), "") == 0.25


def test_both_are_ends_of_turn() -> None:
    ends: list[TurnEnd] = [SmartTurn(Path()), ProsodyEnd()]
    assert len(ends) == 2


def test_a_contour_follows_the_pitch() -> None:
    size = round(1.2 * RATE)
    falling = contour(voice(np.concatenate([np.full(size, 140.0), np.linspace(140, 90, size // 3)])))
    level = contour(voice(np.full(size + size // 3, 140.0)))
    rising = contour(voice(np.concatenate([np.full(size, 140.0), np.linspace(140, 220, size // 3)])))
    assert falling is not None
    assert level is not None
    assert rising is not None
    assert falling.pitch < -3 < -1 < level.pitch < 1 < 3 < rising.pitch


@pytest.mark.parametrize("pitch", [80.0, 120.0, 240.0])
def test_a_steady_voice_has_a_level_contour_at_any_pitch(pitch: float) -> None:
    found = contour(voice(np.full(RATE, pitch)))
    assert found is not None
    assert found.pitch == pytest.approx(0.0, abs=0.5)
    assert found.level == pytest.approx(0.0, abs=1.0)


@pytest.mark.parametrize("samples", [np.zeros(16_000), np.zeros(10), np.full(16_000, np.nan)])
def test_what_is_no_voice_has_no_contour(samples: np.ndarray) -> None:
    assert contour(Pcm(samples.astype(np.float32), RATE)) is None


async def test_a_fall_sounds_more_like_an_end_than_a_level_voice() -> None:
    size = round(1.2 * RATE)
    fade = np.concatenate([np.full(size, 0.3), np.linspace(0.3, 0.1, size // 3)])
    falling = voice(np.concatenate([np.full(size, 140.0), np.linspace(140, 90, size // 3)]), fade)
    level = voice(np.full(size + size // 3, 140.0))
    turn = ProsodyEnd()
    ended, going_on = await turn.score(falling, ""), await turn.score(level, "")
    assert 0.0 <= going_on < ended <= 1.0
    assert await turn.score(falling, "So I was...") < ended


@pytest.mark.models
async def test_smart_turn_tells_an_end_from_a_beginning() -> None:
    from omni_agent.models.store import ModelStore
    from omni_agent.speech.voices.tts_piper import PiperVoice

    store = ModelStore()
    turn = SmartTurn(store.ensure("turn"))
    speaker = PiperVoice(store.ensure("voice-english"))
    await turn.prewarm()
    scores: dict[str, float] = {}
    for text in ("What time is it in Tokyo?", "Well, I was thinking..."):
        said = (await speaker.speak(text)).resampled(RATE)
        scores[text] = await turn.score(Pcm.joined([said, Pcm.silence(0.1, RATE)], RATE), text)
    whole, begun = scores.values()
    assert 0.0 <= begun < 0.5 < whole <= 1.0
    await speaker.close()
    await turn.close()


@pytest.mark.models
async def test_a_cancelled_score_leaves_the_model_usable() -> None:
    from omni_agent.models.store import ModelStore

    turn = SmartTurn(ModelStore().ensure("turn"))
    sound = Pcm(noise(2.0), RATE)
    wanted = await turn.score(sound, "")
    first = asyncio.ensure_future(turn.score(sound, ""))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await turn.score(sound, "") == wanted
    await turn.close()
    assert await turn.score(sound, "") == wanted
    await turn.close()
