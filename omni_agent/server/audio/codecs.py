"""Sound in the formats that clients ask for, written while it is still being spoken.

All of them are mono at 24,000 samples a second, as OpenAI's are. What is whole gets a header that tells its
length; what is a stream cannot know it yet.
"""

from __future__ import annotations

import asyncio
import io
import struct
import threading
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from ...errors import InputError, ModelUnavailable
from ...speech.pcm import Pcm

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

RATE = 24_000
"""Samples a second of every format."""

# What a WAV header says of a length that is not known.
_UNKNOWN = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Codec:
    """A format.

    Attributes:
        media_type: As HTTP names it.
        muxer: FFmpeg's name of the container; empty for what needs no FFmpeg.
        encoder: FFmpeg's name of the encoder.
        bit_rate: Bits a second; 0 where nothing is lost.
        options: Of the container.
    """

    media_type: str
    muxer: str = ""
    encoder: str = ""
    bit_rate: int = 0
    options: Mapping[str, str] = field(default_factory=dict)


CODECS: Mapping[str, Codec] = {
    "mp3": Codec("audio/mpeg", "mp3", "libmp3lame", 96_000),
    # A page of Ogg holds a second as FFmpeg comes; a listener would wait for it.
    "opus": Codec("audio/ogg", "ogg", "libopus", 48_000, {"page_duration": "100000"}),
    "aac": Codec("audio/aac", "adts", "aac", 96_000),
    "flac": Codec("audio/flac", "flac", "flac"),
    "wav": Codec("audio/wav"),
    "pcm": Codec("audio/pcm"),
    "pcm16": Codec("audio/pcm"),
}
"""Formats by the names that OpenAI gives them; `pcm` and `pcm16` are signed 16-bit little-endian samples."""


async def encoded(sounds: AsyncIterable[Pcm] | Pcm, name: str) -> AsyncGenerator[bytes, None]:
    """Sound as bytes of a format, in order.

    Args:
        sounds: What is spoken, piece by piece as it comes, at any rates; or all of it, which is given in one
            piece. Pieces of one rate are joined without a click. A generator is closed at the end.
        name: Of the format: one of `CODECS`.

    Raises:
        InputError: There is no such format.
        ModelUnavailable: It needs PyAV, which is not installed.
    """
    codec_of(name)
    if isinstance(sounds, Pcm):
        yield await asyncio.to_thread(_whole, sounds, name)
        return
    from ...speech.hearing.resampling import StreamResampler

    resampler = StreamResampler(RATE)
    writer = _writer(name)
    try:
        async with _closing(sounds):
            async for sound in sounds:
                samples = resampler.feed(sound)
                if data := await asyncio.to_thread(writer.write, samples):
                    yield data
        if data := await asyncio.to_thread(writer.end, resampler.flush()):
            yield data
    finally:
        writer.close()


def _closing(sounds: AsyncIterable[Pcm]) -> AbstractAsyncContextManager[object]:
    return aclosing(sounds) if isinstance(sounds, AsyncGenerator) else nullcontext()


def codec_of(name: str) -> Codec:
    """The format of that name.

    Raises:
        InputError: There is none.
    """
    if name not in CODECS:
        known = ", ".join(CODECS)
        raise InputError(f"sound cannot be written as '{name[:40]}'", remedy=f"ask for one of: {known}")
    return CODECS[name]


class _Writer(Protocol):
    def write(self, samples: NDArray[np.float32]) -> bytes:
        """What these samples add to the file."""
        ...

    def end(self, samples: NDArray[np.float32]) -> bytes:
        """The last samples, and what ends the file."""
        ...

    def close(self) -> None:
        """Free what it holds; well if it is done."""
        ...


def _writer(name: str) -> _Writer:
    codec = CODECS[name]
    if codec.muxer:
        return _Encoder(codec, _Outlet())
    return _Plain(_header(_UNKNOWN) if name == "wav" else b"")


def _whole(sound: Pcm, name: str) -> bytes:
    sound = sound.resampled(RATE)
    codec = CODECS[name]
    if not codec.muxer:
        return sound.to_wav() if name == "wav" else sound.to_int16()
    file = io.BytesIO()
    encoder = _Encoder(codec, file)
    try:
        encoder.end(sound.samples)
    finally:
        encoder.close()
    return file.getvalue()


def _header(length: int) -> bytes:
    """Of a WAV file of 16-bit samples, `length` bytes of them."""
    riff = min(length + 36, _UNKNOWN)
    layout = struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    return b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt " + layout + b"data" + struct.pack("<I", length)


class _Plain:
    """Samples as they are, after a header."""

    def __init__(self, header: bytes) -> None:
        self._header = header

    def write(self, samples: NDArray[np.float32]) -> bytes:
        data, self._header = self._header + Pcm(samples, RATE).to_int16(), b""
        return data

    end = write

    def close(self) -> None:
        """Nothing to free."""


class _Outlet:
    """Where FFmpeg writes what nobody can wind back."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def taken(self) -> bytes:
        data = bytes(self._written)
        self._written.clear()
        return data


class _Encoder:
    """FFmpeg's, for one file.

    Args:
        codec: The format.
        file: Where it goes; what can be wound back gets its length into its header at the end.
    """

    def __init__(self, codec: Codec, file: _Outlet | io.BytesIO) -> None:
        try:
            import av
        except ImportError as error:
            raise ModelUnavailable(
                "only wav and pcm can be written: PyAV is not installed",
                remedy="pip install 'omni-agent-framework[serve]'",
            ) from error
        self._file = file
        options = {"flush_packets": "1", **codec.options}
        # Whoever gives up while a thread writes closes the file under it otherwise.
        self._lock = threading.Lock()
        self._container: Any = av.open(file, "w", format=codec.muxer, options=options)
        self._stream = cast(Any, self._container.add_stream(codec.encoder, rate=RATE, layout="mono"))
        if codec.bit_rate:
            self._stream.bit_rate = codec.bit_rate
        self._position = 0

    def write(self, samples: NDArray[np.float32]) -> bytes:
        with self._lock:
            if len(samples):
                self._container.mux(self._stream.encode(self._frame(samples)))
            return self._taken()

    def end(self, samples: NDArray[np.float32]) -> bytes:
        data = self.write(samples)
        with self._lock:
            if self._position:
                self._container.mux(self._stream.encode(None))
            self._container.close()
            return data + self._taken()

    def close(self) -> None:
        with self._lock:
            self._container.close()

    def _frame(self, samples: NDArray[np.float32]) -> Any:
        import av
        import numpy as np

        data = np.frombuffer(Pcm(samples, RATE).to_int16(), "<i2")
        frame = av.AudioFrame.from_ndarray(data[None, :], format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = self._position
        self._position += len(samples)
        return frame

    def _taken(self) -> bytes:
        return self._file.taken() if isinstance(self._file, _Outlet) else b""
