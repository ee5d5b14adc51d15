"""What is required of a server that hears: turns by its own detection, by the client's, and transcripts."""

from __future__ import annotations

from itertools import pairwise

from .check import Check, Failed, Inconclusive, check
from .scenes import NOBODY
from .spoken_scenes import LISTENING, MANUAL, TRANSCRIBING, VOICE
from .subject import Scene, Subject
from .talk import Event, Talk

_STARTED, _STOPPED, _COMMITTED = (
    f"input_audio_buffer.{end}" for end in ("speech_started", "speech_stopped", "committed")
)
_HEARD = "conversation.item.input_audio_transcription"


@check("voice.started")
async def tells_that_speech_began(subject: Subject) -> None:
    await _one(subject, _STARTED)


@check("voice.stopped")
async def tells_that_speech_ended(subject: Subject) -> None:
    await _one(subject, _STOPPED)


@check("voice.committed")
async def commits_the_turn(subject: Subject) -> None:
    await _one(subject, _COMMITTED)


@check("voice.one_id")
async def keeps_one_id(subject: Subject) -> None:
    talk = await _heard(subject, VOICE)
    first = [event.get("item_id") for kind in (_STARTED, _STOPPED, _COMMITTED) if (event := talk.first(kind))]
    if len(set(first)) > 1:
        raise Failed(f"one turn has the ids {first}")
    items = _items(talk)
    users = [item for item in items if item.get("role") == "user"]
    if users and users[0].get("id") not in first:
        raise Failed(f"the turn was announced as {first[0]}, and its item is {users[0].get('id')}")


@check("voice.item")
async def makes_the_turn_a_message(subject: Subject) -> None:
    talk = await _heard(subject, VOICE)
    items = _items(talk)
    user = next((item for item in items if item.get("role") == "user"), None)
    if not user:
        raise Failed("no message of the user's came")
    kinds = [part.get("type") for part in user.get("content") or [] if isinstance(part, dict)]
    if kinds != ["input_audio"]:
        raise Failed(f"its content is {kinds}, not one input_audio")


@check("voice.order")
async def keeps_the_order_of_a_turn(subject: Subject) -> None:
    talk = await _heard(subject, VOICE)
    kinds = (_STARTED, _STOPPED, _COMMITTED, "conversation.item.added", "response.created")
    known = [(talk.place(event), event["type"]) for kind in kinds if (event := talk.first(kind))]
    for (first, earlier), (second, later) in pairwise(known):
        if second < first:
            raise Failed(f"{later} came before {earlier}")


@check("voice.answered")
async def answers_by_itself(subject: Subject) -> None:
    talk = await _heard(subject, VOICE)
    if not any(kind.startswith("response.") for kind in talk.kinds()):
        raise Failed("with create_response true, it began no response")


@check("voice.times")
async def tells_when(subject: Subject) -> None:
    talk = await _heard(subject, VOICE)
    started, stopped = talk.first(_STARTED), talk.first(_STOPPED)
    if not started or not stopped:
        raise Inconclusive("begin or end of speech was not told")
    begin, end = started.get("audio_start_ms"), stopped.get("audio_end_ms")
    if not isinstance(begin, int) or not isinstance(end, int):
        raise Inconclusive("it tells no times")
    if not 0 <= begin < end <= subject.voice.seconds * 1000 + 10_000:
        raise Failed(f"speech of {subject.voice.seconds:.1f} seconds went from {begin} to {end} ms")


@check("voice.transcript")
async def writes_down_what_it_heard(subject: Subject) -> None:
    talk = await _heard(subject, VOICE)
    completed = talk.first(f"{_HEARD}.completed", f"{_HEARD}.failed")
    if not completed:
        raise Failed("with transcription set, no transcript came")
    if completed["type"].endswith("failed"):
        raise Inconclusive(f"transcription failed: {completed.get('error')}"[:160])
    if not str(completed.get("transcript") or "").strip():
        raise Inconclusive("the transcript is empty")
    ids = {event.get("item_id") for event in talk.of(_STARTED, _STOPPED, _COMMITTED)}
    ids |= {item.get("id") for item in _items(talk) if item.get("role") == "user"}
    if completed.get("item_id") not in ids:
        raise Failed(f"the transcript is of {completed.get('item_id')}, which nobody said")


@check("voice.untranscribed")
async def writes_down_only_where_asked(subject: Subject) -> None:
    talk = await _heard(subject, LISTENING)
    if found := next((kind for kind in talk.kinds() if kind.startswith(_HEARD)), None):
        raise Failed(f"with transcription null, it sent {found}")


@check("voice.create_response")
async def listens_without_answering(subject: Subject) -> None:
    talk = await _heard(subject, LISTENING)
    if "response.created" in talk.kinds():
        raise Failed("with create_response false, it began a response")


@check("manual.commit")
async def commits_when_told(subject: Subject) -> None:
    talk = await subject.seen(MANUAL)
    committed = talk.marks.get("committed")
    if committed and committed["type"] == "error":
        raise Failed(f"it was refused: {committed.get('error')}"[:200])
    items = _items(talk)
    if not items:
        raise Failed("no item came of it")
    if not committed:
        raise Inconclusive("an item came of it, and no input_audio_buffer.committed")
    if committed.get("item_id") not in {item.get("id") for item in items}:
        raise Failed(f"{committed.get('item_id')} was committed, and no such item came")


@check("manual.silent")
async def leaves_turns_to_the_client(subject: Subject) -> None:
    talk = await subject.seen(MANUAL)
    own = {_STARTED, _STOPPED, "response.created"}
    if found := next((kind for kind in talk.kinds() if kind in own), None):
        raise Failed(f"with turn_detection null, it sent {found}")


@check("manual.clear")
async def forgets_what_was_said(subject: Subject) -> None:
    marks = (await subject.seen(MANUAL)).marks
    if not marks.get("cleared") or marks["cleared"]["type"] == "error":
        raise Failed("input_audio_buffer.clear was not answered by input_audio_buffer.cleared")
    if marks.get("emptied") and marks["emptied"]["type"] != "error":
        raise Failed("after input_audio_buffer.clear there was still something to commit")


@check("session.transcription")
async def writes_down_without_answering(subject: Subject) -> None:
    talk = await subject.seen(TRANSCRIBING)
    updated = talk.marks.get("updated")
    if not updated:
        raise Inconclusive("the update was not answered")
    if updated["type"] == "error":
        raise Failed(f"a session of the type 'transcription' was refused: {updated.get('error')}"[:200])
    if "response.created" in talk.kinds():
        raise Failed("it answered, and was to write down alone")
    if not any(talk.of(_COMMITTED, _STOPPED)):
        raise Inconclusive("speech was not heard as such")
    if not any(talk.of(f"{_HEARD}.completed", f"{_HEARD}.failed", f"{_HEARD}.delta")):
        raise Failed("no transcript came")


async def _one(subject: Subject, kind: str) -> Event:
    event = (await _heard(subject, VOICE)).first(kind)
    if not event:
        raise Failed(f"speech was heard, and no {kind} came")
    if event.get("item_id") == NOBODY:
        raise Failed("it names an item that is none")
    return event


async def _heard(subject: Subject, scene: Scene) -> Talk:
    """A scene in which speech was noticed.

    Raises:
        Inconclusive: It was not.
    """
    talk = await subject.seen(scene)
    if not any(talk.of(_STARTED, _STOPPED, _COMMITTED)):
        raise Inconclusive("speech was not heard as such; try --voice with another recording")
    return talk


def _items(talk: Talk) -> list[Event]:
    """What was put into the conversation, as it was told."""
    return [_item(event) for event in talk.of("conversation.item.added", "conversation.item.done")]


def _item(event: Event) -> Event:
    item = event.get("item")
    return item if isinstance(item, dict) else {}


CHECKS: tuple[Check, ...] = (
    tells_that_speech_began,
    tells_that_speech_ended,
    commits_the_turn,
    keeps_one_id,
    makes_the_turn_a_message,
    keeps_the_order_of_a_turn,
    answers_by_itself,
    tells_when,
    writes_down_what_it_heard,
    writes_down_only_where_asked,
    listens_without_answering,
    commits_when_told,
    leaves_turns_to_the_client,
    forgets_what_was_said,
    writes_down_without_answering,
)
