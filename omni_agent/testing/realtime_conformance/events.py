"""What holds of every event, whatever the conversation."""

from __future__ import annotations

from collections.abc import Iterable

from .check import Check, Failed, Inconclusive, check
from .responses import Response, responses
from .scenes import OPENING, REFUSALS, SCENES, TEXT_TURN
from .shapes import FIELDS, misshapen
from .spoken_scenes import SPOKEN
from .subject import Subject
from .talk import Talk


async def everything(subject: Subject) -> list[Talk]:
    """All conversations."""
    return [await subject.seen(scene) for scene in (*SCENES, *SPOKEN)]


async def all_responses(subject: Subject) -> list[Response]:
    """The responses of all conversations.

    Raises:
        Inconclusive: There was none.
    """
    found = [response for talk in await everything(subject) for response in responses(talk)]
    if not found:
        raise Inconclusive("no response was seen")
    return found


def report(faults: Iterable[str]) -> None:
    """Fail by the first of the faults, and tell how many there are.

    Raises:
        Failed: There is one.
    """
    told = list(faults)
    if told:
        raise Failed(told[0] if len(told) == 1 else f"{told[0]}; and {len(told) - 1} more like it")


@check("transport.frames")
async def sends_small_text_frames(subject: Subject) -> None:
    report(f"in '{talk.name}': {odd}" for talk in await everything(subject) for odd in talk.oddities)


@check("transport.open")
async def keeps_the_connection(subject: Subject) -> None:
    # Whether it lives through errors is another requirement's matter.
    talks = [talk for talk in await everything(subject) if talk.closed and talk.name != REFUSALS.name]
    report(f"in '{talk.name}' {talk.closed}" for talk in talks)


@check("transport.subprotocol")
async def echoes_the_subprotocol(subject: Subject) -> None:
    taken = (await subject.seen(OPENING)).wire.subprotocol
    if taken != "realtime":
        raise Failed(f"offered 'realtime', it took {taken!r}")


@check("events.known")
async def sends_known_events(subject: Subject) -> None:
    kinds = {kind for talk in await everything(subject) for kind in talk.kinds()}
    report(f"it sent {kind!r}" for kind in sorted(kinds - FIELDS.keys()))


@check("events.shape")
async def sends_whole_events(subject: Subject) -> None:
    seen = {
        fault
        for talk in await everything(subject)
        for event in talk.events
        if event["type"] in FIELDS and (fault := misshapen(event))
    }
    report(sorted(seen))


@check("events.ids")
async def numbers_its_events(subject: Subject) -> None:
    for talk in await everything(subject):
        names = [event.get("event_id") for event in talk.events]
        if not all(isinstance(name, str) and name for name in names):
            raise Failed(f"in '{talk.name}' an event has no event_id")
        if len(set(names)) < len(names):
            raise Failed(f"in '{talk.name}' one event_id came twice")


@check("error.stray")
async def errs_only_where_asked(subject: Subject) -> None:
    faults = []
    for talk in await everything(subject):
        if talk.errs:
            continue
        for event in talk.of("error"):
            error = event.get("error")
            told = error if isinstance(error, dict) else {}
            if told.get("event_id") not in talk.sent:
                faults.append(f"in '{talk.name}' nobody asked for: {str(told.get('message'))[:80]!r}")
    report(faults)


@check("items.chain")
async def chains_its_items(subject: Subject) -> None:
    talk = await subject.seen(TEXT_TURN)
    before, faults = None, []
    for event in talk.of("conversation.item.added"):
        item = event.get("item")
        name = item.get("id") if isinstance(item, dict) else None
        told = event.get("previous_item_id")
        if told != before:
            faults.append(f"{name} came after {before}, and its previous_item_id is {told!r}")
        before = name
    if before is None:
        raise Inconclusive("no item was seen")
    report(faults)


CHECKS: tuple[Check, ...] = (
    sends_small_text_frames,
    keeps_the_connection,
    echoes_the_subprotocol,
    sends_known_events,
    sends_whole_events,
    numbers_its_events,
    errs_only_where_asked,
    chains_its_items,
)
