"""Which microphone and loudspeaker `omni-agent talk` uses: devices of the machine, or files."""

from __future__ import annotations

import asyncio
import json as jsonlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ...events import ErrorRaised

if TYPE_CHECKING:
    from ...clock import Clock
    from ...speech.devices.choosing import Direction
    from ...speech.devices.line import DeviceChange
    from ...speech.devices.protocols import Microphone, Speaker

DEVICE_NAMES: dict[Direction, str] = {"input": "microphone", "output": "loudspeaker"}
_SOUND_FILES = {".wav", ".flac", ".ogg", ".mp3", ".aiff", ".m4a", ".webm"}


def list_devices(*, json: bool = False) -> None:
    """Print what there is.

    Raises:
        ConfigError: sounddevice or PortAudio is not installed.
    """
    from ...speech.devices.sound_devices import devices

    found = asyncio.run(devices())
    if json:
        for device in found:
            print(jsonlib.dumps(asdict(device) | {"defaults": sorted(device.defaults)}, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(soft_wrap=True)
    if not found:
        console.print("no sound device: plug one in, or give --input and --output WAV files")
        return
    table = Table("", "device", "by", "in", "out", "rate", "default", box=None)
    for device in found:
        marks = " and ".join(sorted(device.defaults))
        counts = (str(device.number), escape(device.name), device.interface)
        table.add_row(*counts, str(device.inputs), str(device.outputs), str(device.rate), marks)
    console.print(table)


async def open_microphone(where: str, clock: Clock, changed: Callable[[DeviceChange], None]) -> Microphone:
    """The microphone, or the recording, that `--input` names.

    Raises:
        OmniError: There is none, or it cannot be opened.
    """
    if _is_file(where):
        from ...speech.devices.wav_devices import WavMicrophone

        return await asyncio.to_thread(WavMicrophone, where, clock)
    from ...speech.devices.sound_devices import SoundDeviceMicrophone

    return await SoundDeviceMicrophone.opened(where, clock=clock, changed=changed)


async def open_speaker(where: str, clock: Clock, changed: Callable[[DeviceChange], None]) -> Speaker:
    """The loudspeaker, or the file, that `--output` names.

    Raises:
        OmniError: There is none, or it cannot be opened.
    """
    if _is_file(where):
        from ...speech.devices.wav_devices import WavSpeaker

        return WavSpeaker(where, clock)
    from ...speech.devices.sound_devices import SoundDeviceSpeaker

    return await SoundDeviceSpeaker.opened(where, clock=clock, changed=changed)


def change_event(change: DeviceChange) -> ErrorRaised:
    """A device's going and coming as a note of the conversation."""
    what = DEVICE_NAMES[change.direction]
    if change.kind == "back":
        return ErrorRaised("device_back", f"the {what} is back: {change.device}", severity="note")
    return ErrorRaised(
        "device_lost",
        f"the {what} is gone: {change.device}",
        "plug it in again; it is waited for",
        severity="note",
    )


def _is_file(where: str) -> bool:
    return Path(where).suffix.casefold() in _SOUND_FILES
