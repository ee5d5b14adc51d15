"""`omni-agent models advise`: which model this machine can run, and the commands that run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from ..models.advice import Way
    from ..models.machine import Machine


def show(machine: Machine, ways: tuple[Way, ...], *, every: bool) -> None:
    """Print what there is, the best way in full, and the others by name or in full."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    cards = ", ".join(f"{gpu.name} ({gpu.memory:g} GB, {gpu.free:g} GB free)" for gpu in machine.gpus)
    memory = f"{machine.memory:g} GB of memory" if machine.memory else "memory unknown"
    console.print(f"{machine.cores} core(s), {memory}, {cards or 'no graphics card'}", markup=False)
    best, *others = ways
    _full(console, best, "run")
    if every:
        for way in others:
            _full(console, way, "or")
    elif others:
        console.print("\nor (--all says how):", style="dim")
        for way in others:
            console.print(f"  {way.name}: {way.does}", style="dim", markup=False)


def _full(console: Console, way: Way, word: str) -> None:
    console.print(f"\n{word}: {way.name}", style="bold", markup=False)
    console.print(f"  it {way.does}", markup=False)
    console.print(f"  install   {way.install}", markup=False)
    if way.serve:
        console.print(f"  serve     {way.serve}", markup=False)
    console.print(f"  talk      {way.command}", style="green", markup=False)
    console.print(f"  figures   {way.figures}", style="dim", markup=False)
    console.print(f"  source    {way.source}", style="dim", markup=False)
    for caution in way.cautions:
        console.print(f"  caution   {caution}", style="yellow", markup=False)
