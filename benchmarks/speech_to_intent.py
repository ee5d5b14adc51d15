"""From real spoken orders to the one right call: Picovoice's speech-to-intent set, one tool.

The tool's schema is the set's slot vocabulary, every slot optional. Figures: `exact` is the share of clips
whose call has exactly the labelled slots; `slot` is right slots over all that were labelled or filled in;
`wer` is the share of the labelled values' words that are not in the transcript (the set has no full
transcripts); `seconds_p50` is from the end of the clip to the call; `valid` counts calls that fit the schema,
`asked` those that were read back for a yes because they were badly heard.
With `--snr 10` other clips are mixed in, so many decibels below the clip (both by their mean power).
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from argparse import ArgumentParser
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from omni_agent import Agent, Tool, ToolContext
from omni_agent.errors import ToolArgumentError
from omni_agent.events import ApprovalRequested, ErrorRaised, ToolStarted, Transcript
from omni_agent.speech.pcm import Pcm

from .report import DATA, Arguments, arguments, median, publish


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one clip."""

    wanted: dict[str, str]
    called: dict[str, Any] | None
    transcript: str
    seconds: float
    error: str = ""
    asked: bool = False


def order_tool(vocabulary: Path) -> Tool:
    """`order_drink`, with an optional enum for each slot of the vocabulary."""
    slots: dict[str, list[str]] = {}
    name = ""
    for line in vocabulary.read_text(encoding="utf-8").splitlines():
        entry = line.strip()
        if entry.startswith("- "):
            slots[name].append(entry[2:].strip().strip('"'))
        elif entry.endswith(":") and entry != "slots:":
            name = entry[:-1]
            slots[name] = []
    properties = {
        slot: {"type": "string", "enum": values, "description": re.sub(r"([A-Z])", r" \1", slot).lower()}
        for slot, values in slots.items()
    }

    async def run(order: dict[str, Any], context: ToolContext) -> str:
        return "Ordered: " + ", ".join(order.values())

    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return Tool.from_schema("order_drink", "Order a drink at the coffee bar.", schema, run)


async def outcome(
    agent: Agent, tool: Tool, clip: Path | Pcm, session: str, wanted: dict[str, str]
) -> Outcome:
    """Play one clip to the agent, up to its first call."""
    called, transcript, error, asked = None, "", "", False
    started = time.perf_counter()
    async with aclosing(agent.stream(audio=clip, session=session, speak=False)) as events:
        async for event in events:
            if isinstance(event, Transcript):
                transcript = event.text
            elif isinstance(event, ErrorRaised):
                error = event.message
            elif isinstance(event, ToolStarted | ApprovalRequested):
                called, asked = event.arguments, isinstance(event, ApprovalRequested)
                break
    seconds = time.perf_counter() - started
    if called is not None:
        try:
            tool.validate(called)
        except ToolArgumentError as problem:
            error = str(problem)
    return Outcome(wanted, called, transcript, seconds, error, asked)


def words(text: str) -> list[str]:
    """Comparable words: lower case, hyphens apart, 12 and twelve alike."""
    said = {"8": "eight", "12": "twelve", "16": "sixteen", "20": "twenty"}
    said |= {"1": "single", "2": "double", "3": "triple"}
    found: list[str] = re.findall(r"[a-z0-9]+", text.lower())
    return [said.get(word, word) for word in found]


def slot_scores(outcomes: list[Outcome]) -> dict[str, object]:
    """Over all slots, and for each: right ones over those labelled or filled in."""
    right: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for one in outcomes:
        called = one.called or {}
        for slot in one.wanted.keys() | called.keys():
            seen[slot] += 1
            right[slot] += one.wanted.get(slot) == called.get(slot)
    each = {slot: round(right[slot] / seen[slot], 4) for slot in sorted(seen)}
    return {"slot": round(right.total() / max(seen.total(), 1), 4), "slots": each}


def word_error(outcomes: list[Outcome]) -> float:
    missed = total = 0
    for one in outcomes:
        heard = set(words(one.transcript))
        wanted = [word for value in one.wanted.values() for word in words(value)]
        total += len(wanted)
        missed += sum(word not in heard for word in wanted)
    return round(missed / max(total, 1), 4)


async def run(given: Arguments) -> list[Outcome]:
    labels = json.loads((given.data / "labels.json").read_text(encoding="utf-8"))
    tool = order_tool(given.data / "slot_vocabulary.yaml")
    clips = sorted(labels)[: given.limit or None]
    outcomes = []
    async with Agent(name="Barista", tools=[tool], memory=None) as agent:
        await agent.prewarm()
        for number, name in enumerate(clips, 1):
            clip = given.data / "clips" / name
            sound = (
                clip
                if given.own.snr is None
                else with_babble(clip, sorted(clip.parent.iterdir()), number, given.own.snr)
            )
            one = await outcome(agent, tool, sound, name, labels[name]["slots"])
            outcomes.append(one)
            mark = "ok " if one.called == one.wanted else "   "
            given.say(f"{number:3} {mark}{one.seconds:5.2f} s  {one.transcript}  -> {one.called} {one.error}")
    return outcomes


def with_babble(clip: Path, others: list[Path], seed: int, snr: float) -> Pcm:
    """The clip with four other clips of the set under it, `snr` decibels quieter than it together."""
    rng = np.random.default_rng(seed)
    samples, rate = sf.read(clip, dtype="float32")
    babble = np.zeros_like(samples)
    for index in rng.choice(len(others), 4, replace=False):
        other, _ = sf.read(others[index], dtype="float32")
        level = float(np.sqrt(np.mean(other**2))) + 1e-9
        babble += np.roll(np.resize(other / level, len(samples)), rng.integers(len(samples)))
    gain = np.sqrt(np.mean(samples**2) / np.mean(babble**2)) * 10 ** (-snr / 20)
    mixed = samples + np.float32(gain) * babble
    return Pcm((mixed / max(1.0, float(np.abs(mixed).max()))).astype(np.float32), rate)


def main() -> None:
    def own(parser: ArgumentParser) -> None:
        parser.add_argument("--snr", type=float, help="mix in other clips, so many decibels quieter")

    given = arguments("From spoken orders to calls.", DATA / "speech_to_intent", own=own)
    outcomes = asyncio.run(run(given))
    called = [one for one in outcomes if one.called is not None]
    publish(
        {
            "exact": round(sum(one.called == one.wanted for one in outcomes) / len(outcomes), 4),
            **slot_scores(outcomes),
            "wer": word_error(outcomes),
            "seconds_p50": median([one.seconds for one in outcomes]),
            "called": len(called),
            "valid": sum(not one.error for one in called),
            "asked": sum(one.asked for one in called),
            "crashed": sum(bool(one.error) for one in outcomes),
            "n": len(outcomes),
        }
    )


if __name__ == "__main__":
    main()
