"""When the pictures and the sound of a clip are, before anything is decoded: one scale for both.

Zero is the clip's first picture, or its first sound where that begins clearly earlier. A container counts
from wherever it likes, each track in a unit of its own, and nothing here takes a fixed rate for granted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..media.files import MediaFile

# Encoders put a few hundredths of a second of silence before the sound, which no picture belongs to.
_LEAD = 0.1


@dataclass(frozen=True, slots=True)
class Timeline:
    """The times of a clip's pictures, in units of its picture track.

    Attributes:
        shown: When each picture is shown, ascending.
        keys: Those of `shown` that can be decoded without the ones before.
        unit: Seconds of one unit.
        zero: Where the clip begins, in seconds of the container.
    """

    shown: tuple[int, ...]
    keys: tuple[int, ...]
    unit: float
    zero: float

    def seconds(self, pts: int) -> float:
        """Seconds from the clip's beginning."""
        return max(0.0, pts * self.unit - self.zero)


def timeline(file: MediaFile, container: Any, pictures: Any, sound: Any | None) -> Timeline:
    """Read the packets' times of an open container.

    Args:
        file: For the message.
        container: Of PyAV, anywhere.
        pictures: Its picture track.
        sound: Its sound track, None where it has none.

    Raises:
        MediaError: It holds no picture.
    """
    shown: set[int] = set()
    keys: set[int] = set()
    heard: int | None = None
    for packet in container.demux([track for track in (pictures, sound) if track is not None]):
        if packet.pts is None or not packet.size:
            continue
        if packet.stream.index == pictures.index:
            shown.add(packet.pts)
            if packet.is_keyframe:
                keys.add(packet.pts)
        elif heard is None or packet.pts < heard:
            heard = packet.pts
    if not shown:
        raise file.broken("holds no picture", "record it again")
    unit = float(pictures.time_base)
    zero = min(shown) * unit
    if sound is not None and heard is not None:
        begins = heard * float(sound.time_base)
        zero = begins if begins < zero - _LEAD else zero
    return Timeline(tuple(sorted(shown)), tuple(sorted(keys)), unit, zero)
