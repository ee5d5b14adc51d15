"""The machine's microphone and loudspeaker, through PortAudio, as `devices` describes them."""

from __future__ import annotations

from .choosing import Device
from .line import DeviceChange
from .portaudio import PortAudio, shared_portaudio
from .sound_microphone import SoundDeviceMicrophone
from .sound_speaker import SoundDeviceSpeaker

__all__ = ["Device", "DeviceChange", "PortAudio", "SoundDeviceMicrophone", "SoundDeviceSpeaker", "devices"]


async def devices() -> list[Device]:
    """All sound devices of this machine.

    Raises:
        ConfigError: sounddevice or PortAudio is not installed.
        InputError: PortAudio cannot list them.
    """
    return await shared_portaudio().devices()
