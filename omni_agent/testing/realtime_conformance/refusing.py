"""What is required where a client errs: an error that says what, and a connection that lives on."""

from __future__ import annotations

from .check import Check, Failed, Inconclusive, check
from .events import report
from .scenes import ITEMS, REFUSALS
from .subject import Subject
from .talk import Event

_ERRORS = ("type", "missing", "audio", "empty", "idle")


@check("error.invalid_json")
async def refuses_broken_json(subject: Subject) -> None:
    await _error(subject, "json", "a frame of broken JSON")


@check("error.unknown_type")
async def refuses_unknown_events(subject: Subject) -> None:
    await _error(subject, "type", "an event that there is not")


@check("error.missing_parameter")
async def refuses_what_lacks_a_field(subject: Subject) -> None:
    await _error(subject, "missing", "conversation.item.create without an item")


@check("error.invalid_audio")
async def refuses_what_is_no_sound(subject: Subject) -> None:
    await _error(subject, "audio", "sound that is no base64")


@check("error.commit_empty")
async def refuses_an_empty_commit(subject: Subject) -> None:
    await _error(subject, "empty", "a commit of nothing", "input_audio_buffer_commit_empty")


@check("error.cancel_idle")
async def refuses_to_cancel_nothing(subject: Subject) -> None:
    error = await _error(subject, "idle", "a cancel of nothing", "response_cancel_not_active")
    if not str(error.get("message")).startswith("Cancellation failed"):
        raise Failed(f"its message is {error.get('message')!r}, and clients look for 'Cancellation failed'")


@check("error.body")
async def tells_what_is_wrong(subject: Subject) -> None:
    faults, seen = [], False
    for label in ("json", *_ERRORS):
        error = _told(await _answered(subject, label))
        if error:
            seen = True
            if error.get("type") != "invalid_request_error":
                faults.append(f"the error's type is {error.get('type')!r}, not 'invalid_request_error'")
            faults += [f"the error lacks a {name}" for name in ("code", "message") if not error.get(name)]
    if not seen:
        raise Inconclusive("no error was seen")
    report(faults)


@check("error.event_id")
async def names_the_event(subject: Subject) -> None:
    await subject.seen(ITEMS)
    talk = await subject.seen(REFUSALS)
    errors = [event for event in talk.of("error") if event is not talk.marks.get("json")]
    if not errors:
        raise Inconclusive("no error was seen")
    report(
        f"an error names the event {name!r}, which is none of ours"
        for event in errors
        if (name := _told(event).get("event_id")) not in talk.sent
    )


@check("error.survives")
async def lives_on(subject: Subject) -> None:
    talk = await subject.seen(REFUSALS)
    alive = talk.marks.get("alive")
    if talk.closed:
        raise Failed(talk.closed)
    if not alive:
        raise Inconclusive("no session.updated came")
    if alive["type"] == "error":
        raise Failed("after errors, it takes no session.update")


async def _error(subject: Subject, label: str, what: str, code: str = "") -> Event:
    """The error that must have come.

    Raises:
        Failed: There was none, or it has another code.
    """
    error = _told(await _answered(subject, label))
    if not error:
        raise Failed(f"{what} was not refused")
    # An error without any code is the matter of `error.body`.
    if code and error.get("code") not in (None, code):
        raise Failed(f"the error's code is {error.get('code')!r}, and clients know {code}")
    return error


async def _answered(subject: Subject, label: str) -> Event | None:
    talk = await subject.seen(REFUSALS)
    seen: Event | None = talk.marks.get(label)
    return seen


def _told(event: Event | None) -> Event:
    error = event.get("error") if event and event["type"] == "error" else None
    return error if isinstance(error, dict) else {}


CHECKS: tuple[Check, ...] = (
    refuses_broken_json,
    refuses_unknown_events,
    refuses_what_lacks_a_field,
    refuses_what_is_no_sound,
    refuses_an_empty_commit,
    refuses_to_cancel_nothing,
    tells_what_is_wrong,
    names_the_event,
    lives_on,
)
