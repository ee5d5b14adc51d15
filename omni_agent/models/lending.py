"""A request made fit for a model that can do less than the one it was meant for: what it lacks is lent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import TypeVar

from ..errors import ModelUnavailable, OmniError
from ..media import MediaStore, load_audio
from ..messages import Audio, Hearing, Image, Message, Moment, Part, Reading, Video
from ..senses import Ears, Eyes, Senses, Voice
from .base import Capabilities, ModelEvent, Request, SpeechDelta, TextDelta
from .limits import within_limits

log = logging.getLogger(__name__)
T = TypeVar("T")

NO_SENSES = "senses_missing"
# Descriptions that are kept, so that a conversation is not heard anew for each answer.
_MOST_KEPT = 256


class Lender:
    """Puts into words what a model cannot take in.

    Args:
        senses: The ears and eyes that it uses.
    """

    def __init__(self, senses: Senses) -> None:
        self._senses = senses
        self._hearings: dict[str, Hearing] = {}
        self._readings: dict[str, Reading] = {}
        self._moments: dict[str, tuple[Moment, ...]] = {}

    async def fitted(self, request: Request, able: Capabilities) -> Request:
        """The request as a model of these capabilities can take it.

        Raises:
            ModelUnavailable: The last message holds what it cannot take in, and there are no senses to lend.
            MediaError: What it holds is gone.
        """
        last = len(request.messages) - 1
        messages = [
            await self._message(message, able, needed=place == last)
            for place, message in enumerate(request.messages)
        ]
        names = {name.casefold(): name for name in able.voices}
        return replace(
            request,
            messages=within_limits(messages, able),
            tools=request.tools if able.tools else (),
            tool_choice=request.tool_choice if able.tools else "",
            withheld=request.withheld if able.tools else frozenset(),
            speech=speaks_itself(request, able),
            voice=names.get(request.voice.casefold(), ""),
        )

    async def _message(self, message: Message, able: Capabilities, *, needed: bool) -> Message:
        parts = [await self._part(part, able, needed=needed) for part in message.parts]
        return replace(message, parts=tuple(parts))

    async def _part(self, part: Part, able: Capabilities, *, needed: bool) -> Part:
        match part:
            case Audio(hearing=None) if "audio" not in able.inputs:
                ears = self._senses.ears
                return replace(part, hearing=await self._heard(part, ears)) if ears else _left(part, needed)
            case Image(reading=None) if "image" not in able.inputs:
                eyes = self._senses.eyes
                return replace(part, reading=await self._read(part, eyes)) if eyes else _left(part, needed)
            case Video(moments=None) if "video" not in able.inputs:
                ears, eyes = self._senses.ears, self._senses.eyes
                if ears is None and eyes is None:
                    return _left(part, needed)
                return replace(part, moments=await self._watched(part, ears, eyes))
            case _:
                return part

    async def _watched(self, part: Video, ears: Ears | None, eyes: Eyes | None) -> tuple[Moment, ...]:
        from ..vision.moments import told

        if part.ref not in self._moments:
            path = await asyncio.to_thread(MediaStore().path, part.ref)
            _keep(self._moments, part.ref, await told(path, ears, eyes))
        return self._moments[part.ref]

    async def _heard(self, part: Audio, ears: Ears) -> Hearing:
        if part.ref not in self._hearings:
            _, pcm = await load_audio(MediaStore(), part.ref)
            _keep(self._hearings, part.ref, await ears.transcribe(pcm))
        return self._hearings[part.ref]

    async def _read(self, part: Image, eyes: Eyes) -> Reading:
        if part.ref not in self._readings:
            data = await asyncio.to_thread(MediaStore().get, part.ref)
            _keep(self._readings, part.ref, await eyes.read(data))
        return self._readings[part.ref]


def speaks_itself(request: Request, able: Capabilities) -> bool:
    """Whether a model of these capabilities is asked to speak its answer itself."""
    return request.speech and able.speech and (not request.tools or able.tools_with_speech)


async def voiced(
    events: AsyncGenerator[ModelEvent, None], voice: Voice, request: Request, rate: int
) -> AsyncGenerator[ModelEvent, None]:
    """The events of a model without a voice, spoken clause by clause by one that is lent.

    Args:
        events: The model's, without speech.
        voice: Speaks them, in its own way: the request names another one's voices.
        request: Tells the language.
        rate: Samples a second of the speech; 0 for the voice's own.
    """
    from ..speech.wording.clauses import ClauseSplitter

    splitter = ClauseSplitter()
    language = request.language or next(iter(request.languages), "")
    async with aclosing(events):
        async for event in events:
            match event:
                case TextDelta(text=text):
                    yield event
                    clauses = splitter.feed(text)
                case _:
                    clauses = splitter.pause()
            for clause in clauses:
                if sound := await _said(clause.text, voice, language, rate):
                    yield sound
            if not isinstance(event, TextDelta):
                yield event


async def _said(text: str, voice: Voice, language: str, rate: int) -> SpeechDelta | None:
    """A clause as sound; None where the voice fails: that costs the speech, not the answer."""
    from ..speech.language import detect
    from ..speech.wording.normalise import spoken

    try:
        language = language or detect(text, voice.languages) or "en"
        if language not in voice.languages:
            return None
        pcm = await voice.speak(spoken(text, language), language=language)
    except OmniError as error:
        log.warning("an answer is not spoken: %s", error)
        return None
    pcm = pcm.resampled(rate) if rate else pcm
    return SpeechDelta(pcm.to_int16(), pcm.rate)


def _left(part: Part, needed: bool) -> Part:
    if needed:
        verb = "hear" if isinstance(part, Audio) else "see"
        raise ModelUnavailable(
            f"it cannot {verb}", code=NO_SENSES, remedy="pip install 'omni-agent-framework[local]'"
        )
    return part


def _keep(known: dict[str, T], ref: str, found: T) -> None:
    known[ref] = found
    while len(known) > _MOST_KEPT:
        del known[next(iter(known))]
