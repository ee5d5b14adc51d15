"""The user's turns as the service tells them: his sound goes there while he speaks, in a session of its own.

That session only listens; the answer is asked for in another one, which holds the conversation. So it makes
no difference to an answer who ended the turn, and a listener that is lost costs no conversation. OpenAI's
service is told not to answer what it hears there. DashScope's answers every turn by itself: there the session
ends with the turn, before its answer, and another one listens on.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable

import numpy as np
from numpy.typing import NDArray

from ...clock import Clock
from ...errors import ModelError, ModelUnavailable
from ...messages import JsonObject
from ...speech.hearing.onset import VoicePaused, VoiceStarted
from ...speech.hearing.resampling import StreamResampler
from ...speech.pcm import Pcm
from ...speech.turn_end.service import Told, TurnOver
from . import refusals, settings
from .backlog import RATE, Backlog
from .greeting import error_of, greeted
from .limits import Limits
from .profile import Detection, Profile
from .socket import Socket
from .sound import PACKET, encoded

log = logging.getLogger(__name__)

REPLAYED = 0.4
"""Seconds that a new session hears again: who speaks on while it is opened is heard from the beginning. A
turn ends with more silence than that, so nothing of it is heard twice."""

TRIES = 3
"""How often in a row a session may be lost, or not be had."""

SETTLED = 30.0
"""Seconds after which a session that is lost counts as one that was had."""

_PASSING = frozenset({"model_unavailable", "model_overloaded"})


class RealtimeTurns:
    """Listens for one conversation, as `TurnService`.

    Args:
        connect: Opens a connection to the service.
        profile: Of the service.
        detection: What ends a turn there: silence (`server`), or what is said too (`semantic`).
        limits: How long each stage may take.
        clock: Times what comes between two tries.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Socket]],
        profile: Profile,
        detection: Detection,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._connect = connect
        self._profile = profile
        self._detection: Detection = detection
        self._limits = limits
        self._clock = clock
        self._backlog = Backlog(REPLAYED)
        self._more = asyncio.Event()
        self._told: list[Told] = []
        self._socket: Socket | None = None
        self._setting = ""
        self._begin = self._paused = 0
        self._speaking = self._spoke = False

    def __repr__(self) -> str:
        return f"RealtimeTurns({self._profile.title}, {self._detection!r})"

    async def open(self) -> None:
        """See `TurnService.open`."""
        socket = await self._connect()
        try:
            await greeted(socket, self._profile, self._limits)
            session = settings.listening(self._profile, self._detection)
            self._setting = await socket.send("session.update", session=session)
        except BaseException:
            socket.abort()
            raise
        self._socket, self._begin = socket, self._backlog.again()

    async def run(self) -> None:
        """See `TurnService.run`."""
        failed = 0
        while True:
            since = math.inf
            try:
                if self._socket is None:
                    await self.open()
                assert self._socket is not None
                since = self._clock.monotonic()
                await self._carry(self._socket)
                failed = 0
            except ModelError as error:
                settled = self._clock.monotonic() - since >= SETTLED
                failed = 1 if settled else failed + 1
                if failed >= TRIES or _is_final(error):
                    raise
                log.info("the listening session was lost: %s", error.message)
                self._drop()
                await self._clock.sleep(self._limits.again * (failed - 1))
            finally:
                self._drop()

    def hear(self, samples: NDArray[np.float32]) -> None:
        """See `TurnService.hear`."""
        self._backlog.add(samples)
        self._more.set()

    def told(self) -> list[Told]:
        """See `TurnService.told`."""
        told, self._told = self._told, []
        return told

    async def close(self) -> None:
        """See `TurnService.close`."""
        socket, self._socket = self._socket, None
        if socket:
            await socket.close()

    def _drop(self) -> None:
        """Give the session up; a voice of which it would tell no more has paused."""
        socket, self._socket = self._socket, None
        if socket:
            socket.abort()
        self._pause(self._backlog.end)
        self._spoke = False

    async def _carry(self, socket: Socket) -> None:
        """Send what is heard and take what is told, until the session has done what it is for."""
        tasks = [asyncio.create_task(work(socket)) for work in (self._receive, self._send)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in done:
            task.result()

    async def _send(self, socket: Socket) -> None:
        resampler = StreamResampler(self._profile.hears_at)
        while True:
            self._more.clear()
            while len(sound := self._backlog.take(round(PACKET * RATE))):
                samples = resampler.feed(Pcm(sound, RATE))
                packet = encoded(Pcm(samples, self._profile.hears_at))
                await socket.send("input_audio_buffer.append", audio=packet)
            if self._backlog.overrun:
                # Its times would no longer be ours.
                raise refusals.silent(self._profile, self._limits.send)
            await self._more.wait()

    async def _receive(self, socket: Socket) -> None:
        while True:
            event = await socket.receive(None)
            match event["type"]:
                case "error":
                    self._refused(error_of(event), socket.key)
                case "input_audio_buffer.speech_started":
                    self._start(self._sample(event, "audio_start_ms"))
                case "input_audio_buffer.speech_stopped":
                    self._pause(self._sample(event, "audio_end_ms"))
                case "input_audio_buffer.committed":
                    self._end()
                    if self._profile.answers_itself:
                        return
                    if item := event.get("item_id"):
                        # What was said is kept where it is answered.
                        await socket.send("conversation.item.delete", item_id=item)

    def _start(self, since: int) -> None:
        if not self._speaking:
            self._speaking = self._spoke = True
            self._told.append(VoiceStarted(self._backlog.end, max(since, self._paused)))

    def _pause(self, since: int) -> None:
        if self._speaking:
            self._speaking, self._paused = False, since
            self._told.append(VoicePaused(self._backlog.end, since))

    def _end(self) -> None:
        self._pause(self._backlog.end)
        if self._spoke:
            self._spoke = False
            self._told.append(TurnOver(self._backlog.end))

    def _sample(self, event: JsonObject, field: str) -> int:
        """Where in what was heard an event is; the service counts from the beginning of its session."""
        told = event.get(field)
        if not isinstance(told, int | float):
            return self._backlog.end
        return min(max(self._begin + round(told * RATE / 1000), 0), self._backlog.end)

    def _refused(self, error: JsonObject, key: str) -> None:
        """What an error means for the session.

        Raises:
            ModelError: It has ended, or does not listen.
        """
        told = refusals.told(self._profile, error, key)
        if error.get("event_id") == self._setting and not isinstance(told, ModelUnavailable):
            remedy = "turns=local, or another model"
            raise ModelUnavailable(told.message, code="turns_refused", remedy=remedy)
        if isinstance(told, ModelUnavailable | refusals.Dropped):
            raise told
        if not refusals.harmless(error):
            log.warning("the listening session goes on after an error: %s", told.message)


def _is_final(error: ModelError) -> bool:
    """Whether trying again would change nothing: the key, the model or the settings are wrong."""
    return isinstance(error, ModelUnavailable) and error.code not in _PASSING
