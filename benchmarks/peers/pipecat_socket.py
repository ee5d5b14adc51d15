# pyright: reportMissingImports=false
"""Pipecat's WebSocket server with a voice that takes no time; runs in Pipecat's own Python.

A pipeline a connection, as its documentation has it: transport, voice activity, what answers, transport.
Voice is told by loudness, and the answer is two seconds of a tone in place of model and voice. It prints its
address, then a frame of noise and one of silence as its clients send them, and speaks the protocol of
`server_load_server`. Written against pipecat-ai 1.14.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import resource
import socket
import sys
from typing import Any

import numpy as np
import uvicorn
from loguru import logger
from pipecat.audio.vad.vad_analyzer import VADAnalyzer, VADParams
from pipecat.frames.frames import (
    Frame,
    OutputAudioRawFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.serializers.protobuf import ProtobufFrameSerializer
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

RATE = 24_000
FRAME = RATE // 50
SILENCE_S = 0.2
_TONE = (0.3 * 32767 * np.sin(2 * np.pi * 220 * np.arange(2 * RATE) / RATE)).astype("<i2").tobytes()


class Loudness(VADAnalyzer):
    """Takes all for voice that is loud."""

    def num_frames_required(self) -> int:
        return int(self.sample_rate * 0.032)

    def voice_confidence(self, buffer: bytes) -> float:
        samples = np.frombuffer(buffer, "<i2").astype(np.float32) / 32768
        return float(np.sqrt(np.mean(np.square(samples))) > 0.01)


class Answer(FrameProcessor):
    """Says two seconds of a tone when the user has done."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)
        if isinstance(frame, VADUserStoppedSpeakingFrame) and direction is FrameDirection.DOWNSTREAM:
            await self.push_frame(TTSStartedFrame())
            await self.push_frame(TTSAudioRawFrame(_TONE, RATE, 1))
            await self.push_frame(TTSStoppedFrame())


async def talk(websocket: WebSocket) -> None:
    """One connection."""
    await websocket.accept()
    transport = FastAPIWebsocketTransport(
        websocket=websocket,
        params=FastAPIWebsocketParams(
            audio_in_enabled=True, audio_out_enabled=True, serializer=ProtobufFrameSerializer()
        ),
    )
    hears = VADProcessor(
        vad_analyzer=Loudness(
            params=VADParams(confidence=0.5, start_secs=0.1, stop_secs=SILENCE_S, min_volume=0.0)
        )
    )
    worker = PipelineWorker(
        Pipeline([transport.input(), hears, Answer(), transport.output()]),
        enable_rtvi=False,
        idle_timeout_secs=None,
        params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE),
    )

    @transport.event_handler("on_client_disconnected")
    async def gone(*_: object) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


async def serve() -> None:
    app = Starlette(routes=[WebSocketRoute("/ws", talk)])
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="websockets-sansio"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    print(json.dumps([base64.b64encode(await wired(sound)).decode() for sound in frames()]), flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps({"cpu_s": used.ru_utime + used.ru_stime}), flush=True)
    server.force_exit = server.should_exit = True
    await serving


def frames() -> list[bytes]:
    """Noise, and silence."""
    noise = random.Random(1)
    loud = b"".join(noise.randint(-9000, 9000).to_bytes(2, "little", signed=True) for _ in range(FRAME))
    return [loud, bytes(2 * FRAME)]


async def wired(sound: bytes) -> bytes:
    """A frame of sound as a client sends it."""
    # Its serializer knows the frame by the exact type; what is sent is read as sound that comes in.
    data: Any = await ProtobufFrameSerializer().serialize(OutputAudioRawFrame(sound, RATE, 1))
    assert isinstance(data, bytes)
    return data


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="ERROR")
    asyncio.run(serve())
