"""What every embedded voice needs around its engine: a thread, a stop, and an even sound.

This file knows nothing of text or of any one engine.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ...errors import ModelError, ModelUnavailable, OmniError
from ..pcm import Pcm
from ..spoken import Spoken, shifted
from .loudness import weighted_power
from .onnx_outputs import with_durations
from .sounding import stretches, within

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import onnxruntime
    from numpy.typing import NDArray

    from ..spoken import SpokenWord

INSTALL = "pip install 'omni-agent-framework[local]'"

M = TypeVar("M")
T = TypeVar("T")

_SILENT_LEVEL = 0.01
_FRAME_SECONDS = 0.01
_LEAD_SECONDS = 0.03
_TAIL_SECONDS = 0.12
_FADE_SECONDS = 0.004
_VOICED = 0.1  # of the loudest 10 ms; what is below counts as pause
_TARGET_LEVEL = 0.09
_HIGHEST_PEAK = 0.95
_MOST_GAIN = 4.0


class Stop:
    """Calls off the work of one utterance, from any thread."""

    def __init__(self) -> None:
        self._options: onnxruntime.RunOptions | None = None
        self._set = False

    def set(self) -> None:
        """The work fails at the engine's next operator."""
        self._set = True
        if self._options is not None:
            self._options.terminate = True

    def options(self) -> onnxruntime.RunOptions:
        """Options for a run of the engine that obey this stop."""
        import onnxruntime

        options = self._options
        if options is None:
            options = onnxruntime.RunOptions()
            options.log_severity_level = 4
            self._options = options
        # `set` may have come just before; from here on it finds the options by itself.
        if self._set:
            options.terminate = True
        return options


class OnnxSession:
    """An `onnxruntime` session whose runs can be stopped; the engines see no difference.

    Args:
        path: The model file.
        threads: Most threads of one run.
        durations: Have the length of each phoneme as one more output, `onnx_outputs.DURATION`, where the
            model is a voice that computes it.
    """

    def __init__(self, path: Path, threads: int, *, durations: bool = False) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # Waiting threads that spin take the cores from the language model, which writes meanwhile: without
        # it synthesis beside other work took two thirds of the time.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        model = (with_durations(path.read_bytes()) if durations else None) or str(path)
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._model_path = str(path)
        self.stop = Stop()

    def run(self, names: Sequence[str] | None, feed: Mapping[str, Any]) -> Any:
        """As onnxruntime's own `run`, under the present `stop`."""
        return self._session.run(names, feed, self.stop.options())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


class Engine(Generic[M]):
    """A model in a thread of its own, loaded at its first use, one piece of work at a time.

    Args:
        name: For messages.
        load: Builds the model; runs in the thread.
        session: The model's session, so that cancelled work can be stopped.
    """

    def __init__(self, name: str, load: Callable[[], M], session: Callable[[M], OnnxSession]) -> None:
        self._name = name
        self._load = load
        self._session = session
        self._model: M | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, work: Callable[[M], T]) -> T:
        """Do `work` with the model; cancelling the caller stops it within an operator's time.

        Raises:
            ModelUnavailable: A library or file is missing.
            ModelError: The engine failed.
        """
        stop = Stop()
        try:
            return await asyncio.wrap_future(self._thread.submit(self._work, work, stop))
        except asyncio.CancelledError:
            stop.set()
            raise

    async def close(self) -> None:
        """Free the model; the next use loads it again."""
        await asyncio.wrap_future(self._thread.submit(self._unload))

    def _unload(self) -> None:
        self._model = None

    def _work(self, work: Callable[[M], T], stop: Stop) -> T:
        try:
            # One thread does all the work, so nothing can load twice.
            if self._model is None:
                self._model = self._load()
            self._session(self._model).stop = stop
            return work(self._model)
        except OmniError:
            raise
        except ImportError as error:
            raise ModelUnavailable(f"{self._name} is not installed: {error}", remedy=INSTALL) from error
        except Exception as error:
            raise ModelError(
                f"{self._name} failed: {error}", remedy="try again or use another voice"
            ) from error


def existing(path: Path, remedy: str) -> Path:
    """`path`, which must be there.

    Raises:
        ModelUnavailable: It is not.
    """
    if not path.exists():
        raise ModelUnavailable(f"no voice file {path.name} in {path.parent}", remedy=remedy)
    return path


def speakable(text: str) -> str:
    """`text` in valid Unicode on one line, or nothing where no letter or figure is in it."""
    text = text.encode("utf-8", "ignore").decode()
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if any(char.isalnum() for char in text) else ""


def evened(samples: NDArray[np.float32], rate: int, words: Sequence[SpokenWord] = ()) -> Pcm:
    """Speech with little silence around it, at the same level as any other speech from here.

    At most 30 ms before and 120 ms after the sound stay; what sounds is as loud as -21 LUFS, and no
    sample lies outside -0.95 to 0.95. Empty where nothing sounds. With `words`, whose times are those in
    `samples`, it is `Spoken`, with their times in what is kept.
    """
    import numpy as np

    samples = np.nan_to_num(np.asarray(samples, dtype=np.float32).reshape(-1)).clip(-1e3, 1e3)
    peak = float(np.abs(samples).max(initial=0.0))
    if peak < _SILENT_LEVEL / 10:
        return Pcm.silence(0.0, rate)
    frame = round(_FRAME_SECONDS * rate)
    padded = np.pad(samples, (0, -len(samples) % frame)).reshape(-1, frame)
    levels = np.sqrt((padded**2).mean(axis=1))
    sounding = np.flatnonzero(levels > _SILENT_LEVEL * peak)
    first, last = int(sounding[0]) * frame, (int(sounding[-1]) + 1) * frame
    begin = max(0, first - round(_LEAD_SECONDS * rate))
    kept = samples[begin : last + round(_TAIL_SECONDS * rate)].copy()
    voiced = int((levels > _VOICED * levels.max()).sum()) * frame
    level = (weighted_power(kept, rate) / voiced) ** 0.5 + 1e-9
    kept *= min(_TARGET_LEVEL / level, _HIGHEST_PEAK / peak, _MOST_GAIN)
    fade = min(round(_FADE_SECONDS * rate), len(kept) // 2)
    ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    kept[:fade] *= ramp
    kept[len(kept) - fade :] *= ramp[::-1]
    if not words:
        return Pcm(kept, rate)
    words = shifted(words, -begin / rate, len(kept) / rate)
    return Spoken(kept, rate, within(words, stretches(kept, rate)))
