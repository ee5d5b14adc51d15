"""Qwen3-Omni and Qwen2.5-Omni in this process, through transformers, as an `OmniModel`.

Nothing is loaded before the first answer. One worker's thread computes; whoever stops listening stops it at
the next token or codec frame. A request that wants speech gets the words as they are written, and then the
sound: of Qwen3-Omni in windows as its talker goes on, of Qwen2.5-Omni when all of it is decoded.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ...config import Settings
from ...errors import ModelError
from ...events import Usage
from ...senses import Senses
from ...speech.pcm import Pcm
from ..base import Capabilities, Done, ModelEvent, Request, SpeechDelta
from ..injected import signature
from ..parsing import new_call_id
from ..qwen_omni import SPEECH_RATE
from .chat import render
from .checkpoint import Checkpoint, describe
from .encoding import Encoder, Prompt
from .fitting import fit
from .forms import Forms
from .loading import Loaded, films, load
from .media import Decoded, MediaReader
from .options import Options
from .relay import Relay
from .talker import speak
from .thinker import Sampling, Thinker
from .words import Words

if TYPE_CHECKING:
    from ...media import MediaStore


class TransformersOmni:
    """An omni model in this process.

    Args:
        options: Which checkpoint, and how it is loaded.
        threads: Processor cores to compute with; 0 leaves it to torch.
        store: Where the media of requests lie; the user's own by default.
        new_id: Makes the id of each call.

    Raises:
        ModelUnavailable: The folder holds no such model.
    """

    def __init__(
        self,
        options: Options,
        *,
        threads: int = 0,
        store: MediaStore | None = None,
        new_id: Callable[[], str] = new_call_id,
    ) -> None:
        self._options = options
        self._threads = threads
        self._new_id = new_id
        self._media = MediaReader(store, partial(films, options))
        self._checkpoint = describe(options)
        self._ready: _Ready | None = None
        self._workers: ThreadPoolExecutor | None = None
        self._running: set[Relay[ModelEvent]] = set()

    @property
    def checkpoint(self) -> Checkpoint:
        """Which model it is."""
        return self._checkpoint

    @property
    def capabilities(self) -> Capabilities:
        """What the checkpoint can do, the talker left out where it is not loaded."""
        return self._checkpoint.capabilities

    @property
    def senses(self) -> Senses:
        """None: it hears, sees and, with its talker, speaks by itself."""
        return Senses()

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        """Answer, event by event, ending with `Usage` and `Done`.

        Raises:
            ModelUnavailable: A library or file is missing, or there is not enough memory.
            MediaError: What a message shows cannot be decoded.
            ModelError: The last message is longer than the context (`context_exceeded`), the format is one
                that no grammar can express (`format_unsupported`), or it failed.
        """
        request = request if request.talk else replace(request, tools=(), tool_choice="")
        decoded = await self._media.read(request.messages)
        relay: Relay[ModelEvent] = Relay()
        self._running.add(relay)
        try:
            async with aclosing(relay.listen(self._pool(), self._work(request, decoded, relay))) as events:
                async for event in events:
                    yield event
        finally:
            self._running.discard(relay)

    async def prewarm(self, request: Request | None = None) -> None:
        """Load, and read ahead the system prompt, tools and conversation of `request`.

        Raises:
            ModelUnavailable: As for `stream`.
        """
        decoded = await self._media.read(request.messages) if request else {}
        relay: Relay[None] = Relay()

        def work() -> None:
            ready = self._loaded()
            if request is not None:
                ready.read_ahead(request, decoded, relay.closed)

        async with aclosing(relay.listen(self._pool(), work)) as nothing:
            async for _ in nothing:
                pass

    async def close(self) -> None:
        """Stop what runs and free the model; its next use loads it again."""
        for relay in list(self._running):
            relay.close()
        workers, self._workers = self._workers, None
        if workers is not None:
            await asyncio.to_thread(workers.shutdown, wait=True, cancel_futures=True)
        # Freeing gigabytes takes a moment, so the last reference goes in a thread.
        last, self._ready = [self._ready], None
        await asyncio.to_thread(last.clear)

    def _work(
        self, request: Request, decoded: Mapping[str, Decoded], relay: Relay[ModelEvent]
    ) -> Callable[[], None]:
        def work() -> None:
            if not relay.closed():
                self._loaded().answer(request, decoded, relay)

        return work

    def _pool(self) -> ThreadPoolExecutor:
        if self._workers is None:
            self._workers = ThreadPoolExecutor(1, thread_name_prefix="omni")
        return self._workers

    def _loaded(self) -> _Ready:
        """The model, loaded at the first use; only ever called by the one worker."""
        if self._ready is None:
            if self._threads:
                from .libraries import library

                library("torch").set_num_threads(self._threads)
            self._ready = _Ready(load(self._options), self._new_id, self._options.seconds)
        return self._ready


class _Ready:
    """A loaded model and what it keeps from answer to answer; lives in the worker's thread."""

    def __init__(self, loaded: Loaded, new_id: Callable[[], str], seconds: float) -> None:
        self._loaded = loaded
        self._seconds = seconds
        self._new_id = new_id
        self._encoder = Encoder(loaded)
        self._thinker = Thinker(loaded)
        self._forms = Forms(loaded)

    def answer(self, request: Request, decoded: Mapping[str, Decoded], relay: Relay[ModelEvent]) -> None:
        """Write, and then speak, putting events into the relay."""
        speech = request.speech and self._loaded.checkpoint.talks and request.format is None
        prompt = self._prompt(request, decoded)
        words = Words(self._loaded.tokenizer, request, thinking=prompt.thinking, new_id=self._new_id)

        def take(token: int) -> None:
            for event in words.feed(token):
                relay.put(event)

        room, form = self._room(request, prompt), self._forms.of(request)
        how = Sampling(room, request.temperature, request.seed, speech, form)
        written = self._thinker.write(prompt, how, take, relay.closed)
        for event in words.finish():
            relay.put(event)
        if speech:
            speak(
                self._loaded,
                prompt,
                written,
                count=len(written.ids) if words.complete else words.spoken,
                voice=self._loaded.checkpoint.voice(request.voice),
                seed=request.seed,
                play=lambda samples: relay.put(_sound(samples)),
                stopped=relay.closed,
                seconds=self._seconds,
            )
        relay.put(Usage(len(prompt.ids), written.cached, len(written.ids)))
        relay.put(Done("tool_calls" if words.called else "stop" if written.ended else "length"))

    def read_ahead(
        self, request: Request, decoded: Mapping[str, Decoded], stopped: Callable[[], bool]
    ) -> None:
        """Compute the prefix of a request: what any next message of this conversation comes after."""
        # What was recalled, and for whom the last word is, is not known before there is a message.
        bare = replace(request, context="", language="", tool_choice="")
        prompt = self._prompt(bare, decoded, answer=False)
        # Whether the answer will be spoken may not be known yet, and a prefix for the talker serves both.
        self._thinker.read(prompt, speech=self._loaded.checkpoint.talks, stopped=stopped)

    def _prompt(self, request: Request, decoded: Mapping[str, Decoded], *, answer: bool = True) -> Prompt:
        """As much of the request as fits into the context.

        Raises:
            ModelError: The last message alone is too long (`context_exceeded`).
        """
        checkpoint = self._loaded.checkpoint
        tools = [signature(spec) for spec in request.tools] if checkpoint.family == "qwen3" else []
        room = checkpoint.context_tokens - min(request.max_tokens, checkpoint.context_tokens // 4)
        sent, left = request, room
        while True:
            chat = render(sent, checkpoint, decoded)
            # What is held to a form from its first word on has no room for a thought.
            thinks = request.format is None and not request.tool_choice
            prompt = self._encoder.encode(chat, tools, answer=answer, thinks=thinks)
            if len(prompt.ids) <= room:
                return prompt
            left = int(left * 0.7)
            shorter = fit(request, left)
            if left < 1 or (shorter.messages == sent.messages and len(_users(sent)) < 2):
                raise _exceeded(checkpoint.context_tokens)
            sent = shorter

    def _room(self, request: Request, prompt: Prompt) -> int:
        return max(1, min(request.max_tokens, self._loaded.checkpoint.context_tokens - len(prompt.ids)))


def in_process(settings: Settings, address: str = "") -> TransformersOmni:
    """The model behind `transformers:PATH_OR_REPO`, not loaded yet.

    Raises:
        ConfigError: Nothing, or an unknown option, stands behind the colon.
        ModelUnavailable: The folder holds no Qwen-Omni model.
    """
    return TransformersOmni(Options.parse(address), threads=settings.threads)


def _users(request: Request) -> list[Any]:
    return [message for message in request.messages if message.role == "user"]


def _sound(samples: Any) -> SpeechDelta:
    return SpeechDelta(Pcm(samples.numpy(), SPEECH_RATE).to_int16(), SPEECH_RATE)


def _exceeded(tokens: int) -> ModelError:
    return ModelError(
        f"the last message is longer than the model's context of {tokens} tokens",
        code="context_exceeded",
        remedy="send less at once: fewer pictures, or a shorter recording",
    )
