"""Samples in memory: mono float32, with their rate."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Pcm:
    """A span of sound.

    Attributes:
        samples: Shape `(n,)`, float32, nominally -1 to 1, mono.
        rate: Samples a second.
    """

    samples: NDArray[np.float32]
    rate: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / self.rate

    def resampled(self, rate: int) -> Pcm:
        """The same sound at another rate (soxr, high quality)."""
        if rate == self.rate:
            return self
        import soxr

        return Pcm(soxr.resample(self.samples, self.rate, rate).astype("float32"), rate)

    def to_int16(self) -> bytes:
        """Signed 16-bit little-endian samples; what lies outside -1 to 1 is clipped."""
        return bytes((self.samples.clip(-1.0, 1.0) * 32767.0).round().astype("<i2").tobytes())

    @classmethod
    def from_int16(cls, data: bytes, rate: int) -> Pcm:
        """From signed 16-bit little-endian mono samples."""
        import numpy as np

        return cls(np.frombuffer(data, dtype="<i2").astype(np.float32) / 32767.0, rate)

    @classmethod
    def silence(cls, seconds: float, rate: int) -> Pcm:
        """Zeros."""
        import numpy as np

        return cls(np.zeros(round(seconds * rate), dtype=np.float32), rate)

    @classmethod
    def joined(cls, parts: Iterable[Pcm], rate: int) -> Pcm:
        """The parts one after the other, each resampled to `rate`."""
        import numpy as np

        pieces = [part.resampled(rate).samples for part in parts]
        return cls(np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.float32), rate)

    def to_wav(self) -> bytes:
        """A complete 16-bit WAV file."""
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.rate)
            file.writeframes(self.to_int16())
        return buffer.getvalue()

    def save(self, path: Path) -> None:
        """Write a 16-bit WAV file, whole or not at all."""
        from ..media import write_atomically

        write_atomically(path, self.to_wav())
