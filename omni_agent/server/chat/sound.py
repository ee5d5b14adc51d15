"""An answer's speech in the formats that clients ask for."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ...speech.pcm import Pcm

if TYPE_CHECKING:
    import soxr

RATE = 24_000
"""Samples a second of `pcm16`. Source: OpenAI's audio guide, platform.openai.com/docs/guides/audio."""
# libsndfile's names of container and coding.
_CODINGS = {"mp3": ("MP3", "MPEG_LAYER_III"), "flac": ("FLAC", "PCM_16"), "opus": ("OGG", "OPUS")}


def encoded(sound: Pcm, form: str) -> bytes:
    """A whole sound at `RATE`. Blocks for as long as the encoder works.

    Args:
        sound: The sound.
        form: wav, mp3, flac, opus or pcm16.
    """
    sound = sound.resampled(RATE)
    if form == "pcm16":
        return sound.to_int16()
    if form == "wav":
        return sound.to_wav()
    import soundfile

    container, coding = _CODINGS[form]
    buffer = io.BytesIO()
    soundfile.write(buffer, sound.samples, RATE, format=container, subtype=coding)
    return buffer.getvalue()


class Resampling:
    """Speech that comes in chunks, of whatever rate, as one stream of `pcm16`."""

    def __init__(self) -> None:
        self._rate = RATE
        self._stream: soxr.ResampleStream | None = None

    def next(self, pcm: bytes, rate: int) -> bytes:
        """What there is to send after another chunk; maybe nothing yet.

        Args:
            pcm: Signed 16-bit little-endian mono samples.
            rate: Samples a second.
        """
        before = b""
        if rate != self._rate:
            before = self.finish()
            self._rate = rate
        if rate == RATE:
            return before + pcm
        import numpy as np
        import soxr

        if self._stream is None:
            self._stream = soxr.ResampleStream(rate, RATE, 1, dtype="int16")
        return before + bytes(self._stream.resample_chunk(np.frombuffer(pcm, "<i2")).tobytes())

    def finish(self) -> bytes:
        """The rest."""
        if self._stream is None:
            return b""
        import numpy as np

        rest = self._stream.resample_chunk(np.zeros(0, "int16"), last=True)
        self._stream = None
        return bytes(rest.tobytes())
