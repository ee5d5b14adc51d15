"""Where somebody speaks: Silero VAD on a whole recording.

Turn-taking on live sound is not here; this is for sound that is complete.
The network (`silero_vad_v6.onnx`, MIT, github.com/snakers4/silero-vad) lies in the faster-whisper wheel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ...errors import ModelUnavailable
from ..pcm import Pcm

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

Span: TypeAlias = tuple[float, float]

RATE = 16_000
# Below the first, sound is amplified to the second; 1 is full scale. Whisper reads the level too, and errs
# more often on speech that was amplified without need.
_QUIET, _LOUD = 0.05, 0.3
_LARGEST_GAIN = 30.0


def speech_spans(audio: Pcm, *, pause: float = 0.3) -> list[Span]:
    """The stretches of speech, in order, as (start, end) in seconds.

    A quiet recording is amplified before it is judged. Blocks: about 6 ms for a second of sound.

    Args:
        audio: Any rate, any length.
        pause: Shortest silence, in seconds, that ends a stretch.

    Raises:
        ModelUnavailable: faster-whisper is not installed.
    """
    try:
        from faster_whisper.vad import VadOptions, get_speech_timestamps
    except ImportError as error:
        raise ModelUnavailable(
            f"speech cannot be told from noise: {error}", remedy="pip install 'omni-agent-framework[local]'"
        ) from None
    samples = evened(audio.resampled(RATE)).samples
    if not len(samples):
        return []
    options = VadOptions(
        min_speech_duration_ms=100, min_silence_duration_ms=round(pause * 1000), speech_pad_ms=100
    )
    found = get_speech_timestamps(samples, options)
    return [(span["start"] / RATE, min(span["end"], len(samples)) / RATE) for span in found]


def pieces(audio: Pcm, spans: Sequence[Span], longest: float) -> list[Span]:
    """Join stretches of speech into pieces of at most `longest` seconds.

    A cut falls into a pause; only speech that runs on for longer than `longest` is cut at its quietest
    moment instead.
    """
    joined: list[Span] = []
    for start, end in (part for span in spans for part in _shorter(audio, span, longest)):
        if joined and end - joined[-1][0] <= longest:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def evened(audio: Pcm) -> Pcm:
    """The same sound without its offset and, where it is quiet, as loud as a voice near the microphone."""
    import numpy as np

    if not len(audio.samples):
        return audio
    centred = audio.samples - audio.samples.mean(dtype=np.float64).astype(np.float32)
    # The loudest sample may be a click; the 99.9th percentile is the voice.
    peak = float(np.quantile(np.abs(centred), 0.999))
    gain = min(_LOUD / max(peak, 1e-5), _LARGEST_GAIN) if peak < _QUIET else 1.0
    louder: NDArray[np.float32] = np.clip(centred * np.float32(gain), -1.0, 1.0)
    return Pcm(louder, audio.rate)


def _shorter(audio: Pcm, span: Span, longest: float) -> list[Span]:
    start, end = span
    parts: list[Span] = []
    while end - start > longest:
        cut = _quietest(audio, start + longest / 2, start + longest)
        parts.append((start, cut))
        start = cut
    return [*parts, (start, end)]


def _quietest(audio: Pcm, start: float, end: float) -> float:
    """Middle of the 150 ms of least energy between the two times, in seconds."""
    import numpy as np

    samples = audio.samples[round(start * audio.rate) : round(end * audio.rate)]
    width = max(1, round(0.15 * audio.rate))
    sums = np.cumsum(np.concatenate(([0.0], samples.astype(np.float64) ** 2)))
    energy = sums[width:] - sums[:-width]
    return start + (int(np.argmin(energy)) + width / 2) / audio.rate
