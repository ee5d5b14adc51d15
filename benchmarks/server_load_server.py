"""The server that `server_load` and `server_soak` press: ours, with model, ears and voice that take no time.

It prints its address and serves until its standard input is closed; for each line that it is sent there it
prints a line of JSON: how much memory it holds, how many tasks run and how many sockets are open.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import psutil

from omni_agent import Agent
from omni_agent.messages import Hearing
from omni_agent.senses import Senses
from omni_agent.server import Hosting
from omni_agent.server.realtime import Realtime
from omni_agent.server.running import load, running, server_loop
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedActivity, ScriptedModel, ScriptedTurnEnd, Step

WORDS = "I hear you well and this is what I say."
SPOKEN_SECONDS = 2.0
RATE = 24_000


class InstantEars:
    """Understand the same words in every sound, at once."""

    async def transcribe(
        self, audio: Pcm, *, language: str = "", hints: Sequence[str] = (), timed: bool = True
    ) -> Hearing:
        return Hearing("Say it again.", "en", 1.0, 1.0)

    async def prewarm(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""


class RecordedVoice:
    """Says everything in the same two seconds of sound, at once."""

    languages = frozenset({"en"})

    def __init__(self) -> None:
        time = np.arange(round(SPOKEN_SECONDS * RATE), dtype=np.float32) / RATE
        self._sound = Pcm((0.3 * np.sin(2 * np.pi * 220 * time)).astype(np.float32), RATE)

    async def speak(self, text: str, *, language: str = "en", voice: str = "", rate: float = 1.0) -> Pcm:
        return self._sound

    async def prewarm(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""


def scripted() -> ScriptedModel:
    """A model, with ears and a voice, that says the same to everything and takes no time for it."""
    model = ScriptedModel(
        senses=Senses(ears=InstantEars(), voice=RecordedVoice()), otherwise=lambda request: Step(says=WORDS)
    )
    model.requests = _Forgetful()
    return model


async def serve(*, silero: bool) -> None:
    """Serve until standard input ends."""
    agent = Agent(name="load", model=scripted(), memory=None, learns=False)
    hosting = Hosting({"load": agent})
    activity = {} if silero else {"activity": ScriptedActivity}
    realtime = Realtime(hosting, turn_end=ScriptedTurnEnd(), **activity)
    async with agent, running(hosting, further=realtime.routes) as address:
        await load(hosting)
        print(address, flush=True)
        await _answering()


async def _answering() -> None:
    process, loop = psutil.Process(), asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        gc.collect()
        sockets = sum(one.status == psutil.CONN_ESTABLISHED for one in process.net_connections("tcp"))
        told = {"rss": process.memory_info().rss, "tasks": len(asyncio.all_tasks()), "sockets": sockets}
        cpu = process.cpu_times()
        print(json.dumps({**told, "cpu_s": cpu.user + cpu.system}), flush=True)


class _Forgetful(list[Any]):
    """The scripted model keeps every request; in a soak that would be the leak."""

    def append(self, item: Any) -> None:
        """Keep nothing."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--silero", action="store_true", help="tell voice from noise by the network")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["OMNI_AGENT_HOME"] = home
        with asyncio.Runner(loop_factory=server_loop) as runner:
            runner.run(serve(silero=given.silero))


if __name__ == "__main__":
    main()
