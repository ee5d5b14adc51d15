"""What a conversation needs of a microphone and a loudspeaker; `sound_devices` has those of the machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

from ..pcm import Pcm


@runtime_checkable
class Microphone(Protocol):
    """Where the user's voice comes from."""

    def frames(self) -> AsyncIterator[Pcm]:
        """Frames of about 20 ms as they are heard, until it is closed.

        A device that goes away raises nothing: it is waited for, and frames come again when it is back.
        """
        ...

    async def close(self) -> None:
        """Let go of the device."""
        ...


@runtime_checkable
class Speaker(Protocol):
    """Where the agent's voice goes to. None of its calls waits for sound to be played."""

    @property
    def rate(self) -> int:
        """Samples a second that it wants."""
        ...

    def write(self, pcm: Pcm) -> None:
        """Play this after what was written before; `pcm` has the speaker's own rate."""
        ...

    @property
    def pending(self) -> float:
        """Seconds that were written and are not yet heard, the device's own delay included."""
        ...

    def flush(self) -> float:
        """Be silent at once, with a fade of a few milliseconds; seconds that will now never be heard."""
        ...

    async def close(self) -> None:
        """Let go of the device."""
        ...
