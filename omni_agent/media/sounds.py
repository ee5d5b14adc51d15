"""Sound files to samples: libsndfile for what it reads, PyAV for the rest.

Headers are checked before anything is decoded, and decoding stops at the limit, whatever a header said.
"""

from __future__ import annotations

import importlib.util
import io
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast

from ..speech.pcm import Pcm
from .clips import audio_stream, container_seconds, open_container

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import soundfile
    from numpy.typing import NDArray

    from .files import Limits, MediaFile

HIGHEST_RATE = 48_000
_LOWEST_RATE = 1_000
# libsndfile gives 2**63 - 1 frames where the header does not tell.
_UNKNOWN_FRAMES = 1 << 48
# Small, because the block in which a damaged file breaks is lost.
_BLOCK = 4096
_REMEDY = "save it as WAV, FLAC, OGG, MP3, AIFF, M4A or WebM"


def decode_audio(file: MediaFile, limits: Limits) -> Pcm:
    """All channels as one, in 16-bit precision, at the file's own rate or `HIGHEST_RATE`.

    What is not a number becomes silence, what is louder than full scale is clipped. A file that ends early
    gives what is there.

    Raises:
        MediaError: It is no sound, holds no samples, or is too large or too long.
    """
    import soundfile

    file.check_size(limits.audio_bytes)
    file.stream.seek(0)
    # libsndfile's MP3 decoder writes what it thinks of a damaged file to standard error.
    if _is_mp3(file.stream.read(3)) and importlib.util.find_spec("av"):
        pcm = _from_container(file, limits)
    else:
        try:
            sound = soundfile.SoundFile(cast("BinaryIO", _Within(file.stream)))
        except soundfile.SoundFileError:
            pcm = _from_container(file, limits)
        else:
            with sound:
                pcm = _from_sound(file, sound, limits)
    if not len(pcm.samples):
        raise file.broken("holds no sound", "record it again")
    return pcm


class _Within:
    """A stream as libsndfile needs it: a damaged header may make it seek to before the beginning."""

    def __init__(self, stream: io.BufferedReader | io.BytesIO) -> None:
        self.tell, self.read, self.readinto = stream.tell, stream.read, stream.readinto
        self._stream = stream
        stream.seek(0)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        try:
            return self._stream.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return self._stream.tell()


def _is_mp3(start: bytes) -> bool:
    return start == b"ID3" or (len(start) > 1 and start[0] == 0xFF and start[1] & 0xE6 in {0xE2, 0xE4, 0xE6})


def _from_sound(file: MediaFile, sound: soundfile.SoundFile, limits: Limits) -> Pcm:
    rate = _checked_rate(file, sound.samplerate)
    if sound.frames < _UNKNOWN_FRAMES:
        file.check_seconds(sound.frames / rate, limits.audio_seconds)
    if rate <= HIGHEST_RATE:
        return Pcm.from_int16(_limited(file, _int16_blocks(sound), rate, limits), rate)
    import soxr

    stream = soxr.ResampleStream(rate, HIGHEST_RATE, 1, dtype="float32")
    resampled = (_to_int16(stream.resample_chunk(block)) for block in _float_blocks(sound))
    data = _limited(file, resampled, HIGHEST_RATE, limits)
    import numpy as np

    return Pcm.from_int16(
        data + _to_int16(stream.resample_chunk(np.zeros(0, "float32"), last=True)), HIGHEST_RATE
    )


def _int16_blocks(sound: soundfile.SoundFile) -> Iterator[bytes]:
    # Samples that are 16-bit already pass unchanged, so that the same file keeps its reference.
    if sound.subtype == "PCM_16" and sound.channels == 1:
        yield from (block.astype("<i2").tobytes() for block in _blocks(sound, "int16"))
    else:
        yield from (_to_int16(block) for block in _float_blocks(sound))


def _float_blocks(sound: soundfile.SoundFile) -> Iterator[NDArray[np.float32]]:
    import numpy as np

    for block in _blocks(sound, "float32"):
        clean = np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0).clip(-1.0, 1.0)
        yield clean.mean(axis=1, dtype=np.float32)


def _blocks(sound: soundfile.SoundFile, dtype: Literal["float32", "int16"]) -> Iterator[NDArray[Any]]:
    """Shape (frames, channels), or (frames,) of int16; ends where the file can be read no further."""
    import soundfile

    while True:
        try:
            block = sound.read(_BLOCK, dtype=dtype, always_2d=dtype != "int16")
        except soundfile.SoundFileError:
            return
        if not len(block):
            return
        yield block


def _to_int16(samples: NDArray[np.float32]) -> bytes:
    return Pcm(samples, HIGHEST_RATE).to_int16()


def _limited(file: MediaFile, blocks: Iterator[bytes], rate: int, limits: Limits) -> bytes:
    data = bytearray()
    for block in blocks:
        data += block
        file.check_seconds(len(data) / 2 / rate, limits.audio_seconds)
    return bytes(data)


def _from_container(file: MediaFile, limits: Limits) -> Pcm:
    """The first sound track of what only PyAV can open."""
    with open_container(file, "a sound") as container:
        stream = audio_stream(file, container)
        file.check_seconds(container_seconds(container), limits.audio_seconds)
        rate = min(_checked_rate(file, stream.rate), HIGHEST_RATE)
        return Pcm.from_int16(_limited(file, _track(container, stream, rate), rate, limits), rate)


def _checked_rate(file: MediaFile, rate: int) -> int:
    if rate < _LOWEST_RATE:
        raise file.broken(f"has {rate} samples a second, which is no sound to hear", _REMEDY)
    return rate


def _track(container: Any, stream: Any, rate: int) -> Iterator[bytes]:
    import av
    from av.error import InvalidDataError

    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    try:
        for frame in container.decode(stream):
            yield from (part.to_ndarray().tobytes() for part in resampler.resample(frame))
    except InvalidDataError:
        # Cut short or damaged further on: what came before stands.
        pass
    yield from (part.to_ndarray().tobytes() for part in resampler.resample(None))
