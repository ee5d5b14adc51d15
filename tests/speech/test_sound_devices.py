"""Microphone and loudspeaker against a stand-in for PortAudio, in virtual time."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.errors import ConfigError, InputError
from omni_agent.speech.devices import portaudio as pa
from omni_agent.speech.devices.choosing import Device, choose
from omni_agent.speech.devices.protocols import Microphone, Speaker
from omni_agent.speech.devices.sample_ring import SampleRing
from omni_agent.speech.devices.sound_devices import DeviceChange, SoundDeviceMicrophone, SoundDeviceSpeaker
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import VirtualClock
from tests.speech.sound_library import AtOnce, FakeLibrary, FakeStream, entry

HEADSET = entry("Headset", inputs=1, outputs=2)
BOARD = entry("Board", inputs=2, outputs=2)


def hosted(library: FakeLibrary) -> pa.PortAudio:
    return pa.PortAudio(cast("pa.SoundLibrary", library), AtOnce())


def tone(count: int, rate: int = 48000) -> Pcm:
    time = np.arange(count) / rate
    return Pcm((0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32), rate)


async def pass_time(clock: VirtualClock, seconds: float, each: Callable[[], object] = lambda: None) -> None:
    """Let time pass in tenths of a second, everybody having the time to do what is due."""
    for _ in range(round(seconds * 10)):
        for _ in range(20):
            await asyncio.sleep(0)
        each()
        clock.advance(0.1)
    for _ in range(20):
        await asyncio.sleep(0)


class TestChoosing:
    DEVICES = (
        Device(0, "HDA Intel: ALC (hw:0,0)", "ALSA", 2, 2, 48000),
        Device(1, "USB Headset", "ALSA", 1, 2, 48000),
        Device(2, "USB Headset Pro", "ALSA", 1, 2, 48000),
        Device(3, "HDMI", "ALSA", 0, 8, 48000, frozenset({"output"})),
        Device(4, "pulse", "ALSA", 32, 32, 44100, frozenset({"input"})),
    )

    @pytest.mark.parametrize(
        ("wanted", "direction", "number"),
        [
            ("", "input", 4),
            ("", "output", 3),
            ("1", "input", 1),
            ("usb headset", "input", 1),
            ("pro", "output", 2),
            (" HDMI ", "output", 3),
            ("h", "output", 3),
        ],
    )
    def test_by_number_name_and_part_of_a_name(self, wanted: str, direction: Any, number: int) -> None:
        assert choose(self.DEVICES, wanted, direction).number == number

    @pytest.mark.parametrize("wanted", ["hdmi", "3", "9", "webcam"])
    def test_what_cannot_record_is_no_microphone(self, wanted: str) -> None:
        with pytest.raises(InputError, match="there is no microphone") as raised:
            choose(self.DEVICES, wanted, "input")
        assert raised.value.code == "device_unknown"
        assert "--devices" in raised.value.remedy

    def test_a_machine_without_one(self) -> None:
        with pytest.raises(InputError, match="no loudspeaker") as raised:
            choose([Device(0, "Line in", "ALSA", 2, 0, 48000)], "", "output")
        assert raised.value.code == "device_missing"

    def test_the_first_where_there_is_no_default(self) -> None:
        assert choose(self.DEVICES[:2], "", "input").number == 0


class TestMissing:
    @pytest.mark.parametrize(
        ("error", "remedy"),
        [
            (ModuleNotFoundError("sounddevice"), "omni-agent-framework[audio]"),
            (OSError("PortAudio library not found"), "apt install libportaudio2"),
        ],
    )
    def test_the_package_and_the_library(
        self, error: Exception, remedy: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(name: str) -> None:
            raise error

        monkeypatch.setattr(importlib, "import_module", fail)
        with pytest.raises(ConfigError, match=r"need the") as raised:
            asyncio.run(SoundDeviceMicrophone.opened(portaudio=pa.PortAudio(executor=AtOnce())))
        assert raised.value.code == "portaudio_missing"
        assert remedy in raised.value.remedy

    async def _open(self, library: FakeLibrary) -> None:
        await SoundDeviceSpeaker.opened(portaudio=hosted(library))

    def test_a_device_that_refuses_everything_says_why(self) -> None:
        library = FakeLibrary([HEADSET], accepts=lambda rate, channels: False)
        with pytest.raises(InputError, match="'Headset' cannot be opened: Invalid sample rate") as raised:
            asyncio.run(self._open(library))
        assert raised.value.code == "device_refused"

    def test_a_device_that_does_not_start_is_let_go(self) -> None:
        library = FakeLibrary([HEADSET], refuses_start=True)
        with pytest.raises(InputError, match="Device unavailable"):
            asyncio.run(self._open(library))
        assert library.streams
        assert all(stream.closed for stream in library.streams)


class Room:
    """A stand-in for the machine, with its clock and what was told."""

    def __init__(self, *devices: dict[str, Any], **options: Any) -> None:
        self.library = FakeLibrary(list(devices) or [HEADSET], **options)
        self.portaudio = hosted(self.library)
        self.clock = VirtualClock()
        self.changes: list[DeviceChange] = []

    async def microphone(self, device: str = "") -> SoundDeviceMicrophone:
        return await SoundDeviceMicrophone.opened(
            device, clock=self.clock, portaudio=self.portaudio, changed=self.changes.append
        )

    async def speaker(self, device: str = "") -> SoundDeviceSpeaker:
        return await SoundDeviceSpeaker.opened(
            device, clock=self.clock, portaudio=self.portaudio, changed=self.changes.append
        )

    @property
    def stream(self) -> FakeStream:
        return self.library.streams[-1]

    @property
    def told(self) -> list[str]:
        return [f"{change.device} {change.kind}" for change in self.changes]

    def keep_alive(self) -> None:
        """Every stream that runs is called back, with silence."""
        for stream in self.library.running():
            if stream.options["blocksize"]:
                stream.hear(np.zeros(320, np.float32))
            else:
                stream.play(480)


async def take(microphone: SoundDeviceMicrophone, count: int) -> list[Pcm]:
    frames: list[Pcm] = []
    async for frame in microphone.frames():
        frames.append(frame)
        if len(frames) == count:
            break
    return frames


def running(test: Callable[[], Any]) -> None:
    asyncio.run(test())


class TestMicrophone:
    def test_frames_are_what_the_device_heard(self) -> None:
        async def test() -> None:
            room = Room()
            microphone = await room.microphone()
            assert isinstance(microphone, Microphone)
            assert room.stream.options["samplerate"] == 16000
            heard = [tone(320, 16000).samples * k for k in (1.0, 0.5)]
            for block in heard:
                room.stream.hear(block)
            frames = await take(microphone, 2)
            assert [frame.rate for frame in frames] == [16000, 16000]
            np.testing.assert_array_equal(np.concatenate([f.samples for f in frames]), np.concatenate(heard))
            await microphone.close()
            assert room.stream.closed
            assert not [frame async for frame in microphone.frames()]

        running(test)

    def test_a_refused_rate_is_resampled_and_stereo_is_mixed(self) -> None:
        async def test() -> None:
            room = Room(BOARD, accepts=lambda rate, channels: (rate, channels) == (48000, 2))
            microphone = await room.microphone()
            for part in np.split(tone(48000).samples, 50):
                room.stream.hear(part)
            room.stream.hear(np.zeros(4800, np.float32))
            heard = Pcm.joined(await take(microphone, 50), 16000).samples[1600:14400]
            expected = tone(16000, 16000).samples
            delays = [np.abs(heard - expected[1600 + k : 14400 + k]).max() for k in range(-40, 41)]
            assert min(delays) < 0.01
            await microphone.close()

        running(test)

    def test_a_late_loop_loses_the_oldest_frames_and_counts_them(self) -> None:
        async def test() -> None:
            room = Room()
            microphone = await room.microphone()
            for k in range(130):
                room.stream.hear(np.full(320, k / 1000, np.float32))
            frames = await take(microphone, 100)
            assert microphone.dropped == 30
            assert frames[0].samples[0] == np.float32(0.030)
            await microphone.close()

        running(test)

    def test_a_callback_after_the_loop_is_closed_does_no_harm(self) -> None:
        room = asyncio.run(self._abandoned())
        room.stream.hear(np.zeros(320, np.float32))
        room.stream.hear(np.zeros(320, np.float32))

    async def _abandoned(self) -> Room:
        room = Room()
        await room.microphone()
        return room

    @pytest.mark.parametrize("dies", ["ends", "stalls"])
    def test_unplugged_and_back(self, dies: str) -> None:
        async def test() -> None:
            room = Room()
            microphone = await room.microphone("headset")
            await pass_time(room.clock, 3, room.keep_alive)
            assert room.told == []
            first = room.stream
            room.library.plugged = []
            if dies == "ends":
                first.fail()
            await pass_time(room.clock, 6)
            assert room.told == ["Headset lost"]
            assert first.closed
            assert not microphone.live
            room.library.plugged = [BOARD, HEADSET]
            await pass_time(room.clock, 2, room.keep_alive)
            assert room.told == ["Headset lost", "Headset back"]
            assert microphone.live
            room.stream.hear(np.full(320, 0.25, np.float32))
            async for frame in microphone.frames():
                if frame.samples[0] == 0.25:
                    break
            await microphone.close()

        running(test)


class TestSpeaker:
    def test_it_plays_what_is_written_then_silence_on_every_channel(self) -> None:
        async def test() -> None:
            room = Room(accepts=lambda rate, channels: channels == 2)
            speaker = await room.speaker()
            assert isinstance(speaker, Speaker)
            assert speaker.rate == 48000
            sound = tone(1000)
            speaker.write(sound)
            assert speaker.pending == pytest.approx(1000 / 48000)
            out = np.concatenate([room.stream.play(480) for _ in range(3)])
            np.testing.assert_array_equal(out[:1000, 0], sound.samples)
            np.testing.assert_array_equal(out[:, 0], out[:, 1])
            assert not out[1000:].any()
            await speaker.close()

        running(test)

    def test_pending_counts_what_the_device_holds_back(self) -> None:
        async def test() -> None:
            room = Room()
            speaker = await room.speaker()
            speaker.write(tone(960))
            room.stream.play(480, delay=0.05)
            assert speaker.pending == pytest.approx(0.01 + 0.01)
            room.clock.advance(0.01)
            room.stream.play(480, delay=0.05)
            assert speaker.pending == pytest.approx(0.02)
            room.clock.advance(0.015)
            assert speaker.pending == pytest.approx(0.005)
            room.clock.advance(0.1)
            assert speaker.pending == 0
            await speaker.close()

        running(test)

    def test_flush_is_silent_within_five_milliseconds_and_without_a_click(self) -> None:
        async def test() -> None:
            room = Room()
            speaker = await room.speaker()
            speaker.write(Pcm(np.full(48000, 0.5, np.float32), 48000))
            room.stream.play(4800)
            never = speaker.flush()
            assert never == pytest.approx(0.9 - 0.005)
            after = room.stream.play(480)[:, 0]
            assert after[0] == 0.5
            assert np.abs(np.diff(after)).max() < 0.003
            assert not after[240:].any()
            assert speaker.flush() == 0
            room.clock.advance(0.1)
            speaker.write(tone(480))
            assert speaker.underruns == 0
            await speaker.close()

        running(test)

    def test_underruns_are_counted_and_pauses_are_not(self) -> None:
        async def test() -> None:
            room = Room()
            speaker = await room.speaker()
            for wait in (0.1, 0.5):
                speaker.write(tone(480))
                room.stream.play(480)
                room.stream.play(480, underflow=True)
                room.clock.advance(wait)
            speaker.write(tone(960))
            assert speaker.underruns == 1
            room.stream.play(480, underflow=True)
            assert speaker.underruns == 2
            await speaker.close()

        running(test)

    def test_a_wrong_rate_is_refused(self) -> None:
        async def test() -> None:
            speaker = await Room().speaker()
            with pytest.raises(ValueError, match="48000"):
                speaker.write(tone(10, 24000))
            await speaker.close()

        running(test)

    def test_unplugged_in_mid_speech_it_goes_on_where_it_was_last_heard(self) -> None:
        async def test() -> None:
            room = Room()
            speaker = await room.speaker()
            sound = Pcm(np.linspace(0, 1, 48000, dtype=np.float32), 48000)
            speaker.write(sound)
            for _ in range(100):
                room.stream.play(240, delay=0.05)
            before = speaker.pending
            room.library.unplug("Headset")
            await pass_time(room.clock, 3)
            assert not speaker.live
            # 24000 samples were handed over, of which the device had not played the last 2640.
            assert speaker.pending == pytest.approx(before) == pytest.approx((24000 + 2640) / 48000)
            room.library.plugged = [HEADSET]
            await pass_time(room.clock, 1.2)
            assert room.told == ["Headset lost", "Headset back"]
            out = room.stream.play(240)[:, 0]
            np.testing.assert_array_equal(out, sound.samples[24000 - 2640 :][:240])
            await speaker.close()

        running(test)

    def test_flushed_while_away_all_of_it_counts_as_never_heard(self) -> None:
        async def test() -> None:
            room = Room()
            speaker = await room.speaker()
            speaker.write(tone(48000))
            room.library.unplug("Headset")
            await pass_time(room.clock, 1)
            assert speaker.flush() == pytest.approx(1.0)
            assert speaker.pending == 0
            await speaker.close()

        running(test)

    def test_a_device_of_another_rate_takes_over(self) -> None:
        async def test() -> None:
            room = Room(HEADSET)
            speaker = await room.speaker()
            room.library.unplug("Headset")
            await pass_time(room.clock, 0.5)
            room.library.accepts = lambda rate, channels: rate == 44100
            room.library.plugged = [entry("Board", outputs=2, rate=44100.0)]
            await pass_time(room.clock, 2)
            assert speaker.live
            assert speaker.rate == 48000
            speaker.write(tone(48000))
            out = np.concatenate([room.stream.play(441) for _ in range(110)])[:, 0]
            expected = tone(44100, 44100).samples[5000:35000]
            worst = min(np.abs(out[5000 + k : 35000 + k] - expected).max() for k in range(0, 2500, 1))
            assert worst < 0.01
            await speaker.close()

        running(test)


class TestBothAtOnce:
    def test_looking_for_one_device_waits_until_the_other_is_silent(self) -> None:
        async def test() -> None:
            room = Room(HEADSET, BOARD)
            microphone = await room.microphone("headset")
            speaker = await room.speaker("board")
            room.library.unplug("Headset")
            speaker.write(tone(48000 * 60))
            room.library.plugged.append(entry("Headset", inputs=1, outputs=2))
            await pass_time(room.clock, 8, room.keep_alive)
            assert room.library.initialised == 1
            speaker.flush()
            await pass_time(room.clock, 8, room.keep_alive)
            assert room.library.initialised == 2
            assert room.told == ["Headset lost", "Headset back"]
            assert microphone.live
            assert speaker.live
            speaker.write(tone(480))
            assert room.library.streams[-1].play(480).any()
            await microphone.close()
            await speaker.close()

        running(test)

    def test_both_lost_and_back(self) -> None:
        async def test() -> None:
            room = Room(HEADSET)
            microphone, speaker = await room.microphone(), await room.speaker()
            room.library.unplug("Headset")
            await pass_time(room.clock, 4, room.keep_alive)
            assert sorted(room.told) == ["Headset lost", "Headset lost"]
            room.library.plugged = [dict(HEADSET)]
            await pass_time(room.clock, 4, room.keep_alive)
            assert sorted(room.told)[:2] == ["Headset back", "Headset back"]
            assert len(room.told) == 4
            assert len(list(room.library.running())) == 2
            await microphone.close()
            await speaker.close()
            assert not list(room.library.running())

        running(test)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("write"), st.integers(0, 40_000)),
            st.tuples(st.just("read"), st.integers(0, 30_000)),
            st.tuples(st.just("cut"), st.integers(0, 300)),
            st.tuples(st.just("take_back"), st.integers(0, 2_000)),
        ),
        max_size=30,
    )
)
def test_no_sample_is_lost_or_played_twice(steps: list[tuple[str, int]]) -> None:
    """The ring against a list: the same samples in the same order, whatever is done to it."""
    ring, history, waiting, count = SampleRing(kept=1_000), [0.0][:0], [0.0][:0], 0
    for step, amount in steps:
        if step == "write":
            new = np.arange(count, count + amount, dtype=np.float32)
            count += amount
            ring.write(new)
            waiting += new.tolist()
        elif step == "read":
            out = np.full(amount, -1.0, np.float32)
            taken = ring.read(out)
            assert taken == min(amount, len(waiting))
            assert out.tolist() == waiting[:taken] + [0.0] * (amount - taken)
            history, waiting = history + waiting[:taken], waiting[taken:]
        elif step == "cut":
            left = min(amount, len(waiting))
            assert ring.cut(amount) == len(waiting) - left
            faded = np.array(waiting[:left], np.float32) * np.linspace(1, 0, left, dtype=np.float32)
            waiting = faded.tolist()
        else:
            back = ring.take_back(amount)
            assert back <= min(amount, 1_000)
            waiting = history[len(history) - back :] + waiting
            history = history[: len(history) - back]
        assert len(ring) == len(waiting)
