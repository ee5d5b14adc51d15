"""What an export holds: one document for one user and one persona, which people and programs can read.

Times are text in ISO 8601 with their zone, as the store has them. `messages`, `timings` and `usage` of a turn
are JSON as `Message.to_json` and the fields of `Timings` and `Usage` make it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from ..errors import MemoryStoreError
from ..events import TurnStatus
from ..messages import JsonObject
from .facts import FactKind
from .records import Asker

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FORMAT: Final = "omni-agent-memory"
VERSION: Final = 1
_LARGEST = 2**62


@dataclass(frozen=True, slots=True)
class TurnEntry:
    """A turn; `seq` is its place in the session."""

    id: str
    seq: int
    started_at: str
    ended_at: str
    status: TurnStatus
    text: str
    heard_text: str
    messages: list[JsonObject]
    timings: JsonObject
    usage: JsonObject
    asked_by: Asker = "user"


@dataclass(frozen=True, slots=True)
class SummaryEntry:
    """The turns from `first_seq` to `last_seq` in short."""

    first_seq: int
    last_seq: int
    text: str
    model: str
    version: int
    made_at: str


@dataclass(frozen=True, slots=True)
class WorkEntry:
    """Work that is still to be done: `facts` of a turn, `summary` of the session."""

    kind: str
    turn: str


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """A conversation; of the turns up to `folded_seq` a model sees only the summaries."""

    id: str
    turns: list[TurnEntry]
    summaries: list[SummaryEntry]
    waiting: list[WorkEntry]
    folded_seq: int = 0


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """What a fact rests on: a turn of this document, or what `kind` says."""

    kind: str
    session: str | None = None
    turn: str | None = None


@dataclass(frozen=True, slots=True)
class FactEntry:
    """A fact; `number` is its own in this document, `superseded_by` that of another one."""

    number: int
    subject: str
    predicate: str
    object: str
    text: str
    kind: FactKind
    confidence: float
    importance: float
    many: bool
    shared: bool
    valid_from: str | None
    valid_to: str | None
    recorded_at: str
    superseded_at: str | None
    superseded_by: int | None
    sources: list[SourceEntry]


@dataclass(frozen=True, slots=True)
class EntityEntry:
    """Somebody or something that facts are about, and what else the user calls it."""

    name: str
    kind: str
    shared: bool
    aliases: list[str]


@dataclass(frozen=True, slots=True)
class BlockEntry:
    """The persona's own words about the user."""

    label: str
    text: str
    char_limit: int
    version: int
    updated_at: str


@dataclass(frozen=True, slots=True)
class MediaEntry:
    """A sound or picture that a turn refers to; its bytes are not in the document."""

    ref: str
    kind: str
    session: str
    turn: str


@dataclass(frozen=True, slots=True)
class Document:
    """All that one persona keeps of one user."""

    format: Literal["omni-agent-memory"]
    version: Literal[1]
    user: str
    persona: str
    sessions: list[SessionEntry]
    facts: list[FactEntry]
    entities: list[EntityEntry]
    blocks: list[BlockEntry]
    media: list[MediaEntry]

    def to_json(self) -> JsonObject:
        """As plain JSON."""
        return asdict(self)

    @classmethod
    def parse(cls, data: object) -> Document:
        """The document that some JSON is.

        Raises:
            MemoryStoreError: It is none, it is of a newer version, or it contradicts itself.
        """
        from pydantic import ValidationError

        head: dict[str, Any] = data if isinstance(data, dict) else {}
        if head.get("format") != FORMAT:
            raise _invalid(f"it is no export of a memory ('format' is not '{FORMAT}')")
        if head.get("version") != VERSION:
            raise _invalid(f"its version is {head.get('version')!r}, and {VERSION} is what is known here")
        try:
            document = _adapter().validate_python(data)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise _invalid(f"{place}: {first['msg']}") from None
        for problem in document._problems():
            raise _invalid(problem)
        return document

    def _problems(self) -> Iterator[str]:
        """Where the document contradicts itself."""
        yield from _twice("session", [session.id for session in self.sessions])
        turns = {(session.id, turn.id) for session in self.sessions for turn in session.turns}
        for session in self.sessions:
            yield from _of_session(session)
        numbers = [fact.number for fact in self.facts]
        yield from _twice("fact", numbers)
        for fact in self.facts:
            where = f"fact {fact.number}"
            yield from _times(where, fact.valid_from, fact.valid_to, fact.recorded_at, fact.superseded_at)
            if fact.superseded_by is not None and fact.superseded_by not in numbers:
                yield f"{where} is superseded by {fact.superseded_by}, which is not there"
            if not fact.sources:
                yield f"{where} has no source"
            for source in fact.sources:
                place = (source.session, source.turn)
                if place != (None, None) and place not in turns:
                    yield f"{where} rests on a turn that is not there"
        yield from _twice("entity", [(entity.name, entity.shared) for entity in self.entities])
        yield from _twice("block", [block.label for block in self.blocks])
        for block in self.blocks:
            yield from _times(f"block {block.label}", block.updated_at)


def _of_session(session: SessionEntry) -> Iterator[str]:
    where = f"session {session.id}"
    if not session.turns:
        yield f"{where} has no turns"
    yield from _twice(f"{where}, turn", [turn.id for turn in session.turns])
    yield from _twice(f"{where}, place", [turn.seq for turn in session.turns])
    yield from _twice(f"{where}, summary", [summary.first_seq for summary in session.summaries])
    for turn in session.turns:
        yield from _times(f"{where}, turn {turn.id}", turn.started_at, turn.ended_at)
        if not 0 < turn.seq < _LARGEST:
            yield f"{where}, turn {turn.id}: its place is {turn.seq}"
    for summary in session.summaries:
        yield from _times(f"{where}, summary", summary.made_at)
    known = {"", *(turn.id for turn in session.turns)}
    if any(work.turn not in known for work in session.waiting):
        yield f"{where}: work waits on a turn that is not there"


def _twice(what: str, names: list[Any]) -> Iterator[str]:
    if len(set(names)) != len(names):
        yield f"{what} {next(name for name in names if names.count(name) > 1)!r} is there twice"


def _times(where: str, *texts: str | None) -> Iterator[str]:
    for text in texts:
        try:
            if text is not None and datetime.fromisoformat(text).tzinfo is None:
                yield f"{where}: the time {text} has no zone"
        except ValueError:
            yield f"{where}: {text!r} is no time"


def _invalid(cause: str) -> MemoryStoreError:
    return MemoryStoreError(
        f"this document cannot be imported: {cause}",
        code="memory_document_invalid",
        remedy="use a file that `omni-agent memory export` wrote; nothing was imported",
    )


def _adapter() -> TypeAdapter[Document]:
    from pydantic import TypeAdapter

    return TypeAdapter(Document)
