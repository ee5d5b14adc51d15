"""What is required of a model's own voice."""

from __future__ import annotations

import re
from dataclasses import replace

from ...models.base import Capabilities, SpeechDelta, TextDelta
from .check import Failed, Inconclusive, check
from .requests import LONG, ORDER, SPOKEN
from .subject import Answer, Subject

_RATES = range(8_000, 192_001)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{80,}={0,2}")
_NOBODY = "nobody-has-this-voice"


def _mute(able: Capabilities) -> str:
    return "" if able.speech else "it has no voice of its own"


@check(
    "speech.asked",
    requires="Speech comes only where it is asked for and claimed.",
    why="It would be heard in a conversation that is typed, or twice.",
)
async def speaks_only_when_asked(subject: Subject) -> None:
    if (await subject.plain()).speech:
        raise Failed("it spoke and was not asked to", "look at Request.speech")
    if not subject.capabilities.speech and (await subject.ask(SPOKEN)).speech:
        raise Failed("it spoke and does not claim to", "claim speech")


@check(
    "speech.samples",
    requires="Speech is whole signed 16-bit samples, without a header.",
    why="Half a sample turns all that follows into noise, and a header is a click.",
    unless=_mute,
)
async def gives_whole_samples(subject: Subject) -> None:
    speech = (await _speaking(subject)).speech
    for chunk in speech:
        if len(chunk.pcm) % 2:
            raise Failed(f"a chunk has {len(chunk.pcm)} bytes", "keep an odd byte for the next chunk")
        if chunk.pcm[:4] in (b"RIFF", b"OggS", b"fLaC", b"ID3\x03", b"ID3\x04"):
            raise Failed(f"a chunk is a file: it begins with {chunk.pcm[:4]!r}", "decode it to samples")


@check(
    "speech.rate",
    requires="All chunks have one sample rate, that of Capabilities.speech_rate where it is told.",
    why="At another rate it is played too fast or too slow.",
    unless=_mute,
)
async def keeps_its_rate(subject: Subject) -> None:
    rates = {chunk.sample_rate for chunk in (await _speaking(subject)).speech}
    if len(rates) > 1:
        raise Failed(f"its rate changes: {', '.join(map(str, sorted(rates)))}")
    (rate,) = rates
    told = subject.capabilities.speech_rate
    if told and rate != told:
        raise Failed(f"it speaks at {rate} samples a second, and claims {told}")
    if rate not in _RATES:
        raise Failed(f"{rate} samples a second is no rate of speech")


@check(
    "speech.words",
    requires="What is spoken is also written, as words, not as coded sound.",
    why="History holds what was heard, and that is told by the words.",
    unless=_mute,
)
async def writes_what_it_speaks(subject: Subject) -> None:
    answer = await _speaking(subject)
    if not answer.text.strip():
        raise Failed("it spoke and wrote nothing", "yield the transcript as TextDelta")
    if _BASE64.search(answer.text):
        raise Failed("sound in base64 is among its words", "tell deltas of sound from deltas of text")


@check(
    "speech.first",
    requires="A model that claims streams_speech is heard before it has written all.",
    why="The user waits for the first sound.",
    unless=lambda able: "" if able.streams_speech else "it does not speak while it writes",
)
async def speaks_while_it_writes(subject: Subject) -> None:
    events = (await subject.ask(replace(LONG, speech=True, max_tokens=96))).events
    words = [place for place, event in enumerate(events) if isinstance(event, TextDelta)]
    sounds = [place for place, event in enumerate(events) if isinstance(event, SpeechDelta)]
    if len(words) < 3:
        raise Inconclusive(f"it wrote its answer in {len(words)} pieces")
    if not sounds or sounds[0] > words[-1]:
        raise Failed("the first sound came after the last word", "hand sounds on as they come")


@check(
    "speech.voices",
    requires="Each voice that is claimed speaks; an unknown one is refused, or the usual one speaks.",
    why="The persona's voice is asked for by name.",
    unless=lambda able: _mute(able) or ("" if able.voices else "its voice has no name"),
)
async def speaks_with_its_voices(subject: Subject) -> None:
    voices = subject.capabilities.voices
    for voice in dict.fromkeys((voices[0], voices[-1])):
        if not (await subject.ask(replace(SPOKEN, voice=voice))).speech:
            raise Failed(f"it claims the voice {voice!r} and does not speak with it")
    await subject.attempt(replace(SPOKEN, voice=_NOBODY))


@check(
    "speech.calls",
    requires="A call is not spoken: an answer that only calls has no speech.",
    why="The user would hear names and brackets.",
    unless=lambda able: (
        _mute(able) or ("" if able.tools_with_speech else "it does not call and speak in one request")
    ),
)
async def does_not_speak_calls(subject: Subject) -> None:
    answer = await subject.ask(replace(ORDER, speech=True))
    if not answer.calls:
        raise Inconclusive("it answered the order in words")
    if answer.speech and not answer.text.strip():
        raise Failed("it called without a word, and spoke", "hold speech back until no call can come")


async def _speaking(subject: Subject) -> Answer:
    """Its answer with speech."""
    answer = await subject.spoken()
    if not any(chunk.pcm for chunk in answer.speech):
        raise Failed("it was asked to speak, claims to, and did not", "yield SpeechDelta")
    return answer


CHECKS = (
    speaks_only_when_asked,
    gives_whole_samples,
    keeps_its_rate,
    writes_what_it_speaks,
    speaks_while_it_writes,
    speaks_with_its_voices,
    does_not_speak_calls,
)
