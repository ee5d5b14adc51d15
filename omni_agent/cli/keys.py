"""`omni-agent keys`: who may use the server from elsewhere."""

from __future__ import annotations

import json as jsonlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import ConfigError

if TYPE_CHECKING:
    from ..server.keys import Keys

app = typer.Typer(no_args_is_help=True)

_SESSIONS = "Live sessions at once."
_REQUESTS = "Requests a minute."
_TOKENS = "Tokens a minute, read and written."
_AUDIO = "Seconds of sound a minute, heard and spoken."


@app.callback()
def keys() -> None:
    """Keys of the server. A running server knows of a change within a second."""


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Whose: memory and media are kept apart by it.")],
    sessions: Annotated[int | None, typer.Option(help=_SESSIONS)] = None,
    requests: Annotated[float | None, typer.Option(help=_REQUESTS)] = None,
    tokens: Annotated[float | None, typer.Option(help=_TOKENS)] = None,
    audio_seconds: Annotated[float | None, typer.Option(help=_AUDIO)] = None,
) -> None:
    """Make a key and show it, this once: only its digest is kept."""
    kept = _keys()
    from ..server.limits import Allowance

    given: dict[str, Any] = {
        "sessions": sessions,
        "requests": requests,
        "tokens": tokens,
        "audio_seconds": audio_seconds,
    }
    allowance = Allowance(**{limit: value for limit, value in given.items() if value is not None})
    typer.echo(kept.new(name, allowance))


@app.command("list")
def list_keys(json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show whose keys there are, since when, and how much each may take."""
    known = _keys().known()
    if json:
        about = [{"name": key.name, "created": key.created, **asdict(key.allowance)} for key in known]
        typer.echo(jsonlib.dumps(about))
        return
    from rich.console import Console
    from rich.table import Table

    columns = ("name", "since", "sessions", "requests/min", "tokens/min", "sound s/min")
    table = Table(*columns, box=None)
    for key in known:
        limits = key.allowance
        figures = (limits.sessions, limits.requests, limits.tokens, limits.audio_seconds)
        table.add_row(key.name, key.created[:10], *("-" if most is None else f"{most:g}" for most in figures))
    Console().print(table)


@app.command("revoke")
def revoke(name: Annotated[str, typer.Argument(help="Whose.")]) -> None:
    """Make a key worth nothing."""
    _keys().revoke(name)


def _keys() -> Keys:
    check_installed()
    from ..server.keys import Keys

    return Keys()


def check_installed() -> None:
    """Complain in one line where the server's packages are missing.

    Raises:
        ConfigError: They are.
    """
    import importlib.util

    if missing := [
        name for name in ("starlette", "uvicorn", "prometheus_client") if not importlib.util.find_spec(name)
    ]:
        raise ConfigError(
            f"the server needs the package {missing[0].replace('_', '-')}",
            remedy="pip install 'omni-agent-framework[serve]'",
        )
