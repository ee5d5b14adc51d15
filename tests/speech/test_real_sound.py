"""Microphone and loudspeaker for real: PortAudio, ALSA, and a PulseAudio server whose sink nobody hears."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from omni_agent.errors import OmniError
from omni_agent.speech.devices.portaudio import PortAudio, load_library
from omni_agent.speech.devices.sound_devices import DeviceChange, SoundDeviceMicrophone, SoundDeviceSpeaker
from omni_agent.speech.pcm import Pcm

LIMIT = 60.0
"""Seconds after which a test that waits for a device has failed; a busy machine takes a few."""


class Server:
    """A PulseAudio server of our own, with one sink; what it plays is what its source records."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "native"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
        door = f"module-native-protocol-unix auth-anonymous=1 socket={self._socket}"
        sink = "module-null-sink sink_name=out rate=48000"
        self._process = subprocess.Popen(
            ["pulseaudio", "-n", *options, "-L", door, "-L", sink],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + LIMIT
        while subprocess.run(["pactl", "info"], capture_output=True, check=False).returncode:
            assert time.monotonic() < deadline, "PulseAudio does not start"

    def stop(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._socket.unlink(missing_ok=True)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    if not (shutil.which("pulseaudio") and shutil.which("pactl")):
        pytest.skip("no PulseAudio: apt install pulseaudio libasound2-plugins")
    try:
        load_library()
    except OmniError as error:
        pytest.skip(str(error))
    for variable in ("HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'native'}")
    server = Server(tmp_path)
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def both(
    changes: list[DeviceChange],
) -> AsyncIterator[tuple[SoundDeviceMicrophone, SoundDeviceSpeaker]]:
    portaudio = PortAudio()
    # Another test may have made PortAudio list what there was before the server.
    await portaudio.look_again()
    if not any(device.name == "pulse" for device in await portaudio.devices()):
        pytest.skip("ALSA does not know PulseAudio: apt install libasound2-plugins")
    speaker = await SoundDeviceSpeaker.opened("pulse", portaudio=portaudio, changed=changes.append)
    microphone = await SoundDeviceMicrophone.opened("pulse", portaudio=portaudio, changed=changes.append)
    try:
        yield microphone, speaker
    finally:
        await microphone.close()
        await speaker.close()


def tone(seconds: float, hertz: float, rate: int) -> Pcm:
    moments = np.arange(round(seconds * rate)) / rate
    return Pcm((0.5 * np.sin(2 * np.pi * hertz * moments)).astype(np.float32), rate)


async def hears(microphone: SoundDeviceMicrophone, hertz: float, windows: int) -> None:
    """Listen until so many windows of 0.1 s in a row hold a clean tone of this frequency."""
    waiting: list[Pcm] = []
    good = 0
    async for frame in microphone.frames():
        waiting.append(frame)
        if sum(piece.seconds for piece in waiting) < 0.1:
            continue
        window = Pcm.joined(waiting, 16000).samples
        waiting = []
        strength = np.abs(np.fft.rfft(window * np.hanning(len(window))))
        peak = int(strength.argmax())
        around = strength[max(0, peak - 3) : peak + 4]
        clean = (around**2).sum() > 0.99 * (strength**2).sum()
        right = abs(peak * 16000 / len(window) - hertz) < 16000 / len(window)
        loud = abs(np.sqrt((window**2).mean()) - 0.5 / np.sqrt(2)) < 0.05
        good = good + 1 if clean and right and loud else 0
        if good == windows:
            return


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what only the sound server's own time brings about."""
    looked = asyncio.Event()
    while not condition():
        asyncio.get_running_loop().call_later(0.01, looked.set)
        await looked.wait()
        looked.clear()


def test_what_is_played_is_recorded_at_the_same_pitch_and_strength(server: Server) -> None:
    async def test() -> None:
        async with asyncio.timeout(LIMIT), both([]) as (microphone, speaker):
            speaker.write(tone(LIMIT, 440, speaker.rate))
            await hears(microphone, 440, 5)
            before = speaker.pending
            assert speaker.flush() == pytest.approx(before, abs=0.5)
            assert speaker.pending < 0.5
            await until(lambda: not speaker.pending)
            speaker.write(tone(LIMIT, 1000, speaker.rate))
            await hears(microphone, 1000, 5)

    asyncio.run(test())


def test_a_server_that_dies_in_mid_speech_and_comes_back(server: Server) -> None:
    changes: list[DeviceChange] = []

    async def test() -> None:
        async with asyncio.timeout(3 * LIMIT), both(changes) as (microphone, speaker):
            speaker.write(tone(3 * LIMIT, 440, speaker.rate))
            await hears(microphone, 440, 5)
            await asyncio.to_thread(server.stop)
            await until(lambda: not (microphone.live or speaker.live))
            pending = speaker.pending
            assert pending > LIMIT
            assert speaker.pending == pending
            await asyncio.to_thread(server.start)
            await until(lambda: microphone.live and speaker.live)
            # The same tone goes on, from where it was last heard.
            await hears(microphone, 440, 5)
            assert speaker.pending < pending

    asyncio.run(test())
    assert sorted((change.kind, change.direction) for change in changes) == [
        ("back", "input"),
        ("back", "output"),
        ("lost", "input"),
        ("lost", "output"),
    ]


def test_none_of_it_needs_a_server_that_is_not_there(server: Server) -> None:
    server.stop()

    async def test() -> None:
        portaudio = PortAudio()
        await portaudio.look_again()
        with pytest.raises(OmniError) as raised:
            await SoundDeviceSpeaker.opened(portaudio=portaudio)
        assert raised.value.code in {"device_missing", "device_refused"}
        assert raised.value.remedy

    asyncio.run(test())
