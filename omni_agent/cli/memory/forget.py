"""`omni-agent memory forget`: erasing what is about something, a conversation, or everything."""

from __future__ import annotations

import asyncio
import json as jsonlib
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import InputError
from .opening import DEFAULT_PERSONA, Json, User, opened_places

if TYPE_CHECKING:
    from ...erasure import Places
    from ...memory import Forgotten, Scope

_FACTS_SHOWN = 20


def forget(
    what: Annotated[str, typer.Argument(help="Words that name it: 'my dentist'.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Everything there is of the user.")] = False,
    session: Annotated[str, typer.Option(help="One conversation.")] = "",
    user: User = "local",
    persona: Annotated[
        str, typer.Option(help="Name of the agent or persona; with --all, without it, all of them.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
    json: Json = False,
) -> None:
    """Erase it from every file, to the last byte; there is no way back."""
    if sum((bool(what.strip()), everything, bool(session))) != 1:
        raise typer.BadParameter("say one of: what to forget, --session, or --all")
    if not yes and not sys.stdin.isatty():
        raise InputError("what is forgotten is gone, and nobody can be asked", remedy="say --yes")
    gone = asyncio.run(_forget(what.strip(), session, user, persona, yes))
    if json:
        typer.echo(jsonlib.dumps(_as_json(user, gone), ensure_ascii=False))
    else:
        typer.echo(f"forgot {_counted(gone)}" if gone else "there was nothing to forget")


async def _forget(what: str, session: str, user: str, persona: str, yes: bool) -> list[Forgotten]:
    from ...erasure import forget as erase
    from ...memory import Forgotten

    everything = not (what or session)
    async with opened_places() as places:
        scopes = await _scopes(places, user, persona, every=everything and not persona)
        if not yes:
            shown = [await places.archive.preview(scope, what, session=session) for scope in scopes]
            _ask(user, shown, everything=everything)
        gone = [await erase(places, scope, what, session=session) for scope in scopes]
    return [one for one in gone if one != Forgotten()]


async def _scopes(places: Places, user: str, persona: str, *, every: bool) -> list[Scope]:
    from ...memory import Scope

    known = await places.archive.scopes(user)
    wanted = persona or DEFAULT_PERSONA
    chosen = known if every else [scope for scope in known if scope.persona == wanted]
    # Beside the memory there may be traces of somebody whom it does not know.
    return chosen or [Scope(user, wanted)]


def _ask(user: str, shown: list[Forgotten], *, everything: bool) -> None:
    """Go on only after a yes.

    Raises:
        InputError: The answer was no.
    """
    facts = [fact for one in shown for fact in one.facts]
    for fact in facts[:_FACTS_SHOWN]:
        typer.echo(f"  {fact}", err=True)
    if len(facts) > _FACTS_SHOWN:
        typer.echo(f"  and {len(facts) - _FACTS_SHOWN} more", err=True)
    whole = f"everything about {user}: " if everything else ""
    if not typer.confirm(f"Forget {whole}{_counted(shown)}? There is no way back.", err=True):
        raise InputError("nothing was forgotten")


def _counted(gone: list[Forgotten]) -> str:
    facts, turns = sum(len(one.facts) for one in gone), sum(one.turns for one in gone)
    summaries, media = sum(one.summaries for one in gone), sum(len(one.media) for one in gone)
    return f"{facts} facts, {turns} turns, {summaries} summaries, {media} sounds and pictures"


def _as_json(user: str, gone: list[Forgotten]) -> dict[str, object]:
    return {
        "user": user,
        "facts": [fact for one in gone for fact in one.facts],
        "turns": sum(one.turns for one in gone),
        "summaries": sum(one.summaries for one in gone),
        "media": [ref for one in gone for ref in one.media],
        "sessions": sorted({place for one in gone for place in one.sessions}),
    }
