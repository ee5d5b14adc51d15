"""`omni-agent memory import`: what was exported, here or elsewhere."""

from __future__ import annotations

import asyncio
import json as jsonlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...errors import InputError
from .opening import DEFAULT_PERSONA, Json, PersonaName, User, opened

if TYPE_CHECKING:
    from ...memory import Restored


def bring(
    file: Annotated[str, typer.Argument(help="What `memory export` wrote; - reads standard input.")],
    user: User = "local",
    persona: PersonaName = DEFAULT_PERSONA,
    json: Json = False,
) -> None:
    """Add what an export holds, whoever it was of; what is there already stays as it is."""
    added = asyncio.run(_restored(_read(file), user, persona))
    counts = {"turns": added.turns, "facts": added.facts, "summaries": added.summaries}
    if json:
        typer.echo(jsonlib.dumps({"user": user, "persona": persona, **counts}))
        return
    typer.echo("added " + ", ".join(f"{count} {what}" for what, count in counts.items()))


def _read(file: str) -> Any:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"cannot read {file}: {cause}", remedy="name a file from memory export") from None
    try:
        return jsonlib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is not JSON: {error}", remedy="name a file from memory export") from None


async def _restored(document: Any, user: str, persona: str) -> Restored:
    async with opened(user, persona) as memory:
        return await memory.restore(document)
