"""Where somebody speaks, on live sound: window by window, as cheaply as can be.

The network is Silero VAD, see `vad`. Here it keeps its state from window to window, gets a quiet microphone
amplified, and rests while nothing stands out from the background.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ...errors import ModelUnavailable
from .background import SILENT, Background

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 16_000
WINDOW = 512
_CONTEXT = 64
# The level is that of the differences of samples so far apart: white noise and a tone of 1,000 Hz keep
# theirs, mains hum loses 25 dB, an offset all.
_APART = 4
# The network errs on quiet sound (below -50 dBFS it misses a third of a voice, below -60 all) and answers
# late to sound that is so loud that it is clipped.
_WANTED, _LARGEST_GAIN = -20.0, 30.0
_LOUDEST_BACKGROUND = -50.0
_RELEASE = 0.2
"""By how many dB a window the gain comes back after loud sound."""
_REST_AFTER = 10
_AWAKE = 0.1
_PRELUDE = 2
_HISTORY = _CONTEXT + _PRELUDE * WINDOW
_NOTHING = 10 ** (SILENT / 10)


@dataclass(frozen=True, slots=True)
class Window:
    """What 32 ms of sound hold.

    Attributes:
        end: Samples since the stream's start, at 16,000 a second.
        probability: That it is a voice, 0 to 1; 0 where the network rested.
        level: Of the sound between about 200 and 3,800 Hz, in dBFS; -120 is silence.
        background: The level that the background hardly ever exceeds, in dBFS.
    """

    end: int
    probability: float
    level: float
    background: float = SILENT


class VoiceNetwork(Protocol):
    """Tells voice from noise; keeps a state from call to call."""

    def probability(self, samples: NDArray[np.float32]) -> float:
        """That the last 512 samples hold a voice; shape `(576,)`, the first 64 are those before them."""
        ...


class VoiceActivity:
    """Cuts a stream of sound into windows and says of each how likely it is a voice.

    A window costs about 0.02 ms of CPU while the network rests, else 0.15 ms, and up to three times that
    where other work empties the caches: too little to be worth a thread. The first one made in a process
    loads the network (about 50 ms): make that in a thread.

    Args:
        network: Silero unless given.

    Raises:
        ModelUnavailable: faster-whisper or onnxruntime is not installed.
    """

    def __init__(self, network: VoiceNetwork | None = None) -> None:
        self._network = network or SileroNetwork()
        self._background = Background()
        self._sound: NDArray[np.float32] = np.zeros(0, np.float32)
        self._end = 0
        self._loud = SILENT
        self._quiet = _REST_AFTER

    def feed(self, samples: NDArray[np.float32]) -> list[Window]:
        """The windows that became whole.

        Args:
            samples: Shape `(n,)`, any n, float32, mono, 16,000 a second.
        """
        if not len(self._sound):
            # An offset that set in with the stream would be a click.
            self._sound = np.repeat(samples[:1], _HISTORY)
        sound = np.concatenate((self._sound, samples))
        ends = range(_HISTORY + WINDOW, len(sound) + 1, WINDOW)
        windows = [self._window(sound[end - WINDOW - _HISTORY : end]) for end in ends]
        self._sound = sound[len(ends) * WINDOW :]
        return windows

    def _window(self, sound: NDArray[np.float32]) -> Window:
        """Judge the last 512 samples; the rest of `sound` is what was before."""
        differences = sound[-WINDOW:] - sound[-WINDOW - _APART : -_APART]
        power = float(np.dot(differences, differences)) / (2 * WINDOW)
        level = 10 * math.log10(power + _NOTHING)
        self._background.learn(level)
        self._end += WINDOW
        self._loud = max(level, self._loud - _RELEASE)
        return Window(self._end, self._judged(sound, level), level, self._background.high)

    def _judged(self, sound: NDArray[np.float32], level: float) -> float:
        rested = self._quiet >= _REST_AFTER
        if level > self._background.high:
            self._quiet = 0
        elif rested:
            return 0.0
        louder = self._louder(sound)
        # After a rest what came just before was not judged, and the network must know how the voice began.
        for late in range(_PRELUDE if rested else 0, 0, -1):
            self._network.probability(louder[-WINDOW * (late + 1) - _CONTEXT : -WINDOW * late])
        last = self._network.probability(louder[-WINDOW - _CONTEXT :])
        self._quiet = 0 if last >= _AWAKE else self._quiet + 1
        return last

    def _louder(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        """Without its offset and, where it is quiet, amplified, but never so that noise is loud."""
        gain = min(_WANTED - self._loud, _LOUDEST_BACKGROUND - self._background.low, _LARGEST_GAIN)
        factor = np.float32(10 ** (max(0.0, gain) / 20))
        louder: NDArray[np.float32] = np.clip((sound - sound.mean()) * factor, -1.0, 1.0)
        return louder


class SileroNetwork:
    """Silero VAD with a state of its own; the weights are loaded once for all.

    Raises:
        ModelUnavailable: faster-whisper, whose wheel carries it, or onnxruntime is not installed.
    """

    def __init__(self) -> None:
        self._session = _session()
        self._input: NDArray[np.float32] = np.zeros((1, _CONTEXT + WINDOW), np.float32)
        self._state: NDArray[np.float32] = np.zeros((1, 1, 128), np.float32)
        self._cell = self._state

    def probability(self, samples: NDArray[np.float32]) -> float:
        """See `VoiceNetwork.probability`."""
        self._input[0] = samples
        feed = {"input": self._input, "h": self._state, "c": self._cell}
        said, self._state, self._cell = self._session.run(None, feed)
        return float(said[0])


@cache
def _session() -> Any:
    try:
        import onnxruntime
        from faster_whisper.utils import get_assets_path
    except ImportError as error:
        raise ModelUnavailable(
            f"speech cannot be told from noise: {error}", remedy="pip install 'omni-agent-framework[local]'"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    path = f"{get_assets_path()}/silero_vad_v6.onnx"
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
