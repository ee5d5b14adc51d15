"""What is required of sounds, pictures and clips that are handed in."""

from __future__ import annotations

from dataclasses import replace

from ...messages import Audio, Hearing, Image, Media, Message, Part, Reading, Text, TextBox
from ...models.base import Capabilities, Modality
from .check import Check, Inconclusive, check
from .requests import PLAIN, asked
from .subject import Subject

KINDS: tuple[Modality, ...] = ("audio", "image", "video")
_QUESTION = "What is this? Say it in a few words."
# So many media in one message are tried; more would take long and show nothing else.
_MOST_TRIED = 8


def _taking(kind: Modality) -> Check:
    @check(
        f"input.{kind}",
        requires=f"A message with {kind} is answered where {kind} is claimed, else answered or refused.",
        why="What a model cannot take in, the senses beside it do, if it says so.",
    )
    async def takes(subject: Subject) -> None:
        request = asked(*await subject.samples.some(kind), _QUESTION)
        if kind in subject.capabilities.inputs:
            await subject.ask(request)
        else:
            await subject.attempt(request)

    return takes


@check(
    "input.described",
    requires="Sounds with a transcript and pictures with their text are taken as words where the model "
    "cannot take them in themselves.",
    why="That is how the ears and eyes beside a model help it.",
    unless=lambda able: "" if {"audio", "image"} - able.inputs else "it hears and sees by itself",
)
async def takes_descriptions(subject: Subject) -> None:
    parts: list[Part] = []
    for part in [*await subject.samples.some("audio"), *await subject.samples.some("image")]:
        if isinstance(part, Audio) and "audio" not in subject.capabilities.inputs:
            parts.append(replace(part, hearing=Hearing("What is on this sign?", "en", 0.99, 0.9)))
        elif isinstance(part, Image) and "image" not in subject.capabilities.inputs:
            parts.append(replace(part, reading=Reading((TextBox("No parking", (0, 0, 90, 20)),))))
    await subject.ask(asked(*parts, *(() if len(parts) > 1 else ("What is this?",))))


@check(
    "input.most",
    requires="A message may hold as many of a kind as Capabilities.most says; one more is refused or taken, "
    "with no crash.",
    why="The graph sends no more than that, and counts on it.",
    unless=lambda able: "" if able.most else "it names no limit",
)
async def takes_as_many_as_it_says(subject: Subject) -> None:
    tried = False
    for kind, most in subject.capabilities.most.items():
        if kind not in KINDS or most > _MOST_TRIED:
            continue
        tried = True
        media = await subject.samples.some(kind, most + 1)
        await subject.ask(asked(*media[:most], _QUESTION))
        await subject.attempt(asked(*media, _QUESTION))
    if not tried:
        raise Inconclusive(f"its limits are above {_MOST_TRIED}, which is not tried")


@check(
    "input.mixed",
    requires="One message may hold one of each kind that is claimed, beside words.",
    why="Who shows something speaks about it.",
    unless=lambda able: "" if len(_claimed(able)) > 1 else "it takes at most one kind of media",
)
async def takes_several_kinds(subject: Subject) -> None:
    media = [part for kind in _claimed(subject.capabilities) for part in await subject.samples.some(kind)]
    await subject.ask(asked(*media, _QUESTION))


@check(
    "input.earlier",
    requires="Media in earlier messages are taken.",
    why="They are part of the conversation.",
    unless=lambda able: "" if _claimed(able) else "it takes no media",
)
async def takes_earlier_media(subject: Subject) -> None:
    for kind in _claimed(subject.capabilities):
        earlier = asked(*await subject.samples.some(kind), _QUESTION).messages
        messages = (*earlier, Message("assistant", (Text("I see."),)), *PLAIN.messages)
        await subject.ask(replace(PLAIN, messages=messages))


@check(
    "input.missing",
    requires="Media that are not in the store are an OmniError, or left out.",
    why="Media are forgotten on request, and conversations go on.",
    unless=lambda able: "" if _claimed(able) else "it takes no media",
)
async def stands_missing_media(subject: Subject) -> None:
    gone: list[Media] = [subject.samples.missing(kind) for kind in _claimed(subject.capabilities)]
    for part in gone:
        await subject.attempt(asked(part, _QUESTION))


def _claimed(able: Capabilities) -> tuple[Modality, ...]:
    return tuple(kind for kind in KINDS if kind in able.inputs and able.most.get(kind, 1))


CHECKS = (
    *map(_taking, KINDS),
    takes_descriptions,
    takes_as_many_as_it_says,
    takes_several_kinds,
    takes_earlier_media,
    stands_missing_media,
)
