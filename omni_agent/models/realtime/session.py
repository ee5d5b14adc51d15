"""One session with a service: its connection, what its conversation holds, and one answer at a time.

open ──► idle ──► answering ──► idle
                      │ cancelled
                      ▼
                   ending ──► idle (its last events are read before the next answer), or given up
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from uuid import uuid4

from ...clock import Clock
from ...errors import ModelError
from ...messages import JsonObject
from ..base import ModelEvent, Request
from . import refusals, settings
from .answer import Answer
from .entries import Entry
from .greeting import error_of, greeted
from .held import Fit, Held, fit, taken_over
from .limits import Limits
from .profile import Profile
from .sending import Sender
from .socket import Socket
from .untold import last_group, prompted, untold

_ENDED = 16
_UNSET = object()


class Session:
    """A session, open; made by `Session.greeted`.

    Attributes:
        usable: It may be asked again.
    """

    def __init__(self, socket: Socket, profile: Profile, limits: Limits, clock: Clock) -> None:
        self._socket = socket
        self._profile = profile
        self._limits = limits
        self._clock = clock
        self._sender = Sender(socket, profile)
        self._held: list[Held] = []
        self._set: JsonObject = {}
        self._voice: str | None = None
        self._ended: deque[str] = deque(maxlen=_ENDED)
        self._ending: Answer | None = None
        self._asked = ""
        self._amending: set[str] = set()
        self._began = self._used = clock.monotonic()
        self._sound = True

    @classmethod
    async def greeted(cls, socket: Socket, profile: Profile, limits: Limits, clock: Clock) -> Session:
        """The session of a connection, once the service has greeted.

        Raises:
            ModelUnavailable: It refuses, as for a wrong key or model.
        """
        await greeted(socket, profile, limits)
        return cls(socket, profile, limits, clock)

    @property
    def usable(self) -> bool:
        """Whether it is open, young enough, and nothing went wrong in it."""
        now, margin = self._clock.monotonic(), self._limits.margin
        aged = now - self._began > self._profile.seconds - margin
        idle = self._profile.idle and now - self._used > self._profile.idle * 0.9
        return self._sound and self._socket.alive and not aged and not idle

    @property
    def length(self) -> int:
        """How many entries its conversation holds."""
        return len(self._held)

    def fits(self, wanted: Sequence[Entry], voice: str) -> Fit | None:
        """How a conversation goes on from the one that it holds; None where it does not."""
        if self._voice not in (None, voice):
            # A voice is fixed from the first sound on.
            return None
        return fit(self._held, wanted, amends=self._profile.amends_items)

    async def settle(self) -> None:
        """Read the rest of a cancelled answer, so that it is known what the service holds of it."""
        answer, self._ending = self._ending, None
        if answer is None:
            return
        try:
            async with asyncio.timeout(self._limits.ending):
                while not answer.over:
                    event = await self._socket.receive(self._limits.ending)
                    if event["type"] == "error" and not refusals.harmless(error_of(event)):
                        raise refusals.told(self._profile, error_of(event), self._socket.key)
                    answer.take(event)
        except (TimeoutError, ModelError):
            self.drop()
        except BaseException:
            self.drop()
            raise
        else:
            self._note(answer)

    async def prepare(self, request: Request) -> None:
        """Set what a request will need."""
        await self._update(settings.plan(request, self._profile).session)

    async def answer(
        self, request: Request, wanted: Sequence[Entry], found: Fit
    ) -> AsyncGenerator[ModelEvent, None]:
        """Put the conversation there as far as it is not, and give the answer.

        Raises:
            Dropped: The connection is gone.
            ModelError: The service failed, or went silent.
        """
        answer = Answer(
            request,
            self._profile,
            names=frozenset(tool.name for tool in settings.offered(request, self._profile)),
            token=uuid4().hex,
            key=self._socket.key,
            over_before=self._ended,
        )
        self._used = self._clock.monotonic()
        self._asked = ""
        try:
            plan = await self._told(request, wanted, found)
            await self._create(plan.response, answer)
            if request.speech:
                self._voice = settings.voice_of(request, self._profile)
            async for event in self._read(answer, plan.response):
                yield event
        except (GeneratorExit, asyncio.CancelledError):
            if not answer.over:
                await self._cancel(answer)
            raise
        except BaseException:
            self.drop()
            raise
        finally:
            self._used = self._clock.monotonic()

    def drop(self) -> None:
        """Give it up, now."""
        self._sound = False
        self._socket.abort()

    async def close(self) -> None:
        """End it in good order."""
        self._sound = False
        await self._socket.close()

    async def _told(self, request: Request, wanted: Sequence[Entry], found: Fit) -> settings.Plan:
        """Everything before the question for an answer."""
        await self._amend(found, wanted)
        shared = len(self._held)
        begin = last_group(wanted)
        words = "" if self._profile.makes_items else untold(self._held, wanted, begin)
        plan = settings.plan(request, self._profile, untold=words)
        await self._update(plan.session)
        for place in range(shared, len(wanted)):
            self._held.append(await self._sender.send(wanted[place], self._held, now=place >= begin))
        if not self._profile.makes_items and wanted and not prompted(self._held[max(shared, begin) :]):
            await self._sender.prompt()
        return plan

    async def _amend(self, found: Fit, wanted: Sequence[Entry]) -> None:
        rest = self._held[found.shared :]
        self._held = taken_over(self._held[: found.shared], wanted)
        if found.amendment == "delete":
            name = await self._socket.send("conversation.item.delete", item_id=rest[0].items[0])
            self._amending.add(name)
        elif found.amendment == "truncate":
            item = rest[0].items[0]
            fields = {"item_id": item, "content_index": 0, "audio_end_ms": found.audio_ms}
            self._amending.add(await self._socket.send("conversation.item.truncate", **fields))
            self._held.append(Held(wanted[found.shared], (item,), audio_ms=found.audio_ms))

    async def _update(self, wanted: JsonObject) -> None:
        # The voice, once it was heard, may not be named again; what is not named stays.
        changed = {name: value for name, value in wanted.items() if self._set.get(name, _UNSET) != value}
        if changed:
            kind = {"type": wanted["type"]} if "type" in wanted else {}
            await self._socket.send("session.update", session={**kind, **changed})
            self._set = {**self._set, **wanted}

    async def _create(self, response: JsonObject, answer: Answer) -> None:
        if self._profile.shape == "openai":
            response = {**response, "metadata": {"answer": answer.token}}
        fields = {"response": response} if response else {}
        self._asked = await self._socket.send("response.create", **fields)

    async def _read(self, answer: Answer, response: JsonObject) -> AsyncGenerator[ModelEvent, None]:
        time = asyncio.get_running_loop().time
        limit, since, other = self._limits.first, time(), False
        while not answer.over:
            event = await self._socket.receive(limit, left=since + limit - time())
            if event["type"] == "error":
                other = self._refused(error_of(event), answer) or other
                continue
            if other and not answer.id:
                if event["type"] == "response.done":
                    other = False
                    await self._create(response, answer)
                continue
            given = answer.take(event)
            if answer.over:
                # Before the last events leave: whoever has them may not come back.
                self._note(answer)
            for one in given:
                yield one
            if given or event.get("response_id") == answer.id:
                limit, since = self._limits.between, time()

    def _refused(self, error: JsonObject, answer: Answer) -> bool:
        """What an error means for the answer; whether another one must end first.

        Raises:
            ModelError: There will be none.
        """
        if refusals.busy(error):
            # The service began one by itself, as it may when a tool's result comes: that is ours.
            return not answer.id
        if error.get("event_id") in self._amending:
            # It holds more than was heard: this answer may come, the next one is asked elsewhere.
            self._sound = False
            return False
        if refusals.harmless(error):
            return False
        raise refusals.told(self._profile, error, self._socket.key)

    async def _cancel(self, answer: Answer) -> None:
        answer.cancelled = True
        if not self._asked:
            # Nobody knows how much of the conversation arrived.
            self.drop()
            return
        named = {"response_id": answer.id} if answer.id and self._profile.shape == "openai" else {}
        try:
            await self._socket.send("response.cancel", **named)
        except BaseException as error:
            self.drop()
            if not isinstance(error, ModelError):
                raise
            return
        if self._profile.ends_cancelled:
            self._ending = answer
        else:
            # It may never say how the answer ended, and it cannot cut what was not heard.
            self.drop()

    def _note(self, answer: Answer) -> None:
        self._held += answer.held()
        self._ended.append(answer.id)
        self._sound = self._sound and answer.certain
