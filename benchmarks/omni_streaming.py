"""What streaming costs in process: a Qwen3-Omni's answer as it comes, against transformers' plain `generate`.

Both write and speak the same: the same prompt, tokens, seed and codec frames, and nothing read before. Plain
`generate` gives all at its end (`plain_s`); ours gives words and windows of sound as events (`streamed_s`,
`first_text_s`, `first_speech_s`). `overhead` is the median over rounds of ours to plain, less one; the two
take turns within a round, so that what else the machine does meets both. `first_frames` is how many codec
frames were made when the first sound was there, `worst_sample` how far the sounds differ. The model is a tiny
one with random weights, unless `--model` names a folder. Limits: 15 %, 8 frames, 1e-4.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from omni_agent.messages import Message, Text
from omni_agent.models.base import Request, SpeechDelta, TextDelta
from omni_agent.models.omni import Options, TransformersOmni
from omni_agent.models.omni.libraries import library
from omni_agent.models.omni.loading import Loaded
from omni_agent.models.omni.talker import waveform
from omni_agent.models.omni.thinker import seeded
from omni_agent.models.omni.waveform import FIRST

from .report import arguments, median, publish

LIMIT, LIMIT_FRAMES, LIMIT_SAMPLE = 0.15, 8, 1e-4
ROUNDS, TOKENS, SECONDS = 15, 16, 5
REQUEST = Request(
    "You are Ada.", (Message("user", (Text("Tell me of the sea."),)),), max_tokens=TOKENS, speech=True
)


@dataclass(frozen=True, slots=True)
class Run:
    """One answer: seconds to its first words, its first sound and its end, and the sound."""

    first_text: float
    first_speech: float
    whole: float
    sound: Any


def plain(loaded: Loaded, ids: list[int]) -> Run:
    """transformers' own way: think, talk and decode, all at once."""
    torch = library("torch")
    began = time.perf_counter()
    with torch.no_grad(), seeded(REQUEST.seed, loaded.device):
        made = loaded.whole.generate(
            input_ids=torch.tensor([ids], device=loaded.device),
            attention_mask=torch.ones(1, len(ids), dtype=torch.long, device=loaded.device),
            speaker=loaded.checkpoint.voices[0],
            thinker_max_new_tokens=TOKENS,
            thinker_eos_token_id=list(loaded.ends),
            thinker_do_sample=False,
            talker_max_new_tokens=int(SECONDS * 12.5),
        )
        sound = waveform(made).numpy()
    took = time.perf_counter() - began
    return Run(took, took, took, sound)


async def streamed(model: TransformersOmni) -> Run:
    """Ours, event by event."""
    began = time.perf_counter()
    first: dict[type, float] = {}
    pieces: list[bytes] = []
    async with aclosing(model.stream(REQUEST)) as events:
        async for event in events:
            first.setdefault(type(event), time.perf_counter() - began)
            if isinstance(event, SpeechDelta):
                pieces.append(event.pcm)
    took = time.perf_counter() - began
    sound = np.frombuffer(b"".join(pieces), "<i2").astype(np.float32) / 32767
    return Run(first[TextDelta], first[SpeechDelta], took, sound)


async def main() -> None:
    """Measure and print."""

    def own(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--model", default="", help="folder of a Qwen3-Omni; a tiny one by default")

    given = arguments(__doc__ or "", Path(), ROUNDS, own=own)
    with tempfile.TemporaryDirectory() as made:
        if not given.own.model:
            from tests.models.omni.tiny import make_qwen3

            library("torch").set_num_threads(1)
            make_qwen3(Path(made))
        model = TransformersOmni(Options(given.own.model or made, seconds=SECONDS))
        await model.prewarm()
        ready = model._loaded()
        ids = ready._prompt(REQUEST, {}).ids
        await streamed(model)
        plain(ready._loaded, ids)
        rounds: list[tuple[Run, Run]] = []
        for number in range(given.limit):
            # What was read stays read; plain `generate` has no such memory.
            ready._thinker.forget()
            # Who goes first changes, so that neither always has the warmer caches.
            peer = plain(ready._loaded, ids) if number % 2 else None
            ours = await streamed(model)
            rounds.append((ours, peer or plain(ready._loaded, ids)))
            given.say(f"round {number + 1}: ours {ours.whole:.2f} s, plain {rounds[-1][1].whole:.2f} s")
        await model.close()
    publish(figures(rounds))


def figures(rounds: list[tuple[Run, Run]]) -> dict[str, object]:
    """What is printed."""
    overhead = statistics.median(ours.whole / peer.whole for ours, peer in rounds) - 1
    first = rounds[0][0].sound, rounds[0][1].sound
    same = first[0].shape == first[1].shape
    return {
        "overhead": round(overhead, 3),
        "limit": LIMIT,
        "plain_s": median([peer.whole for _, peer in rounds]),
        "streamed_s": median([ours.whole for ours, _ in rounds]),
        "first_text_s": median([ours.first_text for ours, _ in rounds]),
        "first_speech_s": median([ours.first_speech for ours, _ in rounds]),
        "first_frames": FIRST,
        "limit_frames": LIMIT_FRAMES,
        "worst_sample": float(np.abs(first[0] - first[1]).max()) if same else None,
        "limit_sample": LIMIT_SAMPLE,
        "speech_s": round(len(first[0]) / 24_000, 2),
        "n": len(rounds),
        "torch": library("torch").__version__,
        "transformers": library("transformers").__version__,
    }


if __name__ == "__main__":
    asyncio.run(main())
