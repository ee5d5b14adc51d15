"""`omni-agent memory export`: all that is kept, to take along or to read."""

from __future__ import annotations

import asyncio
import json as jsonlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .opening import DEFAULT_PERSONA, PersonaName, User, opened

if TYPE_CHECKING:
    from ...messages import JsonObject


def export(
    user: User = "local",
    persona: PersonaName = DEFAULT_PERSONA,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file instead of the screen.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="For people; cannot be imported.")] = False,
    json: Annotated[bool, typer.Option("--json", help="For programs and import; the default.")] = False,
) -> None:
    """Write conversations and facts, with their history and sources, as JSON or as Markdown."""
    if markdown and json:
        raise typer.BadParameter("choose one of --json and --markdown")
    document = asyncio.run(_document(user, persona))
    if markdown:
        from ...memory.document import Document
        from ...memory.markdown import to_markdown

        written = to_markdown(Document.parse(document))
    else:
        written = jsonlib.dumps(document, ensure_ascii=False, indent=2) + "\n"
    if output is None:
        typer.echo(written, nl=False)
        return
    from ...media import write_atomically

    # What is in it is as private as the memory itself.
    write_atomically(output, written.encode(), mode=0o600)
    typer.echo(f"wrote {output}", err=True)


async def _document(user: str, persona: str) -> JsonObject:
    async with opened(user, persona) as memory:
        return await memory.export()
