"""`omni-agent doctor`: what works on this machine, what is missing, and the command that mends it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import typer

State = Literal["ok", "missing", "optional"]

NEEDED_GIB = 3.0
PACKAGES = {
    "language (llama.cpp)": ("xllamacpp", "local"),
    "hearing (faster-whisper)": ("faster_whisper", "local"),
    "voices (Piper)": ("piper", "local"),
    "voices (Kokoro)": ("kokoro_onnx", "local"),
    "reading (RapidOCR)": ("rapidocr", "local"),
}
OPTIONAL_PACKAGES = {
    "microphone and speakers": ("sounddevice", "audio"),
    "server": ("starlette", "serve"),
    "MCP tools": ("mcp", "mcp"),
    "Omni models in process": ("transformers", "omni"),
    "keys in the system's keyring": ("keyring", "keyring"),
}
# Debian packages of the libraries that these take from the system.
SYSTEM_LIBRARIES = {"sounddevice": "libportaudio2", "xllamacpp": "libgomp1"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: State
    detail: str
    remedy: str = ""


def doctor() -> None:
    """Look at this machine; exit 1 if the embedded agent cannot run on it."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    findings = list(examine())
    table = Table(box=None, show_header=False)
    marks = {"ok": "[green]ok[/]", "missing": "[red]missing[/]", "optional": "[yellow]not there[/]"}
    for finding in findings:
        remedy = escape(f"→ {finding.remedy}") if finding.remedy else ""
        table.add_row(finding.what, marks[finding.state], escape(finding.detail), remedy)
    Console(soft_wrap=True).print(table)
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(1)


def examine() -> Iterator[Finding]:
    """Look at Python, the machine, the folders, the packages and the model files."""
    yield Finding("Python", "ok", sys.version.split()[0])
    yield Finding("processor cores", "ok", str(os.cpu_count()))
    yield _memory()
    yield from _folders()
    for what, (module, extra) in PACKAGES.items():
        yield _package(what, module, extra, "missing")
    for what, (module, extra) in OPTIONAL_PACKAGES.items():
        yield _package(what, module, extra, "optional")
    yield from _sound_devices()
    yield from _models()


def _package(what: str, module: str, extra: str, absent: State) -> Finding:
    if importlib.util.find_spec(module) is None:
        return Finding(what, absent, f"package {module}", f"pip install 'omni-agent-framework[{extra}]'")
    if module in SYSTEM_LIBRARIES and (problem := _import_problem(module)):
        return Finding(what, absent, problem, f"apt-get install {SYSTEM_LIBRARIES[module]}")
    return Finding(what, "ok", f"package {module}")


def _import_problem(module: str) -> str:
    """Why the module does not load, though it is installed; empty where it does."""
    try:
        importlib.import_module(module)
    except (ImportError, OSError) as error:
        return str(error)
    return ""


def _sound_devices() -> Iterator[Finding]:
    """The microphone and the loudspeaker that `omni-agent talk` would use; nothing without PortAudio."""
    import asyncio

    from ..errors import OmniError
    from ..speech.devices.choosing import Direction, choose
    from ..speech.devices.portaudio import PortAudio

    directions: tuple[tuple[str, Direction], ...] = (("microphone", "input"), ("loudspeaker", "output"))
    try:
        devices = asyncio.run(PortAudio().devices())
    except OmniError:
        return
    for what, direction in directions:
        try:
            yield Finding(what, "ok", choose(devices, "", direction).name)
        except OmniError as error:
            yield Finding(what, "optional", error.message, error.remedy)


def _memory() -> Finding:
    gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    detail = f"{gib:.1f} GiB"
    if gib < NEEDED_GIB:
        return Finding("memory", "missing", detail, f"the embedded models need about {NEEDED_GIB:g} GiB")
    return Finding("memory", "ok", detail)


def _folders() -> Iterator[Finding]:
    from .. import config

    for what, folder, variable in (
        ("state", config.home(), "OMNI_AGENT_HOME"),
        ("model files", config.cache(), "OMNI_AGENT_CACHE"),
    ):
        free = shutil.disk_usage(_existing(folder)).free / 2**30
        if os.access(_existing(folder), os.W_OK):
            yield Finding(what, "ok", f"{folder} ({free:.1f} GiB free)")
        else:
            yield Finding(
                what, "missing", f"{folder} cannot be written", f"set {variable} to a folder of yours"
            )


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _models() -> Iterator[Finding]:
    from ..models.store import ModelStore

    store = ModelStore()
    for part in store.catalog.parts:
        if part.default:
            status = store.status(part.name)
            good = status == "ready"
            remedy = "" if good else f"omni-agent models pull {part.name}"
            yield Finding(
                f"model file: {part.name}",
                "ok" if good else "missing",
                part.title if good else status,
                remedy,
            )
