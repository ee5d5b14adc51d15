"""Users, personas, sessions and turns.

There is no way back down: each upgrade keeps a copy of the database beside it, which is restored instead.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("users", "personas"):
        op.create_table(
            name,
            sa.Column("id", sa.Text(), nullable=False),
            sa.Column("created_at", sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        )
    op.create_table(
        "sessions",
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("persona", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("last_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_sessions_users", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["persona"], ["personas.id"], name="fk_sessions_personas", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user", "persona", "id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_user_persona_last_at", "sessions", ["user", "persona", "last_at"])
    _create_turns()


def _create_turns() -> None:
    op.create_table(
        "turns",
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("persona", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in (
                "text",
                "heard_text",
                "status",
                "started_at",
                "ended_at",
                "messages",
                "timings",
                "usage",
            )
        ),
        sa.ForeignKeyConstraint(
            ["user", "persona", "session"],
            ["sessions.user", "sessions.persona", "sessions.id"],
            name="fk_turns_sessions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user", "persona", "session", "id", name="pk_turns"),
        sa.UniqueConstraint("user", "persona", "session", "seq", name="uq_turns"),
    )
