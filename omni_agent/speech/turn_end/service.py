"""A service elsewhere that hears the user as he speaks, and tells where his turns begin and end.

It takes the place of the voice detector and of the judgement of pauses: see `Capabilities.tells_turns`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from ..hearing.onset import VoicePaused, VoiceStarted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TurnOver:
    """The user has ended his turn. `at` is when that was told, in samples since the stream's start."""

    at: int


Told: TypeAlias = VoiceStarted | VoicePaused | TurnOver
"""Starts and pauses alternate, a start comes first; a turn is over after a pause, or not at all."""


class TurnService(Protocol):
    """Hears one conversation."""

    async def open(self) -> None:
        """Begin to listen.

        Raises:
            ModelUnavailable: The service cannot be reached, or refuses.
        """
        ...

    async def run(self) -> None:
        """Listen until cancelled, over lost connections.

        Raises:
            ModelError: The service can no longer be had.
        """
        ...

    def hear(self, samples: NDArray[np.float32]) -> None:
        """Take in what the user's microphone heard next, silence too: shape `(n,)`, 16,000 a second."""
        ...

    def told(self) -> list[Told]:
        """What the service told since this was last asked, in order; times are counted in what `hear` got."""
        ...

    async def close(self) -> None:
        """End the connection."""
        ...
