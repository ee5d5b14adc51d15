"""The embedded language model: llama.cpp in this process, through `xllamacpp`.

The engine is loaded once, in a thread, at the first use. A generation runs in a thread of its own and hands
its tokens to the event loop; whoever stops listening stops it at the next token. Two requests run side by
side, each with its cache, so that a job in the background does not cost the conversation its prefix; more
wait. This file knows nothing of prompts, grammars or the form of calls.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import secrets
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeAlias, cast

from ..errors import ModelError, ModelUnavailable, OmniError
from ..events import Usage
from ..messages import ToolCall
from ..senses import Senses
from .base import Capabilities, Done, ModelEvent, Request
from .calls import CallParser, new_call_id
from .grammar import grammar_of
from .prompt import estimated_tokens, fit, marked, render

_SLOTS = 2
# Prefill is looked at for cancellation after this many tokens: about two seconds on two cores.
_BATCH = 128
# What a conversation's cache may take in memory while another request uses its slot, in MiB.
_CACHE_MIB = 512

Chunk: TypeAlias = dict[str, Any]
OnChunk: TypeAlias = Callable[[Chunk], bool]


class _Engine(Protocol):
    """What is used of `xllamacpp.Server`."""

    def handle_chat_completions(self, request: dict[str, Any], callback: OnChunk) -> None: ...


class LlamaLanguage:
    """A GGUF model as an `OmniModel` that reads and writes text and calls tools.

    Args:
        path: The file, or what gives it when it is first needed (for example, by fetching it); it may also
            give a folder with one `.gguf` in it.
        threads: Processor cores to use; 0 for all.
        context_tokens: Most tokens of prompt and answer together.
        new_id: Makes the id of each call.
    """

    def __init__(
        self,
        path: Callable[[], Path] | Path,
        *,
        threads: int = 0,
        context_tokens: int = 8192,
        new_id: Callable[[], str] = new_call_id,
    ) -> None:
        self._path = path
        self._threads = threads
        self._context_tokens = context_tokens
        self._new_id = new_id
        self._lock = threading.Lock()
        self._engine: _Engine | None = None
        self._workers: ThreadPoolExecutor | None = None
        self._running: set[threading.Event] = set()

    @property
    def capabilities(self) -> Capabilities:
        """Text in, text and calls out."""
        return Capabilities(inputs=frozenset({"text"}), tools=True, context_tokens=self._context_tokens)

    @property
    def senses(self) -> Senses:
        """None: a language model has no ears, eyes or voice."""
        return Senses()

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        """Answer, event by event, ending with `Usage` and `Done`.

        Words leave as they are generated. Closing the generator or cancelling its consumer stops the
        generation at the next token.

        Raises:
            ModelUnavailable: `xllamacpp` is missing, or the file is no model.
            ModelError: The last message alone is longer than the context (`context_exceeded`), or the engine
                failed.
        """
        parser = CallParser([spec.name for spec in request.tools], self._new_id, marked=marked(request))
        called, usage, reason = False, Usage(), "stop"
        async with aclosing(self._chunks(request)) as chunks:
            async for chunk in chunks:
                piece, ended = _read(chunk)
                usage, reason = _usage(chunk) or usage, ended or reason
                for event in parser.feed(piece):
                    called = called or isinstance(event, ToolCall)
                    yield event
        for event in parser.finish():
            yield event
        yield usage
        yield Done("tool_calls" if called else "length" if reason == "length" else "stop")

    async def prewarm(self, request: Request | None = None) -> None:
        """Load, and compute the prefix of `request`: persona, rules and tools.

        Raises:
            ModelUnavailable: `xllamacpp` is missing, or the file is no model.
        """
        await asyncio.wrap_future(self._pool().submit(self._loaded))
        if request is not None:
            async with aclosing(self._chunks(replace(request, max_tokens=0))) as chunks:
                async for _ in chunks:
                    pass

    async def close(self) -> None:
        """Stop what runs and free the model; its next use loads it again."""
        for stopped in list(self._running):
            stopped.set()
        workers, self._workers = self._workers, None
        if workers is not None:
            await asyncio.to_thread(workers.shutdown, wait=True, cancel_futures=True)
        # Freeing a gigabyte takes a moment, so the last reference goes in a thread.
        last, self._engine = [self._engine], None
        await asyncio.to_thread(last.clear)

    async def _chunks(self, request: Request) -> AsyncGenerator[Chunk, None]:
        """The engine's answer to as much of the request as fits into its context."""
        budget = self._context_tokens - min(request.max_tokens, self._context_tokens // 4)
        sent = fit(request, budget)
        while True:
            refusal: Chunk | None = None
            async with aclosing(self._generated(_body(sent))) as chunks:
                async for chunk in chunks:
                    refusal = chunk.get("error")
                    if refusal is None:
                        yield chunk
            if refusal is None:
                return
            budget = _smaller_budget(sent, refusal)
            shorter = fit(request, budget)
            if len(shorter.messages) >= len(sent.messages):
                raise _exceeded(self._context_tokens)
            sent = shorter

    async def _generated(self, body: Chunk) -> AsyncGenerator[Chunk, None]:
        """What the engine says, chunk by chunk; it stops at the next one when nobody listens any more."""
        loop = asyncio.get_running_loop()
        # Not bounded by a size, since a thread must not wait for the loop; `max_tokens` bounds it.
        arrived: asyncio.Queue[Chunk | Exception | None] = asyncio.Queue()
        stopped = threading.Event()

        def deliver(item: Chunk | Exception | None) -> None:
            try:
                loop.call_soon_threadsafe(arrived.put_nowait, item)
            except RuntimeError:  # The loop is closed: nobody listens.
                stopped.set()

        def on_chunk(chunk: Chunk) -> bool:
            if not stopped.is_set():
                deliver(chunk)
            return stopped.is_set()

        def work() -> None:
            if not stopped.is_set():
                self._loaded().handle_chat_completions(body, on_chunk)

        def settle(future: Future[None]) -> None:
            deliver(_outcome(future, stopped.is_set()))

        self._running.add(stopped)
        future = self._pool().submit(work)
        future.add_done_callback(settle)
        try:
            while (item := await arrived.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            stopped.set()
            future.cancel()
            self._running.discard(stopped)

    def _pool(self) -> ThreadPoolExecutor:
        if self._workers is None:
            self._workers = ThreadPoolExecutor(_SLOTS, thread_name_prefix="llama")
        return self._workers

    def _loaded(self) -> _Engine:
        """The engine, loaded at the first use; runs in a worker's thread."""
        with self._lock:
            if self._engine is None:
                self._engine = _load(self._path, self._threads, self._context_tokens)
            return self._engine


def _load(path: Callable[[], Path] | Path, threads: int, context_tokens: int) -> _Engine:
    try:
        # Compiled, without types.
        xllamacpp: Any = importlib.import_module("xllamacpp")
    except ImportError:
        raise ModelUnavailable(
            "the local language model needs the package xllamacpp",
            remedy="pip install 'omni-agent-framework[local]'",
        ) from None
    file = _checked(path if isinstance(path, Path) else path())
    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.n_ctx = context_tokens
    params.n_parallel = _SLOTS
    params.kv_unified = True
    params.n_batch = params.n_ubatch = _BATCH
    params.n_gpu_layers = 0
    params.fit_params = False
    params.cache_ram_mib = _CACHE_MIB
    cores = threads or os.cpu_count() or 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = cores
    params.force_pure_content_parser = True
    params.verbosity = -1
    # The engine always listens on a port of this machine as well: nobody is given the key to it.
    params.api_keys = [secrets.token_urlsafe(32)]
    params.ui = params.endpoint_slots = False
    params.n_threads_http = 1
    try:
        return cast(_Engine, xllamacpp.Server(params))
    except RuntimeError:
        raise _unusable(file) from None


def _checked(path: Path) -> Path:
    """The model file at `path`, which may be the folder that it is alone in."""
    files = sorted(path.glob("*.gguf")) if path.is_dir() else [path]
    if len(files) != 1 or not files[0].is_file():
        raise ModelUnavailable(f"there is no model file at {path}", remedy="omni-agent models pull")
    with files[0].open("rb") as file:
        if file.read(4) != b"GGUF":
            raise _unusable(files[0])
    return files[0]


def _unusable(file: Path) -> ModelUnavailable:
    return ModelUnavailable(f"{file} is no model for llama.cpp", remedy="omni-agent models verify")


def _outcome(future: Future[None], stopped: bool) -> Exception | None:
    """What the listener is told when a generation has ended."""
    if future.cancelled() or stopped:
        return ModelError("the model was closed while it answered", code="model_closed")
    error = future.exception()
    if error is None or isinstance(error, OmniError):
        return error
    return ModelError(f"the language model failed: {error}")


def _body(request: Request) -> Chunk:
    """The request in the engine's terms: those of llama.cpp's chat completions."""
    body: Chunk = {
        "messages": render(request),
        "stream": True,
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "seed": request.seed,
        "cache_prompt": True,
        "return_progress": True,
    }
    if marked(request):
        body["grammar"] = grammar_of(request)
    return body


def _exceeded(context_tokens: int) -> ModelError:
    return ModelError(
        f"the last message is longer than the model's context of {context_tokens} tokens",
        code="context_exceeded",
        remedy="say it in smaller parts, or give the model a larger context_tokens",
    )


def _smaller_budget(sent: Request, refusal: Chunk) -> int:
    """A budget for `fit` with which the prompt will be short enough.

    Raises:
        ModelError: The engine refused for another reason than the length.
    """
    if refusal.get("type") != "exceed_context_size_error":
        raise ModelError(f"the language model refused: {refusal.get('message', 'no reason given')}")
    estimated = sum(estimated_tokens(message["content"]) for message in render(sent))
    return int(estimated * 0.9 * refusal["n_ctx"] / max(refusal["n_prompt_tokens"], 1))


def _read(chunk: Chunk) -> tuple[str, str]:
    """The words of a chunk and, in the last one, why the engine ended."""
    choice: Chunk = next(iter(chunk.get("choices", ())), {})
    return choice.get("delta", {}).get("content") or "", choice.get("finish_reason") or ""


def _usage(chunk: Chunk) -> Usage | None:
    timings = chunk.get("timings")
    if timings is None:
        return None
    cached = timings["cache_n"]
    return Usage(cached + timings["prompt_n"], cached, timings["predicted_n"])
