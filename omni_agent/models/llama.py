"""The embedded language model: llama.cpp in this process, through `xllamacpp`.

The engine is loaded once, in a thread, at the first use. A generation runs in a thread of its own and hands
its tokens to the event loop; whoever stops listening stops it at the next token. Two requests run side by
side, each with its cache, so that a job in the background does not cost the conversation its prefix; more
wait. This file knows nothing of prompts, grammars or the form of calls.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from ..errors import ModelError
from ..events import Usage
from ..media import MediaStore
from ..messages import ToolCall
from ..senses import Senses
from ..tokens import estimated_tokens
from .base import Capabilities, Done, Modality, ModelEvent, Request
from .calls import CallParser
from .engine import SLOTS, Chunk, Engine, load
from .grammar import grammar, value_grammar
from .inbox import Inbox
from .parsing import new_call_id
from .prefix import PREFIX_SLOT, prefix_name
from .prompt import fit, marked, render
from .stand_ins import Shown, shown

T = TypeVar("T")


class LlamaLanguage:
    """A GGUF model as an `OmniModel` that reads and writes text and calls tools.

    Args:
        path: The file, or a folder with one `.gguf` in it, or what gives it when it is first needed.
        threads: Processor cores to use; 0 for all.
        context_tokens: Most tokens of prompt and answer together.
        prefixes: Folder that keeps computed system prompts from one start to the next; None keeps none.
        projector: File that encodes sounds and pictures for the model; None where it has none.
        senses: What the projector takes in.
        media: Where references lead; the user's own store by default.
        new_id: Makes the id of each call.
    """

    def __init__(
        self,
        path: Callable[[], Path] | Path,
        *,
        threads: int = 0,
        context_tokens: int = 8192,
        prefixes: Path | None = None,
        projector: Path | None = None,
        senses: frozenset[Modality] = frozenset(),
        media: MediaStore | None = None,
        new_id: Callable[[], str] = new_call_id,
    ) -> None:
        self._path = path
        self._threads = threads
        self._context_tokens = context_tokens
        self._prefixes = prefixes
        self._projector = projector
        self._takes = senses if projector else frozenset[Modality]()
        self._media = media
        self._new_id = new_id
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._workers: ThreadPoolExecutor | None = None
        self._running: set[Inbox] = set()
        self._held: set[str] = set()

    @property
    def capabilities(self) -> Capabilities:
        """Text in, and what the projector takes in; text and calls out."""
        inputs = self._takes | frozenset[Modality]({"text"})
        return Capabilities(inputs=inputs, context_tokens=self._context_tokens, invents=True)

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
        if self._prefixes and request.tools:
            await self._hold_prefix(request)
        async with aclosing(self._chunks(request)) as chunks:
            async for chunk in chunks:
                piece, ended, counted = _read(chunk)
                usage, reason = counted or usage, ended or reason
                for event in parser.feed(piece):
                    called = called or isinstance(event, ToolCall)
                    yield event
        for event in parser.finish():
            yield event
        yield usage
        yield Done("tool_calls" if called else "length" if reason == "length" else "stop")

    async def prewarm(self, request: Request | None = None) -> None:
        """Load, and compute the prefix of `request`: persona, rules and tools, and the conversation so far.

        Raises:
            ModelUnavailable: `xllamacpp` is missing, or the file is no model.
        """
        await self._in_worker(self._loaded)
        if request is None:
            return
        await self._hold_prefix(request)
        if request.messages:
            # Not through `_chunks`: what does not fit is cut off here already, and nothing is said.
            request, seen = await self._seen(request)
            sent = fit(replace(request, max_tokens=0), self._context_tokens * 3 // 4)
            await self._computed(_body(sent, seen))

    async def _computed(self, body: Chunk) -> None:
        async with aclosing(self._generated(body)) as chunks:
            async for _ in chunks:
                pass

    async def _hold_prefix(self, request: Request) -> None:
        """Have the engine hold the prefix of `request`: from disk, or computed now and kept for next time."""
        bare = replace(request, messages=(), background="", context="", language="", max_tokens=0)
        name = prefix_name(render(bare))
        if name in self._held:
            return
        prefixes = (await self._in_worker(self._loaded)).prefixes
        restored = await self._in_worker(lambda: prefixes.restore(name)) if prefixes else False
        if not restored:
            await self._computed(_body(bare, await self._looked(bare)) | {"id_slot": PREFIX_SLOT})
            if prefixes:
                await self._in_worker(lambda: prefixes.save(name))
        # Only now: a cancelled or failed attempt must be made again by the next turn.
        self._held.add(name)

    async def _in_worker(self, work: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._pool().submit(work))

    async def close(self) -> None:
        """Stop what runs and free the model; its next use loads it again."""
        for inbox in list(self._running):
            inbox.close()
        workers, self._workers = self._workers, None
        if workers is not None:
            await asyncio.to_thread(workers.shutdown, wait=True, cancel_futures=True)
        # Freeing a gigabyte takes a moment, so the last reference goes in a thread.
        last, self._engine = [self._engine], None
        self._held.clear()
        await asyncio.to_thread(last.clear)

    async def _chunks(self, request: Request) -> AsyncGenerator[Chunk, None]:
        """The engine's answer to as much of the request as fits into its context."""
        request, seen = await self._seen(request)
        budget = self._context_tokens - min(request.max_tokens, self._context_tokens // 4)
        sent = fit(request, budget)
        while True:
            refusal: Chunk | None = None
            async with aclosing(self._generated(_body(sent, seen))) as chunks:
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

    async def _seen(self, request: Request) -> tuple[Request, Shown | None]:
        """The request in words, and the sounds and pictures for which some of them stand."""
        seen = await self._looked(request)
        return (seen.request, seen) if seen else (request, None)

    async def _looked(self, request: Request) -> Shown | None:
        if not self._takes:
            return None
        # Made only now, because the home may be set after the model was named.
        self._media = self._media or MediaStore()
        return await shown(request, self._takes, self._media)

    async def _generated(self, body: Chunk) -> AsyncGenerator[Chunk, None]:
        """What the engine says, chunk by chunk; it stops at the next one when nobody listens any more."""
        inbox = Inbox()

        def work() -> None:
            if not inbox.closed.is_set():
                self._loaded().server.handle_chat_completions(body, inbox.take)

        self._running.add(inbox)
        future = self._pool().submit(work)
        future.add_done_callback(inbox.settle)
        try:
            while (item := await inbox.items.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
                inbox.room.release()
        finally:
            inbox.close()
            future.cancel()
            self._running.discard(inbox)

    def _pool(self) -> ThreadPoolExecutor:
        if self._workers is None:
            self._workers = ThreadPoolExecutor(SLOTS, thread_name_prefix="llama")
        return self._workers

    def _loaded(self) -> Engine:
        """The engine, loaded at the first use; runs in a worker's thread."""
        with self._lock:
            if self._engine is None:
                self._engine = load(
                    self._path, self._threads, self._context_tokens, self._prefixes, self._projector
                )
            return self._engine


def _body(request: Request, seen: Shown | None = None) -> Chunk:
    """The request in the engine's terms: those of llama.cpp's chat completions."""
    body: Chunk = {
        "messages": seen.filled(render(request, sighted=seen.sighted)) if seen else render(request),
        "stream": True,
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "seed": request.seed,
        "cache_prompt": True,
        "return_progress": True,
    }
    if request.format is not None:
        body["grammar"] = value_grammar(request.format)
    elif marked(request):
        callable_now = tuple(spec for spec in request.tools if spec.name not in request.withheld)
        body["grammar"] = grammar(callable_now, request.tool_choice)
    return body


def _exceeded(tokens: int) -> ModelError:
    remedy = "send less at once, or set a larger context_tokens"
    message = f"the last message is longer than the model's context of {tokens} tokens"
    return ModelError(message, code="context_exceeded", remedy=remedy)


def _smaller_budget(sent: Request, refusal: Chunk) -> int:
    """A budget for `fit` with which the prompt will be short enough.

    Raises:
        ModelError: The engine refused for another reason than the length.
    """
    if refusal.get("type") != "exceed_context_size_error":
        raise ModelError(f"the language model refused: {refusal.get('message', 'no reason given')}")
    estimated = sum(estimated_tokens(message["content"]) for message in render(sent))
    return int(estimated * 0.9 * refusal["n_ctx"] / max(refusal["n_prompt_tokens"], 1))


def _read(chunk: Chunk) -> tuple[str, str, Usage | None]:
    """The words of a chunk and, in the last one, why the engine ended and what it counted."""
    choice: Chunk = next(iter(chunk.get("choices", ())), {})
    counted, usage = chunk.get("timings"), None
    if counted is not None:
        prompt = counted["cache_n"] + counted["prompt_n"]
        usage = Usage(prompt, counted["cache_n"], counted["predicted_n"])
    return choice.get("delta", {}).get("content") or "", choice.get("finish_reason") or "", usage
