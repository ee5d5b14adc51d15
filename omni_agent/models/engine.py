"""llama.cpp's engine in this process, as `xllamacpp` gives it: one for a model file."""

from __future__ import annotations

import importlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from ..errors import ModelUnavailable
from .prefix import PrefixCache

SLOTS = 2
# Prefill is looked at for cancellation after this many tokens: about two seconds on two cores.
_BATCH = 128
_PICTURE_BATCH = 512
# What a conversation's cache may take in memory while another request uses its slot, in MiB.
_CACHE_MIB = 512

Chunk: TypeAlias = dict[str, Any]


class Server(Protocol):
    """What is used of `xllamacpp.Server`."""

    listening_address: str

    def handle_chat_completions(self, request: dict[str, Any], callback: Callable[[Chunk], bool]) -> None: ...


@dataclass(frozen=True, slots=True)
class Engine:
    """A loaded model, and its prefixes on disk where they are kept."""

    server: Server
    prefixes: PrefixCache | None


def load(
    path: Callable[[], Path] | Path,
    threads: int,
    context_tokens: int,
    prefixes: Path | None,
    projector: Path | None = None,
) -> Engine:
    """Load a GGUF file, or the one in a folder; `projector` encodes sounds and pictures for it.

    Raises:
        ModelUnavailable: `xllamacpp` is missing, or there is no such model.
    """
    # OpenMP's default is to spin while it waits, which starves the voices and, when they hold a core, the
    # model itself: beside one busy core it wrote 12 tokens a second with this and 3 to 9 without.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    try:
        # Compiled, without types.
        xllamacpp: Any = importlib.import_module("xllamacpp")
    except ImportError:
        remedy = "pip install 'omni-agent-framework[local]'"
        raise ModelUnavailable("the language model needs xllamacpp", remedy=remedy) from None
    file = _checked(path if isinstance(path, Path) else path())
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx = str(file), context_tokens
    params.n_parallel, params.kv_unified = SLOTS, True
    # A picture's tokens are read as one.
    params.n_batch = params.n_ubatch = _PICTURE_BATCH if projector else _BATCH
    if projector:
        params.mmproj.path, params.mmproj_use_gpu = str(projector), False
    params.n_gpu_layers = 0
    params.fit_params = False
    params.cache_ram_mib = _CACHE_MIB
    cores = threads or os.cpu_count() or 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = cores
    params.force_pure_content_parser = True
    params.verbosity = -1
    # The engine always listens on a port of this machine as well: nobody else is given the key to it.
    key = secrets.token_urlsafe(32)
    params.api_keys = [key]
    params.ui = params.endpoint_slots = False
    params.n_threads_http = 1
    if prefixes:
        params.slot_save_path = f"{_private(prefixes)}{os.sep}"
    try:
        server: Server = xllamacpp.Server(params)
    except RuntimeError:
        raise _unusable(file, projector) from None
    if prefixes is None:
        return Engine(server, None)
    about = file.stat()
    model = f"{file.name} {about.st_size} {about.st_mtime_ns} {xllamacpp.BUILD_INFO} {context_tokens}"
    return Engine(server, PrefixCache(prefixes, server.listening_address, key, model))


def _private(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _checked(path: Path) -> Path:
    """The model file at `path`, which may be the folder that it is alone in."""
    files = sorted(path.glob("*.gguf")) if path.is_dir() else [path]
    if len(files) != 1 or not files[0].is_file():
        raise ModelUnavailable(f"there is no model file at {path}", remedy="omni-agent models pull")
    with files[0].open("rb") as file:
        if file.read(4) != b"GGUF":
            raise _unusable(files[0])
    return files[0]


def _unusable(file: Path, projector: Path | None = None) -> ModelUnavailable:
    if projector:
        return ModelUnavailable(
            f"{file} and {projector.name} are no model and projector for llama.cpp",
            remedy="fetch both from the same repository, or update xllamacpp",
        )
    return ModelUnavailable(f"{file} is no model for llama.cpp", remedy="omni-agent models verify")
