"""`omni-agent memory`: what is remembered: seeing it, searching, taking it along, bringing it, forgetting."""

from __future__ import annotations

import typer

from . import bringing, export, forget, search, show

app = typer.Typer(no_args_is_help=True)


@app.callback()
def memory() -> None:
    """What is remembered of a user: show, search, export, import, forget."""


app.command("show")(show.show)
app.command("search")(search.search)
app.command("export")(export.export)
app.command("import")(bringing.bring)
app.command("forget")(forget.forget)
