"""The conversations that are held with a server: spoken ones, in real time."""

from __future__ import annotations

from .scenes import INSTRUCTIONS, LONG, request, update, write
from .sound import FRAME, frames, silence
from .subject import Scene, Subject
from .talk import Talk

# Longer than any pause within what is said, so that it is one utterance.
_VAD = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 700}
_HEARD = {"model": "whisper-1"}
# How long a listener may take to notice the end of speech: semantic ones wait up to eight seconds.
_NOTICES = 9.0


async def speak(talk: Talk, subject: Subject, kind: str = "audio/pcm") -> None:
    """Say it, as fast as a person does."""
    for audio in frames(subject.voice, kind):
        await talk.send("input_audio_buffer.append", audio=audio)
        await talk.listen(FRAME)


async def hush(talk: Talk, until: str, start: int, kind: str = "audio/pcm") -> None:
    """Be silent until an event comes, for nine seconds at most."""
    for _ in range(round(_NOTICES / FRAME)):
        if talk.first(until, start=start):
            return
        await talk.send("input_audio_buffer.append", audio=silence(kind))
        await talk.listen(FRAME)


async def _voice(talk: Talk, subject: Subject) -> None:
    heard = {"turn_detection": _VAD, "transcription": _HEARD}
    await update(talk, instructions=INSTRUCTIONS, audio={"input": heard})
    start = talk.marks["start"] = talk.now
    await speak(talk, subject)
    await hush(talk, "input_audio_buffer.speech_stopped", start)
    await talk.until("response.done", start=start)
    await talk.until("conversation.item.input_audio_transcription.completed", start=start)


async def _listening(talk: Talk, subject: Subject) -> None:
    """The server listens, and answers only where it is asked."""
    vad = {**_VAD, "create_response": False}
    await update(
        talk, instructions=INSTRUCTIONS, audio={"input": {"turn_detection": vad, "transcription": None}}
    )
    await speak(talk, subject)
    await hush(talk, "input_audio_buffer.committed", 0)
    await talk.listen(max(subject.quiet, 2.0))


async def _manual(talk: Talk, subject: Subject) -> None:
    await update(talk, instructions=INSTRUCTIONS, audio={"input": {"turn_detection": None}})
    talk.marks["start"] = talk.now
    await speak(talk, subject)
    talk.marks["cleared"] = await request(talk, "input_audio_buffer.clear", "input_audio_buffer.cleared")
    talk.marks["emptied"] = await request(talk, "input_audio_buffer.commit", "input_audio_buffer.committed")
    await speak(talk, subject)
    talk.marks["committed"] = await request(talk, "input_audio_buffer.commit", "input_audio_buffer.committed")
    await talk.until("conversation.item.done", start=talk.marks["start"])
    await talk.listen(max(subject.quiet, 1.0))


async def _barge_in(talk: Talk, subject: Subject) -> None:
    vad = {**_VAD, "create_response": True, "interrupt_response": True}
    await update(talk, instructions=INSTRUCTIONS, audio={"input": {"turn_detection": vad}})
    await write(talk, LONG)
    start = talk.marks["start"] = talk.now
    await talk.send("response.create")
    await talk.until("response.output_audio.delta", "response.done", start=start)
    delta = talk.first("response.output_audio.delta", start=start)
    if talk.first("response.done", start=start) or not delta:
        return
    await speak(talk, subject)
    await hush(talk, "input_audio_buffer.speech_stopped", start)
    await talk.until("response.done", start=start)
    cut = {"item_id": delta.get("item_id"), "content_index": 0, "audio_end_ms": 200}
    await request(talk, "conversation.item.truncate", "conversation.item.truncated", **cut)
    # He who spoke into it is answered; a conversation is not left in the middle of that.
    over = talk.place(talk.first("response.done", start=start)) + 1
    if over and await talk.until("response.created", start=over):
        await talk.until("response.done", start=over)


def _in(kind: str) -> Scene:
    """A spoken turn with a format both ways."""

    async def play(talk: Talk, subject: Subject) -> None:
        shape = {"type": kind}
        audio = {"input": {"format": shape, "turn_detection": _VAD}, "output": {"format": shape}}
        talk.marks["updated"] = await update(talk, instructions=INSTRUCTIONS, audio=audio)
        await speak(talk, subject, kind)
        await hush(talk, "input_audio_buffer.speech_stopped", 0, kind)
        await talk.until("response.done", start=0)

    return Scene(kind, play)


async def _transcribing(talk: Talk, subject: Subject) -> None:
    """A session that only writes down."""
    session = {"type": "transcription", "audio": {"input": {"transcription": _HEARD, "turn_detection": _VAD}}}
    start = talk.now
    name = await talk.send("session.update", session=session)
    talk.marks["updated"] = await talk.answer_to(name, "session.updated", start=start)
    await speak(talk, subject)
    await hush(talk, "input_audio_buffer.committed", 0)
    await talk.until("conversation.item.input_audio_transcription.completed", start=0)
    await talk.listen(subject.quiet)


VOICE = Scene("voice", _voice)
LISTENING = Scene("listening", _listening)
MANUAL = Scene("manual", _manual, errs=True)
BARGE_IN = Scene("barge-in", _barge_in)
PCMU = _in("audio/pcmu")
PCMA = _in("audio/pcma")
TRANSCRIBING = Scene("transcribing", _transcribing)
SPOKEN = (VOICE, LISTENING, MANUAL, BARGE_IN, PCMU, PCMA, TRANSCRIBING)
