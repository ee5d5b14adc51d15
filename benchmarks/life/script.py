"""The script of a life, read from TOML and checked.

    [[personas]]                      # fields of `omni_agent.Persona`; the first is the agent, the others
    name = "Nora"                     # are the same agent under another persona
    circle = "home"                   # personas of one circle share what they know of a user

    [[people]]
    id = "reader-1"
    private = ["Helen", "Leeds"]      # what only this person says: no answer to another may hold it
    never = ["castle"]                # what must not become a fact about this person (jokes, quotes, "if")

    [[visits]]                        # one conversation, in order of time
    person = "reader-1"
    persona = "Nora"
    at = 2026-03-02T18:10:00Z
    lines = [
      { says = "We live in Leeds." },
      { says = "Forget my address.", yes = "Yes." },   # `yes` is said when the agent asks back
      { asks = "Where do I live?", kind = "home", must = ["Leeds"], stale = ["York"] },
    ]

The keys of a question are those of `marking.Wanted`; each entry is a word, or `/a pattern/`. A question may
hold none of its own wanted words, so that repeating it is no answer, and it should be asked in another
conversation than the one that told the answer.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from .marking import Wanted, found


class ScriptMistake(ValueError):
    """A script that cannot be played, or whose marking would mean nothing."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who talks with the agent."""

    id: str
    private: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """What a person says; with `wanted` it is a question that is marked."""

    words: str
    yes: str = ""
    kind: str = ""
    wanted: Wanted | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """One conversation."""

    person: str
    persona: str
    at: datetime
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A life."""

    personas: tuple[dict[str, Any], ...]
    people: tuple[Person, ...]
    visits: tuple[Visit, ...] = field(default=())

    def others(self, person: str) -> tuple[str, ...]:
        """The private words of everybody else."""
        return tuple(word for other in self.people if other.id != person for word in other.private)

    def first(self, questions: int) -> Script:
        """The life up to its `questions`-th question; all of it for 0."""
        if not questions:
            return self
        visits: list[Visit] = []
        left = questions
        for visit in self.visits:
            kept: list[Line] = []
            for line in visit.lines:
                if not left:
                    break
                kept.append(line)
                left -= line.wanted is not None
            if kept:
                visits.append(Visit(visit.person, visit.persona, visit.at, tuple(kept)))
        return Script(self.personas, self.people, tuple(visits))


def read(path: Path) -> Script:
    """Read a script.

    Raises:
        ScriptMistake: It is not TOML, lacks something, or its marking could be passed by chance.
    """
    try:
        whole = tomllib.loads(path.read_text(encoding="utf-8"))
        script = Script(
            tuple(whole["personas"]),
            tuple(map(_person, whole["people"])),
            tuple(
                Visit(v["person"], v["persona"], _moment(v["at"]), tuple(map(_line, v["lines"])))
                for v in whole["visits"]
            ),
        )
    except (OSError, KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise ScriptMistake(f"{path}: {error!r}") from error
    for mistake in mistakes(script):
        raise ScriptMistake(f"{path}: {mistake}")
    return script


def _person(told: dict[str, Any]) -> Person:
    return Person(told["id"], tuple(told.get("private", ())), tuple(told.get("never", ())))


def _line(told: dict[str, Any]) -> Line:
    if "says" in told:
        return Line(told["says"], yes=told.get("yes", ""))
    known = {f.name for f in fields(Wanted)}
    if unknown := set(told) - known - {"asks", "kind"}:
        raise KeyError(f"{min(unknown)} in {told['asks']!r}")
    wanted: dict[str, Any] = {
        key: tuple(told[key]) if isinstance(told[key], list) else told[key] for key in known & set(told)
    }
    return Line(told["asks"], kind=told.get("kind", "other"), wanted=Wanted(**wanted))


def _moment(at: object) -> datetime:
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise TypeError(f"{at} is no moment with a time zone")
    return at


def mistakes(script: Script) -> list[str]:
    """What would keep the script from being played, or its marks from meaning anything."""
    people, personas = {p.id for p in script.people}, {p["name"] for p in script.personas}
    wrong = [
        f"{visit.at}: nobody is called {name}"
        for visit in script.visits
        for name, known in ((visit.person, people), (visit.persona, personas))
        if name not in known
    ]
    times = [visit.at for visit in script.visits]
    if times != sorted(times):
        wrong.append("the visits are not in order of time")
    for visit in script.visits:
        for line in visit.lines:
            wrong += _weak(line)
            wrong += [
                f"{line.words!r} holds {word!r}, which is said to be another person's own"
                for word in script.others(visit.person)
                if found(word, line.words)
            ]
    return wrong


def _weak(line: Line) -> list[str]:
    """Marks that say nothing: no wanted words, or ones that the question itself holds."""
    wanted = line.wanted
    if wanted is None:
        return []
    if not (wanted.must or wanted.all or wanted.unknown):
        return [f"{line.words!r} wants nothing"]
    return [
        f"{line.words!r} holds its own answer {word!r}"
        for word in (*wanted.must, *wanted.all)
        if found(word, line.words)
    ]
