"""What is required when somebody speaks into an answer, or calls it off."""

from __future__ import annotations

from .check import Check, Failed, Inconclusive, check
from .responses import Response, responses
from .scenes import CANCELLING, TEXT_TURN
from .spoken_scenes import BARGE_IN
from .subject import Subject
from .talk import Event, Talk

_BUSY = "conversation_already_has_active_response"


@check("barge_in.started")
async def notices_the_interruption(subject: Subject) -> None:
    talk, response = await _interrupted(subject)
    started = talk.place(talk.first("input_audio_buffer.speech_started", start=talk.marks["start"]))
    ended = talk.place(next(iter(response.of("response.done")), None))
    if started < 0:
        raise Inconclusive("no input_audio_buffer.speech_started came")
    if 0 <= ended < started:
        raise Failed(
            "the answer was cancelled before input_audio_buffer.speech_started, on which clients stop"
        )


@check("barge_in.cancelled")
async def cancels_the_answer(subject: Subject) -> None:
    _, response = await _interrupted(subject)
    if not response.done:
        raise Inconclusive("no response.done came")
    if response.done.get("status") != "cancelled":
        raise Failed(f"spoken into, the answer ended as {response.done.get('status')!r}")
    if (reason := _reason(response.done)) != "turn_detected":
        raise Failed(f"it was cancelled for the reason {reason!r}, not 'turn_detected'")


@check("barge_in.before_commit")
async def cancels_before_it_commits(subject: Subject) -> None:
    talk, response = await _interrupted(subject)
    committed = talk.place(talk.first("input_audio_buffer.committed", start=talk.marks["start"]))
    ended = talk.place(next(iter(response.of("response.done")), None))
    if committed < 0 or ended < 0 or response.done.get("status") != "cancelled":
        raise Inconclusive("it was not cancelled, or the commit was not seen")
    if committed < ended:
        raise Failed("the next turn was committed while the interrupted answer ran")


@check("barge_in.incomplete")
async def leaves_the_item_incomplete(subject: Subject) -> None:
    _, response = await _interrupted(subject)
    ends = [
        event["item"]
        for event in response.of("response.output_item.done")
        if isinstance(event.get("item"), dict)
    ]
    if not ends or response.done.get("status") != "cancelled":
        raise Inconclusive("no response.output_item.done came, or it was not cancelled")
    if ends[-1].get("status") != "incomplete":
        raise Failed(f"the item that was spoken into ended as {ends[-1].get('status')!r}")


@check("truncate.answered")
async def truncates_what_was_said(subject: Subject) -> None:
    cut, item = await _cut(subject, "cut")
    if not cut:
        raise Failed("conversation.item.truncate was not answered")
    if cut["type"] == "error":
        raise Failed(f"it was refused: {cut.get('error')}"[:200])
    if cut.get("audio_end_ms") not in (None, 20) or cut.get("item_id") not in (None, item):
        raise Failed(f"cut at 20 ms, it says {cut.get('audio_end_ms')} of {cut.get('item_id')}")


@check("truncate.clamped")
async def clamps_the_cut(subject: Subject) -> None:
    cut, _ = await _cut(subject, "too_long")
    if not cut:
        raise Inconclusive("it was not answered")
    if cut["type"] == "error":
        raise Failed(f"audio_end_ms past the end was refused: {cut.get('error')}"[:200])


@check("truncate.forgets")
async def forgets_what_was_not_heard(subject: Subject) -> None:
    cut, _ = await _cut(subject, "cut")
    after = (await subject.seen(TEXT_TURN)).marks.get("after_cut")
    if not cut or cut["type"] == "error" or not after or after["type"] == "error":
        raise Inconclusive("it was not cut, or cannot be retrieved")
    said = _words(next((item for item in responses(await subject.seen(TEXT_TURN))[0].output), {}))
    left = _words(after.get("item") or {})
    if said and left == said:
        raise Failed(f"of {said[:60]!r} 20 ms were heard, and all of it is kept")


@check("response.busy")
async def refuses_a_second_response(subject: Subject) -> None:
    talk, _ = await _called_off(subject)
    errors = [event["error"] for event in talk.of("error") if isinstance(event.get("error"), dict)]
    mine = [error for error in errors if error.get("event_id") == talk.marks["second"]]
    if not mine:
        if any(error.get("code") == _BUSY for error in errors):
            raise Inconclusive("it was refused, and the error does not say what")
        raise Failed("a second response.create while a response ran was not refused")
    if mine[0].get("code") not in (None, _BUSY):
        raise Failed(f"the error's code is {mine[0].get('code')!r}, and clients know {_BUSY}")


@check("response.cancel")
async def cancels_when_told(subject: Subject) -> None:
    _, response = await _called_off(subject)
    if not response.done:
        raise Inconclusive("no response.done came")
    if response.done.get("status") != "cancelled":
        raise Failed(f"called off, the answer ended as {response.done.get('status')!r}")
    if (reason := _reason(response.done)) != "client_cancelled":
        raise Failed(f"it was cancelled for the reason {reason!r}, not 'client_cancelled'")


@check("response.after_cancel")
async def goes_on_after_a_cancel(subject: Subject) -> None:
    talk, _ = await _called_off(subject)
    after = talk.marks.get("after")
    if not after:
        raise Inconclusive("the next answer was not seen to its end")
    if after["type"] == "error" or after["response"].get("status") != "completed":
        raise Failed(f"the next answer: {after.get('error') or after['response'].get('status')}"[:200])


async def _interrupted(subject: Subject) -> tuple[Talk, Response]:
    """The scene in which somebody speaks into an answer, and the answer.

    Raises:
        Inconclusive: He came too late, or was not heard.
    """
    talk = await subject.seen(BARGE_IN)
    found = responses(talk)
    if not found or not found[0].of("response.output_audio.delta"):
        raise Inconclusive("the answer had no sound to speak into")
    heard = talk.of(
        "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped", start=talk.marks["start"]
    )
    place = talk.place(next(heard, None))
    if place < 0:
        raise Inconclusive("speech was not heard as such, or the answer was over before; try --voice")
    ended = talk.place(next(iter(found[0].of("response.done")), None))
    if 0 <= ended < place and found[0].done.get("status") == "completed":
        raise Inconclusive("the answer was whole before the interruption was heard")
    return talk, found[0]


async def _called_off(subject: Subject) -> tuple[Talk, Response]:
    talk = await subject.seen(CANCELLING)
    found = responses(talk)
    if not found:
        raise Inconclusive("no response was seen")
    if "second" not in talk.marks or (found[0].done.get("status") == "completed" and _late(talk)):
        raise Inconclusive("the answer was whole before it could be called off")
    return talk, found[0]


def _late(talk: Talk) -> bool:
    """Whether the answer was over when the cancel came: the server then says that none is active."""
    codes = [event["error"].get("code") for event in talk.of("error") if isinstance(event.get("error"), dict)]
    return "response_cancel_not_active" in codes


async def _cut(subject: Subject, mark: str) -> tuple[Event | None, str]:
    talk = await subject.seen(TEXT_TURN)
    if mark not in talk.marks:
        raise Inconclusive("there was no spoken answer to truncate")
    return talk.marks[mark], next(
        item["id"] for item in responses(talk)[0].output if item.get("type") == "message"
    )


def _reason(resource: Event) -> object:
    details = resource.get("status_details")
    return details.get("reason") if isinstance(details, dict) else None


def _words(item: Event) -> str:
    parts = [part for part in item.get("content") or [] if isinstance(part, dict)]
    return " ".join(str(part.get("transcript") or part.get("text") or "") for part in parts).strip()


CHECKS: tuple[Check, ...] = (
    refuses_a_second_response,
    cancels_when_told,
    goes_on_after_a_cancel,
    notices_the_interruption,
    cancels_the_answer,
    cancels_before_it_commits,
    leaves_the_item_incomplete,
    truncates_what_was_said,
    clamps_the_cut,
    forgets_what_was_not_heard,
)
