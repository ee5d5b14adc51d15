"""`omni-agent memory search`: what an agent would recall."""

from __future__ import annotations

import asyncio
import json as jsonlib
from typing import TYPE_CHECKING, Annotated

import typer

from .opening import DEFAULT_PERSONA, Json, PersonaName, User, opened

if TYPE_CHECKING:
    from ...memory import Recollection


def search(
    query: Annotated[str, typer.Argument(help="Words, as one would say them.")],
    user: User = "local",
    persona: PersonaName = DEFAULT_PERSONA,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 8,
    json: Json = False,
) -> None:
    """Find what was said and is known, best first, with its date and where it comes from."""
    found = asyncio.run(_found(query, user, persona, limit))
    if json:
        about = [
            {"text": one.text, "source": one.source, "at": one.at and one.at.isoformat(), "score": one.score}
            for one in found
        ]
        typer.echo(jsonlib.dumps(about, ensure_ascii=False))
        return
    for one in found:
        day = f"{one.at.astimezone():%Y-%m-%d}" if one.at else " " * 10
        typer.echo(f"{day}  {' '.join(one.text.split())}  [{one.source}]")
    if not found:
        typer.echo("nothing fits", err=True)


async def _found(query: str, user: str, persona: str, limit: int) -> list[Recollection]:
    async with opened(user, persona) as memory:
        return await memory.search(query, limit=limit)
