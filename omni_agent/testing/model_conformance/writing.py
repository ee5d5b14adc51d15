"""What is required of every answer: words, no markup, one end."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import get_args

from ...errors import OmniError
from ...models.base import Done, ModelEvent, TextDelta
from .check import Failed, Inconclusive, check
from .requests import CAT, DONE, FORMAT, KNOWN, LONG, ORDER, PLAIN, after_call
from .subject import Answer, Subject

# A call's tags in any spacing, the frames of chat templates, thoughts, and a call as bare JSON.
_MARKUP = re.compile(
    r"<\s*/?\s*tool_(?:call|response)\b|<\|[a-z_]+\|>|<\s*/?\s*think\s*>"
    r'|"name"\s*:\s*"[^"]*"\s*,\s*"(?:arguments|parameters)"\s*:'
)
_FEW = 8
# A token of any tokenizer in use is hardly ever longer than three words.
_WORDS_A_TOKEN = 3


@check(
    "text.words",
    requires="A plain question is answered in words, as TextDelta events.",
    why="Words are what is shown, kept in the history and spoken.",
)
async def answers_in_words(subject: Subject) -> None:
    answer = await subject.plain()
    if not answer.text.strip():
        raise Failed("it gave no words", "yield TextDelta for what the model writes")


@check(
    "text.events",
    requires="Only the events of omni_agent.models.base are given, with values of their types.",
    why="The graph drops what it does not know.",
)
async def gives_known_events(subject: Subject) -> None:
    kinds = get_args(ModelEvent)
    for event in (await subject.plain()).events:
        if not isinstance(event, kinds):
            raise Failed(f"it gave a {type(event).__name__}", "see ModelEvent")
        if isinstance(event, TextDelta) and not isinstance(event.text, str):
            raise Failed(f"a TextDelta holds {type(event.text).__name__}, no text")
        if isinstance(event, TextDelta) and not _writable(event.text):
            raise Failed("a TextDelta holds half a character", "decode bytes when a character is whole")


@check(
    "text.markup",
    requires="No TextDelta holds markup: of calls, of thoughts, of the chat template.",
    why="It would be read aloud.",
)
async def keeps_markup_to_itself(subject: Subject) -> None:
    async for answer in _varied(subject):
        if found := _MARKUP.search(answer.text):
            raise Failed(f"among its words is {found[0]!r}", "parse calls before words leave; fail closed")


@check(
    "text.known",
    requires="What is known of the user, what was recalled and the languages of the answer are taken.",
    why="They come with most requests of a conversation.",
)
async def takes_what_is_known(subject: Subject) -> None:
    if CAT not in (await subject.ask(KNOWN)).text:
        raise Inconclusive("it did not answer by what it was told")


@check(
    "end.usage",
    requires="An answer has exactly one Usage, right before Done.",
    why="Usage is added up; a second one is counted twice, one after Done never.",
)
async def counts_its_tokens_once(subject: Subject) -> None:
    answer = await subject.plain()
    if len(answer.usages) != 1:
        raise Failed(f"there are {len(answer.usages)} Usage events", "yield one, of zeros if need be")
    (usage,) = answer.usages
    place = answer.events.index(usage)
    if place + 1 == len(answer.events) or not isinstance(answer.events[place + 1], Done):
        raise Failed("Usage is not followed by Done")
    if min(usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) < 0:
        raise Failed(f"it counts less than no tokens: {usage}")
    if usage.cached_tokens > usage.prompt_tokens:
        raise Failed(f"of {usage.prompt_tokens} prompt tokens {usage.cached_tokens} were cached")


@check(
    "end.done",
    requires="An answer ends with exactly one Done, and nothing comes after it.",
    why="Who listens to the end would wait for ever, or take in what belongs to nobody.",
)
async def ends_once(subject: Subject) -> None:
    events = (await subject.plain()).events
    count = sum(isinstance(event, Done) for event in events)
    if count != 1:
        raise Failed(f"there are {count} Done events", "yield one, as the last event")
    if not isinstance(events[-1], Done):
        raise Failed(f"after Done comes {type(events[-1]).__name__}")
    if events[-1].reason not in ("stop", "length", "tool_calls"):
        raise Failed(f"it stopped because of {events[-1].reason!r}", "one of stop, length, tool_calls")


@check(
    "length",
    requires="An answer is no longer than max_tokens, and Done then says length.",
    why="A cut answer would pass for a whole one, and a runaway one be spoken for minutes.",
)
async def keeps_to_its_length(subject: Subject) -> None:
    answer = await subject.ask(replace(LONG, max_tokens=_FEW))
    spent = sum(usage.completion_tokens for usage in answer.usages)
    words = len(answer.text.split())
    if spent > _FEW + 1 or words > _FEW * _WORDS_A_TOKEN:
        raise Failed(f"of {_FEW} tokens it made {spent or f'{words} words'}", "hand max_tokens on")
    if answer.reason == "length":
        return
    if spent >= _FEW:
        raise Failed(f"it was cut, and Done says {answer.reason}", "tell length from stop")
    raise Inconclusive(f"it was done after {words} words")


@check(
    "seed",
    requires="At temperature 0 with one seed, a question has one answer; failed only where that is claimed.",
    why="A conversation can then be replayed.",
)
async def repeats_itself(subject: Subject) -> None:
    first, second = await subject.plain(), await subject.ask(PLAIN)
    if first.text == second.text:
        return
    seen = f"it answered {first.text[:60]!r} and then {second.text[:60]!r}"
    raise (Failed if subject.reproducible else Inconclusive)(seen)


@check(
    "format",
    requires="Where a request has a format, the words are JSON that fits it, and nothing is called.",
    why="What is drawn from a conversation is read as data.",
)
async def fits_a_format(subject: Subject) -> None:
    from jsonschema import Draft202012Validator

    answer = await subject.attempt(FORMAT)
    if isinstance(answer, OmniError):
        raise Inconclusive(f"it refused: {answer}")
    if answer.calls:
        raise Failed(f"it called {answer.calls[0].name} although nothing may be called")
    if answer.reason == "length":
        raise Inconclusive("it did not come to the end of it")
    try:
        value = json.loads(answer.text)
    except ValueError:
        raise Inconclusive(f"it answered in words: {answer.text[:60]!r}") from None
    if wrong := next(iter(Draft202012Validator(FORMAT.format or {}).iter_errors(value)), None):
        raise Failed(f"its JSON does not fit: {wrong.message[:120]}", "decode under the schema")


def _writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


async def _varied(subject: Subject) -> AsyncIterator[Answer]:
    """Answers to questions, orders and results."""
    yield await subject.plain()
    if subject.capabilities.tools:
        yield await subject.ordered()
        yield await subject.ask(replace(ORDER, withheld=frozenset(tool.name for tool in ORDER.tools)))
        yield await subject.ask(after_call(DONE))


CHECKS = (
    answers_in_words,
    gives_known_events,
    keeps_markup_to_itself,
    takes_what_is_known,
    counts_its_tokens_once,
    ends_once,
    keeps_to_its_length,
    repeats_itself,
    fits_a_format,
)
