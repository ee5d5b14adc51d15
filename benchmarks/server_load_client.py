"""Sessions that speak in real time, all at once, and note when they are answered.

Each says a second of noise in frames of 20 ms, is silent, and counts from the frame with which the silence
is long enough to end its turn: what passes until the first sound of the reply is what the server adds, for
model, ears and voice take no time. Then it is silent until the reply has been played, and begins again.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import State

FRAME_S = 0.02
SPEECH_FRAMES = 50
SILENCE_MS = 200
USUAL_NEED = round(SILENCE_MS / 1000 / FRAME_S)
_RATE = 24_000
# A server that has not answered by then never will; the turn counts as lost.
_PATIENCE_S = 10.0
_PAUSE_FRAMES = 15


class Dialect(Protocol):
    """How a server is spoken to. One for each session.

    Attributes:
        loud, quiet: A frame of 20 ms, ready to be sent.
        hello: What is sent first.
        needed: Frames of silence after which the server can know that the turn is over.
    """

    needed: int

    @property
    def loud(self) -> str | bytes: ...

    @property
    def quiet(self) -> str | bytes: ...

    @property
    def hello(self) -> tuple[str, ...]: ...

    def heard(self, message: str | bytes) -> float | None:
        """Seconds of sound in a message; None where it says that the reply is over. Raises `Fault` where one
        is amiss."""
        ...


class Fault(Exception):
    """An event is missing, twice there or out of order."""


class Realtime:
    """Our server's, which is OpenAI's. Every event of a reply is looked at."""

    hello = (
        json.dumps(
            {
                "type": "session.update",
                "session": {
                    "type": "realtime",
                    "audio": {
                        "input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": SILENCE_MS}}
                    },
                },
            }
        ),
    )

    def __init__(self, expected: set[str], needed: int = USUAL_NEED) -> None:
        frame = round(FRAME_S * _RATE)
        noise = random.Random(1)
        loud = b"".join(noise.randint(-9000, 9000).to_bytes(2, "little", signed=True) for _ in range(frame))
        self.loud, self.quiet = _append(loud), _append(bytes(2 * frame))
        self.needed = needed
        self._expected = expected
        self._open = ""
        self._sound = hashlib.sha256()
        self._seconds = 0.0
        self._words = ""

    def heard(self, message: str | bytes) -> float | None:
        event = json.loads(message)
        match event["type"]:
            case "response.created":
                self._begin(event["response"]["id"])
            case "response.output_audio.delta":
                self._mine(event)
                sound = base64.b64decode(event["delta"])
                self._sound.update(sound)
                return len(sound) / 2 / _RATE
            case "response.output_audio_transcript.delta":
                self._mine(event)
                self._words += event["delta"]
            case "response.output_audio_transcript.done":
                self._mine(event)
                if event["transcript"] != self._words:
                    raise Fault("deltas of words are missing or out of order")
            case "response.done":
                self._end(event["response"])
                return None
            case "error":
                raise Fault(event["error"]["message"])
        return 0.0

    def _begin(self, name: str) -> None:
        if self._open:
            raise Fault("a response began within another")
        self._open, self._words, self._sound = name, "", hashlib.sha256()

    def _mine(self, event: dict[str, str]) -> None:
        if event["response_id"] != self._open:
            raise Fault("an event of another response")

    def _end(self, response: dict[str, str]) -> None:
        if response["id"] != self._open:
            raise Fault("the end of another response")
        if response["status"] != "completed":
            raise Fault(f"a response was {response['status']}: {response.get('status_details')}"[:200])
        # The voice is recorded: every reply is the same sound, or something of it is missing.
        self._expected.add(self._sound.hexdigest())
        if len(self._expected) > 1:
            raise Fault("deltas of sound are missing or out of order")
        self._open = ""


class Frames:
    """A server that gives and takes sound in ready-made binary frames; what is long is sound."""

    hello = ()

    def __init__(self, loud: bytes, quiet: bytes, shortest: int = 300) -> None:
        self.loud, self.quiet = loud, quiet
        self._shortest = shortest
        self.needed = USUAL_NEED

    def heard(self, message: str | bytes) -> float | None:
        return len(message) / 2 / _RATE if len(message) >= self._shortest else 0.0


@dataclass(slots=True)
class Seen:
    """What the sessions of one run saw.

    Attributes:
        delays: Seconds from the last frame that was needed to the first sound, a turn each.
        late: By how many seconds frames were sent too late; ours, not the server's.
        faults: What was lost or out of order.
        turns: How many were begun.
    """

    delays: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    turns: int = 0


class Session:
    """One of them."""

    def __init__(self, connection: ClientConnection, dialect: Dialect, seen: Seen, *, quiet_s: float) -> None:
        self._connection = connection
        self._dialect = dialect
        self._loud, self._quiet = _framed(dialect.loud), _framed(dialect.quiet)
        self._seen = seen
        self._quiet_s = quiet_s
        self._due: float | None = None
        self._over = asyncio.Event()
        self._last_sound = self._played_at = 0.0

    async def run(self, start: float, end: float, warm: float) -> None:
        """Speak from a moment to another; what comes before `warm` is not counted."""
        receiving = asyncio.create_task(self._receive())
        self._at = start
        try:
            for text in self._dialect.hello:
                await self._connection.send(text)
            while self._at < end:
                await self._turn(counted=self._at >= warm)
        except ConnectionClosed as closed:
            self._seen.faults.append(f"the connection was closed: {closed}"[:120])
        finally:
            receiving.cancel()
            await self._connection.close()

    async def _turn(self, *, counted: bool) -> None:
        self._over.clear()
        self._due = None
        for _ in range(SPEECH_FRAMES):
            await self._send(self._loud)
        for _ in range(self._dialect.needed - 1):
            await self._send(self._quiet)
        self._counted = counted
        self._due = asked = max(self._at + FRAME_S, time.monotonic())
        await self._send(self._quiet)
        self._seen.turns += counted
        while self._listening(asked):
            await self._send(self._quiet)
        if self._due is not None and counted:
            self._seen.faults.append("a turn was not answered")
        for _ in range(_PAUSE_FRAMES):
            await self._send(self._quiet)

    def _listening(self, asked: float) -> bool:
        """Whether the reply is still awaited or played."""
        now = time.monotonic()
        if self._over.is_set():
            return now < self._played_at
        if self._due is not None or not self._quiet_s:
            return now - asked <= _PATIENCE_S
        return now - self._last_sound <= self._quiet_s

    async def _send(self, frame: bytes) -> None:
        self._at += FRAME_S
        if (wait := self._at - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        self._seen.late.append(max(0.0, time.monotonic() - self._at))
        if self._connection.state is State.CLOSED:
            raise self._connection.protocol.close_exc
        self._connection.transport.write(frame)

    async def _receive(self) -> None:
        async for message in self._connection:
            now = time.monotonic()
            try:
                sound = self._dialect.heard(message)
            except Fault as fault:
                self._seen.faults.append(str(fault))
                continue
            if sound is None:
                self._over.set()
            elif sound:
                self._sounded(now, sound)

    def _sounded(self, now: float, seconds: float) -> None:
        self._last_sound = now
        if self._due is not None:
            if self._counted:
                self._seen.delays.append(now - self._due)
            self._due, self._played_at = None, now
        self._played_at += seconds


async def spoken_to(
    url: str, count: int, seconds: float, dialect: Callable[[], Dialect], *, quiet_s: float = 0.0
) -> Seen:
    """Let so many sessions speak for so long.

    Args:
        url: Of the socket.
        count: How many.
        seconds: For how long, after three seconds that are not counted.
        dialect: Makes the dialect of a session.
        quiet_s: Seconds of silence that end a reply, where the server does not say so; 0 where it does.
    """
    seen = Seen()
    opened = await _opened(url, count)
    sessions = [Session(one, dialect(), seen, quiet_s=quiet_s) for one in opened]
    # What the collector does while it stops us is none of the server's delay.
    gc.collect()
    gc.freeze()
    begin = time.monotonic() + 0.5
    turn = FRAME_S * (SPEECH_FRAMES + _PAUSE_FRAMES) + 2.0
    starts = [begin + turn * number / count for number in range(count)]
    warm = begin + turn + 3.0
    try:
        async with asyncio.TaskGroup() as group:
            for session, start in zip(sessions, starts, strict=True):
                group.create_task(session.run(start, warm + seconds, warm))
    finally:
        gc.unfreeze()
    return seen


async def _opened(url: str, count: int, at_once: int = 20) -> list[ClientConnection]:
    gate = asyncio.Semaphore(at_once)

    async def one() -> ClientConnection:
        async with gate:
            return await connect(
                url, max_size=None, compression=None, proxy=None, ping_interval=None, open_timeout=60
            )

    return await asyncio.gather(*(one() for _ in range(count)))


def _framed(data: str | bytes) -> bytes:
    """A message as it goes over the wire: masking it each time anew would take a core of ours."""
    kind = Opcode.TEXT if isinstance(data, str) else Opcode.BINARY
    return Frame(kind, data.encode() if isinstance(data, str) else data).serialize(mask=True)


def _append(sound: bytes) -> str:
    return json.dumps({"type": "input_audio_buffer.append", "audio": base64.b64encode(sound).decode()})
