"""`POST /v1/audio/speech`: a text, spoken.

Source of the shapes: `openai` 3.57, `types/audio/speech_create_params.py`; of the events, the API reference.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, Field
from starlette.requests import Request

from ...speech.pcm import Pcm
from ...tokens import estimated_tokens
from ..api.described import described
from ..api.reading import body_of
from ..caller import Caller, caller_of
from ..hosting import Hosting
from ..streaming import EVENT_STREAM, Streamed, event_line
from .codecs import CODECS, codec_of, encoded
from .speaking import language_for, speaking
from .voices import name_beside, voice_of

LONGEST_INPUT = 4096
"""Characters of a text; OpenAI's own limit."""

TOKEN_SECONDS = 0.05
"""How much sound is counted as one token, in the usage that clients are told; a voice knows no tokens."""

# What is sent where nothing in the text can be spoken: players take no file without sound.
_NOTHING_SAID = 0.1


class VoiceId(BaseModel):
    """A voice, as OpenAI's clients name those that they made."""

    id: str = Field(max_length=256)


class SpeechBody(BaseModel):
    """What is to be spoken, and how."""

    input: str = Field(min_length=1, max_length=LONGEST_INPUT, description="The text.")
    model: str = Field(
        "", max_length=256, description="Which agent's voice; the default's for an unknown name."
    )
    voice: str | VoiceId = Field("", description="One of ours, or one of OpenAI's names for the agent's own.")
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: float = Field(1.0, ge=0.25, le=4.0, description="The voices go from 0.5 to 2.")
    stream_format: Literal["audio", "sse"] = "audio"
    language: str = Field("", max_length=35, description="ISO 639-1; by default the text tells.")
    instructions: str | None = Field(None, description="Ignored: our voices take none.")

    @property
    def voice_name(self) -> str:
        """The voice's name."""
        return self.voice.id if isinstance(self.voice, VoiceId) else self.voice


@described(
    "Speak a text",
    tag="Audio",
    body=SpeechBody,
    others=(*dict.fromkeys(codec.media_type for codec in CODECS.values()), EVENT_STREAM),
    errors=(503,),
)
async def speech(request: Request) -> Streamed:
    """The sound is sent while it is still being spoken, sentence by sentence, at 24 kHz.

    With `stream_format: sse` it comes as `speech.audio.delta` events, and `speech.audio.done` with the usage.
    """
    body = await body_of(request, SpeechBody)
    hosting: Hosting = request.app.state.hosting
    agent = hosting.agent(body.model)
    voice, name = voice_of(agent), name_beside(agent, body.voice_name)
    usual = next(iter(agent.persona.languages), "en")
    language = await language_for(voice, body.input, body.language, usual)
    rate = body.speed * agent.persona.rate
    spoken = speaking(voice, body.input, name=name, language=language, rate=rate)
    meter = _Meter(hosting, caller_of(request), body)
    sound = encoded(meter.counted(spoken), body.response_format)
    if body.stream_format == "sse":
        return Streamed(_events(sound, meter), media_type=EVENT_STREAM)
    return Streamed(sound, media_type=codec_of(body.response_format).media_type)


@dataclass(slots=True)
class _Meter:
    """Counts what is spoken.

    Attributes:
        seconds: So far.
    """

    hosting: Hosting
    caller: Caller
    body: SpeechBody
    seconds: float = 0.0

    async def counted(self, sounds: AsyncGenerator[Pcm, None]) -> AsyncGenerator[Pcm, None]:
        """The same sounds; what is never nothing."""
        async with aclosing(sounds):
            try:
                async for sound in sounds:
                    self.seconds += sound.seconds
                    yield sound
                if not self.seconds:
                    yield Pcm.silence(_NOTHING_SAID, 24_000)
            finally:
                self.hosting.spent(self.caller, model=self.body.model, spoken=self.seconds)

    @property
    def usage(self) -> dict[str, int]:
        """As clients are told."""
        taken, made = estimated_tokens(self.body.input), round(self.seconds / TOKEN_SECONDS)
        return {"input_tokens": taken, "output_tokens": made, "total_tokens": taken + made}


async def _events(sound: AsyncGenerator[bytes, None], meter: _Meter) -> AsyncGenerator[bytes, None]:
    async with aclosing(sound):
        async for data in sound:
            yield event_line({"type": "speech.audio.delta", "audio": base64.b64encode(data).decode("ascii")})
    yield event_line({"type": "speech.audio.done", "usage": meter.usage})
