"""What a user said: kept once, heard once, whoever asks for it first: the reply or the transcript."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from ...errors import ModelUnavailable
from ...execution.standing import offered
from ...hints import hints_of
from ...media import load_audio, load_image
from ...media.files import DEFAULT_LIMITS
from ...messages import Audio, Hearing, Image, Message, ToolSpec
from ...speech.pcm import Pcm

if TYPE_CHECKING:
    from ...state import Parts

T = TypeVar("T")
Spawn: TypeAlias = Callable[[Coroutine[Any, Any, Any]], "asyncio.Task[Any]"]


class Listener:
    """The ears of a session.

    Args:
        parts: The agent's.
        spawn: Starts a task that the session owns.

    Attributes:
        language: ISO 639-1 code that the client says is spoken; empty for any.
        tools: Those of the client, whose words are likely to be said.
        earlier: The conversation so far, for the names in it.
        wanted: The client wants to read what was heard.
        noted: Told of each sound and picture that is kept, by its reference.
        limits: What is too large to be kept.
    """

    def __init__(self, parts: Parts, spawn: Spawn) -> None:
        self._parts = parts
        self._spawn = spawn
        self.language = ""
        self.tools: tuple[ToolSpec, ...] = ()
        self.earlier: Callable[[], Sequence[Message]] = tuple
        self.wanted = False
        self.limits = DEFAULT_LIMITS

    @property
    def lends(self) -> bool:
        """Whether the model needs these ears, having none of its own."""
        return "audio" not in self._parts.model.capabilities.inputs

    @property
    def hears_at_once(self) -> bool:
        """Whether what is said is heard as soon as it is: for the model, or for the client."""
        return (self.lends or self.wanted) and self._parts.senses.ears is not None

    def begin(self, pcm: Pcm) -> asyncio.Task[Hearing]:
        """Hear a sound, now."""
        task: asyncio.Task[Hearing] = self._spawn(self._heard(pcm))
        # Who awaits it is told what went wrong; nobody may.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def keep(self, pcm: Pcm) -> Audio:
        """A sound in the media store.

        Raises:
            OmniError: It is too long, or the store cannot be written.
        """
        audio, _ = await load_audio(self._parts.media, pcm.to_wav(), limits=self.limits)
        return audio

    async def show(self, picture: bytes) -> Image:
        """A picture in the media store.

        Raises:
            OmniError: It is none, or too large, or the store cannot be written.
        """
        return await load_image(self._parts.media, picture, limits=self.limits)

    async def _heard(self, pcm: Pcm) -> Hearing:
        ears = self._parts.senses.ears
        if ears is None:
            raise ModelUnavailable("this agent cannot hear", remedy="give its model ears")
        tools = (*self.tools, *offered(self._parts.toolbox, ()))
        hints = hints_of(tools, self.earlier())
        return await ears.transcribe(pcm, language=self.language, hints=hints, timed=bool(tools))


class Utterance:
    """One sound of the user's.

    Args:
        pcm: It.
        listener: Hears and keeps it.
        begun: Its hearing, where that began before the user had surely ended.
    """

    def __init__(self, pcm: Pcm, listener: Listener, begun: asyncio.Task[Hearing] | None = None) -> None:
        self.seconds = pcm.seconds
        self._pcm: Pcm | None = pcm
        self._listener = listener
        self._hearing = begun
        self._audio: Audio | None = None
        self._keeping = asyncio.Lock()
        if begun is None and listener.hears_at_once and self.seconds:
            self._hearing = listener.begin(pcm)

    async def hearing(self) -> Hearing:
        """What was heard.

        Raises:
            OmniError: It could not be.
        """
        if not self.seconds:
            return Hearing("")
        if self._hearing is None:
            self._hearing = self._listener.begin(self._pcm or Pcm.silence(0, 16_000))
        # Who stops waiting does not take it from the others.
        return await asyncio.shield(self._hearing)

    async def part(self) -> Audio | None:
        """The part of a message that it is; None where nothing was said, as far as that is known.

        Raises:
            OmniError: It could not be kept or heard.
        """
        if not self.seconds:
            return None
        async with self._keeping:
            if self._audio is None and self._pcm is not None:
                self._audio = await self._listener.keep(self._pcm)
        assert self._audio is not None
        if not self._listener.lends:
            return self._audio
        hearing = await self.hearing()
        self._pcm = None
        return replace(self._audio, hearing=hearing) if hearing.text.strip() else None
