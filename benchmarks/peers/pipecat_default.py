# pyright: reportMissingImports=false
"""Pipecat as it comes: its services with their own settings, and our models in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipecat.services.piper.tts import PiperTTSService
from pipecat.services.whisper.stt import WhisperSTTService

from benchmarks.peers.pipecat_pipeline import Job, main


def hearing(job: Job) -> Any:
    """Whisper, which pads each utterance to 30 s and searches with five beams."""
    settings = WhisperSTTService.Settings(model=job.hearing)
    return WhisperSTTService(device="cpu", compute_type="int8", settings=settings)


def voice(job: Job) -> Any:
    """Piper, sentence by sentence."""
    settings = PiperTTSService.Settings(voice=job.voice_name)
    return PiperTTSService(download_dir=Path(job.voice), settings=settings)


if __name__ == "__main__":
    main(hearing, voice, rate=24_000)
