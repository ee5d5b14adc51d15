"""Sound on the wire: 16-bit samples at 24 kHz or G.711 at 8 kHz in base64, and samples inside.

Inside, all of a client's sound is 16-bit at `RATE`, whatever it sends.
"""

from __future__ import annotations

import base64
import binascii
import io
import math
from functools import cache
from typing import TYPE_CHECKING, Literal, cast

from ...speech.hearing.resampling import StreamResampler
from ...speech.pcm import Pcm
from .protocol import Refusal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 24_000
"""Samples a second of `audio/pcm`, and of all that is kept of a client's sound."""

G711_RATE = 8_000
DELTA = 0.2
"""Most seconds of one delta: the frames stay far below the megabyte that many clients take."""

LARGEST_APPEND = 15 << 20
"""Bytes that one append may hold, as at OpenAI."""

Format = Literal["audio/pcm", "audio/pcmu", "audio/pcma"]
_SUBTYPES: dict[str, str] = {"audio/pcmu": "ULAW", "audio/pcma": "ALAW"}


def decoded(text: str, param: str = "audio") -> bytes:
    """Base64 to bytes.

    Raises:
        Refusal: It is none, or too much.
    """
    if len(text) > LARGEST_APPEND * 4 // 3 + 4:
        raise Refusal(
            f"'{param}' is larger than {LARGEST_APPEND >> 20} MiB; send it in pieces", "invalid_audio", param
        )
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(f"'{param}' is no base64", "invalid_audio", param) from None


class Incoming:
    """A client's sound, piece by piece, to 16-bit samples at `RATE`.

    A piece may end within a sample; the result does not depend on where the pieces were cut.

    Args:
        wire: What the client sends.
    """

    def __init__(self, wire: Format = "audio/pcm") -> None:
        self.wire = wire
        self._odd = b""
        self._resampler = StreamResampler(RATE)

    def feed(self, data: bytes) -> NDArray[np.int16]:
        """The samples that are certain now; those of G.711 come some milliseconds late."""
        if self.wire != "audio/pcm":
            return _rounded(self._resampler.feed(_companded(data, self.wire)))
        data = self._odd + data if self._odd else data
        even = len(data) & ~1
        self._odd = data[even:]
        import numpy as np

        return np.frombuffer(data, dtype="<i2", count=even // 2)

    def flush(self) -> NDArray[np.int16]:
        """The rest, where the sound ends; what comes next is a new one."""
        self._odd = b""
        return _rounded(self._resampler.flush())


class Outgoing:
    """Speech of any rate to what a client gets, delta by delta.

    Args:
        wire: What the client wants.
    """

    def __init__(self, wire: Format = "audio/pcm") -> None:
        self._wire = wire
        self._rate = RATE if wire == "audio/pcm" else G711_RATE
        self._resampler = StreamResampler(self._rate)

    def feed(self, pcm: bytes, rate: int) -> list[str]:
        """Deltas in base64, each of at most `DELTA` seconds and all about as long."""
        return self._deltas(self._resampler.feed(Pcm.from_int16(pcm, rate)))

    def flush(self) -> list[str]:
        """The rest."""
        return self._deltas(self._resampler.flush())

    def _deltas(self, samples: NDArray[np.float32]) -> list[str]:
        if not len(samples):
            return []
        data = Pcm(samples, self._rate).to_int16()
        width = 2
        if self._wire != "audio/pcm":
            data, width = _compand(data, self._wire), 1
        pieces = math.ceil(len(samples) / (DELTA * self._rate))
        step = math.ceil(len(samples) / pieces) * width
        return [base64.b64encode(data[at : at + step]).decode("ascii") for at in range(0, len(data), step)]


def whole(data: bytes, wire: Format) -> Pcm:
    """A complete sound of a client's, at `RATE`."""
    import numpy as np

    incoming = Incoming(wire)
    samples = np.concatenate((incoming.feed(data), incoming.flush()))
    return Pcm.from_int16(samples.tobytes(), RATE)


def _rounded(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    import numpy as np

    return np.frombuffer(Pcm(samples, RATE).to_int16(), dtype="<i2")


def _companded(data: bytes, wire: str) -> Pcm:
    import numpy as np

    return Pcm.from_int16(_expanding(wire)[np.frombuffer(data, np.uint8)].tobytes(), G711_RATE)


def _compand(data: bytes, wire: str) -> bytes:
    import numpy as np

    return _compressing(wire)[np.frombuffer(data, "<i2").astype(np.int32) + 32768].tobytes()


@cache
def _expanding(wire: str) -> NDArray[np.int16]:
    """The 16-bit value of each code, as libsndfile tells it."""
    import soundfile

    codes = io.BytesIO(bytes(range(256)))
    values, _ = soundfile.read(
        codes, dtype="int16", format="RAW", subtype=_SUBTYPES[wire], samplerate=G711_RATE, channels=1
    )
    return cast("NDArray[np.int16]", values)


@cache
def _compressing(wire: str) -> NDArray[np.uint8]:
    """The code of each 16-bit value, from the least."""
    import numpy as np
    import soundfile

    coded = io.BytesIO()
    values = np.arange(-32768, 32768).astype(np.int16)
    soundfile.write(coded, values, G711_RATE, format="RAW", subtype=_SUBTYPES[wire])
    return np.frombuffer(coded.getvalue(), np.uint8)
