"""Thirty spoken turns with the embedded models: is one lost or crossed, does it stay as quick and as small?

The user's lines (`spoken_conversation.toml`, or another such file with `--data`) are spoken by other voices
and heard as 20 ms frames in real time; three interrupt a long answer. The other replies are heard out.

- `lost`: lines that no turn heard, or that got no reply. `crossed`: see `spoken_turns`; 0 each.
- `rss_growth`: resident memory after the last turn over that after turn 3, less 1; at most 0.05 either way.
- `latency_early_s`, `latency_late_s`: medians of turns 3 to 5 and of the last three, from the last sample of
  the user's speech to the first audible one of the reply; `ratio` is the second to the first, at most 1.2.
- `interruptions`: how many were obeyed, and how many met a reply that was still being heard. `silence_p50_s`
  is from the first sound of the user's to the last of the agent's.
- `answered`: lines whose reply holds what a tool gave or what was told before, and how many there are.

`--limit` takes the first so many lines.
"""

from __future__ import annotations

import asyncio
import math
import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from omni_tools.calculator import calculate
from omni_tools.units import convert_units

from omni_agent import Agent, Persona, tool
from omni_agent.config import Settings
from omni_agent.conversation import Floor
from omni_agent.plugins import load_model
from omni_agent.speech.devices.protocols import Speaker

from .peers.trace import Trace
from .report import Arguments, arguments, median, publish
from .spoken_lines import spoken
from .spoken_talk import NO_TURN_SECONDS, Partner
from .spoken_turns import HeardTurn, Line, Verdict, answered, verdict
from .voice_latency_ours import NotingSpeaker
from .voice_latency_requests import LEAD_SECONDS, SpokenRequest

LIMITS = {"lost": 0, "crossed": 0, "rss_growth": 0.05, "ratio": 1.2}
PERSONA = Persona(style="friendly and brief", max_words=50)
SCRIPT = Path(__file__).with_name("spoken_conversation.toml")
EARLY = slice(2, 5)
CUT_AFTER = 2.5
"""Seconds of a long answer that the user lets pass."""

AT_ITS_END = 0.3
"""Seconds from the user's first sound in which a reply may end by itself: nothing is left to be cut."""

THINKS = 0.8
"""Seconds between a reply and the user's next line, besides the silence at its beginning."""


@tool(effect="read")
def get_weather(city: str) -> str:
    """Tell today's weather in a city.

    Args:
        city: Its name.
    """
    return f"It is {'sunny and 27' if city == 'Lisbon' else 'snowing and minus 3'} degrees in {city}."


@tool(effect="write")
def set_timer(minutes: float, label: str = "") -> str:
    """Set a timer.

    Args:
        minutes: How long.
        label: What it is for, in a word or two.
    """
    return f"The timer is set for {minutes:g} minutes."


@dataclass(slots=True)
class Measured:
    """What was measured of a line.

    Attributes:
        seconds: From the end of his speech to the first sound of the reply; None where none came.
        memory: Resident bytes after its reply.
        met: It was said while the reply before was still being heard.
        silence: From its first sound to the last of the reply that it cut; None where it cut none.
    """

    seconds: float | None
    memory: int
    met: bool = False
    silence: float | None = None


@dataclass(slots=True)
class Conversation:
    """The whole of it: what each line was measured at, and the judgement of its turns."""

    measured: list[Measured] = field(default_factory=list)
    judged: Verdict = field(default_factory=Verdict)
    wasted: tuple[int, int] = (0, 0)


def script(path: Path, limit: int = 0) -> list[Line]:
    """The lines of a file.

    Raises:
        ValueError: A line interrupts one that has no long reply.
    """
    lines = [Line(**entry) for entry in tomllib.loads(path.read_text("utf-8"))["lines"]]
    for before, line in zip([None, *lines], lines, strict=False):
        if line.cuts and not (before and before.long):
            raise ValueError(f"nothing is interrupted by: {line.says}")
    return lines[: limit or None]


def resident() -> int:
    """Bytes of this process that are in memory, as Linux counts them (proc_pid_statm(5))."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class Talk:
    """Carries it.

    Args:
        partner: Speaks.
        speaker: Hears; notes to `trace`.
        trace: When something could be heard.
    """

    def __init__(self, partner: Partner, speaker: Speaker, trace: Trace) -> None:
        self._partner = partner
        self._speaker = speaker
        self._trace = trace

    async def line(self, line: Line, request: SpokenRequest) -> Measured:
        """Say a line and, unless the next is to cut it, hear its reply out."""
        cut = self._partner.turns[-1] if line.cuts and self._partner.turns else None
        if not cut:
            self._trace.clear()
        end = await self._partner.say(request)
        onset = end - request.end + LEAD_SECONDS
        if line.long:
            await self._partner.until(lambda: bool(self._trace.first("sound", end)), end + NO_TURN_SECONDS)
            await self._partner.rest(CUT_AFTER - LEAD_SECONDS)
        else:
            await self._partner.hear_out(end)
        sound = self._trace.first("sound", end)
        seconds = None if sound is None else sound - end
        if not cut or not met(cut, onset):
            return Measured(seconds, resident())
        if cut.status != "interrupted":
            return Measured(None, resident(), met=True)
        last = self._trace.last("sound", cut.ended_at) or onset
        return Measured(seconds, resident(), met=True, silence=max(0.0, last - onset))

    async def pause(self, line: Line) -> None:
        """The user thinks, unless he is about to interrupt."""
        if not line.long:
            now = self._partner.clock.monotonic()
            await self._partner.until(lambda: self._speaker.pending <= 0, now + 1.0)
            await self._partner.rest(THINKS)


def met(cut: HeardTurn, onset: float) -> bool:
    """Whether a reply was still being heard when the user began, and not just ending."""
    return not cut.status or cut.ended_at > onset + (0.0 if cut.status == "interrupted" else AT_ITS_END)


async def converse(
    lines: Sequence[Line], requests: Sequence[SpokenRequest], given: Arguments
) -> Conversation:
    """The whole conversation, in real time."""
    trace, found = Trace(), Conversation()
    speaker = NotingSpeaker(trace)
    tools = [calculate, convert_units, get_weather, set_timer]
    model = load_model("local", Settings.load())
    async with Agent(name="Omni", persona=PERSONA, model=model, tools=tools) as agent:
        await agent.prewarm()
        async with agent.session(speaker=speaker, session="spoken", user="martin") as session:
            partner = Partner(session)
            talk = Talk(partner, speaker, trace)
            listening = asyncio.create_task(partner.listen())
            await partner.rest(1.0)
            for line, request in zip(lines, requests, strict=True):
                found.measured.append(await talk.line(line, request))
                show(partner, line, found.measured[-1], given)
                await talk.pause(line)
            await partner.until(lambda: session.floor is Floor.OPEN, partner.clock.monotonic() + 60.0)
            listening.cancel()
            found.wasted = (session.wasted.abandoned, session.wasted.replies)
    found.judged = verdict(lines, partner.turns)
    return found


def show(partner: Partner, line: Line, one: Measured, given: Arguments) -> None:
    """The line and its turns, for people."""
    seconds = "-" if one.seconds is None else f"{one.seconds:.2f}"
    cuts = f", cuts{'' if one.silence is None else f' in {one.silence:.2f} s'}" if one.met else ""
    given.say(f"{partner.line + 1:3} {seconds} s, {one.memory / 2**20:.0f} MB{cuts}  {line.says}")
    for turn in partner.turns:
        if turn.line == partner.line:
            called = "".join(f" [{name} {arguments}]" for name, arguments in turn.calls)
            status = " ".join([turn.status or "goes on", *turn.errors])
            given.say(f"      {turn.transcript!r} -> {turn.said}{called} ({status})")


def figures(lines: Sequence[Line], found: Conversation) -> dict[str, object]:
    """What is published."""
    measured, judged = found.measured, found.judged
    early = [one.seconds for one in measured[EARLY]]
    late = [one.seconds for one in measured[-3:]]
    first, last = _median(early), _median(late)
    before, after = measured[min(2, len(measured) - 1)].memory, measured[-1].memory
    met = [one for one in measured if one.met]
    silences = [one.silence for one in met if one.silence is not None]
    every = [one.seconds for one in measured if one.seconds is not None]
    return {
        "lost": len(judged.lost),
        "crossed": len(judged.crossed),
        "rss_growth": round(after / before - 1, 4),
        "latency_early_s": first,
        "latency_late_s": last,
        "ratio": round(last / first, 3) if first and last else None,
        "latency_p50_s": median(every) if every else None,
        "interruptions": [len(silences), len(met)],
        "silence_p50_s": median(silences) if silences else None,
        "answered": answered(lines, judged),
        "rss_early_mb": round(before / 2**20),
        "rss_late_mb": round(after / 2**20),
        "abandoned": found.wasted,
        "n": len(lines),
        "limits": LIMITS,
    }


def _median(values: Sequence[float | None]) -> float | None:
    """The median; None where a reply never came for most."""
    found = median([math.inf if value is None else value for value in values]) if values else math.inf
    return found if math.isfinite(found) else None


async def main() -> None:
    given = arguments("A spoken conversation of thirty turns.", SCRIPT)
    lines = script(given.data, given.limit)
    requests = spoken([line.says for line in lines])
    with TemporaryDirectory() as folder:
        os.environ["OMNI_AGENT_HOME"] = folder
        found = await converse(lines, requests, given)
    for number in found.judged.lost:
        given.say(f"! lost: line {number + 1}: {lines[number].says}")
    for crossing in found.judged.crossed:
        given.say(f"! crossed: {crossing}")
    publish(figures(lines, found))


if __name__ == "__main__":
    asyncio.run(main())
