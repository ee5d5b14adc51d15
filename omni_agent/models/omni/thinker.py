"""The thinker: reads a prompt, and writes tokens one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .encoding import Placed, Prompt
from .inputs import tensors, times
from .libraries import cache_name, library
from .prefixes import Prefix, Prefixes

if TYPE_CHECKING:
    from .forms import Form
    from .loading import Loaded

_CHUNK = 1024
"""Tokens read between two looks whether anybody still listens."""


class Stopped(Exception):
    """Nobody listens any more."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the words are chosen.

    Attributes:
        max_tokens: Most of them; transformers' own 1024 would cut an answer off silently.
        temperature: 0 for the most likely.
        seed: For what is random.
        speech: The talker will read what was computed.
        form: What the answer must be; None for any words.
    """

    max_tokens: int
    temperature: float = 0.0
    seed: int = 0
    speech: bool = False
    form: Form | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What was written.

    Attributes:
        ids: Tokens, the one that ended it included.
        ended: It came to its end, and was neither cut off nor stopped.
        cached: Tokens of the prompt that were known already.
        layers: Embeddings and hidden layer of the prompt and of all tokens but the last, each
            (1, tokens, width), for the talker; None where no speech was wanted.
    """

    ids: list[int]
    ended: bool
    cached: int
    layers: tuple[Any, Any] | None = None


class Thinker:
    """Writes, keeping what it read for the next turn.

    Args:
        loaded: The model.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._torch = library("torch")
        self._prefixes = Prefixes()
        self._layer = talker_layer(loaded)

    def read(self, prompt: Prompt, *, speech: bool, stopped: Callable[[], bool]) -> None:
        """Compute a prompt ahead.

        Raises:
            Stopped: `stopped` became true.
        """
        if not prompt.ids:
            return
        with self._torch.no_grad():
            self._prefixes.keep(self._prefilled(prompt, speech=speech, stopped=stopped)[0])

    def write(
        self, prompt: Prompt, how: Sampling, take: Callable[[int], None], stopped: Callable[[], bool]
    ) -> Answer:
        """Answer a prompt.

        Args:
            prompt: What is read.
            how: How words are chosen.
            take: Is given each token as it is chosen, but none that ends an answer.
            stopped: Looked at before each token; true ends the answer.

        Raises:
            Stopped: `stopped` became true before the first token.
            ModelError: The answer cannot be held to its form (`format_failed`).
        """
        torch, device = self._torch, self._loaded.device
        with torch.no_grad(), seeded(how.seed, device):
            prefix, cached = self._prefilled(prompt, speech=how.speech, stopped=stopped)
            streamer = _Streamer(take, self._loaded.ends)
            made = self._loaded.thinker.generate(
                input_ids=torch.tensor([prompt.ids], device=device),
                attention_mask=torch.ones(1, len(prompt.ids), dtype=torch.long, device=device),
                streamer=streamer,
                logits_processor=[how.form] if how.form else [],
                stopping_criteria=[_until(stopped, torch)],
                max_new_tokens=how.max_tokens,
                eos_token_id=list(self._loaded.ends),
                pad_token_id=self._loaded.ends[0],
                output_hidden_states=how.speech,
                return_dict_in_generate=True,
                **{cache_name(self._loaded.thinker): prefix.cache},
                **({"do_sample": True, "temperature": how.temperature} if how.temperature else _GREEDY),
            )
        ids = made.sequences[0, len(prompt.ids) :].tolist()
        if how.speech:
            prefix.layers = self._joined([prefix.layers, *map(self._picked, made.hidden_states)])
        prefix.ids = [*prompt.ids, *ids][: prefix.cache.get_seq_length()]
        self._prefixes.keep(prefix)
        ended = bool(ids) and ids[-1] in self._loaded.ends
        return Answer(ids, ended, cached, prefix.layers)

    def forget(self) -> None:
        """Free what was kept."""
        self._prefixes.clear()

    def _prefilled(self, prompt: Prompt, *, speech: bool, stopped: Callable[[], bool]) -> tuple[Prefix, int]:
        """The prompt but for its last token, read; and how much of it was known."""
        prefix = self._prefixes.take(prompt, speech=speech)
        cached = len(prefix.ids) if prefix else 0
        if prefix is None:
            prefix = Prefix(library("transformers").DynamicCache(), [], ())
        positions = self._positions(prompt)
        for start, end in _chunks(cached, len(prompt.ids) - 1, prompt.placed):
            if stopped():
                if prefix.ids:
                    self._prefixes.keep(prefix)
                raise Stopped
            layers = self._forward(prompt, start, end, positions[..., start:end], prefix.cache, speech)
            if speech:
                prefix.layers = self._joined([prefix.layers, layers])
            prefix.ids = prompt.ids[:end]
            prefix.placed = tuple(item for item in prompt.placed if item.end <= end)
        return prefix, cached

    def _positions(self, prompt: Prompt) -> Any:
        """Positions in time, height and width, (3, 1, tokens); the offset after them is set in the model."""
        torch, thinker, device = self._torch, self._loaded.thinker, self._loaded.device
        shown = tensors(prompt.placed, device, torch.float32)
        mask, films = shown.get("feature_attention_mask"), times(prompt.placed, device)
        positions, after = thinker.get_rope_index(
            torch.tensor([prompt.ids], device=device),
            image_grid_thw=shown.get("image_grid_thw"),
            video_grid_thw=shown.get("video_grid_thw"),
            attention_mask=torch.ones(1, len(prompt.ids), dtype=torch.long, device=device),
            use_audio_in_video=films.get("use_audio_in_video", False),
            audio_seqlens=mask.sum(-1) if mask is not None else None,
            second_per_grids=films.get("video_second_per_grid"),
        )
        # transformers 5 keeps the offset in the inner model, 4.57 in the thinker itself.
        (thinker.model if _inner(thinker) else thinker).rope_deltas = after
        return positions

    def _forward(
        self, prompt: Prompt, start: int, end: int, positions: Any, cache: Any, speech: bool
    ) -> tuple[Any, Any] | None:
        torch, thinker, device = self._torch, self._loaded.thinker, self._loaded.device
        here = [item for item in prompt.placed if start <= item.start < end]
        # The inner model has no head, which would score 150 000 words for each token of the prompt.
        module = thinker.model if _inner(thinker) else thinker
        made = module(
            input_ids=torch.tensor([prompt.ids[start:end]], device=device),
            attention_mask=torch.ones(1, end, dtype=torch.long, device=device),
            position_ids=positions,
            use_cache=True,
            output_hidden_states=speech,
            **{cache_name(module): cache},
            **tensors(here, device, thinker.dtype),
        )
        return self._picked(made.hidden_states) if speech else None

    def _picked(self, layers: Any) -> tuple[Any, Any]:
        return layers[0], layers[self._layer]

    def _joined(self, parts: list[tuple[Any, Any] | None]) -> tuple[Any, Any] | None:
        whole = [part for part in parts if part is not None]
        if len(whole) < 2:
            return whole[0] if whole else None
        first = self._torch.cat([part[0] for part in whole], dim=1)
        return first, self._torch.cat([part[1] for part in whole], dim=1)


_GREEDY: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}


def talker_layer(loaded: Loaded) -> int:
    """Which of the thinker's layers the talker reads: Qwen3-Omni's configuration says, else the last."""
    if loaded.checkpoint.talks and loaded.checkpoint.family == "qwen3":
        return int(loaded.whole.config.talker_config.accept_hidden_layer)
    return -1


@contextmanager
def seeded(seed: int, device: Any) -> Iterator[None]:
    """Random numbers that the seed decides; the program's own go on after it as if nothing had been."""
    torch = library("torch")
    cards = list(range(torch.cuda.device_count())) if device.type == "cuda" else []
    with torch.random.fork_rng(devices=cards):
        torch.manual_seed(seed)
        yield


def _inner(thinker: Any) -> bool:
    """Whether the model within the thinker takes in sounds and pictures by itself, as in transformers 5."""
    return hasattr(thinker.model, "get_audio_features")


def _chunks(start: int, end: int, placed: tuple[Placed, ...]) -> Iterator[tuple[int, int]]:
    """Spans of about `_CHUNK` tokens that cut no sound or picture in two."""
    while start < end:
        stop = min(start + _CHUNK, end)
        cut = next((item for item in placed if item.start < stop < item.end), None)
        if cut:
            stop = cut.start if cut.start > start else cut.end
        yield start, stop
        start = stop


def _until(stopped: Callable[[], bool], torch: Any) -> Callable[..., Any]:
    def criterion(ids: Any, scores: Any, **more: Any) -> Any:
        return torch.full((ids.shape[0],), stopped(), dtype=torch.bool, device=ids.device)

    return criterion


class _Streamer:
    """What `generate` hands tokens to. The first it gives is the prompt."""

    def __init__(self, take: Callable[[int], None], ends: tuple[int, ...]) -> None:
        self._take = take
        self._ends = ends
        self._prompt = True

    def put(self, value: Any) -> None:
        """Take the prompt, or one token."""
        if self._prompt:
            self._prompt = False
            return
        for token in value.flatten().tolist():
            if token not in self._ends:
                self._take(token)

    def end(self) -> None:
        """Nothing: what is left is known when `generate` returns."""
