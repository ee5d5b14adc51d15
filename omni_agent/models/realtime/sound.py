"""Sound on a realtime wire: raw 16-bit samples in base64, a tenth of a second at a time."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from ...errors import ModelError
from ...speech.pcm import Pcm

PACKET = 0.1
"""Seconds of one packet, as DashScope recommends; frames stay far below the megabyte that many clients and
servers take."""

SHORTEST = 0.1
"""Seconds of the shortest utterance: OpenAI refuses to commit less."""


def packets(sound: Pcm, rate: int) -> Iterator[str]:
    """A sound as base64, packet by packet; one that is too short to be committed gets silence behind it."""
    missing = SHORTEST - sound.seconds
    if missing > 0:
        sound = Pcm.joined([sound, Pcm.silence(missing + 0.01, sound.rate)], sound.rate)
    data = sound.resampled(rate).to_int16()
    step = round(PACKET * rate) * 2
    for start in range(0, len(data), step):
        yield base64.b64encode(data[start : start + step]).decode("ascii")


def encoded(sound: Pcm) -> str:
    """A sound as one packet, at its own rate."""
    return base64.b64encode(sound.to_int16()).decode("ascii")


class SpeechDecoder:
    """Base64 in pieces, cut anywhere, to whole samples.

    Attributes:
        count: Bytes given so far.
    """

    def __init__(self) -> None:
        self._text = ""
        self._odd = b""
        self.count = 0

    def feed(self, piece: str) -> bytes:
        """The whole samples that are there now.

        Raises:
            ModelError: It is no base64.
        """
        text = self._text + piece
        whole = len(text) - len(text) % 4
        self._text = text[whole:]
        try:
            data = self._odd + base64.b64decode(text[:whole], validate=True)
        except (binascii.Error, ValueError):
            raise ModelError(
                "the service sent speech that is no base64",
                code="protocol_error",
                remedy="ask again; if it stays so, another model",
            ) from None
        even = len(data) - len(data) % 2
        self._odd = data[even:]
        self.count += even
        return data[:even]
