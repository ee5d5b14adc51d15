"""Speech as servers send it, base64 in pieces of any cut, to 16-bit mono samples.

A piece may be a WAV file of its own (vLLM-Omni, SGLang-Omni), the next part of one, or samples without a
header, even where "wav" was asked for (DashScope). So each beginning is looked at.
"""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass

from ...errors import ModelError
from ..base import SpeechDelta

_LOWEST, _HIGHEST = 8_000, 48_000
_LONGEST_HEADER = 4096
_REMEDY = "ask the server for wav or pcm16, or have the local voice speak: ?speech=no behind its address"


@dataclass(frozen=True, slots=True)
class _Header:
    """What a WAV file's header says; `length` is that of the header."""

    rate: int
    channels: int
    length: int
    samples: int


class SpeechDecoder:
    """Decodes one answer's speech.

    Args:
        rate: Samples a second where neither header nor chunk says.

    Attributes:
        seconds: How much speech there was so far.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._channels = 1
        self._text = ""
        self._head = self._rest = b""
        self._in_header = False
        self._left = -1
        self.seconds = 0.0

    def feed(self, text: str, rate: int = 0, channels: int = 1) -> list[SpeechDelta]:
        """The samples that are whole now.

        Args:
            text: The next piece of base64; empty where the server has none this time.
            rate: Samples a second that the chunk names; a WAV header in it counts more.
            channels: How many the chunk names.

        Raises:
            ModelError: It is no base64, no 16-bit PCM, or has a rate that no speech has (`speech_invalid`).
        """
        if not text:
            return []
        fresh = not self._text and not self._in_header
        if rate and fresh:
            self._rate, self._channels = _checked(rate), channels
        return self._samples(self._decoded("".join(text.split())), fresh)

    def _decoded(self, text: str) -> bytes:
        """Base64 by groups of four; what is left over waits for the next piece."""
        held = self._text + text
        parts: list[bytes] = []
        whole = len(held) // 4 * 4
        ready, self._text = held[:whole], held[whole:]
        try:
            # Each piece may be padded for itself, and some cut one that is not theirs to cut.
            while "=" in ready:
                end = (ready.index("=") // 4 + 1) * 4
                parts.append(base64.b64decode(ready[:end], validate=True))
                ready = ready[end:]
            parts.append(base64.b64decode(ready, validate=True))
        except (binascii.Error, ValueError):
            raise _invalid("is no base64") from None
        return b"".join(parts)

    def _samples(self, data: bytes, fresh: bool) -> list[SpeechDelta]:
        """The samples in the bytes of a piece; `fresh` where a file may begin with it."""
        if fresh:
            first = self.seconds == 0.0 and not self._rest
            self._in_header = data.startswith(b"RIFF") or (first and b"RIFF".startswith(data[:4]))
            # What follows a file without a header of its own is bare.
            self._left = self._left or -1
        if self._in_header:
            data, self._head = self._head + data, b""
            if not (data[:4] == b"RIFF"[: len(data)] and data[8:12] == b"WAVE"[: max(0, len(data) - 8)]):
                self._in_header = False
            elif (header := _header(data)) is None:
                self._head = data
                return []
            else:
                self._in_header = False
                self._rate, self._channels, self._left = (
                    _checked(header.rate),
                    header.channels,
                    header.samples,
                )
                # Of the file before half a sample may be left.
                data, self._rest = data[header.length :], b""
        return self._given(data)

    def _given(self, data: bytes) -> list[SpeechDelta]:
        """Whole frames of what a file's header announced; what follows them in it is no sound."""
        if self._left >= 0:
            data, self._left = data[: self._left], max(0, self._left - len(data))
        frame = 2 * self._channels
        data = self._rest + data
        whole = len(data) // frame * frame
        data, self._rest = data[:whole], data[whole:]
        if not data:
            return []
        self.seconds += whole / frame / self._rate
        return [SpeechDelta(_mono(data, self._channels), self._rate)]


def _header(data: bytes) -> _Header | None:
    """The header of a WAV file; None while it is not whole.

    Source: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (RIFF).
    """
    place, rate, channels = 12, 0, 0
    while len(data) >= place + 8:
        name, size = data[place : place + 4], struct.unpack_from("<I", data, place + 4)[0]
        if name == b"data":
            if not rate:
                raise _invalid("is a WAV file without a format")
            # Writers that do not know the length yet put nothing or the most there.
            unknown = size == 0 or size >= 0x7FFF_0000
            return _Header(rate, channels, place + 8, -1 if unknown else size)
        if name == b"fmt " and len(data) >= place + 24:
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, place + 8)
            if kind not in {1, 0xFFFE} or bits != 16 or channels not in {1, 2}:
                raise _invalid(f"has {bits} bits in {channels} channels, not 16 in one or two")
        place += 8 + size + size % 2
    if place > _LONGEST_HEADER:
        raise _invalid("is a WAV file without samples")
    return None


def _mono(data: bytes, channels: int) -> bytes:
    if channels == 1:
        return data
    import numpy as np

    frames = np.frombuffer(data, "<i2").reshape(-1, channels).astype(np.int32)
    return bytes((frames.sum(axis=1) // channels).astype("<i2").tobytes())


def _checked(rate: int) -> int:
    if not _LOWEST <= rate <= _HIGHEST:
        raise _invalid(f"has {rate} samples a second")
    return rate


def _invalid(why: str) -> ModelError:
    return ModelError(f"the server's speech {why}", code="speech_invalid", remedy=_REMEDY)
