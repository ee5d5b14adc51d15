"""Which microphone or loudspeaker is meant: by number, by name, by a part of its name, or the default one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ...errors import InputError

Direction = Literal["input", "output"]
_NAMES = {"input": "microphone", "output": "loudspeaker"}
_LISTING = "omni-agent talk --devices lists what there is"


@dataclass(frozen=True, slots=True)
class Device:
    """A sound device as PortAudio sees it.

    Attributes:
        number: Its place in the list; changes when devices come and go.
        name: As the system calls it.
        interface: The host API that it is reached by: ALSA, Core Audio, WASAPI.
        inputs: Channels that can be recorded.
        outputs: Channels that can be played.
        rate: Samples a second that it works at of its own accord.
        defaults: The directions in which it is the system's default.
    """

    number: int
    name: str
    interface: str
    inputs: int
    outputs: int
    rate: int
    defaults: frozenset[Direction] = frozenset()

    def channels(self, direction: Direction) -> int:
        """How many channels it has in a direction."""
        return self.inputs if direction == "input" else self.outputs


def choose(devices: Iterable[Device], wanted: str, direction: Direction) -> Device:
    """The device that is meant.

    A number is the device's own; a name may be written in any case. The whole name wins over a part of one,
    and the default device over others that the part fits too; then the first in the list.

    Args:
        devices: All there are.
        wanted: Number, name or part of a name; empty for the default, or the first where there is none.
        direction: What it is wanted for.

    Raises:
        InputError: There is none (`device_missing`), or none that is meant (`device_unknown`).
    """
    usable = [device for device in devices if device.channels(direction)]
    kind = _NAMES[direction]
    if not usable:
        raise InputError(
            f"this machine has no {kind}",
            code="device_missing",
            remedy=f"plug one in, or give --{direction} FILE.wav",
        )
    usable.sort(key=lambda device: direction not in device.defaults)
    name = wanted.strip().casefold()
    fits = [device for device in usable if _fits(device, name)]
    whole = [device for device in fits if device.name.casefold() == name]
    if not fits:
        raise InputError(f"there is no {kind} {wanted!r}", code="device_unknown", remedy=_LISTING)
    return (whole or fits)[0]


def _fits(device: Device, name: str) -> bool:
    return device.number == int(name) if name.isdecimal() else name in device.name.casefold()
