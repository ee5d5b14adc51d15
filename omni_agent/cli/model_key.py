"""`omni-agent models key`: a service's key into the keyring, or out of it."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from ..errors import ConfigError


def key(
    name: Annotated[
        str, typer.Argument(help="A model's plugin (openai, dashscope), or the name of a key: WORK_API_KEY.")
    ],
    forget: Annotated[bool, typer.Option("--forget", help="Take it out of the keyring.")] = False,
) -> None:
    """Keep a service's key in this system's keyring; it is asked for, or read from a pipe.

    What the environment holds under the key's name goes before it.
    """
    from ..models import keys

    name = key_name(name)
    if forget:
        gone = keys.forget(name)
        typer.echo(f"{name}: forgotten" if gone else f"{name}: the keyring has none")
        return
    keys.keep(name, _given(name))
    typer.echo(f"{name}: kept in the keyring")
    if os.environ.get(name, "").strip():
        typer.echo(f"the environment has a {name} too, which goes before it", err=True)


def key_name(text: str) -> str:
    """Name of a key: of the one that a model plugin uses, or as it is written.

    Raises:
        ConfigError: It is none.
    """
    from ..models.http.dialects import DIALECTS
    from ..models.keys import named

    known = {name: dialect.key for name, dialect in DIALECTS.items()}
    plugin = text.removeprefix("realtime+")
    if plugin not in known:
        return named(text)
    if not known[plugin]:
        raise ConfigError(f"a '{plugin}' server asks for no key", remedy="talk to it without one")
    return known[plugin]


def _given(name: str) -> str:
    """The key: typed unseen, or the first line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline()
    return str(typer.prompt(f"{name} (not shown)", hide_input=True))
