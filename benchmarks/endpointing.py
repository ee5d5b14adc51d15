"""When a turn is taken: how often within a pause, and how long after the end.

Made utterances (see `endpointing_speech`) are cut into speech and silence; 0.2 s into each silence the words
so far and a score of the sound say how long the silence is waited for. Time is simulated: what transcription
and scoring take is not in the waits (a score's processor time is told beside). Each voice is one speaker,
whose paused and complete utterances come in a mixed order and who is learnt from. Beside Smart Turn stand
the fallback without a model, and plain silence of 0.8 s. Aim: `cut_off` at most 0.05, `p50_s` 0.35, `p95_s`
1.0. `whole_cut_off` is for pauses after what could be a whole request, each by a speaker not known yet.

The curve in `omni_agent.speech.turn_end.patience` was chosen without `--held-out`, which has other sentences
and voices.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from omni_agent.models.store import ModelStore
from omni_agent.speech.hearing.asr_whisper import WhisperEars
from omni_agent.speech.hearing.vad import speech_spans
from omni_agent.speech.pcm import Pcm
from omni_agent.speech.turn_end.end_of_turn import SmartTurn
from omni_agent.speech.turn_end.patience import Patience
from omni_agent.speech.turn_end.prosody import ProsodyEnd
from omni_agent.speech.turn_end.unfinished import Hold, held_open

from .endpointing_speech import RATE, Made, made, sound
from .report import Arguments, arguments, median, publish, quantile

LIMITS = {"cut_off": 0.05, "p50_s": 0.35, "p95_s": 1.0}
PLAIN_S = 0.8
LOOK_S = 0.2
# What the detector of speech adds on both sides of a stretch.
_PAD = 0.1
_PRE_ROLL = 0.2
# The user goes on so soon after the turn was taken that they were cut off, and know it.
_AT_ONCE = 0.5


@dataclass(frozen=True, slots=True)
class Look:
    """A silence, as it is seen 0.2 s after the last speech.

    Attributes:
        since: Seconds from the beginning of the utterance to the silence.
        gap: Seconds until the user goes on; None at the end.
        late: Seconds from the true last sample of speech to where the detector hears silence begin.
        words, hold: The transcript so far, and what it says.
        smart, prosody: The scores.
        score_s: Processor time of the first.
    """

    since: float
    gap: float | None
    late: float
    words: str
    hold: Hold
    smart: float
    prosody: float
    score_s: float


@dataclass(frozen=True, slots=True)
class Heard:
    """An utterance with its silences, the last one being the end."""

    made: Made
    looks: tuple[Look, ...]


Rule = Callable[[Patience, Look], float]
RULES: dict[str, Rule] = {
    "smart_turn": lambda patience, look: patience.wait(look.smart, look.hold, look.since),
    "prosody": lambda patience, look: patience.wait(look.prosody, look.hold, look.since),
    "silence": lambda patience, look: PLAIN_S,
}


class Listener:
    """The models that look at a silence."""

    def __init__(self) -> None:
        store = ModelStore()
        self._ears = WhisperEars(lambda: store.ensure("hearing"), threads=2)
        self._smart = SmartTurn(lambda: store.ensure("turn"))
        self._prosody = ProsodyEnd()

    async def hear(self, one: Made, folder: Path) -> Heard:
        """Find the silences of an utterance and look at each."""
        whole = sound(one, folder)
        spans = [(start + _PAD, end - _PAD) for start, end in speech_spans(whole, pause=LOOK_S)]
        # A click or a breath after the end is no speech.
        spans = [span for span in spans if span[0] < one.end]
        looks: list[Look] = []
        begin = spans[0][0]
        for at, (_, end) in enumerate(spans):
            gap = spans[at + 1][0] - end if at + 1 < len(spans) else None
            late = end - one.end if gap is None else 0.0
            first, last = max(0.0, begin - _PRE_ROLL), end + LOOK_S
            so_far = Pcm(whole.samples[round(first * RATE) : round(last * RATE)], RATE)
            looks.append(await self._look(so_far, end - begin, gap, late))
        return Heard(one, tuple(looks))

    async def _look(self, so_far: Pcm, since: float, gap: float | None, late: float) -> Look:
        hearing = await self._ears.transcribe(so_far)
        begun = time.process_time()
        smart = await self._smart.score(so_far, hearing.text)
        took = time.process_time() - begun
        prosody = await self._prosody.score(so_far, hearing.text)
        hold = held_open(hearing.text, hearing.language)
        return Look(since, gap, late, hearing.text, hold, smart, prosody, took)

    async def close(self) -> None:
        await self._ears.close()
        await self._smart.close()


def play(rule: Rule, heard: Heard, patience: Patience) -> tuple[bool, float, Patience]:
    """Whether the utterance was cut off, how long its end was waited for, and what was learnt."""
    cut = False
    for look in heard.looks:
        wait = max(LOOK_S, rule(patience, look))
        if look.gap is None:
            return cut, wait + look.late, patience.taken()
        if wait < look.gap:
            cut = True
            at_once = look.gap - wait < _AT_ONCE
            patience = patience.cut_off() if at_once else patience.taken()
        else:
            patience = patience.paused(look.gap)
    raise AssertionError(f"{heard.made.file} has no end")


def figures(
    rule: Rule, mixed: Sequence[Heard], whole: Sequence[Heard], say: Callable[[str], None]
) -> dict[str, float]:
    """What a rule makes of the utterances, each voice learnt by itself."""
    speakers: dict[str, Patience] = {}
    cuts: list[bool] = []
    waits: list[float] = []
    for one in mixed:
        patience = speakers.get(one.made.voice, Patience())
        cut, wait, speakers[one.made.voice] = play(rule, one, patience)
        if one.made.pauses:
            cuts.append(cut)
        else:
            waits.append(wait)
        if cut or wait > LIMITS["p95_s"]:
            say(f"  {'cut off' if cut else f'{wait:.2f} s'}: {_told(one)}")
    apart = [play(rule, one, Patience())[0] for one in whole]
    return {
        "cut_off": round(sum(cuts) / max(1, len(cuts)), 3),
        "p50_s": median(waits),
        "p95_s": quantile(waits, 0.95),
        "whole_cut_off": round(sum(apart) / max(1, len(apart)), 3),
    }


def _told(one: Heard) -> str:
    looks = [
        f"{look.words!r} {look.hold.value} {look.smart:.2f}/{look.prosody:.2f}"
        + (f" {look.gap:.2f} s" if look.gap is not None else "")
        for look in one.looks
    ]
    return f"{one.made.voice}: " + " | ".join(looks)


async def listen(given: Arguments) -> tuple[list[Heard], list[Heard]]:
    """The paused and complete utterances in a mixed order, and the ones that seem whole before a pause."""
    which = "held_out" if given.own.held_out else "tuning"
    listener = Listener()
    kinds: dict[str, list[Heard]] = {}
    for kind in ("paused", "complete", "whole"):
        utterances = await made(which, kind, given.data, takes=given.own.takes, limit=given.limit)
        kinds[kind] = [await listener.hear(one, given.data) for one in utterances]
        given.say(f"{len(utterances)} {kind}")
    await listener.close()
    mixed = kinds["paused"] + kinds["complete"]
    random.Random(6).shuffle(mixed)
    return mixed, kinds["whole"]


async def main() -> None:
    given = arguments(
        "When a turn is taken.",
        Path(tempfile.gettempdir()) / "omni-agent-endpointing",
        own=lambda parser: (
            parser.add_argument(
                "--held-out", action="store_true", help="the sentences and voices kept apart"
            ),
            parser.add_argument("--takes", type=int, default=1, help="voices that say each sentence"),
        ),
    )
    mixed, whole = await listen(given)
    results: dict[str, dict[str, float]] = {}
    for name, rule in RULES.items():
        given.say(name)
        results[name] = figures(rule, mixed, whole, given.say)
    looks = [look for one in mixed for look in one.looks]
    publish(
        {
            "set": "held_out" if given.own.held_out else "tuning",
            **results["smart_turn"],
            **{name: result for name, result in results.items() if name != "smart_turn"},
            "limits": LIMITS,
            "score_cpu_ms": round(1000 * median([look.score_s for look in looks])),
            "n_paused": sum(bool(one.made.pauses) for one in mixed),
            "n_complete": sum(not one.made.pauses for one in mixed),
            "n_whole": len(whole),
        }
    )


if __name__ == "__main__":
    asyncio.run(main())
