"""Barge-in: a real interruption silences the agent at once; nods, coughs, laughter and distant talk do not.

Voices, phrases and sounds that were used neither for the classifier's weights nor for the thresholds are
played over a speaking agent, in simulated time: the real detector, the real classifier, the real ears, whose
transcripts come as late as they took to make (the shorter of wall and CPU time, as the machine may be
busy), or after `--ears-delay` seconds.

- `onset_to_silence_p50_ms`, `_p95_ms`: from the first audible 10 ms of a real interruption to silence at the
  speaker: the microphone's frame of 20 ms, the decision, and the output block of 20 ms are in it.
- `relapsed`: share of the real interruptions during which it spoke again before it gave up the floor.
- `missed`: share of the real interruptions after which the agent did not give up the floor.
- `stopped`: share of the nods and noises that ended the reply. `missed_between`, `stopped_between`: where the
  true shares lie with 95 % confidence, as the cases are few. `hesitated`: share that silenced it for
  `hesitation_p50_ms` until it went on by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from omni_agent.conversation.turn_taking import LONGEST_HOLD
from omni_agent.conversation.voice_over import VoiceOver
from omni_agent.messages import Hearing
from omni_agent.models.store import ModelStore
from omni_agent.speech.barge_in.interruption import DialogueState, Verdict, judge
from omni_agent.speech.hearing.asr_whisper import WhisperEars
from omni_agent.speech.pcm import Pcm

from .barge_in_scene import CLIPS, Scene, clips, scene
from .barge_in_sounds import FITTED, RATE, UNSEEN, Line, Split, hum, lines, shaped
from .report import Arguments, arguments, interval, median, publish, quantile

ONSET_TO_SILENCE_MS, STOPPED, MISSED, CPU_MS = 200.0, 0.05, 0.03, 3.0
_BLOCK = 0.02
_NOISES = {"cough": 6, "laugh": 8, "throat": 4}
_SPEECH = "The hotel is near the station, breakfast is included, and the room has a view of the old harbour."


@dataclass(frozen=True, slots=True)
class Case:
    """A scene with what it is: `real`, or the kind of nod or noise."""

    kind: str
    text: str
    language: str
    scene: Scene


@dataclass(slots=True)
class Run:
    """The agent in one scene."""

    case: Case
    verdict: Verdict = Verdict.GO_ON
    silenced: float = math.inf
    hesitations: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def delay_ms(self) -> float:
        """From the onset of the voice to silence at the speaker; where it spoke again, to the last."""
        return (self.silenced + _BLOCK - self.case.scene.onset) * 1000


class Ears:
    """The real ears in simulated time: each transcript comes when it is due.

    Args:
        delay: Seconds that each takes; 0: as long as it really took.
    """

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._ears = WhisperEars(lambda: ModelStore().ensure("hearing"))
        self._at_work = asyncio.Lock()
        self._coming: list[tuple[float, asyncio.Future[None]]] = []
        self._now = 0.0
        self.seconds: list[float] = []

    async def hear(self, run: Run, pcm: Pcm) -> Hearing:
        """The words, when the time has come."""
        asked = self._now
        async with self._at_work:
            found, took = await self.read(pcm, run.case.language)
        run.texts.append(f"{found.text} {found.confidence:.2f}")
        due: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._coming.append((asked + (self._delay or took), due))
        await due
        return found

    async def read(self, pcm: Pcm, language: str) -> tuple[Hearing, float]:
        """The words, and how many seconds they took."""
        wall, cpu = time.perf_counter(), time.process_time()
        found = await self._ears.transcribe(pcm, language=language, timed=False)
        self.seconds.append(min(time.perf_counter() - wall, time.process_time() - cpu))
        return found, self.seconds[-1]

    async def pass_until(self, now: float) -> None:
        """Let what was asked be read, and what is due come."""
        self._now = now
        for when, due in self._coming:
            if when <= now and not due.done():
                due.set_result(None)
        self._coming = [(when, due) for when, due in self._coming if not due.done()]
        await asyncio.sleep(0)
        async with self._at_work:
            pass
        await asyncio.sleep(0)

    async def prewarm(self) -> None:
        """Load the model."""
        await self._ears.prewarm()

    async def close(self) -> None:
        """Free the model."""
        await self._ears.close()


def cases(split: Split, folder: Path) -> Iterator[Case]:
    """All scenes of a split."""
    random = np.random.default_rng({"fit": 1, "tune": 2, "seen": 3, "test": 4}[split])
    spoken = lines(split)
    agent = clips([Line("real", "en", _SPEECH, "af_heart", 1.0)], folder)[0]
    for at, (line, sound) in enumerate(zip(spoken, clips(spoken, folder), strict=True)):
        below = (15, 20, 25)[at % 3] if line.kind == "distant" else 0
        kind = {"aside": "nod", "hum": "nod"}.get(line.kind, line.kind)
        yield Case(kind, line.text, line.language, scene(random, sound, below=below, agent=agent))
    for _ in range(12):
        yield Case("hum", "", "en", scene(random, hum(random), agent=agent, voice=agent[: 3 * RATE]))
    for name, make in {**FITTED, **UNSEEN}.items():
        for _ in range(_NOISES.get(name, 3)):
            yield Case(name, "", "en", scene(random, make(random), agent=agent, voice=agent[: 3 * RATE]))
    for _ in range(6):
        sound = shaped(random, 2.5, random.uniform(50, 300), random.uniform(500, 5000))
        room = scene(random, sound, below=random.uniform(6, 15), agent=agent, voice=agent[: 3 * RATE])
        yield Case("room", "", "en", room)


async def play(case: Case, ears: Ears) -> Run:
    """One scene in simulated time, until the reply is cut or the scene ends."""
    run = Run(case)
    over = VoiceOver(
        case.scene.usual,
        lambda start, end: Pcm(case.scene.sound[start:end], RATE),
        partial(ears.hear, run),
    )
    for window in case.scene.windows():
        # The window is there when the microphone's frame that ends it is.
        now = math.ceil(window.end / RATE / _BLOCK - 1e-6) * _BLOCK
        await ears.pass_until(now)
        begun = time.thread_time()
        voice = over.heard(window)
        if voice is None:
            _obey(run, Verdict.GO_ON, now)
            continue
        held = run.verdict is Verdict.HOLD
        verdict = judge(voice, DialogueState(held=held, language=case.language))
        run.cpu.append(time.thread_time() - begun)
        if held and verdict is Verdict.HOLD and now - run.silenced >= LONGEST_HOLD:
            # As `turn_taking` has it.
            verdict = Verdict.GO_ON if voice.silence else Verdict.CUT
        _obey(run, verdict, now)
        if verdict is Verdict.CUT:
            break
    over.close()
    return run


def _obey(run: Run, verdict: Verdict, now: float) -> None:
    if verdict is not Verdict.GO_ON and run.verdict is Verdict.GO_ON:
        run.silenced = now
    if verdict is Verdict.GO_ON and run.verdict is Verdict.HOLD:
        run.hesitations.append(now - run.silenced)
    run.verdict = verdict


def figures(runs: list[Run], ears: Ears) -> dict[str, object]:
    """What the runs amount to."""
    real = [run for run in runs if run.case.kind == "real"]
    other = [run for run in runs if run.case.kind != "real"]
    cut = [run for run in real if run.verdict is Verdict.CUT]
    stopped = [run for run in other if run.verdict is Verdict.CUT]
    paused = [run for run in other if run.hesitations and run.verdict is not Verdict.CUT]
    delays = [run.delay_ms for run in cut]
    return {
        "n_real": len(real),
        "n_other": len(other),
        "onset_to_silence_p50_ms": median(delays),
        "onset_to_silence_p95_ms": quantile(delays, 0.95),
        "relapsed": round(sum(bool(run.hesitations) for run in cut) / max(len(real), 1), 3),
        "missed": round(1 - len(cut) / max(len(real), 1), 3),
        "missed_between": interval(len(real) - len(cut), len(real)),
        "stopped": round(len(stopped) / max(len(other), 1), 3),
        "stopped_between": interval(len(stopped), len(other)),
        "stopped_by": Counter(run.case.kind for run in stopped),
        "hesitated": round(len(paused) / max(len(other), 1), 3),
        "hesitated_by": Counter(run.case.kind for run in paused),
        "hesitation_p50_ms": median([1000 * sum(run.hesitations) for run in paused] or [0.0]),
        "cpu_ms": median([1000 * seconds for run in runs for seconds in run.cpu]),
        "cpu_p95_ms": quantile([1000 * seconds for run in runs for seconds in run.cpu], 0.95),
        "ears_p50_ms": median([1000 * seconds for seconds in ears.seconds]),
        "limits": {
            "onset_to_silence_p95_ms": ONSET_TO_SILENCE_MS,
            "missed": MISSED,
            "stopped": STOPPED,
            "cpu_ms": CPU_MS,
        },
    }


def _told(given: Arguments, run: Run) -> None:
    wrong = (run.verdict is Verdict.CUT) != (run.case.kind == "real")
    late = run.case.kind == "real" and run.delay_ms > ONSET_TO_SILENCE_MS
    if wrong or late or run.hesitations:
        pauses = " ".join(f"{1000 * pause:.0f}" for pause in run.hesitations)
        mark = "WRONG" if wrong else "late" if late else "paused"
        given.say(f"{mark:6} {run.case.kind:8} {run.case.text:32} {run.delay_ms:5.0f} [{pauses}] {run.texts}")


async def _played(chosen: list[Case], ears: Ears, given: Arguments) -> list[Run]:
    runs: list[Run] = []
    await ears.prewarm()
    for case in chosen:
        runs.append(await play(case, ears))
        _told(given, runs[-1])
    await ears.close()
    return runs


def main() -> None:
    """Play all scenes and print the figures."""

    def own(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--ears-delay", type=float, default=0.0, help="seconds; 0: as measured")
        parser.add_argument(
            "--split", default="test", choices=("tune", "seen", "test"), help="tune, seen: by the thresholds"
        )

    given = arguments("Interruptions, nods and noises over a speaking agent.", CLIPS, own=own)
    ears = Ears(given.own.ears_delay)
    chosen = list(cases(given.own.split, given.data))
    runs = asyncio.run(_played(chosen[: given.limit or len(chosen)], ears, given))
    publish({"benchmark": "barge_in", "split": given.own.split, **figures(runs, ears)})


if __name__ == "__main__":
    main()
