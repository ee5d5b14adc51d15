"""A microphone and a loudspeaker that are files: for machines without either, and for tests."""

from __future__ import annotations

import os
import wave
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from ...clock import Clock, SystemClock
from ...errors import InputError
from ..pcm import Pcm
from .sample_ring import SampleRing

RATE = 24_000
FRAME = 0.02
FADE = 0.005


class WavMicrophone:
    """A recording that is heard as if it were said now, as `Microphone`; then silence until it is closed.

    Attributes:
        over: The recording has been heard to its end.

    Args:
        path: WAV, FLAC, OGG, MP3 and what else is read as media; all channels become one.
        clock: What it goes by.

    Raises:
        MediaError: The file is missing, no sound, empty, too large or too long.
    """

    def __init__(self, path: str | Path, clock: Clock | None = None) -> None:
        from ...media.files import DEFAULT_LIMITS, open_media
        from ...media.sounds import decode_audio

        with open_media(Path(path)) as file:
            self._pcm = decode_audio(file, DEFAULT_LIMITS)
        self._clock = clock or SystemClock()
        self._closed = False
        self.over = False

    async def frames(self) -> AsyncIterator[Pcm]:
        """Frames of 20 ms, each when it would have been heard; those that are late come at once."""
        rate = self._pcm.rate
        size = round(FRAME * rate)
        began = self._clock.monotonic()
        heard = 0
        while not self._closed:
            samples = self._pcm.samples[heard : heard + size]
            frame = np.zeros(size, np.float32)
            frame[: len(samples)] = samples
            heard += size
            await self._clock.sleep(began + heard / rate - self._clock.monotonic())
            if self._closed:
                return
            self.over = heard >= len(self._pcm.samples)
            yield Pcm(frame, rate)

    async def close(self) -> None:
        """Let the frames end."""
        self._closed = True


class WavSpeaker:
    """A loudspeaker that writes down what is heard, silence included, as `Speaker`.

    The file is there when it is closed, and has what was heard until then: what is pending is not in it.

    Args:
        path: A WAV file; what stands there is replaced.
        rate: Samples a second.
        clock: What it plays by; it begins when it is made.

    Raises:
        InputError: The file cannot be written.
    """

    def __init__(self, path: str | Path, clock: Clock | None = None, *, rate: int = RATE) -> None:
        self._path, self._rate = Path(path), rate
        self._part = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        self._clock = clock or SystemClock()
        self._began = self._clock.monotonic()
        self._heard = 0
        self._ring = SampleRing()
        try:
            self._stream = open(self._part, "wb")  # noqa: SIM115 (close closes it)
        except OSError as error:
            raise _unwritable(self._path, error) from None
        self._file: wave.Wave_write | None = wave.open(self._stream, "wb")  # noqa: SIM115
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(rate)

    @property
    def rate(self) -> int:
        """Samples a second that it wants."""
        return self._rate

    @property
    def pending(self) -> float:
        """Seconds that were written and are not yet heard."""
        self._play()
        return len(self._ring) / self._rate

    def write(self, pcm: Pcm) -> None:
        """Play this after what was written before.

        Raises:
            ValueError: It has not the speaker's rate.
        """
        if pcm.rate != self._rate:
            raise ValueError(f"the speaker wants {self._rate} samples a second, not {pcm.rate}")
        self._play()
        self._ring.write(pcm.samples)

    def flush(self) -> float:
        """Be silent at once, with a fade of 5 ms; seconds that will now never be heard."""
        self._play()
        return self._ring.cut(round(FADE * self._rate)) / self._rate

    async def close(self) -> None:
        """Put the file in its place."""
        if self._file is None:
            return
        self._play()
        file, self._file = self._file, None
        try:
            file.close()
            self._stream.close()
            os.replace(self._part, self._path)
        except OSError as error:
            with suppress(OSError):
                self._part.unlink()
            raise _unwritable(self._path, error) from None

    def _play(self) -> None:
        """Write what has been heard since the last call."""
        due = round((self._clock.monotonic() - self._began) * self._rate)
        while self._file and self._heard < due:
            piece = np.zeros(min(due - self._heard, self._rate), np.float32)
            self._ring.read(piece)
            self._file.writeframesraw(Pcm(piece, self._rate).to_int16())
            self._heard += len(piece)


def _unwritable(path: Path, error: OSError) -> InputError:
    reason = error.strerror or error
    message = f"{path} cannot be written: {reason}"
    return InputError(message, code="output_unwritable", remedy="name another file")
