"""Ground the calls of a model in what was said: trace, drop, mend, fill in, and name what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..messages import ToolCall, ToolSpec
from .evidence import Evidence
from .fields import fields_of
from .frame import Frame
from .part import place
from .provenance import Provenance
from .siblings import with_siblings


@dataclass(frozen=True, slots=True)
class Grounded:
    """A call after grounding.

    Attributes:
        call: With the arguments that something supports.
        provenance: What each argument rests on, by its path (`items.0.size`).
        missing: Required arguments that nothing supports, as paths; the call must not run then.
    """

    call: ToolCall
    provenance: dict[str, Provenance]
    missing: tuple[str, ...] = ()


def ground(calls: Sequence[ToolCall], tools: Sequence[ToolSpec], evidence: Evidence) -> list[Grounded]:
    """Ground calls, in order, with those that the model forgot. A call of an unknown tool stays as it is.

    Args:
        calls: What the model wrote in one answer.
        tools: What it could call.
        evidence: What was said, shown and done.
    """
    calls = with_siblings(calls, tools, evidence)
    spec_of = {spec.name: spec for spec in tools}
    frames = [
        Frame(fields_of(spec_of[call.name].parameters), call.arguments, evidence, name=call.name)
        for call in calls
        if call.name in spec_of
    ]
    place(frames, evidence)
    results = iter([frame.ground() for frame in frames])
    return [_grounded(call, next(results) if call.name in spec_of else None) for call in calls]


def _grounded(call: ToolCall, frame: Frame | None) -> Grounded:
    if frame is None:
        return Grounded(call, {})
    return Grounded(replace(call, arguments=frame.arguments()), frame.provenance(), frame.lacking())
