"""The command line: one file a verb. Nothing heavy is imported before a verb needs it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from ..errors import OmniError
from . import ask, chat, conformance, doctor, keys, memory, models, serve, talk, tools

log = logging.getLogger(__name__)

app = typer.Typer(
    name="omni-agent",
    help="Agents that hear, see, act and speak, on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("ask")(ask.ask)
app.command("chat")(chat.chat)
app.command("talk")(talk.talk)
app.command("serve")(serve.serve)
app.command("doctor")(doctor.doctor)
app.command("conformance")(conformance.conformance)
app.add_typer(models.app, name="models", help="The embedded models: list, pull, verify. Any model: check.")
app.add_typer(memory.app, name="memory", help="What is remembered: show, search, export, import, forget.")
app.add_typer(keys.app, name="keys", help="Keys of the server: new, list, revoke.")
app.add_typer(tools.app, name="tools", help="The tools that are installed.")


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=lambda asked: _version() if asked else None, is_eager=True)
    ] = False,
) -> None:
    """Agents that hear, see, act and speak, on your own machine."""


def _version() -> None:
    from importlib.metadata import version

    typer.echo(f"omni-agent {version('omni-agent-framework')}")
    raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0, 2 for wrong usage, 1 for anything else."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command; gives its exit status and never raises at the user."""
    if os.environ.get("OMNI_AGENT_DEBUG"):
        logging.basicConfig(level=logging.WARNING)
        logging.getLogger("omni_agent").setLevel(logging.DEBUG)
    try:
        app(list(arguments))
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 1
    except BrokenPipeError:
        return 1
    except OmniError as error:
        return _complain(str(error))
    except Exception as error:
        log.debug("unexpected error", exc_info=error)
        cause = f"{type(error).__name__}: {error}".splitlines()[0]
        return _complain(f"unexpected {cause} (this is a defect; OMNI_AGENT_DEBUG=1 shows where)")
    return 0


def _complain(line: str) -> int:
    print(f"omni-agent: {' '.join(line.split())}", file=sys.stderr)
    return 1
