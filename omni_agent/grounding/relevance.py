"""Whether a tool is what the words ask for: evidence of its own, beside the model's eagerness to call.

The request, and what is left of it without the words that became arguments, are compared in meaning with the
tool's name and description.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import fmean

from ..messages import ToolSpec
from .evidence import Evidence
from .fields import Field, fields_of
from .meaning import available, nearness
from .provenance import Provenance

LEAST = 0.1
_NEARER = 0.25
_TELLING = 4


def is_relevant(spec: ToolSpec, evidence: Evidence, provenance: Mapping[str, Provenance]) -> bool:
    """Whether a call may be what the request asks for.

    It is where words, pictures or earlier turns gave it an argument: short orders are too far from what tools
    are called for more to be asked ("ten minutes for the pasta" and a countdown timer come to 0.08). A call
    that rests on nothing must be near to the request.
    """
    supported = any(rests.source != "meaning" for rests in provenance.values())
    return supported or relevance(spec, evidence, provenance) >= LEAST


def nearer(name: str, tools: Sequence[ToolSpec], evidence: Evidence) -> str:
    """The tool that the request is much nearer to than to the tool `name`; empty where there is none.

    "When does the next bus leave?" and a tool for buses come to 0.7, with a countdown timer to 0.1.
    """
    near = {spec.name: relevance(spec, evidence, {}) for spec in tools}
    best = max(near, key=near.__getitem__, default="")
    return best if name in near and near[best] >= near[name] + _NEARER else ""


def relevance(spec: ToolSpec, evidence: Evidence, provenance: Mapping[str, Provenance]) -> float:
    """How near the request is to what the tool does, about 0 to 1; 1 where that cannot be told.

    Who names a value of the tool's own vocabulary speaks of it. Not told are requests in other languages than
    English, without the word vectors, or without words of their own: an answer to a question, a reference to
    an earlier turn.
    """
    if _names_a_choice(spec, provenance):
        return 1.0
    rest = _rest(evidence, provenance)
    if not available() or not evidence.spoken.english or (evidence.refers_back and not rest):
        return 1.0
    name = re.sub(r"(?<=[a-z])(?=[A-Z])|_|-", " ", spec.name)
    request = evidence.said
    if not rest:
        return fmean((nearness(request, spec.description), nearness(request, name)))
    return fmean(nearness(one, other) for one in (request, rest) for other in (spec.description, name))


def _names_a_choice(spec: ToolSpec, provenance: Mapping[str, Provenance]) -> bool:
    """Whether a word of some length names one of the schema's own values."""
    chosen = {field.name for field in fields_of(spec.parameters) if _has_choices(field)}
    return any(
        rests.source == "words" and len(rests.text) >= _TELLING and path.split(".")[0] in chosen
        for path, rests in provenance.items()
    )


def _has_choices(field: Field) -> bool:
    inner = (field.item,) if field.item else field.members
    return bool(field.choices) or any(map(_has_choices, inner))


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
