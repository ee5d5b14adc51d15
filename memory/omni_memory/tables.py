"""The tables of `memory.db`, as the newest migration leaves them.

Moments are text in ISO 8601, always UTC with six decimals (`2026-11-22T21:59:00.123456+00:00`), so that they
sort as text and SQLite's date functions read them. JSON is text too: a value that no longer parses must cost
one row, not the query. A change here needs a migration in `migrations/versions` and its number in
`upgrading.HEAD`. The full-text tables and their triggers are not here: SQLAlchemy knows no virtual tables, so
`migrations/versions` creates them as SQL.
"""

from __future__ import annotations

import re

from sqlalchemy import (
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """What the tables share: text columns, and names for constraints, which migrations need to alter them."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "uq": "uq_%(table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map = {str: Text(), float: Float(), bytes: LargeBinary()}  # noqa: RUF012 - SQLAlchemy's own name


def is_mapped(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """Whether Alembic is to compare it (its `include_object`): full-text tables, and those in which SQLite
    keeps them, are made by SQL and no drift."""
    return kind != "table" or not re.search("_(fts|cjk)(_|$)", name or "")


class User(Base):
    """Somebody who talked; `created_at` is the start of the first turn that was written."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[str]


class Persona(Base):
    """A character that somebody talked to; `created_at` as for users."""

    __tablename__ = "personas"

    id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[str]


class Session(Base):
    """One conversation. Its name is unique for its user and persona only.

    `started_at` is the earliest start of its turns, `last_at` the latest end. Of the turns up to `folded_seq`
    a model sees the summaries only.
    """

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "user", "persona", "last_at"),)

    user: Mapped[str] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    persona: Mapped[str] = mapped_column(ForeignKey(Persona.id, ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[str]
    last_at: Mapped[str]
    folded_seq: Mapped[int] = mapped_column(server_default="0")


class Turn(Base):
    """One contribution and its answer; `seq` counts from 1 in each session.

    `messages` is a JSON list of `Message.to_json`, `timings` and `usage` are JSON objects with the fields of
    `omni_agent.events.Timings` and `Usage`. `asked_by` is `user`, or `agent` where another agent asked.
    """

    __tablename__ = "turns"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user", "persona", "session"], [Session.user, Session.persona, Session.id], ondelete="CASCADE"
        ),
        UniqueConstraint("user", "persona", "session", "seq"),
    )

    user: Mapped[str] = mapped_column(primary_key=True)
    persona: Mapped[str] = mapped_column(primary_key=True)
    session: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    text: Mapped[str]
    heard_text: Mapped[str]
    status: Mapped[str]
    started_at: Mapped[str]
    ended_at: Mapped[str]
    messages: Mapped[str]
    timings: Mapped[str]
    usage: Mapped[str]
    asked_by: Mapped[str] = mapped_column(server_default="user")


class Utterance(Base):
    """What one side said in a turn: the words that recall searches.

    `speaker` is `user` or `agent`; `text` of the agent is what was heard of the answer. `place` orders the
    utterances of a session: twice the turn's `seq`, and one more for the agent.
    """

    __tablename__ = "utterances"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user", "persona", "session", "turn"],
            [Turn.user, Turn.persona, Turn.session, Turn.id],
            ondelete="CASCADE",
        ),
        UniqueConstraint("user", "persona", "session", "place"),
        Index(None, "user", "persona", "session", "turn"),
        Index(None, "user", "persona", "at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped[str]
    persona: Mapped[str]
    session: Mapped[str]
    turn: Mapped[str]
    place: Mapped[int]
    speaker: Mapped[str]
    text: Mapped[str]
    at: Mapped[str]


class MediaUse(Base):
    """A sound or picture that a turn refers to; the file itself lies in the media store."""

    __tablename__ = "media"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user", "persona", "session", "turn"],
            [Turn.user, Turn.persona, Turn.session, Turn.id],
            ondelete="CASCADE",
        ),
        Index(None, "ref"),
    )

    user: Mapped[str] = mapped_column(primary_key=True)
    persona: Mapped[str] = mapped_column(primary_key=True)
    session: Mapped[str] = mapped_column(primary_key=True)
    turn: Mapped[str] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]


class Summary(Base):
    """What was said in a session from turn `first_seq` to turn `last_seq`, in short.

    `model` and `version` say what wrote it.
    """

    __tablename__ = "summaries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user", "persona", "session"], [Session.user, Session.persona, Session.id], ondelete="CASCADE"
        ),
        UniqueConstraint("user", "persona", "session", "first_seq"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped[str]
    persona: Mapped[str]
    session: Mapped[str]
    first_seq: Mapped[int]
    last_seq: Mapped[int]
    text: Mapped[str]
    model: Mapped[str]
    version: Mapped[int]
    made_at: Mapped[str]


class Entity(Base):
    """Somebody or something that facts are about, as one user calls it."""

    __tablename__ = "entities"
    __table_args__ = (
        UniqueConstraint("user", "persona", "circle", "name"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    persona: Mapped[str]
    circle: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]


class EntityAlias(Base):
    """Another name of an entity: "my sister" for Eva. Lower case."""

    __tablename__ = "entity_aliases"

    entity: Mapped[int] = mapped_column(ForeignKey(Entity.id, ondelete="CASCADE"), primary_key=True)
    alias: Mapped[str] = mapped_column(primary_key=True)


class Fact(Base):
    """A statement, as `omni_agent.memory.Fact` explains it.

    It belongs to `persona`, or to a `circle` of personas; the other of the two is empty. `many` is 0 or 1.
    """

    __tablename__ = "facts"
    __table_args__ = (
        Index(None, "user", "persona", "circle", "subject", "predicate"),
        Index(None, "user", "persona", "importance"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    persona: Mapped[str]
    circle: Mapped[str]
    subject: Mapped[str]
    predicate: Mapped[str]
    object: Mapped[str]
    text: Mapped[str]
    kind: Mapped[str]
    confidence: Mapped[float]
    importance: Mapped[float]
    many: Mapped[int]
    valid_from: Mapped[str | None]
    valid_to: Mapped[str | None]
    recorded_at: Mapped[str]
    superseded_at: Mapped[str | None]
    superseded_by: Mapped[int | None] = mapped_column(ForeignKey("facts.id", ondelete="SET NULL"))


class FactSource(Base):
    """What a fact rests on: a turn, or where it has none, what `kind` says (`import`, `program`)."""

    __tablename__ = "fact_sources"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user", "persona", "session", "turn"],
            [Turn.user, Turn.persona, Turn.session, Turn.id],
            ondelete="CASCADE",
        ),
        Index(None, "fact"),
        Index(None, "user", "persona", "session", "turn"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    fact: Mapped[int] = mapped_column(ForeignKey(Fact.id, ondelete="CASCADE"))
    kind: Mapped[str]
    user: Mapped[str]
    persona: Mapped[str]
    session: Mapped[str | None]
    turn: Mapped[str | None]


class ProfileBlock(Base):
    """Words that a persona always has before it about a user, under a label: "relationship"."""

    __tablename__ = "profile_blocks"

    user: Mapped[str] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    persona: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    char_limit: Mapped[int]
    version: Mapped[int]
    updated_at: Mapped[str]


class Embedding(Base):
    """A vector of an utterance or a fact: `vec` holds `dim` little-endian float32."""

    __tablename__ = "embeddings"

    owner_kind: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    dim: Mapped[int]
    vec: Mapped[bytes]


class Job(Base):
    """Work that a turn left behind, done when nobody talks: `facts` of a turn, `summary` of a session."""

    __tablename__ = "jobs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user", "persona", "session"], [Session.user, Session.persona, Session.id], ondelete="CASCADE"
        ),
        UniqueConstraint("user", "persona", "session", "turn", "kind"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped[str]
    persona: Mapped[str]
    circle: Mapped[str]
    session: Mapped[str]
    turn: Mapped[str]
    kind: Mapped[str]
    attempts: Mapped[int]
    created_at: Mapped[str]


class Erasure(Base):
    """That something was erased, and how much; never what."""

    __tablename__ = "erasure_log"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[str]
    what: Mapped[str]
    facts: Mapped[int]
    turns: Mapped[int]
    summaries: Mapped[int]
    media: Mapped[int]
