"""The tables of `memory.db`, as the newest migration leaves them.

Moments are text in ISO 8601, always UTC with six decimals (`2026-11-22T21:59:00.123456+00:00`), so that they
sort as text and SQLite's date functions read them. JSON is text too: a value that no longer parses must cost
one row, not the query. A change here needs a migration in `migrations/versions` and its number in
`database.HEAD`.
"""

from __future__ import annotations

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, MetaData, Text, UniqueConstraint
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
    type_annotation_map = {str: Text()}  # noqa: RUF012 - SQLAlchemy's own name


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

    `started_at` is the earliest start of its turns, `last_at` the latest end.
    """

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "user", "persona", "last_at"),)

    user: Mapped[str] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    persona: Mapped[str] = mapped_column(ForeignKey(Persona.id, ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[str]
    last_at: Mapped[str]


class Turn(Base):
    """One contribution and its answer; `seq` counts from 1 in each session.

    `messages` is a JSON list of `Message.to_json`, `timings` and `usage` are JSON objects with the fields of
    `omni_agent.events.Timings` and `Usage`.
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
