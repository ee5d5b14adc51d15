"""What is known of a user: to look into, to search, to take along and to bring back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from ...memory import Fact
from .described import described
from .reading import body_of, query_of
from .whose import Asked, Whose


class MemoryQuery(Whose):
    """Which facts."""

    past: bool = Field(False, description="Also what was so before.")
    about: str = Field("", max_length=1000, description="Only what fits these words, best first.")
    limit: int = Field(50, ge=1, le=500, description="How many facts at most.")


class SearchQuery(Whose):
    """What is searched for."""

    q: str = Field(min_length=1, max_length=1000, description="Words, as one would say them.")
    limit: int = Field(8, ge=1, le=100, description="How many at most.")


class FactShape(BaseModel):
    """A fact, with its time and what it rests on."""

    id: int
    text: str
    subject: str
    predicate: str
    object: str
    kind: str
    confidence: float
    current: bool
    shared: bool = Field(description="It belongs to a circle of personas.")
    recorded_at: datetime
    valid_from: datetime | None
    valid_to: datetime | None
    superseded_at: datetime | None
    superseded_by: int | None
    turns: list[str]


class BlockShape(BaseModel):
    """The persona's own words about the user."""

    label: str
    text: str


class Counts(BaseModel):
    """How much is kept."""

    sessions: int
    turns: int
    facts: int
    past_facts: int
    summaries: int
    media: int


class MemoryShape(BaseModel):
    """What is known of a user."""

    facts: list[FactShape]
    blocks: list[BlockShape]
    counts: Counts


class FoundShape(BaseModel):
    """Something that fits: where it is from, when it was said, and how much of the question it meets."""

    text: str
    source: str
    at: datetime | None
    score: float


class FoundList(BaseModel):
    """What fits, best first."""

    data: list[FoundShape]


class Document(BaseModel):
    """A memory as one document, which `docs/privacy.md` describes."""

    model_config = ConfigDict(extra="allow")

    format: str = Field(description="`omni-agent-memory`.")
    version: int


class RestoredShape(BaseModel):
    """How much was added; what was there already is not counted."""

    turns: int
    facts: int
    summaries: int


@described("Show what is known of a user", tag="Memory", query=MemoryQuery, answer=MemoryShape)
async def memory(request: Request) -> JSONResponse:
    """Facts, the most important first, what the persona always has before it, and how much is kept."""
    query = query_of(request, MemoryQuery)
    asked = Asked.of(request, query)
    kept = asked.agent.memory_of(asked.memory_user)
    facts = await kept.facts(query.about, past=query.past, limit=query.limit)
    contents = await kept.contents()
    shown = MemoryShape(
        facts=[_fact(fact) for fact in facts],
        blocks=[BlockShape(label=block.label, text=block.text) for block in contents.blocks],
        counts=Counts.model_validate(contents, from_attributes=True),
    )
    return JSONResponse(shown.model_dump(mode="json"))


@described("Search a user's memory", tag="Memory", query=SearchQuery, answer=FoundList)
async def search(request: Request) -> JSONResponse:
    """What an agent would recall: what was said and is known that fits, best first."""
    query = query_of(request, SearchQuery)
    asked = Asked.of(request, query)
    found = await asked.agent.memory_of(asked.memory_user).search(query.q, limit=query.limit)
    shapes = [FoundShape(text=one.text, source=one.source, at=one.at, score=one.score) for one in found]
    return JSONResponse(FoundList(data=shapes).model_dump(mode="json"))


@described("Export a user's memory", tag="Memory", query=Whose, answer=Document)
async def export(request: Request) -> JSONResponse:
    """All that is kept, as one document: to read, to take along, to import elsewhere."""
    asked = Asked.of(request, query_of(request, Whose))
    document = await asked.agent.memory_of(asked.memory_user).export()
    return JSONResponse(document, headers={"Content-Disposition": 'attachment; filename="memory.json"'})


@described("Import a memory", tag="Memory", query=Whose, body=Document, answer=RestoredShape)
async def restore(request: Request) -> JSONResponse:
    """Add what an exported document holds, whoever it was of; all of it or nothing."""
    asked = Asked.of(request, query_of(request, Whose))
    document: dict[str, Any] = (await body_of(request, Document)).model_dump()
    added = await asked.agent.memory_of(asked.memory_user).restore(document)
    return JSONResponse(RestoredShape.model_validate(added, from_attributes=True).model_dump())


def _fact(fact: Fact) -> FactShape:
    said = fact.said
    return FactShape(
        id=fact.id,
        text=said.text,
        subject=said.subject,
        predicate=said.predicate,
        object=said.object,
        kind=said.kind,
        confidence=said.confidence,
        current=fact.current,
        shared=fact.shared,
        recorded_at=fact.recorded_at,
        valid_from=said.valid_from,
        valid_to=said.valid_to,
        superseded_at=fact.superseded_at,
        superseded_by=fact.superseded_by,
        turns=list(fact.turns),
    )
