"""A stand-in for the module `sounddevice`: devices that come and go, and streams that a test drives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray


class PortAudioError(Exception):
    """As sounddevice raises it: text, number."""


class AtOnce(Executor):
    """Runs what is submitted there and then, so that virtual time need not wait for threads."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


def entry(name: str, inputs: int = 0, outputs: int = 0, rate: float = 48000.0) -> dict[str, Any]:
    """A device as PortAudio lists it."""
    return {
        "name": name,
        "hostapi": 0,
        "max_input_channels": inputs,
        "max_output_channels": outputs,
        "default_samplerate": rate,
    }


@dataclass
class FakeStream:
    """A stream; `options` are what it was opened with."""

    library: FakeLibrary
    options: dict[str, Any]
    active: bool = False
    closed: bool = False
    latency: float = 0.05

    @property
    def samplerate(self) -> float:
        return float(self.options["samplerate"])

    @property
    def name(self) -> str:
        return self.library.known[self.options["device"]]["name"]

    def start(self) -> None:
        if self.library.refuses_start:
            raise PortAudioError("Error starting stream: Device unavailable", -9985)
        self.active = True

    def abort(self) -> None:
        if self.active:
            self.fail()

    def close(self) -> None:
        self.closed = True

    def fail(self) -> None:
        """End as PortAudio ends a stream whose device is gone."""
        self.active = False
        self.options["finished_callback"]()

    def hear(self, samples: NDArray[np.float32]) -> None:
        """Call back with what was recorded, shape `(n,)`, in each channel."""
        block = np.repeat(samples.astype(np.float32)[:, np.newaxis], self.options["channels"], axis=1)
        self.options["callback"](block, len(samples), self._time(), self._status())

    def play(self, frames: int, *, underflow: bool = False, delay: float = 0.05) -> NDArray[np.float32]:
        """Call back for so many frames; shape `(frames, channels)`."""
        out = np.full((frames, self.options["channels"]), 9.0, np.float32)
        self.options["callback"](out, frames, self._time(delay), self._status(underflow))
        return out

    @staticmethod
    def _time(delay: float = 0.05) -> SimpleNamespace:
        return SimpleNamespace(currentTime=100.0, outputBufferDacTime=100.0 + delay)

    @staticmethod
    def _status(underflow: bool = False) -> SimpleNamespace:
        return SimpleNamespace(output_underflow=underflow)


@dataclass
class FakeLibrary:
    """The module.

    Attributes:
        plugged: Devices that are there.
        known: Devices that were there when PortAudio was initialised.
        accepts: What it thinks of a rate and a number of channels.
        defaults: Numbers of the default microphone and loudspeaker.
    """

    plugged: list[dict[str, Any]]
    accepts: Callable[[int, int], bool] = lambda rate, channels: True
    defaults: tuple[int, int] = (0, 0)
    refuses_start: bool = False
    streams: list[FakeStream] = field(default_factory=list)
    known: list[dict[str, Any]] = field(default_factory=list)
    initialised: int = 0
    PortAudioError: type[Exception] = PortAudioError

    def __post_init__(self) -> None:
        self._initialize()

    def query_devices(self) -> list[dict[str, Any]]:
        return self.known

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [
            {
                "name": "ALSA",
                "default_input_device": self.defaults[0],
                "default_output_device": self.defaults[1],
            }
        ]

    def InputStream(self, **options: Any) -> FakeStream:  # noqa: N802
        return self._stream("InputStream", options)

    def OutputStream(self, **options: Any) -> FakeStream:  # noqa: N802
        return self._stream("OutputStream", options)

    def _stream(self, kind: str, options: dict[str, Any]) -> FakeStream:
        device = self.known[options["device"]]
        # What is plugged in again is another device to PortAudio until it looks anew, be it of the same name.
        if not any(device is there for there in self.plugged):
            raise PortAudioError(f"Error opening {kind}: Device unavailable", -9985)
        if not self.accepts(options["samplerate"], options["channels"]):
            raise PortAudioError(f"Error opening {kind}: Invalid sample rate", -9997)
        stream = FakeStream(self, options)
        self.streams.append(stream)
        return stream

    def _terminate(self) -> None:
        for stream in self.running():
            stream.fail()
            stream.closed = True

    def _initialize(self) -> None:
        self.known = list(self.plugged)
        self.initialised += 1

    def running(self) -> Iterator[FakeStream]:
        """The streams that run."""
        return (stream for stream in list(self.streams) if stream.active)

    def unplug(self, name: str) -> None:
        """Take a device away; its streams fail."""
        self.plugged = [device for device in self.plugged if device["name"] != name]
        for stream in self.running():
            if stream.name == name:
                stream.fail()
