"""Everything that begins has its end, once, and in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from itertools import pairwise, product
from typing import Any

from .check import Check, Inconclusive, check
from .events import all_responses, everything, report
from .responses import Part, Response, part_of, responses
from .scenes import OUT_OF_BAND, TEXT_TURN
from .subject import Subject
from .talk import Event, Talk

_ADDED, _DONE = "response.output_item.added", "response.output_item.done"


@check("response.ends")
async def ends_each_response_once(subject: Subject) -> None:
    faults = []
    for response in await all_responses(subject):
        begun, ended = len(response.of("response.created")), len(response.of("response.done"))
        if begun != 1 or ended != 1:
            faults.append(f"{_named(response)} has {begun} response.created and {ended} response.done")
    report(faults)


@check("response.over")
async def is_silent_after_its_end(subject: Subject) -> None:
    faults = []
    for response in await all_responses(subject):
        kinds = [event["type"] for event in response.of()]
        if "response.done" in kinds and kinds[-1] != "response.done":
            faults.append(f"{_named(response)}: {kinds[-1]} after its response.done")
    report(faults)


@check("response.first")
async def begins_with_created(subject: Subject) -> None:
    faults = []
    for response in await all_responses(subject):
        kinds = [event["type"] for event in response.of()]
        if "response.created" in kinds and kinds[0] != "response.created":
            faults.append(f"{_named(response)}: {kinds[0]} before its response.created")
    report(faults)


@check("response.alone")
async def runs_one_response_at_a_time(subject: Subject) -> None:
    aside = await subject.seen(OUT_OF_BAND)
    faults = []
    for talk in await everything(subject):
        if talk is not aside:
            faults += [f"in '{talk.name}' {kind}" for kind in _overlaps(talk)]
    report(faults)


def _overlaps(talk: Talk) -> Iterator[str]:
    ended = {response.id for response in responses(talk) if response.of("response.done")}
    running = ""
    for event in talk.of("response.created", "response.done"):
        resource = event.get("response")
        name = str(resource.get("id")) if isinstance(resource, dict) else ""
        if event["type"] == "response.created" and name in ended:
            if running:
                yield f"{name} began while {running} ran"
            running = name
        elif event["type"] == "response.done" and name == running:
            running = ""


@check("lifecycle.output_item")
async def pairs_output_items(subject: Subject) -> None:
    faults = []
    for response in await all_responses(subject):
        seen = {
            kind: Counter(_item(event).get("id") for event in response.of(kind)) for kind in (_ADDED, _DONE)
        }
        faults += _unpaired(response, response.items, {kind: seen[kind] for kind in seen})
    report(faults)


@check("lifecycle.content_part")
async def pairs_content_parts(subject: Subject) -> None:
    kinds = ("response.content_part.added", "response.content_part.done")
    report(await _parts(subject, Response.parts, *kinds, what="no part of a message was seen"))


@check("lifecycle.audio")
async def ends_its_sound(subject: Subject) -> None:
    report(await _parts(subject, _spoken, "response.output_audio.done", what="no sound was seen"))


@check("lifecycle.transcript")
async def ends_its_transcript(subject: Subject) -> None:
    kind = "response.output_audio_transcript.done"
    report(await _parts(subject, _spoken, kind, what="no sound was seen"))


@check("lifecycle.text")
async def ends_its_text(subject: Subject) -> None:
    report(await _parts(subject, _written, "response.output_text.done", what="no text was seen"))


@check("lifecycle.arguments")
async def ends_its_arguments(subject: Subject) -> None:
    kind = "response.function_call_arguments.done"
    faults, seen = [], False
    for response in await all_responses(subject):
        # A call that was cut off has no arguments to end.
        if response.done.get("status") == "completed" and response.calls:
            seen = True
            ends = Counter(event.get("item_id") for event in response.of(kind))
            faults += _unpaired(response, response.calls, {kind: ends})
    if not seen:
        raise Inconclusive("no function was called")
    report(faults)


@check("lifecycle.item")
async def pairs_items(subject: Subject) -> None:
    faults, seen = [], False
    for talk in await everything(subject):
        added, done = (
            Counter(_item(event).get("id") for event in talk.of(f"conversation.item.{end}"))
            for end in ("added", "done")
        )
        wanted = set(added) | set(done) | _answered(talk)
        seen = seen or bool(wanted)
        faults += [
            f"in '{talk.name}' {name}: {added[name]} conversation.item.added, {done[name]} .done"
            for name in wanted
            if added[name] != 1 or done[name] != 1
        ]
    if not seen:
        raise Inconclusive("no item was seen")
    report(sorted(faults))


@check("order.response")
async def keeps_the_order_of_a_response(subject: Subject) -> None:
    if not [one for one in responses(await subject.seen(TEXT_TURN)) if one.of(_ADDED)]:
        raise Inconclusive("no answer was seen")
    faults = []
    for response in await all_responses(subject):
        for part, stream in product(
            response.parts(), ("output_audio", "output_audio_transcript", "output_text")
        ):
            steps = [_place(response, kind, part, last=last) for kind, last in _steps(stream)]
            known = [step for step in steps if step[0] >= 0]
            faults += [
                f"{_named(response)}: {later} came before {earlier}"
                for (first, earlier), (second, later) in pairwise(known)
                if second < first
            ]
    report(dict.fromkeys(faults))


def _steps(stream: str) -> tuple[tuple[str, bool], ...]:
    """What a part goes through, each with whether its last event counts; sound and words may overlap."""
    delta, done = f"response.{stream}.delta", f"response.{stream}.done"
    opening = ((_ADDED, False), ("response.content_part.added", False), (delta, False))
    return (*opening, (delta, True), (done, False), ("response.content_part.done", False), (_DONE, False))


def _place(response: Response, kind: str, part: Part, *, last: bool) -> tuple[int, str]:
    """Where the first or last event of a kind is, of this part; -1 where there is none."""
    found = [(place, event["type"]) for place, event in _with_places(response) if _is(event, kind, part)]
    return (found[-1] if last else found[0]) if found else (-1, kind)


def _is(event: Event, kind: str, part: Part) -> bool:
    name = event["type"]
    if kind in (_ADDED, _DONE):
        return name == kind and _item(event).get("id") == part[0]
    return name == kind and part_of(event) == part


def _with_places(response: Response) -> list[tuple[int, Event]]:
    return [(place, response.talk.events[place]) for place in response.places]


async def _parts(
    subject: Subject, wanted: Callable[[Response], Collection[Part]], *kinds: str, what: str
) -> list[str]:
    faults, seen = [], False
    for response in await all_responses(subject):
        parts = wanted(response)
        seen = seen or bool(parts)
        counts = {kind: Counter(map(part_of, response.of(kind))) for kind in kinds}
        faults += _unpaired(response, parts, counts)
    if not seen:
        raise Inconclusive(what)
    return faults


def _unpaired(
    response: Response, wanted: Collection[Hashable], counts: Mapping[str, Mapping[Any, int]]
) -> list[str]:
    """What has not exactly one event of each kind, in a response that ended."""
    if not response.of("response.done"):
        return []
    return [
        f"{_named(response)}: {count[name]} {kind} for one {'item' if isinstance(name, str) else 'part'}"
        for kind, count in counts.items()
        for name in sorted(wanted, key=str)
        if count[name] != 1
    ]


def _spoken(response: Response) -> set[Part]:
    return _of_kind(response, "audio") | response.parts(
        "response.output_audio.delta", "response.output_audio_transcript.delta"
    )


def _written(response: Response) -> set[Part]:
    return _of_kind(response, "text") | response.parts("response.output_text.delta")


def _of_kind(response: Response, kind: str) -> set[Part]:
    events = response.of("response.content_part.added", "response.content_part.done")
    return {part_of(event) for event in events if _held(event, "part").get("type") == kind}


def _answered(talk: Talk) -> set[object]:
    """Ids of the items that responses put into the conversation."""
    return {
        item.get("id") for response in responses(talk) if not _aside(response) for item in response.output
    }


def _aside(response: Response) -> bool:
    """Whether it left the conversation as it was."""
    return response.talk.name == OUT_OF_BAND.name and response.places[0] < response.talk.marks.get("told", 0)


def _item(event: Event) -> Event:
    return _held(event, "item")


def _held(event: Event, name: str) -> Event:
    held = event.get(name)
    return held if isinstance(held, dict) else {}


def _named(response: Response) -> str:
    return f"in '{response.talk.name}' a response"


CHECKS: tuple[Check, ...] = (
    ends_each_response_once,
    is_silent_after_its_end,
    begins_with_created,
    runs_one_response_at_a_time,
    pairs_output_items,
    pairs_content_parts,
    ends_its_sound,
    ends_its_transcript,
    ends_its_text,
    ends_its_arguments,
    pairs_items,
    keeps_the_order_of_a_response,
)
