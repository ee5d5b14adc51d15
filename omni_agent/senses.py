"""What a model may borrow: ears, eyes and a voice.

The graph looks at a model's `Capabilities`; what the model cannot do itself, the senses do. Each is one
method, implemented in `speech/` and `vision/`, replaceable by anything of the same shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .messages import Hearing, Reading
    from .speech.pcm import Pcm


@runtime_checkable
class Ears(Protocol):
    """Speech to text."""

    async def transcribe(
        self, audio: Pcm, *, language: str = "", hints: Sequence[str] = (), timed: bool = True
    ) -> Hearing:
        """Transcribe one utterance or recording.

        Args:
            audio: Any rate, any length; silence gives an empty hearing.
            language: ISO 639-1 code where it is known; detected where it is empty.
            hints: Words and phrases that are likely to be said, best first.
            timed: The words' times are wanted; without them the ears may be quicker.

        Raises:
            ModelUnavailable: The engine or its files are missing.
        """
        ...

    async def prewarm(self) -> None:
        """Load now what would otherwise load at the first use."""
        ...

    async def close(self) -> None:
        """Free what it holds; its next use loads it again."""
        ...


@runtime_checkable
class Eyes(Protocol):
    """The text in a picture."""

    async def read(self, image: bytes) -> Reading:
        """Read an encoded image (PNG, JPEG, WebP, TIFF), upright.

        Raises:
            ModelUnavailable: The engine or its files are missing.
        """
        ...

    async def prewarm(self) -> None:
        """Load now what would otherwise load at the first use."""
        ...

    async def close(self) -> None:
        """Free what it holds; its next use loads it again."""
        ...


@runtime_checkable
class Voice(Protocol):
    """Text to speech, a clause at a time."""

    @property
    def languages(self) -> frozenset[str]:
        """ISO 639-1 codes that it can speak."""
        ...

    async def speak(self, text: str, *, language: str = "en", voice: str = "", rate: float = 1.0) -> Pcm:
        """Speak a clause or sentence that is already normalised for speaking.

        Args:
            text: Words only: no markup, no digits that would be read wrongly.
            language: ISO 639-1, one of `languages`.
            voice: A voice's name, or empty for this language's default.
            rate: 1 is the voice's own pace, 2 is twice as fast.

        Raises:
            ConfigError: No voice of that name or language.
            ModelUnavailable: The engine or its files are missing.
        """
        ...

    async def prewarm(self) -> None:
        """Load now what would otherwise load at the first use."""
        ...

    async def close(self) -> None:
        """Free what it holds; its next use loads it again."""
        ...


@dataclass(frozen=True, slots=True)
class Senses:
    """The senses at hand; None where there is none."""

    ears: Ears | None = None
    eyes: Eyes | None = None
    voice: Voice | None = None
