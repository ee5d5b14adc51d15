"""What hearing costs before any model hears: CPU milliseconds for a frame of 20 ms, ours and Pipecat's.

A frame is 48,000 samples a second of 16 bits, and comes every 20 ms, as from a device. `silence_ms` and
`speech_ms` are ours: resampling, voice activity, onsets. `fan_ms` is for loud but steady noise.
`peer_silence_ms` is Pipecat's resampler and Silero analyser on the same silence, `peer_pipeline_ms` its
smallest pipeline that hears, without tracking of turns. The CPU time of all threads counts; each figure is
the median over batches of 25 frames, less what the waiting for frames costs by itself (`waiting_ms` here,
measured likewise there). Limit: 0.4 ms for silence.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from omni_agent.models.store import ModelStore
from omni_agent.speech.hearing.activity import VoiceActivity
from omni_agent.speech.hearing.onset import Onsets
from omni_agent.speech.hearing.resampling import StreamResampler
from omni_agent.speech.pcm import Pcm
from omni_agent.speech.voices.tts_piper import PiperVoice

from .peers.environment import pipecat_python
from .report import DATA, Arguments, arguments, publish

LIMIT_MS = 0.4
RATE, FRAME_BYTES, BATCH = 48_000, 1_920, 25
SENTENCE = "I would like to know what the weather is going to be like at the seaside on Saturday."


def noise(level: float, frames: int) -> bytes:
    """Steady noise of that many dBFS, low sounds louder than high ones, as a room or a fan makes it."""
    size = frames * FRAME_BYTES // 2
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(0, 1, size))
    sound = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 20 * size / RATE)), size)
    sound *= 10 ** (level / 20) / sound.std()
    return Pcm(sound.astype(np.float32), RATE).to_int16()


async def speech(frames: int) -> bytes:
    """One sentence again and again."""
    voice = PiperVoice(ModelStore().ensure("voice-english"))
    said = (await voice.speak(SENTENCE)).resampled(RATE).samples
    await voice.close()
    return Pcm(np.resize(said, frames * FRAME_BYTES // 2), RATE).to_int16()


def ours() -> Callable[[bytes], object]:
    """Our path, for one frame after the other."""
    resampler, activity, onsets = StreamResampler(), VoiceActivity(), Onsets()
    return lambda frame: onsets.feed(activity.feed(resampler.feed(Pcm.from_int16(frame, RATE))))


async def cost(hear: Callable[[bytes], object], sound: bytes) -> float:
    """The median cost of hearing a frame, fed in real time."""
    frames = [sound[start : start + FRAME_BYTES] for start in range(0, len(sound), FRAME_BYTES)]
    spent, began = [], time.monotonic()
    before = time.process_time()
    for number, frame in enumerate(frames, 1):
        await asyncio.sleep(max(0.0, began + number * 0.02 - time.monotonic()))
        hear(frame)
        if number % BATCH == 0:
            now = time.process_time()
            spent.append((now - before) * 1000 / BATCH)
            before = now
    return statistics.median(spent[1:])


def peer(given: Arguments, sound: bytes) -> dict[str, object]:
    """Pipecat's figures, or why there are none."""
    try:
        python = pipecat_python(given.own.peer_python, given.say)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "sound.pcm"
            file.write_bytes(sound)
            program = Path(__file__).parent / "peers" / "pipecat_audio.py"
            ran = subprocess.run([python, program, file], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        given.say(f"Pipecat was not measured: {getattr(error, 'stderr', None) or error}")
        return {"peer": "not measured"}
    found = json.loads(ran.stdout.splitlines()[-1])
    return {
        "peer": f"pipecat-ai {found['version']}",
        "peer_silence_ms": found["vad_ms"],
        "peer_pipeline_ms": found["pipeline_ms"],
    }


def _own(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--peer-python", type=Path, help="a Python with pipecat-ai; else one is made")
    parser.add_argument("--no-peer", action="store_true", help="ours alone")


def main() -> None:
    """Measure and print the figures."""
    given = arguments("CPU cost of the audio path before any model.", DATA, limit=500, own=_own)
    silence = noise(-70.0, given.limit)
    sounds = {
        "silence_ms": silence,
        "fan_ms": noise(-35.0, given.limit),
        "speech_ms": asyncio.run(speech(given.limit)),
    }
    waiting = asyncio.run(cost(len, silence))
    spent = {name: asyncio.run(cost(ours(), sound)) - waiting for name, sound in sounds.items()}
    figures: dict[str, object] = {name: round(value, 3) for name, value in spent.items()}
    figures["waiting_ms"] = round(waiting, 3)
    given.say(f"ours: {figures}")
    figures |= {"peer": "not measured"} if given.own.no_peer else peer(given, silence)
    publish({**figures, "limit_ms": LIMIT_MS, "n": given.limit})


if __name__ == "__main__":
    main()
