# pyright: reportMissingImports=false
"""A Pipecat pipeline that is spoken to in real time from files; runs in Pipecat's own Python.

`main` reads a job (see `Job`) and prints a line of JSON for each request: the moments of its reply in seconds
from the end of speech. Sound comes in as 20 ms frames when their time has come and goes out to a loudspeaker
that plays at once. Written against pipecat-ai 1.14.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.clocks.system_clock import SystemClock
from pipecat.frames.frames import (
    EndFrame,
    InputAudioRawFrame,
    InterruptionFrame,
    LLMTextFrame,
    OutputAudioRawFrame,
    StartFrame,
    TranscriptionFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.observers.base_observer import BaseObserver, FramePushed
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.workers.runner import WorkerRunner

from benchmarks.peers.trace import AUDIBLE, PATIENCE_SECONDS, QUIET_SECONDS, Trace

RATE = 16_000
FRAME_SECONDS = 0.02
# How far ahead of what it plays a loudspeaker takes sound.
_AHEAD_SECONDS = 0.04


@dataclass(frozen=True, slots=True)
class Job:
    """What to measure.

    Attributes:
        requests: A folder of `voice_latency_requests.save`, and `room.wav`, which is heard between them.
        address: Of the llama.cpp server, without a path.
        key: To it.
        hearing: Folder of the Whisper model.
        voice: Folder of the Piper voice.
        voice_name: Its file's name without `.onnx`.
        system: The system prompt.
        max_tokens: Most tokens of a reply.
        warm_up: So many requests are asked first and not reported.
        cut: Stop each reply when its first sound was heard.
    """

    requests: str
    address: str
    key: str
    hearing: str
    voice: str
    voice_name: str
    system: str
    max_tokens: int
    warm_up: int = 2
    cut: bool = False


class Microphone(BaseInputTransport):
    """Sound in real time, as a device would give it: each frame when its last sample has been heard."""

    def __init__(self) -> None:
        super().__init__(TransportParams(audio_in_enabled=True, audio_in_sample_rate=RATE))
        self.due = 0.0
        self.ready = asyncio.Event()

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)
        self.ready.set()

    async def hear(self, samples: np.ndarray) -> None:
        """Give the samples (int16), frame by frame."""
        size = round(FRAME_SECONDS * RATE)
        for start in range(0, len(samples) - size + 1, size):
            self.due += FRAME_SECONDS
            await asyncio.sleep(max(0.0, self.due - time.monotonic()))
            sound = samples[start : start + size].tobytes()
            await self.push_audio_frame(InputAudioRawFrame(sound, RATE, 1))


class Loudspeaker(BaseOutputTransport):
    """Plays at once what it is given and notes when something can be heard."""

    def __init__(self, trace: Trace) -> None:
        super().__init__(TransportParams(audio_out_enabled=True))
        self._trace = trace
        self.until = 0.0

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        samples = np.frombuffer(frame.audio, dtype=np.int16)
        begins = max(time.monotonic(), self.until)
        audible = np.flatnonzero(np.abs(samples.astype(np.int32)) > AUDIBLE * 32768)
        if len(audible):
            self._trace.note("sound", begins + int(audible[0]) / frame.sample_rate)
        self.until = begins + len(samples) / frame.sample_rate
        await asyncio.sleep(max(0.0, self.until - _AHEAD_SECONDS - time.monotonic()))
        return True


class Watcher(BaseObserver):
    """Notes the frames that mark the stages of a reply, at the moment when they were pushed."""

    def __init__(self, trace: Trace, clock: SystemClock) -> None:
        super().__init__(observe_every_push=False)
        self._trace = trace
        self._clock = clock

    async def on_push_frame(self, data: FramePushed) -> None:
        when = time.monotonic() - (self._clock.get_time() - data.timestamp) / 1e9
        frame = data.frame
        if isinstance(frame, UserStoppedSpeakingFrame):
            self._trace.note("turn", when)
        elif isinstance(frame, TranscriptionFrame):
            self._trace.note("transcript", when)
            self._trace.heard.append(frame.text.strip())
        elif isinstance(frame, LLMTextFrame):
            self._trace.note("text", when)
            self._trace.said.append(frame.text)


class Conversation:
    """A running pipeline, asked one thing after the other.

    Args:
        job: See there.
        hearing: The pipeline's speech-to-text service.
        voice: Its text-to-speech service.
        rate: Samples a second of its output.
    """

    def __init__(self, job: Job, hearing: Any, voice: Any, rate: int) -> None:
        self._job = job
        self._trace = Trace()
        self._microphone = Microphone()
        self._loudspeaker = Loudspeaker(self._trace)
        self._room = sound_of(Path(job.requests) / "room.wav")
        self._at = 0
        language = OpenAILLMService(
            api_key=job.key,
            base_url=f"{job.address}/v1",
            settings=OpenAILLMService.Settings(
                model="local",
                system_instruction=job.system,
                temperature=0.0,
                seed=0,
                max_tokens=job.max_tokens,
            ),
        )
        voice.add_event_handler("on_tts_request", self._clause)
        hears, remembers = LLMContextAggregatorPair(
            LLMContext(), user_params=LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer())
        )
        stages = [self._microphone, hearing, hears, language, voice, self._loudspeaker, remembers]
        clock = SystemClock()
        self.worker = PipelineWorker(
            Pipeline(stages),
            clock=clock,
            enable_rtvi=False,
            idle_timeout_secs=None,
            observers=[Watcher(self._trace, clock)],
            params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=rate),
        )

    async def run(self) -> None:
        """Ask everything, and print what was measured."""
        await self._microphone.ready.wait()
        self._microphone.due = time.monotonic()
        entries = json.loads((Path(self._job.requests) / "requests.json").read_text("utf-8"))
        await self._rest(1.0)
        for entry in [*entries[: self._job.warm_up], *entries][: len(entries) + self._job.warm_up]:
            print(json.dumps(await self._ask(entry)), flush=True)
        await self.worker.queue_frame(EndFrame())

    async def _clause(self, *_: object) -> None:
        self._trace.note("clause")

    async def _ask(self, entry: dict[str, Any]) -> dict[str, Any]:
        trace, sound = self._trace, sound_of(Path(self._job.requests) / entry["file"])
        trace.clear()
        began = self._microphone.due
        end = began + (entry["last_sample"] + 1) / RATE
        await self._microphone.hear(sound)
        while not trace.first("sound", end) and time.monotonic() < end + PATIENCE_SECONDS:
            await self._rest(FRAME_SECONDS)
        measured = trace.measured(began, end)
        if self._job.cut:
            await self.worker.queue_frame(InterruptionFrame())
        while self._talking and time.monotonic() < end + 3 * PATIENCE_SECONDS:
            await self._rest(FRAME_SECONDS)
        words = {"heard": " ".join(trace.heard), "said": "".join(trace.said)}
        return {"name": entry["file"].removesuffix(".wav"), **measured, **words}

    @property
    def _talking(self) -> bool:
        return time.monotonic() < max(self._trace.latest, self._loudspeaker.until) + QUIET_SECONDS

    async def _rest(self, seconds: float) -> None:
        """Let so much of the room be heard."""
        count = round(seconds * RATE)
        await self._microphone.hear(np.take(self._room, range(self._at, self._at + count), mode="wrap"))
        self._at = (self._at + count) % len(self._room)


def sound_of(path: Path) -> np.ndarray:
    """A 16 kHz mono file's samples, int16."""
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)


def main(hearing: Callable[[Job], Any], voice: Callable[[Job], Any], rate: int) -> None:
    """Read the job named on the command line and run it with these services."""
    parser = argparse.ArgumentParser(description="A Pipecat pipeline, measured.")
    parser.add_argument("job", type=Path)
    job = Job(**json.loads(parser.parse_args().job.read_text("utf-8")))
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    asyncio.run(_run(job, hearing, voice, rate))


async def _run(job: Job, hearing: Callable[[Job], Any], voice: Callable[[Job], Any], rate: int) -> None:
    conversation = Conversation(job, hearing(job), voice(job), rate)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(conversation.worker)
    async with asyncio.TaskGroup() as group:
        group.create_task(runner.run())
        group.create_task(conversation.run())
