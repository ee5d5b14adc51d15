"""Which model a machine can run: a pure function of what the machine has and of `advice.toml`."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .machine import Gpu, Machine

_PLAIN = "omni-agent talk --model "


@dataclass(frozen=True, slots=True)
class Way:
    """A way to run a model on a machine.

    Attributes:
        name: The model and what runs it.
        model: What `--model` is given.
        does: What it can do.
        install: What must be there first.
        serve: The command that starts its server; empty where it runs in this process or elsewhere.
        command: The command that talks to it.
        figures: What its needs are known by.
        source: Who says so.
        confirmed: Somebody has shown that it runs on so little.
        cautions: What may stand in the way on this machine, now.
    """

    name: str
    model: str
    does: str
    install: str
    serve: str
    command: str
    figures: str
    source: str
    confirmed: bool
    cautions: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)


def advise(machine: Machine, *, cache_folder: Path | None = None) -> tuple[Way, ...]:
    """The ways that the machine can go, best first. The last one needs a network and no machine.

    Args:
        machine: What there is.
        cache_folder: Where pulled model files lie, for the address of a GGUF model.
    """
    where = str(cache_folder or Path("~/.cache/omni-agent"))
    return tuple(
        _way(entry, machine, where) for entry in ways() if not lacking(entry.get("needs", {}), machine)
    )


def lacking(needs: Mapping[str, float], machine: Machine) -> list[str]:
    """What the machine lacks of `needs`; the memory of cards is what they have, not what is free."""
    missing = []
    fitting = _fitting(needs, machine)
    if len(fitting) < needs.get("gpus", 0):
        missing.append(f"{needs['gpus']:g} graphics card(s) of {needs.get('each', 0):g} GB")
    if sum(gpu.memory for gpu in fitting) < needs.get("together", 0):
        missing.append(f"{needs['together']:g} GB on all cards together")
    if machine.memory and machine.memory < needs.get("memory", 0):
        missing.append(f"{needs['memory']:g} GB of memory")
    if machine.cores < needs.get("cores", 0):
        missing.append(f"{needs['cores']:g} cores")
    return missing


@cache
def ways() -> tuple[Mapping[str, Any], ...]:
    """The entries of `advice.toml`, in its order."""
    from importlib import resources

    text = resources.files("omni_agent.models").joinpath("advice.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["ways"])


def _way(entry: Mapping[str, Any], machine: Machine, where: str) -> Way:
    needs = entry.get("needs", {})
    cards = _fitting(needs, machine)
    model = entry["model"].replace("{cache}", where)
    # A tensor is shared by a power of two, as attention heads are.
    shared = 1 << (max(1, len(cards)).bit_length() - 1)
    return Way(
        name=entry["name"],
        model=model,
        does=entry["does"],
        install=entry["install"],
        serve=entry.get("serve", "").replace("{gpus}", str(shared)).strip(),
        command=_PLAIN + shlex.quote(model),
        figures=entry["figures"],
        source=entry["source"],
        confirmed=entry["confirmed"],
        cautions=tuple(_cautions(entry, needs, cards)),
    )


def _cautions(entry: Mapping[str, Any], needs: Mapping[str, float], cards: tuple[Gpu, ...]) -> list[str]:
    told = [] if entry["confirmed"] else ["not confirmed: nobody has shown that it runs on so little"]
    wanted = int(needs.get("gpus", 0))
    if wanted and sum(gpu.free >= needs["each"] for gpu in cards) < wanted:
        told.append("other programs hold part of the cards' memory now: end them first")
    return told


def _fitting(needs: Mapping[str, float], machine: Machine) -> tuple[Gpu, ...]:
    return tuple(gpu for gpu in machine.gpus if gpu.memory >= needs.get("each", 0)) if "gpus" in needs else ()
