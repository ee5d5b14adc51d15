"""Whether the user has finished speaking, judged by the sound alone: Smart Turn.

A voice that stops in the middle of a sentence sounds otherwise than one that has done. The network hears the
difference in the last eight seconds. How long the silence has to be before the turn is taken is not decided
here: see `patience`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ...errors import ModelError, ModelFileError, ModelUnavailable
from ..voices.synthesis import Engine, OnnxSession

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from ..pcm import Pcm

RATE = 16_000
SECONDS = 8
UNKNOWN = 0.5
"""The score where there is nothing to judge by."""

_FILE = "smart-turn-v3.2-cpu.onnx"
_REMEDY = "omni-agent models pull turn"
_WINDOW = 400
_HOP = 160
_BANDS = 80
# Slaney's mel scale: 15 mel up to 1 kHz, one mel for 200/3 Hz; from there 27 mel for a factor of 6.4.
_LINEAR_HZ, _KNEE_HZ, _KNEE_MEL = 200.0 / 3.0, 1000.0, 15.0
_STEP = np.log(6.4) / 27.0


class TurnEnd(Protocol):
    """Tells how likely it is that the user has finished."""

    async def score(self, audio: Pcm, words: str) -> float:
        """How likely the turn is over, 0 to 1.

        Cancelling the call stops the work; what is returned depends on the arguments alone, so a result that
        comes too late can be dropped.

        Args:
            audio: The utterance so far, with the silence after it (about 0.2 s); any rate.
            words: Its transcript so far, empty where there is none yet.
        """
        ...

    async def prewarm(self) -> None:
        """Get ready now."""
        ...

    async def close(self) -> None:
        """Free what is held; the next use takes it again."""
        ...


class SmartTurn:
    """Smart Turn v3 (Daily, BSD-2-Clause): 23 languages, about 8 million parameters, int8.

    The model loads at the first use, in a thread of its own. Where it cannot be had, or fails, `otherwise`
    answers instead.

    Args:
        model: `smart-turn-v3.2-cpu.onnx` or the folder that it is in, or what fetches them and says where
            (it may block).
        threads: Most threads of one score.
        otherwise: Answers where the model cannot; if None, the errors are raised.
    """

    def __init__(
        self, model: Path | Callable[[], Path], threads: int = 1, *, otherwise: TurnEnd | None = None
    ) -> None:
        self._where = model
        self._threads = threads
        self._otherwise = otherwise
        self._engine: Engine[OnnxSession] = Engine("smart turn", self._load, lambda session: session)
        self.missing: ModelError | None = None
        """Why the model is not used any more; None as long as nothing speaks against it."""

    async def score(self, audio: Pcm, words: str) -> float:
        """See `TurnEnd.score`; the words are not used. Blocks nothing; one score at a time.

        Raises:
            ModelUnavailable: The model's file or onnxruntime is missing, and there is no `otherwise`.
            ModelFileError: The model could not be fetched, and there is no `otherwise`.
            ModelError: The engine failed, and there is no `otherwise`.
        """
        if not len(audio.samples):
            return UNKNOWN
        if self.missing is None or self._otherwise is None:
            try:
                return await self._engine.run(lambda session: _score(session, audio))
            except ModelError as error:
                # What cannot be had now is not asked for again at every pause.
                if isinstance(error, ModelUnavailable | ModelFileError):
                    self.missing = error
                if self._otherwise is None:
                    raise
        return await self._otherwise.score(audio, words)

    async def prewarm(self) -> None:
        """Load the model and score one silence, because the first run is slower.

        Raises:
            ModelUnavailable: As for `score`.
        """
        from ..pcm import Pcm

        await self.score(Pcm.silence(1.0, RATE), "")

    async def close(self) -> None:
        """Free the model; the next use loads it again."""
        await self._engine.close()

    def _load(self) -> OnnxSession:
        path = self._where() if callable(self._where) else self._where
        path = path / _FILE if path.is_dir() else path
        if not path.is_file():
            raise ModelUnavailable(f"no end-of-turn model {path.name} in {path.parent}", remedy=_REMEDY)
        return OnnxSession(path, self._threads)


def _score(session: OnnxSession, audio: Pcm) -> float:
    features = log_mel(audio.resampled(RATE).samples)
    # The output is called logits, but it has been through the sigmoid.
    return float(session.run(None, {"input_features": features[np.newaxis]})[0].reshape(-1)[0])


def log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """What Smart Turn reads: Whisper's log-mel spectrum of the last eight seconds, shape (80, 800).

    Shorter sound is padded with zeros at its beginning, then the whole is brought to mean 0 and variance 1.
    As `WhisperFeatureExtractor(chunk_length=8)` of the transformers library with `do_normalize=True`
    computes it; checked against the reader in the pipecat-ai wheel.

    Args:
        samples: Shape `(n,)` at 16 kHz.
    """
    size = SECONDS * RATE
    last = np.nan_to_num(np.asarray(samples[-size:], dtype=np.float32))
    sound = np.pad(last, (size - len(last), 0))
    sound = (sound - sound.mean()) / np.sqrt(sound.var() + np.float32(1e-7))
    padded = np.pad(sound, _WINDOW // 2, mode="reflect")
    # One frame more than is wanted would fit; Whisper leaves it out.
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[: -_HOP + 1 : _HOP][: size // _HOP]
    # The frames before the sound are all alike: one of them stands for the rest.
    alike = max(0, (size - len(last) - _WINDOW // 2) // _HOP)
    spectrum = np.fft.rfft(frames[alike:] * _hann())
    power = np.pad(spectrum.real**2 + spectrum.imag**2, ((alike, 0), (0, 0)), mode="edge")
    bands = np.log10(np.maximum(power @ _filters(), 1e-10)).T
    return np.ascontiguousarray((np.maximum(bands, bands.max() - 8.0) + 4.0) / 4.0, dtype=np.float32)


@cache
def _hann() -> NDArray[np.float64]:
    """The periodic Hann window; numpy's own is the symmetric one."""
    return np.hanning(_WINDOW + 1)[:-1]


@cache
def _filters() -> NDArray[np.float64]:
    """Triangles of equal area, evenly spaced on the mel scale from 0 to 8 kHz; shape (201, 80)."""
    edges = _hertz(np.linspace(0.0, _mel(RATE / 2), _BANDS + 2))
    bins = np.linspace(0.0, RATE / 2, _WINDOW // 2 + 1)[:, np.newaxis]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    triangles: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    return triangles * (2.0 / (edges[2:] - edges[:-2]))


def _mel(hertz: float) -> float:
    if hertz < _KNEE_HZ:
        return hertz / _LINEAR_HZ
    return float(_KNEE_MEL + np.log(hertz / _KNEE_HZ) / _STEP)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel < _KNEE_MEL, mel * _LINEAR_HZ, _KNEE_HZ * np.exp(_STEP * (mel - _KNEE_MEL)))
