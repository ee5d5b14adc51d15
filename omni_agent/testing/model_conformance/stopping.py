"""What is required of a model whose answer nobody wants any more, and of two answers at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from ...models.base import ModelEvent, Request
from .check import Failed, Inconclusive, check
from .requests import LONG, asked
from .subject import Answer, Subject

_LET_GO = "let GeneratorExit and CancelledError through, and free what the answer held in a finally"
_WORDS = ("banana", "zebra")


@check(
    "close",
    requires="A closed stream stops soon, and the model answers as before.",
    why="The user interrupts, and the next reply must not wait for the old one.",
)
async def can_be_closed(subject: Subject) -> None:
    await subject.plain()
    stream, _ = await subject.begin(LONG)
    await _closed(stream, subject, "its stream")
    await subject.usable("after a closed stream")


@check(
    "close.unread",
    requires="A stream may be closed before anything was read from it.",
    why="A turn may be cut before it has begun.",
)
async def can_be_closed_unread(subject: Subject) -> None:
    await subject.plain()
    await _closed(subject.model.stream(LONG), subject, "an unread stream")
    await subject.usable("after a stream that nobody read")


@check(
    "cancel",
    requires="When its reader is cancelled, the stream stops soon, and the model answers as before.",
    why="Turns are tasks: they are cancelled while they wait for the next word.",
)
async def can_be_cancelled(subject: Subject) -> None:
    await subject.plain()
    before_its_end = await _cancelled(subject, after_event=True)
    await subject.usable("after its reader was cancelled")
    if not before_its_end:
        raise Inconclusive("its answer was over before it could be cancelled")


@check(
    "cancel.early",
    requires="Its reader may be cancelled before the first event.",
    why="The user goes on speaking while the model still reads the prompt.",
)
async def can_be_cancelled_early(subject: Subject) -> None:
    await subject.plain()
    before_its_end = await _cancelled(subject, after_event=False)
    await subject.usable("after its reader was cancelled early")
    if not before_its_end:
        raise Inconclusive("its answer was over before it could be cancelled")


@check(
    "together",
    requires="Two requests at once both get their own answer, whole.",
    why="Jobs in the background and other conversations share the model.",
)
async def keeps_two_apart(subject: Subject) -> None:
    requests = [asked(f"Tell me in a sentence what a {word} is.") for word in _WORDS]
    alone = [await subject.ask(request) for request in requests]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_asked(subject, request)) for request in requests]
    both = [task.result() for task in tasks]
    for answer in both:
        if isinstance(answer, Failed):
            raise Failed(f"of two at once: {answer.reason}", answer.remedy)
    answers = [answer for answer in both if isinstance(answer, Answer)]
    if subject.reproducible and [a.text for a in answers] != [a.text for a in alone]:
        raise Failed("two at once are answered otherwise than one after the other", "share no state")
    for own, other, single, answer in zip(_WORDS, reversed(_WORDS), alone, answers, strict=True):
        if other in answer.text.lower() and other not in single.text.lower():
            raise Failed(f"the answer about {own} has words of the one about {other}", "share no state")
    if not all(word in answer.text.lower() for word, answer in zip(_WORDS, alone, strict=True)):
        raise Inconclusive("its answers do not show to which question they belong")


async def _asked(subject: Subject, request: Request) -> Answer | Failed:
    try:
        return await subject.ask(request)
    except Failed as failure:
        return failure


async def _closed(stream: AsyncGenerator[ModelEvent, None], subject: Subject, what: str) -> None:
    limit = asyncio.timeout(subject.soon)
    try:
        async with limit:
            await stream.aclose()
    except Exception as error:
        if limit.expired():
            raise Failed(f"{what} is not closed within {subject.soon:g} seconds", _LET_GO) from None
        raise Failed(f"closing {what} raised {type(error).__name__}: {error}", _LET_GO) from None


async def _cancelled(subject: Subject, *, after_event: bool) -> bool:
    """Cancel a reader; whether that was before its end.

    Raises:
        Failed: It did not stop, or not as cancelled.
    """
    begun = asyncio.Event()

    async def read() -> None:
        if not after_event:
            begun.set()
        async with aclosing(subject.model.stream(LONG)) as stream:
            async for _ in stream:
                begun.set()

    reader, waiting = asyncio.create_task(read()), asyncio.create_task(begun.wait())
    both = {reader, waiting}
    await asyncio.wait(both, timeout=subject.patience, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if reader.done():
        if error := reader.exception():
            raise error
        return False
    reader.cancel()
    await asyncio.wait([reader], timeout=subject.soon)
    if not reader.done():
        reader.cancel()
        raise Failed(f"it goes on for over {subject.soon:g} seconds after it was cancelled", _LET_GO)
    if reader.cancelled():
        return True
    if error := reader.exception():
        raise Failed(f"it turns the cancellation into {type(error).__name__}: {error}", _LET_GO)
    raise Failed("it swallows the cancellation and goes on to its end", _LET_GO)


CHECKS = (can_be_closed, can_be_closed_unread, can_be_cancelled, can_be_cancelled_early, keeps_two_apart)
