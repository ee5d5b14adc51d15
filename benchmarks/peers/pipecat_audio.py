# pyright: reportMissingImports=false
"""Run by Pipecat's own Python: CPU milliseconds that its audio path takes for a frame of 20 ms.

    python pipecat_audio.py SOUND.pcm

The sound is 48,000 samples a second, signed 16 bits. Prints one JSON object. What the
waiting for frames costs by itself is taken off.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from loguru import logger
from pipecat.audio.utils import create_stream_resampler
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import EndFrame, InputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.workers.runner import WorkerRunner

RATE, FRAME_BYTES, BATCH = 48_000, 1_920, 25
Feed = Callable[[bytes], Awaitable[None]]


async def cost(feed: Feed, sound: bytes) -> float:
    """The median over batches of frames, fed as they would come from a device: one every 20 ms."""
    frames = [sound[start : start + FRAME_BYTES] for start in range(0, len(sound), FRAME_BYTES)]
    spent, began = [], time.monotonic()
    before = time.process_time()
    for number, frame in enumerate(frames, 1):
        await asyncio.sleep(max(0.0, began + number * 0.02 - time.monotonic()))
        await feed(frame)
        if number % BATCH == 0:
            now = time.process_time()
            spent.append((now - before) * 1000 / BATCH)
            before = now
    return statistics.median(spent[1:])


async def nothing(frame: bytes) -> None:
    """Let the frame pass: what then remains is the cost of waiting for it."""


async def analysed(sound: bytes) -> float:
    """Its resampler for transports and its Silero analyser, without a pipeline."""
    resampler, analyser = create_stream_resampler(), SileroVADAnalyzer()
    analyser.set_sample_rate(16_000)

    async def feed(frame: bytes) -> None:
        if audio := await resampler.resample(frame, RATE, 16_000):
            await analyser.analyze_audio(audio)

    spent = await cost(feed, sound)
    await analyser.cleanup()
    return spent


class Line(BaseInputTransport):
    """A transport whose sound comes from this program."""

    async def start(self, frame: Any) -> None:
        """Take frames from now on."""
        await super().start(frame)
        await self.set_transport_ready(frame)
        self.ready.set()

    def __init__(self) -> None:
        super().__init__(TransportParams(audio_in_enabled=True, audio_in_sample_rate=16_000))
        self.ready = asyncio.Event()


async def piped(sound: bytes) -> float:
    """The smallest pipeline that hears: transport and VAD processor; no tracking of turns, no RTVI."""
    line, resampler = Line(), create_stream_resampler()
    worker = PipelineWorker(
        Pipeline([line, VADProcessor(vad_analyzer=SileroVADAnalyzer())]),
        params=PipelineParams(audio_in_sample_rate=16_000),
        enable_turn_tracking=False,
        enable_rtvi=False,
        idle_timeout_secs=None,
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    await line.ready.wait()

    async def feed(frame: bytes) -> None:
        if audio := await resampler.resample(frame, RATE, 16_000):
            await line.push_audio_frame(InputAudioRawFrame(audio=audio, sample_rate=16_000, num_channels=1))

    spent = await cost(feed, sound)
    await worker.queue_frame(EndFrame())
    await running
    return spent


async def main() -> None:
    logger.remove()
    sound = await asyncio.to_thread(Path(sys.argv[1]).read_bytes)
    waiting = await cost(nothing, sound)
    vad, pipeline = await analysed(sound) - waiting, await piped(sound) - waiting
    figures = {"vad_ms": round(vad, 3), "pipeline_ms": round(pipeline, 3), "waiting_ms": round(waiting, 3)}
    print(json.dumps({**figures, "version": version("pipecat-ai")}))


if __name__ == "__main__":
    asyncio.run(main())
