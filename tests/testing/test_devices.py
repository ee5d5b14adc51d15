"""Devices without a sound card: what is heard, and when."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.speech.devices.protocols import Microphone, Speaker
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import (
    FakeMicrophone,
    FakeSpeaker,
    VirtualClock,
    in_virtual_time,
    run_virtually,
    said,
    words_in,
)

RATE = 1000


def now() -> float:
    return asyncio.get_running_loop().time()


def ones(seconds: float, rate: int = RATE) -> Pcm:
    return Pcm(np.ones(round(seconds * rate), np.float32), rate)


async def recorded(microphone: FakeMicrophone) -> tuple[list[float], Pcm]:
    moments, frames = [], []
    async for frame in microphone.frames():
        moments.append(now())
        frames.append(frame)
    return moments, Pcm.joined(frames, frames[0].rate)


@in_virtual_time
async def test_a_microphone_hears_each_clip_in_its_place() -> None:
    microphone = FakeMicrophone((0.13, said("good morning")), (3.0, said("goodbye")), until=4)
    assert isinstance(microphone, Microphone)
    moments, sound = await recorded(microphone)
    assert moments == [round(0.02 * n, 9) for n in range(1, 201)]
    words = words_in(sound)
    begins = [word.start for word in words]
    assert [word.text for word in words] == ["good", "morning", "goodbye"]
    assert begins[::2] == [pytest.approx(0.13, abs=0.02), pytest.approx(3, abs=0.02)]
    assert not sound.samples[: round(0.129 * sound.rate)].any()


@in_virtual_time
async def test_clips_are_mixed_and_may_be_said_at_any_time() -> None:
    microphone = FakeMicrophone((0.1, ones(0.2)), (0.2, ones(0.2)), rate=RATE, until=1)
    recording = asyncio.create_task(recorded(microphone))
    await asyncio.sleep(0.5)
    assert microphone.say(ones(0.1)) == 0.6
    _, sound = await recording
    levels = [float(sound.samples[round(at * RATE)]) for at in (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65)]
    assert levels == [0, 1, 2, 1, 0, 1, 0]


@in_virtual_time
async def test_a_slow_reader_loses_nothing() -> None:
    microphone = FakeMicrophone((0.0, ones(1.0)), rate=RATE, until=1)
    heard = 0
    async for frame in microphone.frames():
        heard += int(frame.samples.sum())
        await asyncio.sleep(0.05)
    assert heard == RATE
    assert now() == 2.52


@in_virtual_time
async def test_an_unplugged_microphone_is_waited_for() -> None:
    microphone = FakeMicrophone((0.0, ones(10)), rate=RATE, until=2)
    recording = asyncio.create_task(recorded(microphone))
    await asyncio.sleep(0.51)
    microphone.unplug()
    await asyncio.sleep(1)
    microphone.plug()
    moments, _ = await recording
    assert [moment for moment in moments if 0.51 < moment <= 1.51] == []
    assert len(moments) == 25 + 25


@pytest.mark.parametrize("plugged", [True, False])
@in_virtual_time
async def test_closing_a_microphone_ends_its_frames(plugged: bool) -> None:
    microphone = FakeMicrophone(rate=RATE, noise=0.01)
    recording = asyncio.create_task(recorded(microphone))
    await asyncio.sleep(0.5)
    if not plugged:
        microphone.unplug()
        await asyncio.sleep(1)
    await microphone.close()
    moments, sound = await recording
    assert moments[-1] == 0.48 if not plugged else 0.5
    assert 0.008 < float(sound.samples.std()) < 0.012


@in_virtual_time
async def test_a_speaker_plays_in_order_and_without_a_gap() -> None:
    speaker = FakeSpeaker(RATE, latency=0.1)
    assert isinstance(speaker, Speaker)
    assert speaker.pending == 0
    speaker.write(ones(0.5))
    speaker.write(Pcm(-ones(0.5).samples, RATE))
    assert speaker.pending == 1.1
    await asyncio.sleep(0.85)
    assert speaker.pending == 0.25
    assert speaker.stretches == [(0.1, 0.85)]
    heard = speaker.heard().samples
    assert (len(heard), heard[:500].min(), heard[500:].max()) == (750, 1, -1)
    await asyncio.sleep(1)
    assert speaker.pending == 0
    assert speaker.heard().seconds == 1
    assert speaker.heard(0, 1.5).seconds == 1.5
    assert speaker.silences == []


@in_virtual_time
async def test_holes_are_told_from_pauses() -> None:
    speaker = FakeSpeaker(RATE, latency=0.05)
    for pause in (0.0, 0.04, 2.0):
        await asyncio.sleep(pause)
        speaker.write(ones(0.3))
        await asyncio.sleep(0.3)
    assert speaker.silences == [(0.35, 0.39), (0.69, 2.69)]
    assert speaker.underruns() == [(0.35, 0.39)]
    assert not speaker.heard(0.35, 0.39).samples.any()


@in_virtual_time
async def test_a_flush_is_silent_once_the_device_is() -> None:
    speaker = FakeSpeaker(RATE, latency=0.1)
    speaker.write(ones(2))
    await asyncio.sleep(0.5)
    assert speaker.flush() == pytest.approx(1.495)
    assert speaker.pending == 0.105
    assert speaker.flushes[0].at == 0.5
    assert speaker.flushes[0].silent == 0.605
    await asyncio.sleep(1)
    heard = speaker.heard().samples
    assert len(heard) == 505
    assert heard[499] == 1
    assert (np.diff(heard[500:]) < 0).all()
    speaker.write(ones(0.1))
    await asyncio.sleep(0.2)
    assert speaker.stretches == [(0.1, 0.605), (1.6, 1.7)]
    assert speaker.underruns(longest=10) == []


@in_virtual_time
async def test_flushing_silence_throws_nothing_away() -> None:
    speaker = FakeSpeaker(RATE)
    assert speaker.flush() == 0
    speaker.write(ones(0.1))
    await asyncio.sleep(1)
    assert speaker.flush() == 0
    assert speaker.heard().seconds == 0.1
    assert (speaker.heard().samples == 1).all()


@in_virtual_time
async def test_a_speaker_takes_its_own_rate_and_nothing_after_its_end() -> None:
    speaker = FakeSpeaker(RATE)
    with pytest.raises(ValueError, match="1000"):
        speaker.write(ones(1, 2 * RATE))
    speaker.write(ones(1))
    await asyncio.sleep(0.5)
    await speaker.close()
    await speaker.close()
    with pytest.raises(RuntimeError):
        speaker.write(ones(1))
    await asyncio.sleep(1)
    assert speaker.heard().seconds == 0.505


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("write"), st.integers(1, 500)),
            st.tuples(st.just("sleep"), st.integers(1, 500)),
            st.tuples(st.just("flush"), st.just(0)),
        ),
        max_size=20,
    ),
    st.integers(0, 100),
)
def test_what_was_written_is_heard_pending_or_thrown_away(steps: list[tuple[str, int]], latency: int) -> None:
    async def main() -> None:
        speaker = FakeSpeaker(RATE, latency=latency / RATE)
        written = thrown = 0
        for step, size in steps:
            if step == "write":
                speaker.write(ones(size / RATE))
                written += size
            elif step == "sleep":
                await asyncio.sleep(size / RATE)
            else:
                thrown += round(speaker.flush() * RATE)
        await asyncio.sleep(speaker.pending)
        assert speaker.pending == 0
        heard = round(sum(end - begin for begin, end in speaker.stretches) * RATE)
        assert heard == written - thrown
        assert np.count_nonzero(speaker.heard().samples > 0) == heard

    run_virtually(main())


@pytest.mark.anyio
async def test_devices_go_by_a_clock_that_is_turned_by_hand() -> None:
    clock = VirtualClock()
    speaker = FakeSpeaker(RATE, latency=0, clock=clock)
    speaker.write(ones(1))
    clock.advance(0.25)
    assert speaker.pending == 0.75
    microphone = FakeMicrophone(clock=clock, rate=RATE)
    frame = asyncio.create_task(anext(microphone.frames()))
    await asyncio.sleep(0)
    clock.advance(0.02)
    assert (await frame).seconds == 0.02
