"""One object of arguments, held against its part of what was said.

Every word accounts for one thing only. So the sure mentions come first and take their words; what they leave
is what a paraphrase, a misheard name or a free text may rest on. What rests on nothing was invented.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..messages import JsonObject
from . import amounts, choices, dates, elsewhere, foreign, handed, nested, switches, texts
from .evidence import Evidence
from .fields import Field
from .mentions import Mention
from .part import Part
from .provenance import Provenance

_POINTERS = frozenset(("it", "them", "there", "that", "same", "its", "their"))
# In this order: what is surest first. In languages that cannot be read, what the model wrote mostly stands.
_STEPS = (
    handed.settle, dates.settle, choices.named, amounts.settle, switches.settle, choices.sounding,
    texts.settle, nested.settle, choices.meant, elsewhere.fill,
)  # fmt: skip
_STEPS_ABROAD = (handed.settle, foreign.settle, nested.settle)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one argument: its value, and by path what it, or what is in it, rests on."""

    value: Any
    rests: Mapping[str, Provenance]


@dataclass
class Frame:
    """An object that a model filled in, and the words that it may rest on.

    Attributes:
        fields: What it may hold.
        values: What the model wrote.
        evidence: The turn's.
        path: Where in the call it is, for provenance.
        name: The tool, whose own words account for no value; empty for an object within a call.
        part: Its part of the utterance.
        taken: Indexes of the words that are accounted for.
        found: The arguments that are settled, by name.
        missing: Paths of required arguments of objects within it that nothing supports.
        texts: Indexes of the words that free texts rest on: one word supports one optional text.
        moments: The kinds and first words of the dates and times that are accounted for.
    """

    fields: Sequence[Field]
    values: JsonObject
    evidence: Evidence
    path: str = ""
    name: str = ""
    part: Part = field(default_factory=Part)
    taken: set[int] = field(default_factory=set)
    found: dict[str, Finding] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    texts: set[int] = field(default_factory=set)
    moments: set[tuple[str, int]] = field(default_factory=set)

    def ground(self) -> Frame:
        """Settle every argument that something supports; itself, for chaining."""
        for settle in _STEPS if self.evidence.spoken.english else _STEPS_ABROAD:
            settle(self)
        return self

    def inner(self, item: Field, values: JsonObject, part: Part, index: int | None = None) -> Frame:
        """A frame for an object in the argument `item`, the one at `index` of a list."""
        path = f"{self.path}{item.name}." if index is None else f"{self.path}{item.name}.{index}."
        return Frame(
            (item.item or item).members, values, self.evidence, path, part=part, taken=set(self.taken)
        )

    def hits(
        self, without: Collection[str] = (), only: Collection[str] | None = None
    ) -> list[frozenset[int]]:
        """For each value that the model wrote, the indexes of all words in the utterance that name it.

        Args:
            without: Names of arguments to leave out.
            only: Names of the arguments to look at; None for all.
        """
        hits = []
        for item in self.fields:
            looked_at = item.name not in without and (only is None or item.name in only)
            for kind, value in _leaves(item, self.values.get(item.name)) if looked_at else ():
                words = choices.words_naming(self, kind, value) | amounts.words_naming(self, kind, value)
                words |= texts.words_naming(self, kind, value) | dates.words_naming(self, kind, value)
                if words:
                    hits.append(words)
        return hits

    def leaves(self) -> list[tuple[Field, Any]]:
        """The scalars that the model wrote, each with its field, nested ones too."""
        return [leaf for item in self.fields for leaf in _leaves(item, self.values.get(item.name))]

    def numbers(self) -> frozenset[float]:
        """The numbers that the model wrote."""
        return frozenset(v for f, v in self.leaves() if f.kind == "number" and isinstance(v, int | float))

    def open(self, *kinds: str) -> list[Field]:
        """The fields of these kinds that are not settled."""
        return [f for f in self.fields if f.kind in kinds and f.name not in self.found]

    def within(self, index: int) -> bool:
        """Whether a word lies in this frame's own part."""
        return self.part.has(index)

    def reachable(self, index: int, item: Field) -> bool:
        """Whether a word may support what the model wrote: it lies in the own part, or calls share it."""
        if self.within(index) or item.required or self.part.common is None:
            return True
        return self.part.may_share(item.name, index) or (
            item.name in self.part.common and self._points_back()
        )

    def _points_back(self) -> bool:
        """Whether the own part of the words refers to another: "and write a name on it"."""
        first, last = self.part.span
        return any(word.form in _POINTERS for word in self.evidence.spoken.words[first : last + 1])

    def untaken(self, first: int, last: int) -> bool:
        """Whether the words from one index to another account for nothing yet."""
        return self.taken.isdisjoint(range(first, last + 1))

    def free(self) -> list[bool]:
        """For each word of the utterance whether it may still account for something here."""
        words = self.evidence.spoken.words
        return [self.within(i) and i not in self.taken and not words[i].negated for i in range(len(words))]

    def mentions(self, item: Field) -> tuple[Mention, ...]:
        """Where the utterance names the choices of a field, or of a list's items."""
        return self.evidence.spoken.mentions(item)

    def settle(self, item: Field, value: Any, provenance: Provenance, words: Iterable[int] = ()) -> None:
        """Fix an argument, and let its words account for nothing else."""
        self.found[item.name] = Finding(value, {self.path + item.name: provenance})
        self.taken |= set(words)

    def settle_inner(self, item: Field, value: Any, rests: Mapping[str, Provenance]) -> None:
        """Fix an argument that holds objects, with what each of their own arguments rests on."""
        self.found[item.name] = Finding(value, rests)

    def settle_by_words(self, item: Field, value: Any, words: Collection[int]) -> None:
        """Fix an argument that rests on words, and let them account for nothing else."""
        self.settle(item, value, self.evidence.from_words(min(words), max(words)), words)

    def settle_by_meaning(self, item: Field, value: Any) -> None:
        """Fix an argument as the model understood it, by no word in particular."""
        self.settle(item, value, self.evidence.by_meaning())

    def arguments(self) -> JsonObject:
        """What is settled, in the model's order, then what was filled in; unknown ones stay."""
        known = {item.name for item in self.fields}
        order = [name for name in self.values if name in self.found]
        order += [item.name for item in self.fields if item.name in self.found and item.name not in order]
        unknown = {name: value for name, value in self.values.items() if name not in known}
        return {name: self.found[name].value for name in order} | unknown

    def provenance(self) -> dict[str, Provenance]:
        """What each settled argument rests on, by path."""
        return {
            path: rests
            for name in self.arguments()
            if name in self.found
            for path, rests in self._rests(name)
        }

    def _rests(self, name: str) -> Iterable[tuple[str, Provenance]]:
        return self.found[name].rests.items()

    def lacking(self) -> tuple[str, ...]:
        """Paths of the required arguments that nothing supports."""
        own = [self.path + f.name for f in self.fields if f.required and f.name not in self.found]
        return tuple(dict.fromkeys((*self.missing, *own)))


def _leaves(item: Field, value: Any) -> list[tuple[Field, Any]]:
    """A value's scalars, each with its field."""
    if value is None:
        return []
    if item.kind == "list" and item.item and isinstance(value, list):
        return [leaf for part in value for leaf in _leaves(item.item, part)]
    if item.kind == "object" and isinstance(value, dict):
        return [leaf for member in item.members for leaf in _leaves(member, value.get(member.name))]
    return [(item, value)]
