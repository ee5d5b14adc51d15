"""Runs of the same spoken requests through this project and through its peers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from omni_agent import Persona
from omni_agent.config import Settings
from omni_agent.models.base import Request
from omni_agent.models.prompt import render
from omni_agent.models.store import ModelStore
from omni_agent.speech.pcm import Pcm

from .voice_latency_requests import RATE, SpokenRequest, room, save

NAME = "Omni"
PERSONA = Persona(style="brief", max_words=25)
WARM_UP = 2
# 25 words of English and their punctuation.
MAX_TOKENS = 48
STAGES = ("turn", "transcript", "text", "clause", "chunk")
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Latency:
    """A reply's moments, in seconds from the end of the user's speech.

    Attributes:
        name: Of the request.
        seconds: The first audible sample; None where no reply came.
        turn: The turn was taken for good: the reply may be heard from now on.
        transcript: The words that it answers were known.
        text: The first words of the reply left the model.
        clause: The first clause went to the voice.
        chunk: The first clause was sound.
        early_turn: A turn was taken before the end of speech.
        early_sound: Something could be heard before the end of speech.
        heard: What was understood.
        said: The reply, as far as it was made.
    """

    name: str
    seconds: float | None = None
    turn: float | None = None
    transcript: float | None = None
    text: float | None = None
    clause: float | None = None
    chunk: float | None = None
    early_turn: bool = False
    early_sound: bool = False
    heard: str = ""
    said: str = ""

    @property
    def line(self) -> str:
        """For people."""
        moments = (f"{stage} {_shown(getattr(self, stage))}" for stage in STAGES)
        early = " EARLY" * (self.early_turn or self.early_sound)
        return (
            f"{self.name} {_shown(self.seconds)} s ({', '.join(moments)}){early} {self.heard} -> {self.said}"
        )


def _shown(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f}"


def system_prompt() -> str:
    """What our own model is told, word for word."""
    return render(Request(PERSONA.prompt(NAME), ()))[0]["content"]


def pipecat(
    which: str,
    python: Path,
    spoken: Sequence[SpokenRequest],
    say: Callable[[str], None],
    *,
    cut: bool = False,
) -> list[Latency]:
    """The requests through a Pipecat pipeline (`default` or `tuned`), after two that are not counted.

    Raises:
        RuntimeError: The pipeline ended before it had answered everything.
    """
    store = ModelStore()
    with tempfile.TemporaryDirectory() as place, _language_server(store) as server:
        folder = Path(place)
        save(folder, spoken)
        Pcm(room(3 * RATE, seed=0), RATE).save(folder / "room.wav")
        job = {
            "requests": place,
            "hearing": str(store.ensure("hearing")),
            "voice": str(store.ensure("voice-english")),
            "voice_name": "en_US-joe-medium",
            "system": system_prompt(),
            "max_tokens": MAX_TOKENS,
            "warm_up": WARM_UP,
            "cut": cut,
            **server,
        }
        (folder / "job.json").write_text(json.dumps(job), "utf-8")
        command = [python, "-m", f"benchmarks.peers.pipecat_{which}", folder / "job.json"]
        found: list[Latency] = []
        with subprocess.Popen(
            command, cwd=_ROOT, stdout=subprocess.PIPE, text=True, env=_offline()
        ) as process:
            assert process.stdout
            for line in process.stdout:
                found.append(_latency(json.loads(line)))
                say(f"  {which}: {found[-1].line}")
    if len(found) < len(spoken) + min(WARM_UP, len(spoken)):
        raise RuntimeError(f"the {which} pipeline ended after {len(found)} requests")
    return found[-len(spoken) :]


def _offline() -> dict[str, str]:
    return {**os.environ, "HF_HUB_OFFLINE": "1"}


def _latency(measured: dict[str, Any]) -> Latency:
    known = {one.name for one in fields(Latency)}
    return Latency(**{key: value for key, value in measured.items() if key in known})


@contextmanager
def _language_server(store: ModelStore) -> Iterator[dict[str, str]]:
    """The language model behind a port, with the system prompt already in its cache."""
    model = next(store.ensure("language").glob("*.gguf"))
    threads = str(Settings.load().threads)
    command = [sys.executable, "-m", "benchmarks.peers.language_server", model, threads]
    with subprocess.Popen(
        command,
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            server: dict[str, str] = json.loads(process.stdout.readline())
            _warm(server)
            yield server
        finally:
            process.stdin.close()
            process.wait(30)


def _warm(server: dict[str, str]) -> None:
    import httpx

    messages = [{"role": "system", "content": system_prompt()}, {"role": "user", "content": "Hello."}]
    body = {"messages": messages, "max_tokens": 8, "temperature": 0.0, "cache_prompt": True}
    headers = {"Authorization": f"Bearer {server['key']}"}
    with httpx.Client(trust_env=False, timeout=120.0, headers=headers) as client:
        client.post(f"{server['address']}/v1/chat/completions", json=body).raise_for_status()
