"""The server that is checked, and the conversations that were held with it so far."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from .check import MISSHAPEN
from .talk import Talk
from .wire import Closed, Dial

if TYPE_CHECKING:
    from ...speech.pcm import Pcm

Play: TypeAlias = "Callable[[Talk, Subject], Awaitable[None]]"


@dataclass(frozen=True, slots=True)
class Scene:
    """A conversation that checks look at.

    Attributes:
        name: What it is called in reasons.
        play: Holds it, over a connection that has been greeted.
        offers: Subprotocols that the client offers.
        errs: Whether the client errs in it, so that errors are due.
    """

    name: str
    play: Play
    offers: Sequence[str] = ()
    errs: bool = False


class Subject:
    """A server under check.

    Args:
        dial: Opens a connection to it.
        voice: Somebody who speaks.
        patience: Seconds without any event after which nothing more is awaited.
        quiet: Seconds that are waited for what must not come.
    """

    def __init__(self, dial: Dial, voice: Pcm, *, patience: float = 20.0, quiet: float = 1.0) -> None:
        self._dial = dial
        self._held: dict[str, Talk] = {}
        self.voice = voice
        self.patience = patience
        self.quiet = quiet

    async def seen(self, scene: Scene) -> Talk:
        """What was seen of a scene; it is played once.

        Raises:
            ModelUnavailable: The server cannot be reached.
        """
        if scene.name not in self._held:
            async with self._opened(scene) as talk:
                # What was seen until then is looked at all the same.
                with suppress(*MISSHAPEN):
                    await scene.play(talk, self)
                # What comes after the end is wrong, and is to be seen.
                await talk.listen(self.quiet / 4)
            self._held[scene.name] = talk
        return self._held[scene.name]

    @asynccontextmanager
    async def _opened(self, scene: Scene) -> AsyncIterator[Talk]:
        wire = await self._dial(scene.offers)
        talk = Talk(scene.name, wire, self.patience, scene.errs)
        try:
            # Some clients send nothing before they are greeted, so neither do we.
            await talk.until("session.created", start=0)
            yield talk
        finally:
            with suppress(Closed, TimeoutError):
                async with asyncio.timeout(self.patience):
                    await wire.close()
