"""Whether a tool is what the words ask for: evidence of its own, beside the model's eagerness to call.

The request, and what is left of it without the words that became arguments, are compared in meaning with the
tool's name and description.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from statistics import fmean

from ..messages import ToolSpec
from .evidence import Evidence
from .fields import Field, fields_of
from .meaning import available, nearness
from .provenance import Provenance
from .units import unit_of

# Below, a call that rests on nothing is not what was asked for; below the other, any call may not be.
_LEAST, _SURE = 0.1, 0.3
_WISHED = 0.24
_NEARER = 0.25
_TELLING = 4
_SIGNS = re.compile(r"[^\W\d_]+|[^\w\s]")
_TYPED = frozenset(("date", "time", "moment"))


class Doubt(Enum):
    """How doubtful it is that a call is what the request asks for."""

    NONE = auto()
    SOME = auto()
    CERTAIN = auto()


def doubt(spec: ToolSpec, evidence: Evidence, provenance: Mapping[str, Provenance]) -> Doubt:
    """Whether a call may be what the request asks for, as far as words can tell.

    There is none in the answer to a question, and where a value of the tool's own kind was said (a choice, a
    date, a number in its unit), shown or agreed on. Otherwise the request must be near to what the tool does.
    Many an order is not ("wake me at 7" and an alarm come to 0.13), so that is for `serves` to tell, unless
    the words gave the call no argument at all.
    """
    if evidence.answers_a_question or any(_is_telling(spec, *item) for item in provenance.items()):
        return Doubt.NONE
    near = relevance(spec, evidence, provenance)
    if near >= _SURE:
        return Doubt.NONE
    supported = any(rests.source != "meaning" for rests in provenance.values())
    return Doubt.SOME if supported or near >= _LEAST else Doubt.CERTAIN


def serves(spec: ToolSpec, wish: str) -> bool:
    """Whether a tool does what the user wants, put in plain words: "set an alarm"."""
    does = re.split(r"(?<=[.;])\s", spec.description)[0]
    return max(nearness(wish, does), nearness(wish, spec.plain_name)) >= _WISHED


def nearer(name: str, tools: Sequence[ToolSpec], evidence: Evidence) -> str:
    """The tool that the request is much nearer to than to the tool `name`; empty where there is none.

    "When does the next bus leave?" and a tool for buses come to 0.7, with a countdown timer to 0.1.
    """
    near = {spec.name: relevance(spec, evidence, {}) for spec in tools}
    best = max(near, key=near.__getitem__, default="")
    return best if name in near and near[best] >= near[name] + _NEARER else ""


def relevance(spec: ToolSpec, evidence: Evidence, provenance: Mapping[str, Provenance]) -> float:
    """How near the request is to what the tool does, about 0 to 1; 1 where that cannot be told.

    Not told are requests in other languages than English, without the word vectors, or without words of their
    own: an answer to a question, a reference to an earlier turn.
    """
    rest = _rest(evidence, provenance)
    if not available() or not evidence.spoken.english or (evidence.refers_back and not rest):
        return 1.0
    does = (spec.description, spec.plain_name)
    said = (evidence.said, rest) if rest else (evidence.said,)
    return fmean(nearness(one, other) for one in said for other in does)


def _is_telling(spec: ToolSpec, path: str, rests: Provenance) -> bool:
    """Whether an argument tells that its tool is meant: anything can be said in a text or a bare number."""
    if rests.source != "words":
        return rests.source != "meaning"
    field = next((f for f in fields_of(spec.parameters) if f.name == path.split(".")[0]), None)
    return field is not None and _is_of_its_own_kind(field, rests.text)


def _is_of_its_own_kind(field: Field, said: str) -> bool:
    inner = (field.item,) if field.item else field.members
    measured = bool(field.unit) and any(map(unit_of, _SIGNS.findall(said)))
    named = bool(field.choices) and len(said) >= _TELLING
    return field.kind in _TYPED or measured or named or any(_is_of_its_own_kind(one, said) for one in inner)


def _rest(evidence: Evidence, provenance: Mapping[str, Provenance]) -> str:
    """The words that carry a meaning and became no argument."""
    spans = [rests.span for rests in provenance.values() if rests.source == "words" and rests.span]
    return " ".join(
        word.form
        for word in evidence.spoken.words
        if word.content
        and not word.text[0].isdecimal()
        and not any(start <= word.start < end for start, end in spans)
    )
