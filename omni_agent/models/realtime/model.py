"""A realtime service as a model: sessions that go on where the conversation stands, or begin anew.

A request holds the whole conversation. A session whose server already has its beginning gets only the rest;
for any other conversation a fresh session is opened and told all of it. So a dropped connection, the end of a
session's life and a restart are one thing: the next request finds no session, and opens one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from ...clock import Clock, SystemClock
from ...senses import Senses
from ..base import Capabilities, ModelEvent, Request
from ..keys import Found, Key
from . import refusals, settings
from .entries import Entry, entries
from .held import Fit
from .limits import Limits
from .profile import Detection, Profile
from .session import Session
from .socket import Socket, connect, is_here
from .turns import RealtimeTurns

log = logging.getLogger(__name__)

MOST_IDLE = 4
"""Sessions that are kept for conversations that may go on."""


class RealtimeModel:
    """A model behind a realtime service.

    Args:
        profile: What is known of the service.
        model: The model's name there; by default the profile's.
        url: `ws://` or `wss://`, without the model; by default the profile's.
        key: Its key, or where to find it when a session is opened; by default the profile's.
        turns: What of the service ends the user's turns in a live conversation; None where that is judged
            here.
        limits: How long each stage may take.
        clock: Tells how old a session is.
    """

    def __init__(
        self,
        profile: Profile,
        model: str = "",
        *,
        url: str = "",
        key: Key | str | None = None,
        turns: Detection | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._profile = profile
        self._model = model or profile.model
        self._url = url
        if key is None:
            key = Key(profile.key, keyring=not is_here(url or profile.url))
        self._key = key
        self._turns: Detection | None = turns
        self._limits = limits or Limits()
        self._clock = clock or SystemClock()
        self._idle: list[Session] = []
        self._closed = 0

    def __repr__(self) -> str:
        return f"RealtimeModel({self._profile.title}, {self._model!r})"

    @property
    def capabilities(self) -> Capabilities:
        return replace(self._profile.able, tells_turns=True) if self._turns else self._profile.able

    @property
    def senses(self) -> Senses:
        """None of its own: it hears, sees and speaks itself."""
        return Senses()

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        """Answer in a session that holds the conversation, or in a fresh one.

        A connection that is gone before the first event costs a second attempt in a fresh session.

        Raises:
            ModelUnavailable: The service cannot be reached, or refuses; there is no key.
            ModelError: It failed on the way.
            InputError: A sound or picture that is to be answered cannot be used.
        """
        wanted, begun, era = entries(request.messages), False, self._closed
        for last in (False, True):
            session, found = await self._leased(request, wanted, fresh=last)
            try:
                async with aclosing(session.answer(request, wanted, found)) as events:
                    async for event in events:
                        begun = True
                        yield event
                return
            except refusals.Dropped:
                if begun or last:
                    raise
            finally:
                # What is asked for as data is asked once; it would push out conversations that go on.
                self._given_back(session, era, keep=request.format is None)

    async def prewarm(self, request: Request | None = None) -> None:
        """Open a session, with the settings of `request`, so that the first answer does not wait for it."""
        wanted = entries(request.messages) if request else ()
        voice = settings.voice_of(request, self._profile) if request else ""
        for session in self._idle:
            if session.usable and (session.fits(wanted, voice) or not session.length):
                return
        era = self._closed
        fresh = await self._opened()
        if request:
            await fresh.prepare(request)
        self._given_back(fresh, era)

    def turn_service(self) -> RealtimeTurns | None:
        """What tells the user's turns, for one conversation; None where that is judged here."""
        if self._turns is None:
            return None
        return RealtimeTurns(self._connected, self._profile, self._turns, self._limits, self._clock)

    async def close(self) -> None:
        """Close all sessions; the next request opens one again."""
        self._closed += 1
        idle, self._idle = self._idle, []
        await asyncio.gather(*(session.close() for session in idle))

    async def _leased(self, request: Request, wanted: Sequence[Entry], *, fresh: bool) -> tuple[Session, Fit]:
        """A session of which nobody else has hold, and how the conversation goes on in it."""
        if not fresh and (found := await self._held(request, wanted)):
            return found
        return await self._opened(), Fit(0)

    async def _held(self, request: Request, wanted: Sequence[Entry]) -> tuple[Session, Fit] | None:
        """The idle session that holds most of the conversation."""
        voice = settings.voice_of(request, self._profile)
        taken, self._idle = self._idle, []
        try:
            await asyncio.gather(*(session.settle() for session in taken))
        finally:
            self._idle += [session for session in taken if self._kept(session)]
        fitting = [(one, found) for one in self._idle if (found := one.fits(wanted, voice))]
        if not fitting:
            return None
        best = max(fitting, key=lambda pair: pair[0].length)
        self._idle.remove(best[0])
        return best

    async def _opened(self) -> Session:
        return await Session.greeted(await self._connected(), self._profile, self._limits, self._clock)

    async def _connected(self) -> Socket:
        url = self._url or self._profile.url
        key = self._key if isinstance(self._key, Key) else Key(self._profile.key)
        found = Found(self._key) if isinstance(self._key, str) else await key.read()
        if not found.value and url == self._profile.url:
            raise key.missing(self._profile.title, found)
        if found.trouble:
            log.warning("the keyring was not asked for %s: %s", key.name, found.trouble)
        return await connect(self._profile, url, self._model, found.value, self._limits)

    def _given_back(self, session: Session, era: int, *, keep: bool = True) -> None:
        if era != self._closed or not keep:
            # The first: the model was closed meanwhile.
            session.drop()
        elif self._kept(session):
            self._idle.append(session)
        while len(self._idle) > MOST_IDLE:
            self._idle.pop(0).drop()

    def _kept(self, session: Session) -> bool:
        """Whether a session can be used again; one that cannot is given up."""
        if session.usable:
            return True
        session.drop()
        return False
