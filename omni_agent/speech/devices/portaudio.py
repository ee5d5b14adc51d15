"""PortAudio, once in a process: the list of devices, open streams, and a new look at what is plugged in.

PortAudio keeps the list that it made when it was initialised, and terminating it closes every stream
(PortAudio's documentation of Pa_Initialize and Pa_Terminate); so all who hold streams share one `PortAudio`.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, TypeVar, cast

from ...errors import ConfigError, InputError, OmniError
from .choosing import Device, Direction, choose

T = TypeVar("T")

PACKAGE_REMEDY = "pip install 'omni-agent-framework[audio]'"
LIBRARY_REMEDY = "apt install libportaudio2, or your system's package of PortAudio"


class Stream(Protocol):
    """What is used of `sounddevice.InputStream` and `OutputStream`."""

    @property
    def active(self) -> bool: ...

    @property
    def samplerate(self) -> float: ...

    @property
    def latency(self) -> float: ...

    def start(self) -> None: ...

    def abort(self) -> None: ...

    def close(self) -> None: ...


class SoundLibrary(Protocol):
    """What is used of the module `sounddevice`."""

    PortAudioError: type[Exception]

    def query_devices(self) -> Iterable[Mapping[str, Any]]: ...

    def query_hostapis(self) -> Iterable[Mapping[str, Any]]: ...

    def InputStream(self, **options: Any) -> Stream: ...  # noqa: N802 (sounddevice's name)

    def OutputStream(self, **options: Any) -> Stream: ...  # noqa: N802

    def _terminate(self) -> None: ...

    def _initialize(self) -> None: ...


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What a stream is to be like.

    Attributes:
        direction: Recording or playing.
        device: As `device_choice.choose` takes it.
        rate: Samples a second; where the device refuses them it gets its own.
        channels: The fewest that are worth having; others are tried where they are refused.
        latency: Seconds that the device may buffer.
        block: Seconds in one call; 0 lets PortAudio choose.
        callback: sounddevice's.
    """

    direction: Direction
    device: str
    rate: int
    channels: int
    latency: float
    block: float
    callback: Callable[..., None]


@dataclass(frozen=True, slots=True, eq=False)
class OpenStream:
    """A stream that runs.

    Attributes:
        stream: sounddevice's.
        device: Where it goes to or comes from.
        rate: Samples a second that it really has.
        generation: Which look at the devices it belongs to; with the next one it is closed.
        busy: Whether closing it now would be heard.
    """

    stream: Stream
    device: Device
    rate: int
    generation: int
    busy: Callable[[], bool]


class PortAudio:
    """Opens and closes streams, one call at a time in a thread of its own: PortAudio is not thread-safe.

    Args:
        library: The module `sounddevice` or what is like it; by default it is imported when it is needed.
        executor: Where its calls run.
    """

    def __init__(self, library: SoundLibrary | None = None, executor: Executor | None = None) -> None:
        self._library = library
        self._executor = executor or ThreadPoolExecutor(1, thread_name_prefix="omni-agent-sound")
        self._open: list[OpenStream] = []
        self.generation = 0

    async def devices(self) -> list[Device]:
        """All devices, in PortAudio's order.

        Raises:
            ConfigError: sounddevice or PortAudio is not installed.
        """
        return await self._run(self._devices)

    async def open(
        self, request: StreamRequest, ended: Callable[[], None], busy: Callable[[], bool]
    ) -> OpenStream:
        """Open a stream and start it.

        Args:
            request: What it is to be like.
            ended: Called in PortAudio's thread when the stream is over, whoever ended it.
            busy: Whether closing it would be heard, at the moment of the call.

        Raises:
            ConfigError: sounddevice or PortAudio is not installed.
            InputError: There is no such device, or it cannot be opened.
        """
        return await self._run(lambda: self._opened(request, ended, busy))

    async def close(self, stream: OpenStream) -> None:
        """Close a stream; one that is closed already is left alone."""
        await self._run(lambda: self._close(stream))

    async def look_again(self) -> None:
        """Find out what is plugged in now. Every open stream is closed by this and has to be opened again."""
        await self._run(self._look_again)

    def others(self, *, than: OpenStream | None) -> list[OpenStream]:
        """The streams that run."""
        return [stream for stream in self._open if stream is not than]

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def _devices(self) -> list[Device]:
        library = self._loaded()
        interfaces = list(library.query_hostapis())
        return [_device(number, entry, interfaces) for number, entry in enumerate(library.query_devices())]

    def _opened(
        self, request: StreamRequest, ended: Callable[[], None], busy: Callable[[], bool]
    ) -> OpenStream:
        library = self._loaded()
        try:
            device = choose(self._devices(), request.device, request.direction)
        except library.PortAudioError as error:
            raise InputError(f"PortAudio cannot list the devices: {_reason(error)}") from None
        kind = library.InputStream if request.direction == "input" else library.OutputStream
        refused: Exception | None = None
        for rate, channels in _formats(device, request):
            try:
                stream = kind(
                    samplerate=rate,
                    blocksize=round(request.block * rate),
                    device=device.number,
                    channels=channels,
                    dtype="float32",
                    latency=request.latency,
                    callback=request.callback,
                    finished_callback=ended,
                )
            except library.PortAudioError as error:
                refused = error
                continue
            opened = OpenStream(stream, device, rate, self.generation, busy)
            self._open.append(opened)
            try:
                stream.start()
            except library.PortAudioError as error:
                self._close(opened)
                refused = error
                continue
            return opened
        raise InputError(
            f"{device.name!r} cannot be opened: {_reason(refused)}",
            code="device_refused",
            remedy="is another program using it? omni-agent talk --devices lists others",
        )

    def _close(self, opened: OpenStream) -> None:
        if opened not in self._open:
            return
        self._open.remove(opened)
        library = self._loaded()
        for step in (opened.stream.abort, opened.stream.close):
            # What has broken down may refuse to be closed; there is nothing left to do with it.
            with suppress(library.PortAudioError):
                step()

    def _look_again(self) -> None:
        library = self._loaded()
        for stream in list(self._open):
            self._close(stream)
        self.generation += 1
        for step in (library._terminate, library._initialize):
            # Where this fails, the next opening fails too and is what is reported.
            with suppress(library.PortAudioError):
                step()

    def _loaded(self) -> SoundLibrary:
        if self._library is None:
            self._library = load_library()
        return self._library


@cache
def shared_portaudio() -> PortAudio:
    """The one of this process."""
    return PortAudio()


def load_library() -> SoundLibrary:
    """The module `sounddevice`, which has no types of its own.

    Raises:
        ConfigError: It is not installed, or it does not find PortAudio.
    """
    try:
        return cast("SoundLibrary", importlib.import_module("sounddevice"))
    except ImportError:
        raise _missing("the package sounddevice", PACKAGE_REMEDY) from None
    except OSError:
        # sounddevice raises this from the import where it finds no library to load.
        raise _missing("the library PortAudio", LIBRARY_REMEDY) from None


def _missing(what: str, remedy: str) -> OmniError:
    message = f"microphone and speakers need {what}, which is not installed"
    return ConfigError(message, code="portaudio_missing", remedy=remedy)


def _device(number: int, entry: Mapping[str, Any], interfaces: list[Mapping[str, Any]]) -> Device:
    interface = interfaces[entry["hostapi"]]
    directions: tuple[Direction, Direction] = ("input", "output")
    return Device(
        number,
        str(entry["name"]),
        str(interface["name"]),
        int(entry["max_input_channels"]),
        int(entry["max_output_channels"]),
        round(entry["default_samplerate"]),
        frozenset(way for way in directions if interface[f"default_{way}_device"] == number),
    )


def _formats(device: Device, request: StreamRequest) -> list[tuple[int, int]]:
    """Rates and channels to try, the best first: sound cards refuse what sound servers convert."""
    most = device.channels(request.direction)
    counts = dict.fromkeys(min(count, most) for count in (request.channels, 2, 1, most))
    rates = dict.fromkeys((request.rate, device.rate, 48_000))
    return [(rate, count) for rate in rates for count in counts]


def _reason(error: Exception | None) -> str:
    """PortAudio's own words; its number and the name of the class say nothing to the reader."""
    text = str(error.args[0]) if error and error.args else "no reason given"
    for prefix in ("Error opening InputStream: ", "Error opening OutputStream: "):
        text = text.removeprefix(prefix)
    return " ".join(text.split())
