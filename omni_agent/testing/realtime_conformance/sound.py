"""What the suite says aloud, in the formats of the wire."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import MediaError

if TYPE_CHECKING:
    from ...speech.pcm import Pcm

RATES = {"audio/pcm": 24_000, "audio/pcmu": 8_000, "audio/pcma": 8_000}
"""Samples a second, by format."""
SAMPLE = {"audio/pcm": 2, "audio/pcmu": 1, "audio/pcma": 1}
"""Bytes a sample, by format."""
FRAME = 0.1
"""Seconds of sound in one `input_audio_buffer.append`, as LiveKit's client sends it."""
_QUIET = {"audio/pcm": b"\x00", "audio/pcmu": b"\xff", "audio/pcma": b"\xd5"}


def voice(path: Path | None = None) -> Pcm:
    """Somebody who speaks.

    Args:
        path: A recording; by default our own of "Set a timer for ten minutes for the pasta."

    Raises:
        MediaError: It is no sound, or hardly any.
    """
    import soundfile

    from ...speech.pcm import Pcm

    source = path or Path(__file__).with_name("spoken.flac")
    try:
        samples, rate = soundfile.read(source, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError):
        raise MediaError(f"'{source}' is no sound that can be read", remedy="a WAV or FLAC file") from None
    spoken = Pcm(samples.mean(axis=1), rate)
    if spoken.seconds < 0.5:
        raise MediaError(f"'{source}' lasts {spoken.seconds:.1f} seconds", remedy="half a second or more")
    return spoken


def frames(spoken: Pcm, kind: str) -> Iterator[str]:
    """A sound in base64, a frame of `FRAME` seconds at a time.

    Args:
        spoken: The sound.
        kind: One of `RATES`.
    """
    data = encoded(spoken.resampled(RATES[kind]), kind)
    size = round(FRAME * RATES[kind]) * SAMPLE[kind]
    for start in range(0, len(data), size):
        yield base64.b64encode(data[start : start + size]).decode()


def silence(kind: str) -> str:
    """A frame of silence, in base64."""
    return base64.b64encode(_QUIET[kind] * (round(FRAME * RATES[kind]) * SAMPLE[kind])).decode()


def encoded(spoken: Pcm, kind: str) -> bytes:
    """Samples as a format has them, at the rate they have."""
    if kind == "audio/pcm":
        return spoken.to_int16()
    import soundfile

    kept = io.BytesIO()
    law = {"audio/pcmu": "ULAW", "audio/pcma": "ALAW"}[kind]
    soundfile.write(kept, spoken.samples, spoken.rate, format="RAW", subtype=law)
    return kept.getvalue()
