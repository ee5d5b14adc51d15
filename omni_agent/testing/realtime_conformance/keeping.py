"""What is required of a conversation's items."""

from __future__ import annotations

from .check import Check, Failed, Inconclusive, check
from .scenes import ITEMS
from .subject import Subject
from .talk import Event


@check("items.create")
async def keeps_the_clients_id(subject: Subject) -> None:
    talk = await subject.seen(ITEMS)
    told = [
        event["item"].get("id")
        for event in talk.of("conversation.item.added", "conversation.item.done")
        if isinstance(event.get("item"), dict)
    ]
    if not told:
        raise Failed("conversation.item.create was answered by neither conversation.item.added nor .done")
    if told[0] != "item_a":
        raise Failed(f"created as item_a, the item came as {told[0]!r}")


@check("items.root")
async def puts_items_in_front(subject: Subject) -> None:
    talk = await subject.seen(ITEMS)
    seen = talk.marks.get("root")
    if seen and seen["type"] == "error":
        raise Failed(f"previous_item_id 'root' was refused: {seen.get('error')}"[:200])
    added = [event for event in talk.of("conversation.item.added") if _id(event) == "item_first"]
    if not added:
        raise Inconclusive("the item was not seen")
    if added[0].get("previous_item_id"):
        raise Failed(f"put in front, the item follows {added[0]['previous_item_id']}")


@check("items.unknown_previous")
async def refuses_an_unknown_place(subject: Subject) -> None:
    await _refused(subject, "astray", "an item behind one that nobody has")


@check("items.duplicate")
async def refuses_an_id_twice(subject: Subject) -> None:
    error = await _refused(subject, "twice", "a second item of the same id")
    if error.get("code") not in (None, "item_create_duplicate_item_id"):
        raise Failed(f"the error's code is {error.get('code')!r}, not item_create_duplicate_item_id")


@check("items.retrieve")
async def shows_an_item(subject: Subject) -> None:
    seen = (await subject.seen(ITEMS)).marks.get("retrieved")
    if not seen:
        raise Failed("conversation.item.retrieve was not answered")
    if seen["type"] == "error" or _id(seen) != "item_b":
        raise Failed(f"item_b was retrieved as {_id(seen) or seen.get('error')}"[:200])


@check("items.retrieve_unknown")
async def shows_no_unknown_item(subject: Subject) -> None:
    error = await _refused(subject, "unknown_retrieved", "retrieving an item that nobody has")
    if error.get("code") not in (None, "item_retrieve_invalid_item_id"):
        raise Failed(
            f"the error's code is {error.get('code')!r}, and clients know item_retrieve_invalid_item_id"
        )


@check("items.delete")
async def deletes_an_item(subject: Subject) -> None:
    marks = (await subject.seen(ITEMS)).marks
    seen = marks.get("deleted")
    if not seen:
        raise Failed("conversation.item.delete was not answered")
    if seen["type"] == "error":
        raise Failed(f"it was refused: {seen.get('error')}"[:200])
    if (gone := marks.get("gone")) and gone["type"] != "error":
        raise Failed("a deleted item can be retrieved")


@check("items.delete_unknown")
async def deletes_no_unknown_item(subject: Subject) -> None:
    await _refused(subject, "unknown_deleted", "deleting an item that nobody has")


@check("truncate.unknown")
async def truncates_no_unknown_item(subject: Subject) -> None:
    await _refused(subject, "unknown_cut", "truncating an item that nobody has")


@check("items.image")
async def takes_pictures(subject: Subject) -> None:
    talk = await subject.seen(ITEMS)
    seen = talk.marks.get("image")
    if seen and seen["type"] == "error":
        raise Failed(f"a picture was refused: {seen.get('error')}"[:200])
    if not any(
        _id(event) == "item_seen" for event in talk.of("conversation.item.added", "conversation.item.done")
    ):
        raise Failed("a message with a picture was not answered")


async def _refused(subject: Subject, mark: str, what: str) -> Event:
    """The error of what must be refused.

    Raises:
        Failed: It was taken, or not answered.
    """
    seen = (await subject.seen(ITEMS)).marks.get(mark)
    if not seen:
        raise Inconclusive(f"{what} was not answered")
    if seen["type"] != "error":
        raise Failed(f"{what} was answered by {seen['type']}")
    error = seen.get("error")
    return error if isinstance(error, dict) else {}


def _id(event: Event) -> object:
    item = event.get("item")
    return item.get("id") if isinstance(item, dict) else None


CHECKS: tuple[Check, ...] = (
    keeps_the_clients_id,
    puts_items_in_front,
    refuses_an_unknown_place,
    refuses_an_id_twice,
    shows_an_item,
    shows_no_unknown_item,
    deletes_an_item,
    deletes_no_unknown_item,
    truncates_no_unknown_item,
    takes_pictures,
)
