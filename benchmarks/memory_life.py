"""Whether an agent that is lived with for months knows what it was told: 60 turns and 40 questions.

The script (`--data`, by default `life/first.toml`; its format is told in `life/script.py`) is played in text
with the embedded model: two users, two personas, many conversations over months. Between the turns the agent
does what its memory has left to do. Each question is asked in a conversation that does not hold its answer
otherwise, and marked by rules (`life/marking.py`).

`answered` is the share of questions answered rightly, `known` of those whose answer stood in what the model
was shown, `noted` of those whose answer stood among the facts; `superseded_told` counts answers that told
what is over as true now, `other_user` replies of any kind that held another user's words, `false_facts` facts
about a user made of jokes, quotes and the like. Limits: answered at least 0.85, the three counts 0.
"""

from __future__ import annotations

import asyncio
import os
import time
from argparse import ArgumentParser
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from omni_agent import Agent, Persona
from omni_agent.config import Settings
from omni_agent.memory import Scope
from omni_agent.memory.facts import USER
from omni_agent.plugins import load_model

from .life.marking import Mark, Wanted, found, mark
from .life.record import SeenModel
from .life.script import Line, Person, Script, Visit, read
from .life.travel import TravelClock
from .report import Arguments, arguments, publish

if TYPE_CHECKING:
    from omni_memory.store import SqliteMemory

    from omni_agent.models.base import OmniModel

FIRST = Path(__file__).parent / "life" / "first.toml"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a question."""

    line: Line
    said: str
    verdict: Mark
    known: bool
    noted: bool


@dataclass(slots=True)
class Tally:
    """What was seen so far."""

    answers: list[Answer] = field(default_factory=list)
    crossed: list[str] = field(default_factory=list)
    turns: int = 0


class Life:
    """An agent, its personas, and what they are told.

    Args:
        script: Whose life.
        folder: Where memory goes.
        model: Answers and learns.
        given: What the command line says.
    """

    def __init__(self, script: Script, folder: Path, model: OmniModel, given: Arguments) -> None:
        from omni_memory.store import SqliteMemory

        self.script = script
        self.clock = TravelClock(script.visits[0].at)
        self.model = SeenModel(model)
        self.memory: SqliteMemory = SqliteMemory(folder / "memory.db", clock=self.clock)
        self.given = given
        self.tally = Tally()
        first, *others = (Persona(**table) for table in script.personas)
        agent = Agent(persona=first, model=self.model, memory=self.memory, clock=self.clock)
        self.agents = {persona.name: agent.with_persona(persona) for persona in others} | {first.name: agent}

    async def live(self) -> None:
        """Play the script from its first visit to its last."""
        for number, visit in enumerate(self.script.visits):
            self.clock.travel(visit.at)
            self.given.say(f"\n== {visit.at:%d %b %Y} {visit.person} with {visit.persona}")
            for line in visit.lines:
                await self._turn(visit, line, f"visit-{number}")

    async def _turn(self, visit: Visit, line: Line, session: str) -> None:
        agent = self.agents[visit.persona]
        self.model.requests.clear()
        self.model.stand_in = "I see." if self.given.own.hasty and not line.wanted else ""
        reply = await agent.ask(line.words, session=session, user=visit.person, speak=False)
        said, shown, added = reply.text, self.model.shown, self.model.added
        self._crossing(visit, line.words, said)
        if line.wanted:
            await self._marked(visit, line, said, shown)
        else:
            self.given.say(f"   {line.words}\n      -> {said}")
        self._verbose(f"      {reply.timings.total or 0:.1f} s  {added}".replace("\n", "\n      "))
        if line.yes and (reply.approvals or said.rstrip().endswith("?")):
            agreed = await agent.ask(line.yes, session=session, user=visit.person, speak=False)
            self._crossing(visit, line.yes, agreed.text)
            self.given.say(f"   {line.yes}\n      -> {agreed.text}")
        self.model.stand_in = ""
        await agent.settled()

    def _crossing(self, visit: Visit, words: str, said: str) -> None:
        self.tally.turns += 1
        for word in self.script.others(visit.person):
            if found(word, said):
                self.tally.crossed.append(f"{word}: {words} -> {said}")

    async def _marked(self, visit: Visit, line: Line, said: str, shown: str) -> None:
        assert line.wanted is not None
        verdict = mark(said, line.wanted, self.script.others(visit.person))
        noted = "\n".join(await self.facts(visit.person, visit.persona))
        answer = Answer(line, said, verdict, _stands(line.wanted, shown), _stands(line.wanted, noted))
        self.tally.answers.append(answer)
        sign = "+" if verdict.answered else "-"
        self.given.say(f" {sign} {line.words}\n      -> {said}  {_flaws(answer)}")

    async def facts(self, person: str, persona: str, *, past: bool = True) -> list[str]:
        """Sentences of what is known of a person."""
        agent = self.agents[persona]
        scope = Scope(person, agent.name, agent.persona.circle)
        found = await self.memory.facts(scope, past=past, limit=1000)
        return [fact.said.text for fact in found if past or fact.current]

    async def false_facts(self) -> list[str]:
        """Current facts about a user that come from what was no statement."""
        seen: list[str] = []
        for person in self.script.people:
            for persona in self.agents:
                seen += await self._false(person, persona)
        return sorted(set(seen))

    async def _false(self, person: Person, persona: str) -> list[str]:
        agent = self.agents[persona]
        facts = await self.memory.facts(Scope(person.id, agent.name, agent.persona.circle), limit=1000)
        for fact in facts:
            self._verbose(f"{person.id}/{persona}: {fact.said.text} {'' if fact.current else '(past)'}")
        about = [fact.said.text for fact in facts if fact.said.subject == USER]
        return [text for text in about if any(found(word, text) for word in person.never)]

    def _verbose(self, line: str) -> None:
        if self.given.own.verbose:
            self.given.say(line)


def _flaws(answer: Answer) -> str:
    """What is wrong with an answer, and where the fault lies."""
    verdict = answer.verdict
    flaws = [f"superseded: {word}" for word in verdict.superseded]
    flaws += [f"of another: {word}" for word in verdict.crossed]
    if not verdict.answered:
        fault = "shown, not told" if answer.known else "noted, not shown" if answer.noted else "not noted"
        flaws.append(fault)
    return "; ".join(flaws)


def _stands(wanted: Wanted, text: str) -> bool:
    """Whether a text holds what a question wants; of what must be unknown, whether it holds nothing of it."""
    if wanted.unknown:
        return not any(found(word, text) for word in wanted.never)
    every = all(found(word, text) for word in wanted.all)
    return every and (not wanted.must or any(found(word, text) for word in wanted.must))


def _share(hits: int, of: int) -> float:
    return round(hits / of, 3) if of else 0.0


def figures(tally: Tally, false_facts: list[str]) -> dict[str, object]:
    """The benchmark's figures."""
    answers = tally.answers
    asked = Counter(answer.line.kind for answer in answers)
    right = Counter(answer.line.kind for answer in answers if answer.verdict.answered)
    return {
        "answered": _share(right.total(), len(answers)),
        "known": _share(sum(answer.known for answer in answers), len(answers)),
        "noted": _share(sum(answer.noted for answer in answers), len(answers)),
        "superseded_told": sum(bool(answer.verdict.superseded) for answer in answers),
        "other_user": len(tally.crossed),
        "false_facts": len(false_facts),
        "kinds": {kind: [right[kind], count] for kind, count in sorted(asked.items())},
        "turns": tally.turns,
        "n": len(answers),
    }


def own(parser: ArgumentParser) -> None:
    """This benchmark's own options."""
    parser.add_argument("--hasty", action="store_true", help="what is no question is answered 'I see.'")
    parser.add_argument("--verbose", action="store_true", help="what the model was shown, and all facts")
    parser.add_argument(
        "--model", default="local", help="name of a model plugin, instead of the embedded one"
    )


async def main() -> None:
    given = arguments("A scripted life: what memory knows of it.", FIRST, own=own)
    script = read(given.data).first(given.limit)
    started = time.perf_counter()
    with TemporaryDirectory() as folder:
        os.environ["OMNI_AGENT_HOME"] = folder
        life = Life(script, Path(folder), load_model(given.own.model, Settings.load()), given)
        async with AsyncExitStack() as stack:
            for agent in life.agents.values():
                await stack.enter_async_context(agent)
            await life.live()
            false_facts = await life.false_facts()
    for line in (*life.tally.crossed, *false_facts):
        given.say(f"! {line}")
    publish({**figures(life.tally, false_facts), "seconds": round(time.perf_counter() - started, 1)})


if __name__ == "__main__":
    asyncio.run(main())
