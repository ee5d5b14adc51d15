"""`POST /v1/audio/transcriptions`: a recording, in words.

Source of the shapes: `openai` 3.57, `types/audio/transcription_create_params.py`, `transcription_verbose.py`.
"""

from __future__ import annotations

import asyncio
import math
import re
import zlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from ...errors import MediaError, ModelUnavailable
from ...media.files import Limits, open_media
from ...media.sounds import decode_audio
from ...messages import Hearing
from ...persona import LANGUAGES
from ...senses import Ears
from ...speech.pcm import Pcm
from ...tokens import estimated_tokens
from ..api.described import described
from ..api.reading import refusal
from ..caller import caller_of
from ..errors import ApiError
from ..hosting import Hosting
from ..streaming import EVENT_STREAM, Streamed, event_line
from .segments import UNSPACED, Segment, joined, sentences, words_of
from .speech import TOKEN_SECONDS
from .stretches import stretches
from .subtitles import cues, srt, vtt

_TOO_MUCH = ("media_too_large", "media_too_long")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}")
_HINTS = re.compile(r"[,;\n]|(?<=[.!?。])\s")
_MOST_HINTS = 200
_MULTIPART = "multipart/form-data"


class TranscriptionForm(BaseModel):
    """A recording, and how its words are wanted."""

    model_config = ConfigDict(populate_by_name=True)

    file: Annotated[Any, WithJsonSchema({"type": "string", "format": "binary"})] = Field(
        description="The recording: WAV, FLAC, OGG, MP3, AIFF, M4A, WebM, or a video's sound."
    )
    model: str = Field(
        "", max_length=256, description="Which agent's ears; the default's for an unknown name."
    )
    language: str = Field("", max_length=35, description="ISO 639-1; by default the sound tells.")
    prompt: str = Field(
        "", max_length=4000, description="Words and phrases that may be said, with commas between."
    )
    response_format: Literal["json", "text", "srt", "vtt", "verbose_json"] = "json"
    granularities: list[Literal["word", "segment"]] = Field(
        ["segment"], alias="timestamp_granularities[]", description="What `verbose_json` tells the times of."
    )
    keywords: list[str] = Field(
        [], alias="keywords[]", max_length=_MOST_HINTS, description="Likewise, one each."
    )
    stream: bool = Field(False, description="Send the words while later ones are still being heard.")
    temperature: float | None = Field(None, description="Ignored.")

    @property
    def code(self) -> str:
        """The language's code; empty where none is named.

        Raises:
            ApiError: 400: it is none.
        """
        wanted = self.language.strip().lower()
        wanted = next((code for code, name in LANGUAGES.items() if name.lower() == wanted), wanted)
        code = re.split("[-_]", wanted, maxsplit=1)[0]
        if wanted and not _LANGUAGE.fullmatch(code):
            raise ApiError(
                "language is an ISO 639-1 code, such as en", code="language_unknown", param="language"
            )
        return code

    @property
    def hints(self) -> tuple[str, ...]:
        """What may be said, best first."""
        phrases = (phrase.strip() for phrase in (*self.keywords, *_HINTS.split(self.prompt)))
        return tuple(dict.fromkeys(phrase for phrase in phrases if phrase))[:_MOST_HINTS]


class DurationUsage(BaseModel):
    """What was heard, in seconds."""

    type: Literal["duration"] = "duration"
    seconds: float


class TranscriptionShape(BaseModel):
    """The words, as `json`."""

    text: str
    usage: DurationUsage


class SegmentShape(BaseModel):
    """A sentence. What only Whisper itself could tell is 0 or empty."""

    id: int
    seek: int = 0
    start: float
    end: float
    text: str
    tokens: list[int] = []
    temperature: float = 0.0
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float = 0.0


class WordShape(BaseModel):
    """A word."""

    word: str
    start: float
    end: float


class VerboseShape(BaseModel):
    """The words with their times, as `verbose_json`."""

    task: str = "transcribe"
    language: str
    duration: float
    text: str
    segments: list[SegmentShape] | None = None
    words: list[WordShape] | None = None
    usage: DurationUsage


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be heard, by whom."""

    ears: Ears
    sound: Pcm
    language: str
    hints: tuple[str, ...]

    async def heard(self, sound: Pcm, *, timed: bool = False) -> Hearing:
        return await self.ears.transcribe(sound, language=self.language, hints=self.hints, timed=timed)


@described(
    "Transcribe a recording",
    tag="Audio",
    body=TranscriptionForm,
    media=_MULTIPART,
    answer=TranscriptionShape,
    others=("text/plain", "text/vtt", "application/x-subrip", EVENT_STREAM),
    errors=(413, 503),
)
async def transcriptions(request: Request) -> Response:
    """The words of a recording: plain, as subtitles, or with the times of sentences and words.

    With `stream` they come as `transcript.text.delta` events, and `transcript.text.done` with the usage.
    Where nothing is said the transcript is empty.
    """
    hosting: Hosting = request.app.state.hosting
    form, data = await _read(request)
    ears = hosting.agent(form.model).parts.senses.ears
    if ears is None:
        raise ModelUnavailable("this agent has no ears", remedy="pip install 'omni-agent-framework[local]'")
    if form.stream and form.response_format not in ("json", "text"):
        raise ApiError(f"{form.response_format} cannot be streamed; json can", param="stream")
    code, hints = form.code, form.hints
    sound = await asyncio.to_thread(_decoded, data, hosting.limits.media)
    hosting.spent(caller_of(request), model=form.model, heard=sound.seconds)
    order = _Order(ears, sound, code, hints)
    if form.stream:
        return Streamed(_events(order), media_type=EVENT_STREAM)
    timed = form.response_format not in ("json", "text")
    return _answer(form, await order.heard(sound, timed=timed), sound.seconds)


async def _read(request: Request) -> tuple[TranscriptionForm, bytes]:
    """The form and the file in it.

    Raises:
        ApiError: 400: it is no such form.
    """
    if not request.headers.get("content-type", "").lower().startswith(_MULTIPART):
        raise ApiError("the body must be multipart/form-data, with the recording as `file`", param="file")
    try:
        async with request.form(max_files=1, max_fields=500) as fields:
            lists = {name: fields.getlist(name) for name in fields if name.endswith("[]")}
            form = TranscriptionForm.model_validate(dict(fields) | lists)
            if isinstance(form.file, str):
                raise ApiError("file is a recording, with a file name", code="invalid_value", param="file")
            return form, await form.file.read()
    except ValidationError as error:
        raise refusal(error) from None
    except HTTPException as error:
        raise ApiError(f"the form cannot be read: {error.detail}", status=error.status_code) from None


def _decoded(data: bytes, limits: Limits) -> Pcm:
    """The recording's sound.

    Raises:
        ApiError: 400: it is none; 413: it is too large or too long.
    """
    try:
        with open_media(data, "the file") as file:
            return decode_audio(file, limits)
    except MediaError as error:
        status = 413 if error.code in _TOO_MUCH else 400
        raise ApiError(str(error), status=status, code=error.code, param="file") from None


def _answer(form: TranscriptionForm, hearing: Hearing, seconds: float) -> Response:
    usage = DurationUsage(seconds=round(seconds, 3))
    match form.response_format:
        case "json":
            return JSONResponse(TranscriptionShape(text=hearing.text, usage=usage).model_dump())
        case "text":
            return PlainTextResponse(hearing.text + "\n")
    words = words_of(hearing, seconds)
    segments = sentences(words, hearing.language)
    match form.response_format:
        case "srt":
            return PlainTextResponse(srt(cues(segments, seconds)), media_type="application/x-subrip")
        case "vtt":
            return PlainTextResponse(vtt(cues(segments, seconds)), media_type="text/vtt")
    shape = VerboseShape(
        language=LANGUAGES.get(hearing.language, hearing.language).lower(),
        duration=round(seconds, 3),
        text=hearing.text,
        usage=usage,
    )
    if "segment" in form.granularities:
        shape.segments = [_segment(number, segment) for number, segment in enumerate(segments)]
    if "word" in form.granularities:
        shape.words = [WordShape(word=word.text, start=word.start, end=word.end) for word in words]
    return JSONResponse(shape.model_dump(exclude_none=True))


def _segment(number: int, segment: Segment) -> SegmentShape:
    text = segment.text
    sure = sum(word.confidence for word in segment.words) / len(segment.words)
    data = text.encode("utf-8", "replace")
    return SegmentShape(
        id=number,
        start=segment.start,
        end=segment.end,
        text=text,
        avg_logprob=round(math.log(min(max(sure, 1e-6), 1.0)), 4),
        compression_ratio=round(len(data) / len(zlib.compress(data)), 4),
    )


async def _events(order: _Order) -> AsyncGenerator[bytes, None]:
    """The words stretch by stretch: ears hear one whole, and the next is heard while this one is read."""
    text = ""
    for stretch in await asyncio.to_thread(stretches, order.sound):
        hearing = await order.heard(stretch)
        space = "" if hearing.language in UNSPACED or not text else " "
        for delta in _deltas(hearing):
            text += space + delta
            yield event_line({"type": "transcript.text.delta", "delta": space + delta})
            space = "" if hearing.language in UNSPACED else " "
    heard, written = round(order.sound.seconds / TOKEN_SECONDS), estimated_tokens(text)
    usage = {
        "type": "tokens",
        "input_tokens": heard,
        "input_token_details": {"audio_tokens": heard, "text_tokens": 0},
        "output_tokens": written,
        "total_tokens": heard + written,
    }
    yield event_line({"type": "transcript.text.done", "text": text, "usage": usage})


def _deltas(hearing: Hearing) -> list[str]:
    """The text in its sentences."""
    untimed = Hearing(hearing.text, hearing.language)
    found = sentences(words_of(untimed, 0.0), hearing.language)
    return [joined((word.text for word in segment.words), hearing.language) for segment in found]
