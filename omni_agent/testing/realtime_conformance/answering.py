"""What is required of an answer: its words, its sound, its resource."""

from __future__ import annotations

from collections.abc import Iterator

from .check import Check, Failed, Inconclusive, check
from .events import report
from .responses import Response, part_of, responses
from .scenes import METADATA, OUT_OF_BAND, TEXT_ONLY, TEXT_TURN
from .sound import RATES, SAMPLE
from .spoken_scenes import PCMA, PCMU
from .subject import Scene, Subject
from .talk import Event

# No answer to so short a request is shorter, and none of a hundred words is longer.
_SHORTEST, _LONGEST = 0.05, 120.0


@check("response.unasked")
async def waits_to_be_asked(subject: Subject) -> None:
    talk = await subject.seen(TEXT_TURN)
    if "response.created" in talk.kinds()[: talk.marks["asked"]]:
        raise Failed("conversation.item.create alone began a response")


@check("response.completed")
async def completes_its_answer(subject: Subject) -> None:
    response = await _answer(subject, TEXT_TURN)
    if not response.of("response.done"):
        raise Inconclusive("no response.done came")
    status, details = response.done.get("status"), response.done.get("status_details")
    if status != "completed":
        raise Failed(f"it ended as {status!r}: {str(details)[:160]}")
    if not response.output:
        raise Failed("its output is empty")


@check("response.created")
async def announces_an_empty_response(subject: Subject) -> None:
    response = await _answer(subject, TEXT_TURN)
    if not response.created:
        raise Inconclusive("no response.created came")
    if response.created.get("status") != "in_progress":
        raise Failed(f"it began as {response.created.get('status')!r}")
    if response.created.get("output"):
        raise Failed("its output is not empty at the beginning")
    if response.created.get("object") != "realtime.response":
        raise Failed(f"its object is {response.created.get('object')!r}")


@check("response.metadata")
async def echoes_metadata(subject: Subject) -> None:
    response = await _answer(subject, TEXT_TURN)
    told = {kind: resource for kind in ("created", "done") if (resource := getattr(response, kind))}
    if not told:
        raise Inconclusive("no response was seen")
    for kind, resource in told.items():
        if resource.get("metadata") != METADATA:
            raise Failed(f"response.{kind} has the metadata {resource.get('metadata')!r}, not {METADATA}")


@check("response.usage")
async def counts_tokens(subject: Subject) -> None:
    response = await _answer(subject, TEXT_TURN)
    if not response.done:
        raise Inconclusive("no response.done came")
    usage = response.done.get("usage")
    names = ("total_tokens", "input_tokens", "output_tokens", "input_token_details", "output_token_details")
    if not isinstance(usage, dict):
        raise Failed("response.done has no usage")
    if missing := [name for name in names if usage.get(name) is None]:
        raise Failed(f"its usage lacks {', '.join(missing)}")


@check("response.output")
async def puts_out_what_it_said(subject: Subject) -> None:
    faults, seen = [], False
    for scene in (TEXT_TURN, TEXT_ONLY):
        for response in responses(await subject.seen(scene)):
            said = [*_words(response)]
            ended = [words for item in response.output for words in _texts(item)]
            if not response.output or not said:
                continue
            seen = True
            faults += [
                f"it said {text[:60]!r}, and put out {ended}"[:200] for text in said if text not in ended
            ]
    if not seen:
        raise Inconclusive("no words were seen")
    report(faults)


@check("response.deltas")
async def streams_what_it_said(subject: Subject) -> None:
    faults, seen = [], False
    for scene in (TEXT_TURN, TEXT_ONLY):
        for response in responses(await subject.seen(scene)):
            for kind, field in (("output_audio_transcript", "transcript"), ("output_text", "text")):
                for event in response.of(f"response.{kind}.done"):
                    seen = True
                    joined, whole = (
                        response.joined(f"response.{kind}.delta", part_of(event)),
                        event.get(field),
                    )
                    if joined != whole:
                        faults.append(f"its deltas say {joined[:60]!r}, its end {str(whole)[:60]!r}")
    if not seen:
        raise Inconclusive("no end of words was seen")
    report(faults)


@check("response.speaks")
async def speaks_aloud(subject: Subject) -> None:
    response = await _answer(subject, TEXT_TURN)
    if fault := _unsound(response, "audio/pcm"):
        raise Failed(fault)


@check("response.text_only")
async def writes_only(subject: Subject) -> None:
    response = await _answer(subject, TEXT_ONLY)
    spoken = [event["type"] for event in response.of() if event["type"].startswith("response.output_audio")]
    if spoken:
        raise Failed(f"asked for text alone, it sent {spoken[0]}")
    if not response.of("response.output_text.delta", "response.output_text.done"):
        raise Failed("asked for text alone, it sent no response.output_text")


@check("response.out_of_band")
async def keeps_asides_out_of_the_conversation(subject: Subject) -> None:
    talk = await subject.seen(OUT_OF_BAND)
    answer = talk.marks.get("aside")
    if not answer:
        raise Inconclusive("the response was not seen to its end")
    if answer["type"] == "error":
        raise Failed(f"it was refused: {_said(answer)}")
    status, output = (answer["response"].get(name) for name in ("status", "output"))
    if status != "completed" or not output:
        raise Failed(f"it ended as {status!r}, with the output {output}"[:200])
    if "conversation.item.added" in talk.kinds()[: talk.marks["told"]]:
        raise Failed("its items came into the conversation")


@check("response.nulls")
async def takes_null_for_the_session(subject: Subject) -> None:
    answer = (await subject.seen(OUT_OF_BAND)).marks.get("nulls")
    if not answer:
        raise Inconclusive("the response was not seen to its end")
    if answer["type"] == "error":
        raise Failed(f"it was refused: {_said(answer)}")
    if answer["response"].get("status") != "completed":
        raise Failed(f"it ended as {answer['response'].get('status')!r}")


@check("format.pcmu")
async def speaks_and_hears_ulaw(subject: Subject) -> None:
    await _in_format(subject, PCMU)


@check("format.pcma")
async def speaks_and_hears_alaw(subject: Subject) -> None:
    await _in_format(subject, PCMA)


async def _in_format(subject: Subject, scene: Scene) -> None:
    talk = await subject.seen(scene)
    updated = talk.marks.get("updated")
    if not updated:
        raise Inconclusive("the session was not updated")
    if updated["type"] == "error":
        raise Failed(f"it was refused: {_said(updated)}")
    for side in ("input", "output"):
        shape = updated["session"]["audio"][side].get("format")
        if not isinstance(shape, dict) or shape.get("type") != scene.name:
            raise Failed(f"audio.{side}.format is echoed as {shape!r}")
    if not any(talk.of("input_audio_buffer.speech_started", "input_audio_buffer.committed")):
        raise Inconclusive("speech was not heard as such")
    for response in responses(talk):
        if not response.of("response.output_audio.delta"):
            raise Inconclusive("no sound came")
        if response.done.get("status") == "completed" and (fault := _unsound(response, scene.name)):
            raise Failed(fault)


def _unsound(response: Response, kind: str) -> str:
    """What is wrong with the sound of a response; empty where nothing is."""
    try:
        sounds = list(response.sounds())
    except ValueError as error:
        return str(error)
    if not sounds:
        return "it sent no sound"
    if any(len(sound) % SAMPLE[kind] for sound in sounds):
        return "a delta holds half a sample"
    seconds = sum(map(len, sounds)) / SAMPLE[kind] / RATES[kind]
    if not _SHORTEST <= seconds <= _LONGEST:
        return f"its sound lasts {seconds:.2f} seconds"
    return ""


async def _answer(subject: Subject, scene: Scene) -> Response:
    """The first answer in a scene.

    Raises:
        Inconclusive: There was none.
    """
    found = responses(await subject.seen(scene))
    if not found:
        raise Inconclusive("no response was seen")
    return found[0]


def _words(response: Response) -> Iterator[str]:
    for event in response.of("response.output_audio_transcript.done"):
        yield str(event.get("transcript"))
    for event in response.of("response.output_text.done"):
        yield str(event.get("text"))


def _texts(item: Event) -> Iterator[str]:
    for content in item.get("content") or []:
        if isinstance(content, dict):
            yield str(content.get("transcript") or content.get("text") or "")


def _said(event: Event) -> str:
    error = event.get("error")
    return str(error.get("message") if isinstance(error, dict) else error)[:120]


CHECKS: tuple[Check, ...] = (
    waits_to_be_asked,
    announces_an_empty_response,
    echoes_metadata,
    completes_its_answer,
    counts_tokens,
    puts_out_what_it_said,
    streams_what_it_said,
    speaks_aloud,
    writes_only,
    keeps_asides_out_of_the_conversation,
    takes_null_for_the_session,
    speaks_and_hears_ulaw,
    speaks_and_hears_alaw,
)
