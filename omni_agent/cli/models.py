"""`omni-agent models`: what model files there are, fetching them, checking them; checking a model's ways."""

from __future__ import annotations

import asyncio
import json as jsonlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ModelFileError
from .model_key import key

if TYPE_CHECKING:
    from ..agent import Agent
    from ..models.progress import Progress

app = typer.Typer(no_args_is_help=True)
app.command("key")(key)

_STYLES = {"ready": "green", "missing": "yellow", "damaged": "red"}


@app.callback()
def models() -> None:
    """The embedded models: list, pull, verify. Any model: check. This machine: advise. A key: key."""


@app.command("list")
def list_models(json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show every part with its licence, size and status."""
    from rich.filesize import decimal

    from ..models.store import ModelStore

    store = ModelStore()
    rows = [(part, store.status(part.name)) for part in store.catalog.parts]
    if json:
        about = [
            {
                "part": part.name,
                "title": part.title,
                "licence": part.licence,
                "bytes": part.bytes,
                "status": status,
                "default": part.default,
                "folder": str(store.root / part.name),
            }
            for part, status in rows
        ]
        typer.echo(jsonlib.dumps(about, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("part", "title", "licence", "size", "status", "default", box=None)
    for part, status in rows:
        shown = f"[{_STYLES[status]}]{status}[/]"
        default = "yes" if part.default else "no"
        table.add_row(part.name, part.title, part.licence, decimal(part.bytes), shown, default)
    Console().print(table)


@app.command()
def pull(
    names: Annotated[
        list[str] | None, typer.Argument(help="Parts, or qwen2.5-omni-3b; without any, the default parts.")
    ] = None,
) -> None:
    """Fetch what is missing or damaged."""
    from ..models import hub
    from ..models.store import ModelStore

    store = ModelStore()
    chosen = list(dict.fromkeys(names or [part.name for part in store.catalog.parts if part.default]))
    with _shown() as progress:
        store.pull([name for name in chosen if name not in hub.known()], progress)
        pulled = {name: hub.pull(store, name, progress) for name in chosen if name in hub.known()}
    for name in chosen:
        typer.echo(f"{name}: ready in {pulled.get(name) or store.folder(name)}")
    for folder in pulled.values():
        typer.echo(f"talk to it: omni-agent talk --model gguf:{folder}")


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Parts; without any, those on disk.")] = None,
) -> None:
    """Hash every file again; exit with status 1 when one is not what it should be."""
    from ..models import hub
    from ..models.store import ModelStore

    store = ModelStore()
    on_disk = [part.name for part in store.catalog.parts if (store.root / part.name).exists()]
    bad: dict[str, list[str]] = {}
    if not names:
        on_disk += [name for name in hub.known() if hub.kept(store.root, name)]
    for name in dict.fromkeys(names or on_disk):
        problems = (hub.holding(store, name) or store).verify(name)
        if problems:
            bad[name] = [str(problem) for problem in problems]
        for line in bad.get(name, [f"{name}: every file is right"]):
            typer.echo(line)
    if bad:
        first, *others = (line for lines in bad.values() for line in lines)
        more = f" and {len(others)} more" if others else ""
        raise ModelFileError(f"{first}{more}", remedy=f"omni-agent models pull {' '.join(bad)}")
    if not names and not on_disk:
        typer.echo("no part has been pulled yet: omni-agent models pull")


@app.command()
def check(
    spec: Annotated[str, typer.Argument(help="NAME, NAME:ADDRESS, or several: 'a | b'.")],
    reproducible: Annotated[
        bool, typer.Option("--reproducible", help="It claims the same answer for the same question.")
    ] = False,
    patience: Annotated[float, typer.Option(min=0.1, help="Seconds that one answer may take.")] = 120.0,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Check that a model does what every model must; exit with status 1 when it does not.

    It is asked about fifty short questions.
    """
    from .model_check import checked, show

    report = asyncio.run(checked(spec, reproducible=reproducible, patience=patience))
    if json:
        typer.echo(jsonlib.dumps(report.to_json(), ensure_ascii=False))
    else:
        show(report)
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def advise(
    every: Annotated[bool, typer.Option("--all", help="All ways in full, not only the best.")] = False,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Look at this machine and say which model to run on it, with the exact commands."""
    from .. import config
    from ..models.advice import advise as advised
    from ..models.machine import look
    from .model_advice import show as show_advice

    machine = look()
    ways = advised(machine, cache_folder=config.cache())
    if json:
        about = {"machine": machine.to_json(), "ways": [way.to_json() for way in ways]}
        typer.echo(jsonlib.dumps(about, ensure_ascii=False))
    else:
        show_advice(machine, ways, every=every)


def fetch_missing(agent: Agent) -> None:
    """Pull what the embedded model still lacks, with its progress shown, before a turn is begun.

    Raises:
        ModelFileError: It cannot be had.
    """
    from ..models.spec import parsed
    from ..models.store import ModelStore

    if not isinstance(agent.model, str) or "local" not in {spec.name for spec in parsed(agent.model)}:
        return

    store = ModelStore()
    missing = [
        part.name for part in store.catalog.parts if part.default and store.status(part.name) != "ready"
    ]
    if missing and not store.offline:
        with _shown() as progress:
            store.pull(missing, progress)


@contextmanager
def _shown() -> Iterator[Progress]:
    """Progress on standard error: bars on a terminal, a line now and then elsewhere."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _Lines()
        return
    from .bars import Bars

    with Bars(console) as bars:
        yield bars


class _Lines:
    """A line for each tenth of a part."""

    def __init__(self) -> None:
        self._total = 0
        self._tenths = 0

    def begin(self, part: str, total: int) -> None:
        from rich.filesize import decimal

        self._total, self._tenths = total, 0
        self.say(part, f"fetching {decimal(total)}")

    def at(self, part: str, done: int) -> None:
        tenths = 10 * done // self._total if self._total else 10
        if tenths > self._tenths:
            self._tenths = tenths
            self.say(part, f"{10 * tenths} %")

    def say(self, part: str, message: str) -> None:
        typer.echo(f"{part}: {message}", err=True)

    def end(self, part: str) -> None:
        pass
