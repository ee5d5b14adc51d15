"""How fast answers are spoken."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest

from omni_agent import Persona
from omni_agent.models.base import Capabilities
from omni_agent.server.realtime.tempo import Tempo
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import Step, in_virtual_time, said
from tests.server.realtime.client import Client, spoken
from tests.server.realtime.serving import serving

WORDS = "The soup is on the stove and will be ready in ten minutes."


async def seconds(client: Client, speed: float | None) -> float:
    if speed is not None:
        client.send("session.update", session={"type": "realtime", "audio": {"output": {"speed": speed}}})
        session = (await client.one("session.updated"))["session"]
        assert session["audio"]["output"]["speed"] == speed
    client.ask("when?")
    return spoken(await client.until("response.done")).seconds


@in_virtual_time
async def test_a_voice_speaks_at_the_speed_that_is_set_last() -> None:
    async with serving(otherwise=lambda _: Step(says=WORDS)) as served, Client(served.app) as client:
        usual = await seconds(client, None)
        assert await seconds(client, 1.5) == pytest.approx(usual / 1.5, rel=0.1)
        assert await seconds(client, None) == pytest.approx(usual / 1.5, rel=0.1)
        assert await seconds(client, 1.0) == pytest.approx(usual, rel=0.02)
    assert [rate for rate, _ in groupby(served.voice.rates)] == [1.0, 1.5, 1.0]


@in_virtual_time
async def test_what_a_voice_cannot_do_is_done_to_its_sound() -> None:
    persona = Persona(rate=1.2)
    async with (
        serving(otherwise=lambda _: Step(says=WORDS), persona=persona) as served,
        Client(served.app) as client,
    ):
        usual = await seconds(client, None)
        slow = await seconds(client, 0.25)
        item = client.of("response.done")[-1]["response"]["output"][0]["id"]
        client.send("conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=slow * 500)
        await client.one("conversation.item.truncated")
        client.send("conversation.item.retrieve", item_id=item)
        cut = (await client.one("conversation.item.retrieved"))["item"]["content"][0]["transcript"]
    assert [rate for rate, _ in groupby(served.voice.rates)] == [1.2, 0.5]
    assert slow == pytest.approx(usual * 4, rel=0.1)
    assert 0.3 < len(cut) / len(WORDS) < 0.7
    assert WORDS.startswith(cut)


@pytest.mark.parametrize("factor", [0.25, 0.4, 0.5, 0.8, 1.0, 1.25, 1.5])
@pytest.mark.parametrize("rate", [16_000, 24_000])
def test_tempo_changes_the_length_and_not_the_pitch(factor: float, rate: int) -> None:
    time = np.arange(rate * 2) / rate
    pcm = Pcm((0.3 * np.sin(2 * np.pi * 220 * time)).astype(np.float32), rate).to_int16()
    tempo = Tempo(factor)
    pieces = [tempo.feed(pcm[at : at + 3000], rate) for at in range(0, len(pcm), 3000)]
    sound = Pcm.from_int16(b"".join((*pieces, tempo.flush())), rate)
    assert sound.seconds == pytest.approx(2 / factor, rel=0.03)
    peak = np.argmax(np.abs(np.fft.rfft(sound.samples))) / sound.seconds
    assert peak == pytest.approx(220, abs=3)
    assert tempo.flush() == b""


def test_tempo_takes_another_voice_in_between() -> None:
    tempo = Tempo(0.5)
    first, second = said("hello there", rate=16_000), said("hello there", rate=24_000)
    sound = tempo.feed(first.to_int16(), 16_000)
    after = tempo.feed(second.to_int16(), 24_000) + tempo.flush()
    whole = len(sound) / 2 / 16_000 + len(after) / 2 / 24_000
    assert whole == pytest.approx(2 * (first.seconds + second.seconds), rel=0.05)


@in_virtual_time
async def test_a_model_with_a_voice_of_its_own_is_heard_at_that_speed_too() -> None:
    sound = said(WORDS, rate=24_000)
    step = Step(says=WORDS, speaks=[sound])
    able = Capabilities(speech=True)
    async with (
        serving(otherwise=lambda _: step, capabilities=able) as served,
        Client(served.app) as client,
    ):
        usual = await seconds(client, None)
        assert await seconds(client, 0.5) == pytest.approx(2 * usual, rel=0.1)
