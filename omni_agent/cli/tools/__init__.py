"""`omni-agent tools`: what is installed, running one, checking plugins, beginning one."""

from __future__ import annotations

import typer

from . import call, check, listing, new

app = typer.Typer(no_args_is_help=True)


@app.callback()
def tools() -> None:
    """The tools that are installed: list, call, check, and begin a plugin of your own."""


app.command("list")(listing.list_tools)
app.command("call")(call.call_tool)
app.command("check")(check.check_tools)
app.command("new")(new.new_plugin)
