"""Ground the calls of a model in what was said: trace, drop, mend, fill in, and name what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..messages import JsonObject, ToolCall, ToolSpec
from .evidence import Evidence, Provenance
from .fields import fields_of
from .frame import Frame
from .segments import opens_anew, says_all, segments
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


def ground(
    calls: Sequence[ToolCall],
    tools: Sequence[ToolSpec],
    evidence: Evidence,
) -> list[Grounded]:
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
    return [_grounded(call, *next(results)) if call.name in spec_of else Grounded(call, {}) for call in calls]


def place(frames: Sequence[Frame], evidence: Evidence) -> None:
    """Give each of several frames its own part of the utterance."""
    if len(frames) < 2:
        return
    first = frames[0].values
    common = frozenset(
        name for name in first if all(frame.values.get(name) == first[name] for frame in frames)
    )
    spoken = evidence.spoken
    spans = segments(spoken, [frame.hits() for frame in frames])
    own = [index for frame in frames for hit in frame.hits(common) for index in hit]
    everywhere = says_all(spoken)
    numbers = [frame.numbers() for frame in frames]
    for frame, span in zip(frames, spans, strict=True):
        frame.claimed = frozenset().union(*(n for f, n in zip(frames, numbers, strict=True) if f is not frame))
        frame.span, frame.common, frame.shares = span, common, everywhere or not opens_anew(spoken, span)
        if own and not everywhere:
            frame.before = min(own)
            # Who has more said of it than what tells it from the others is complete.
            inside = [[i for i in hit if span[0] <= i <= span[1]] for hit in frame.hits(common)]
            complete = sum(map(bool, inside)) > 1 or any(
                span[0] <= index <= span[1] for hit in frame.hits(only=common) for index in hit
            )
            frame.after = len(spoken.words) if complete else max(own)


def _grounded(
    call: ToolCall, arguments: JsonObject, provenance: dict[str, Provenance], missing: tuple[str, ...]
) -> Grounded:
    return Grounded(replace(call, arguments=arguments), provenance, missing)
