"""An exported document as Markdown, for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ..messages import Message
from .document import Document, FactEntry, SessionEntry, TurnEntry


def to_markdown(document: Document) -> str:
    """What is known first, then each conversation with its dates."""
    return "\n".join(_lines(document)).rstrip() + "\n"


def _lines(document: Document) -> Iterator[str]:
    yield f"# What {document.persona} remembers of {document.user}"
    yield ""
    current = [fact for fact in document.facts if not (fact.superseded_at or fact.valid_to)]
    past = [fact for fact in document.facts if fact.superseded_at or fact.valid_to]
    yield from _facts("What is known", current)
    yield from _facts("What was so before", past)
    if document.blocks:
        yield from ("## Kept in mind", "")
        for block in document.blocks:
            yield f"- **{block.label}**: {_line(block.text)} ({_day(block.updated_at)})"
        yield ""
    for session in document.sessions:
        yield from _session(session)


def _facts(title: str, facts: list[FactEntry]) -> Iterator[str]:
    if not facts:
        return
    yield from (f"## {title}", "")
    for fact in facts:
        until = fact.valid_to or fact.superseded_at
        span = f"noted {_day(fact.recorded_at)}"
        span += f", since {_day(fact.valid_from)}" if fact.valid_from else ""
        span += f", until {_day(until)}" if until else ""
        turns = [f"{source.session}/{source.turn}" if source.turn else source.kind for source in fact.sources]
        yield f"- {_line(fact.text)} ({span}; from {', '.join(turns)})"
    yield ""


def _session(session: SessionEntry) -> Iterator[str]:
    yield from (f"## Conversation {session.id}", "")
    for summary in session.summaries:
        yield from (f"> Turns {summary.first_seq} to {summary.last_seq} in short: {_line(summary.text)}", "")
    day = ""
    for turn in session.turns:
        if (today := _day(turn.started_at)) != day:
            day = today
            yield from (f"### {day}", "")
        yield from _turn(turn)


def _turn(turn: TurnEntry) -> Iterator[str]:
    messages = [Message.from_json(message) for message in turn.messages]
    for message in messages:
        if message.role == "user" and message.text:
            yield from (f"**{turn.asked_by.capitalize()}:** {_line(message.text)}", "")
        for media in message.media:
            yield from (f"*({media.type}: {media.ref})*", "")
        for call in message.tool_calls:
            yield from (f"*({call.name})*", "")
    heard = _line(turn.heard_text)
    cut = " *(cut short)*" if turn.heard_text != turn.text else ""
    if heard or cut:
        yield from (f"**Agent:** {heard}{cut}", "")


def _day(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone().date().isoformat()


def _line(text: str) -> str:
    return " ".join(text.split())
