"""`omni-agent memory show`: what is known of a user, the conversations, and how much room they take."""

from __future__ import annotations

import asyncio
import json as jsonlib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .opening import DEFAULT_PERSONA, Json, PersonaName, User, opened

if TYPE_CHECKING:
    from ...memory import Contents, Fact, SessionSummary


def show(
    user: User = "local",
    persona: PersonaName = DEFAULT_PERSONA,
    past: Annotated[bool, typer.Option("--past", help="Also what was so before.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many facts and conversations at most.")] = 50,
    json: Json = False,
) -> None:
    """Show what is known, which conversations there were, and where it is kept."""
    contents, facts, sessions = asyncio.run(_read(user, persona, past, limit))
    if json:
        about = _about(contents, facts, sessions)
        typer.echo(jsonlib.dumps({"user": user, "persona": persona, **about}, ensure_ascii=False))
        return
    _print(user, persona, contents, facts, sessions)


async def _read(
    user: str, persona: str, past: bool, limit: int
) -> tuple[Contents, list[Fact], list[SessionSummary]]:
    async with opened(user, persona) as memory:
        contents = await memory.contents()
        facts = await memory.facts(past=past, limit=limit)
        return contents, facts, await memory.sessions(limit=limit)


def _about(contents: Contents, facts: list[Fact], sessions: list[SessionSummary]) -> dict[str, Any]:
    counts = ("sessions", "turns", "facts", "past_facts", "summaries", "media")
    return {
        "facts": [fact_as_json(fact) for fact in facts],
        "sessions": [
            {
                "id": session.id,
                "turns": session.turns,
                "started_at": session.started_at.isoformat(),
                "last_at": session.last_at.isoformat(),
            }
            for session in sessions
        ],
        "blocks": [{"label": block.label, "text": block.text} for block in contents.blocks],
        "counts": {name: getattr(contents, name) for name in counts},
        "file": str(contents.path),
        "bytes": contents.bytes,
    }


def fact_as_json(fact: Fact) -> dict[str, Any]:
    """A fact for programs."""
    said = fact.said
    return {
        "id": fact.id,
        "text": said.text,
        "subject": said.subject,
        "predicate": said.predicate,
        "object": said.object,
        "kind": said.kind,
        "confidence": said.confidence,
        "current": fact.current,
        "shared": fact.shared,
        "recorded_at": fact.recorded_at.isoformat(),
        "valid_from": said.valid_from and said.valid_from.isoformat(),
        "valid_to": said.valid_to and said.valid_to.isoformat(),
        "superseded_at": fact.superseded_at and fact.superseded_at.isoformat(),
        "superseded_by": fact.superseded_by,
        "turns": list(fact.turns),
    }


def _print(
    user: str, persona: str, contents: Contents, facts: list[Fact], sessions: list[SessionSummary]
) -> None:
    from rich.console import Console
    from rich.filesize import decimal

    console = Console(highlight=False, soft_wrap=True)

    def line(text: str, style: str = "") -> None:
        console.print(
            " ".join(text.split()) if not text.startswith("  ") else text, style=style, markup=False
        )

    line(f"What {persona} knows of {user}", "bold")
    for fact in facts:
        shared = ", shared" if fact.shared else ""
        ended = "" if fact.current else ", no longer"
        line(f"  {fact.said.text} ({fact.recorded_at.astimezone():%Y-%m-%d}{shared}{ended})")
    if not facts:
        line("  nothing")
    for block in contents.blocks:
        line(f"  {block.label}: {block.text}")
    line("Conversations", "bold")
    for session in sessions:
        days = f"{session.started_at.astimezone():%Y-%m-%d} to {session.last_at.astimezone():%Y-%m-%d}"
        line(f"  {session.id}: {session.turns} turns, {days}")
    if not sessions:
        line("  none")
    line(f"{contents.path}: {decimal(contents.bytes)}, {contents.turns} turns, {contents.facts} facts", "dim")
