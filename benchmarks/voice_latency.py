"""From the end of the user's speech to the first sound of the reply: here and in Pipecat, in one run.

The same spoken requests, as 20 ms frames in real time, go through a session of this project and through two
Pipecat pipelines with the same three models: one as it comes, one tuned by hand (see `peers/`). Replies are
heard out. Forty utterances with pauses inside then show how often the turn is taken too early; those
replies are stopped at their first sound. Only one system is loaded at a time.

Limits: half the time of the default pipeline (0.55), less than the tuned one's (0.85), the 95th percentile
under 1.9 s, and at most 0.05 of the paused utterances cut off.

`--data` names a folder of WAV files to use as requests instead; see `voice_latency_requests.load`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .peers.environment import pipecat_python, pipecat_version
from .peers.trace import PATIENCE_SECONDS
from .report import Arguments, arguments, median, publish, quantile
from .voice_latency_ours import ours
from .voice_latency_requests import SpokenRequest, load, paused, requests
from .voice_latency_runs import STAGES, Latency, pipecat

REQUESTS = 24
SYSTEMS = ("default", "ours", "tuned")


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--peer-python", type=Path, help="a Python with Pipecat; made in the cache if absent")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument("--paused", type=int, default=40, help="utterances with pauses, at most")
    parser.add_argument("--paused-systems", nargs="*", choices=SYSTEMS, default=("ours",))
    parser.add_argument("--moments", type=Path, help="write the moments of every single reply to this file")


def run(
    system: str, spoken: Sequence[SpokenRequest], python: Path | None, given: Arguments, *, cut: bool = False
) -> list[Latency]:
    """The requests through one system."""
    if not spoken:
        return []
    given.say(f"{system}: {len(spoken)} requests{' with pauses' * cut}")
    if system == "ours":
        return asyncio.run(ours(spoken, given.say, cut=cut))
    assert python is not None
    return pipecat(system, python, spoken, given.say, cut=cut)


def seconds(latencies: Sequence[Latency]) -> list[float]:
    """To the first sound; a request without a reply counts as long as it was waited for."""
    return [PATIENCE_SECONDS if one.seconds is None else one.seconds for one in latencies]


def stages(latencies: Sequence[Latency]) -> dict[str, float]:
    """Medians of the moments, in seconds from the end of speech, in the order of the work."""
    columns = {f"{stage}_s": [getattr(one, stage) for one in latencies] for stage in STAGES}
    columns["sound_s"] = [one.seconds for one in latencies]
    known = {name: [value for value in values if value is not None] for name, values in columns.items()}
    return {name: median(values) for name, values in known.items() if values}


def share(marks: Sequence[bool]) -> float:
    return round(sum(marks) / len(marks), 4) if marks else 0.0


def figures(
    asked: Mapping[str, Sequence[Latency]], broken: Mapping[str, Sequence[Latency]]
) -> dict[str, Any]:
    """What is published: of the requests, and of the utterances with pauses, by system."""
    found: dict[str, Any] = {}
    for system, latencies in asked.items():
        prefix = "" if system == "ours" else f"{system}_"
        found[f"{prefix}p50_s"] = median(seconds(latencies))
        found[f"{prefix}p95_s"] = quantile(seconds(latencies), 0.95)
        found[f"{prefix}n"] = len(latencies)
        found[f"{prefix}unanswered"] = sum(one.seconds is None for one in latencies)
    if "ours" in asked and "default" in asked:
        found["ratio_p50"] = round(found["p50_s"] / found["default_p50_s"], 3)
    if "ours" in asked and "tuned" in asked:
        found["ratio_tuned_p50"] = round(found["p50_s"] / found["tuned_p50_s"], 3)
    for system, latencies in broken.items():
        prefix = "" if system == "ours" else f"{system}_"
        found[f"{prefix}cut_off"] = share([one.early_turn for one in latencies])
        found[f"{prefix}spoke_early"] = share([one.early_sound for one in latencies])
        found[f"{prefix}n_paused"] = len(latencies)
        found[f"{prefix}paused_p50_s"] = median(seconds(latencies))
    return {**found, "stages": {system: stages(latencies) for system, latencies in asked.items()}}


def main() -> None:
    given = arguments("Seconds to the first sound, beside Pipecat.", Path("-"), limit=REQUESTS, own=options)
    own = given.own
    spoken = load(given.data, given.limit) if given.data.is_dir() else asyncio.run(requests(given.limit))
    with_pauses = asyncio.run(paused(own.paused)) if own.paused and own.paused_systems else []
    peers = {*own.systems, *own.paused_systems} - {"ours"}
    python = pipecat_python(own.peer_python, given.say) if peers else None
    asked = {system: run(system, spoken, python, given) for system in own.systems}
    broken = {system: run(system, with_pauses, python, given, cut=True) for system in own.paused_systems}
    if own.moments:
        every = {f"{system} asked": run for system, run in asked.items()}
        every |= {f"{system} paused": run for system, run in broken.items()}
        plain = {name: [asdict(one) for one in run] for name, run in every.items()}
        own.moments.write_text(json.dumps(plain, indent=1), "utf-8")
    found = figures(asked, {system: run for system, run in broken.items() if run})
    publish({**found, **({"pipecat": pipecat_version(python)} if python else {})})


if __name__ == "__main__":
    main()
