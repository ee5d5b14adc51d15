"""One object of arguments, held against its part of what was said.

Every word accounts for one thing only. So the sure mentions come first and take their words; what they leave
is what a paraphrase, a misheard name or a free text may rest on. What rests on nothing was invented.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..messages import JsonObject
from . import amounts, choices, dates, texts
from .evidence import Evidence, Provenance
from .fields import Field
from .mentions import Mention, comparable, mentions_of
from .segments import Span

_POINTERS = frozenset(("it", "them", "there", "that", "same", "its", "their"))


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one argument: its value and what it rests on."""

    value: Any
    provenance: Provenance
    words: frozenset[int] = frozenset()


@dataclass
class Frame:
    """An object that a model filled in, and the words that it may rest on.

    Attributes:
        fields: What it may hold.
        values: What the model wrote.
        evidence: The turn's.
        path: Where in the call it is, for provenance.
        name: The tool, whose own words account for no value.
        span: First and last index of its words.
        shares: It may rest on words outside its span too.
        common: Names of the arguments that are the same in all calls that the utterance made.
        taken: Indexes of the words that are accounted for.
        claimed: The numbers that the other calls have.
        before, after: Words up to the one, and from the other on, may be shared with other calls.
    """

    fields: Sequence[Field]
    values: JsonObject
    evidence: Evidence
    path: str = ""
    name: str = ""
    span: Span = (0, -1)
    shares: bool = True
    common: frozenset[str] | None = None
    claimed: frozenset[float] = frozenset()
    before: int = 10**6
    after: int = -1
    taken: set[int] = field(default_factory=set)
    found: dict[str, Finding] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    texts: set[int] = field(default_factory=set)
    moments: set[tuple[str, int]] = field(default_factory=set)
    nested: dict[str, dict[str, Provenance]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        spoken = self.evidence.spoken
        self.forms = comparable(spoken.words, spoken.numbers)
        if self.span == (0, -1):
            self.span = (0, len(spoken.words) - 1)

    def ground(self) -> tuple[JsonObject, dict[str, Provenance], tuple[str, ...]]:
        """The arguments that something supports, what each rests on, and the required ones that nothing does."""
        for settle in (dates.settle, choices.named, amounts.settle, choices.switched, choices.sounding):
            settle(self)
        texts.settle(self)
        choices.meant(self)
        from .nested import settle as settle_nested

        settle_nested(self)
        return self._result()

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
            if item.name not in self.values or item.name in without or (only is not None and item.name not in only):
                continue
            for value in _leaves(item, self.values[item.name]):
                words = choices.words_naming(self, *value) | amounts.words_naming(self, *value)
                words |= texts.words_naming(self, *value) | dates.words_naming(self, *value)
                if words:
                    hits.append(words)
        return hits

    def leaves(self) -> list[tuple[Field, Any]]:
        """The scalars that the model wrote, each with its field, nested ones too."""
        return [leaf for f in self.fields if f.name in self.values for leaf in _leaves(f, self.values[f.name])]

    def numbers(self) -> frozenset[float]:
        """The numbers that the model wrote."""
        return frozenset(v for f, v in self.leaves() if f.kind == "number" and isinstance(v, int | float))

    def open(self, *kinds: str) -> list[Field]:
        """The fields of these kinds that are not settled."""
        return [f for f in self.fields if f.kind in kinds and f.name not in self.found]

    def within(self, index: int) -> bool:
        """Whether a word lies in this frame's own part."""
        return self.span[0] <= index <= self.span[1]

    def reachable(self, index: int, item: Field) -> bool:
        """Whether a word may support what the model wrote: it lies in the own part, or calls share it."""
        if self.within(index) or item.required or self.common is None:
            return True
        if item.name in self.common and self._points_back():
            return True
        return item.name in self.common and self.shares and not self.before <= index <= self.after

    def _points_back(self) -> bool:
        """Whether the own part of the words refers to another: "put grapes on it"."""
        words = self.evidence.spoken.words[self.span[0] : self.span[1] + 1]
        return any(word.form in _POINTERS for word in words)

    def free(self) -> list[bool]:
        """For each word of the utterance whether it may still account for something here."""
        words = self.evidence.spoken.words
        return [self.within(i) and i not in self.taken and not words[i].negated for i in range(len(words))]

    def mentions(self, item: Field) -> list[Mention]:
        """Where the utterance names this field's choices."""
        return mentions_of(item, self.evidence.spoken.words, self.forms)

    def settle(self, item: Field, value: Any, provenance: Provenance, words: Sequence[int] = ()) -> None:
        """Fix an argument, and let its words account for nothing else."""
        self.found[item.name] = Finding(value, provenance, frozenset(words))
        self.taken |= set(words)

    def settle_by_words(self, item: Field, value: Any, first: int, last: int) -> None:
        """Fix an argument that rests on the words from one index to another."""
        self.settle(item, value, self.evidence.from_words(first, last), range(first, last + 1))

    def _result(self) -> tuple[JsonObject, dict[str, Provenance], tuple[str, ...]]:
        arguments: JsonObject = {}
        provenance: dict[str, Provenance] = {}
        missing = list(self.missing)
        order = [name for name in self.values if name in self.found]
        order += [item.name for item in self.fields if item.name in self.found and item.name not in order]
        for name in order:
            arguments[name] = self.found[name].value
            inner = self.nested.get(name)
            provenance |= inner if inner is not None else {self.path + name: self.found[name].provenance}
        known = {item.name for item in self.fields}
        arguments |= {name: value for name, value in self.values.items() if name not in known}
        missing += [
            self.path + item.name
            for item in self.fields
            if item.required and item.name not in self.found and self.path + item.name not in missing
        ]
        return arguments, provenance, tuple(missing)


def _leaves(item: Field, value: Any) -> list[tuple[Field, Any]]:
    """A value's scalars, each with its field."""
    if item.kind == "list" and item.item and isinstance(value, list):
        return [leaf for part in value for leaf in _leaves(item.item, part)]
    if item.kind == "object" and isinstance(value, dict):
        return [
            leaf
            for member in item.members
            if member.name in value
            for leaf in _leaves(member, value[member.name])
        ]
    return [(item, value)]


Settle = Callable[[Frame], None]
