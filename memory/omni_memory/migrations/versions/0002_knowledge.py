"""What recall searches, facts with their sources, summaries, blocks, and the work that turns leave behind.

The utterances of the turns that are there are cut out of their messages.
"""

from __future__ import annotations

import json
import re
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CJK = re.compile(
    "[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f]+"
)
_TURN = (
    ["user", "persona", "session", "turn"],
    ["turns.user", "turns.persona", "turns.session", "turns.id"],
)
_SESSION = (["user", "persona", "session"], ["sessions.user", "sessions.persona", "sessions.id"])

# Whose a row is, is indexed beside its words as one token that nobody says, so that a search reads what is
# one user's only. A plain search for words does not meet it.
_OWNER = "hex({0}.user) || 'x' || hex({0}.persona) || 'x'"
_FULL_TEXT = f"""
CREATE VIEW utterances_indexed AS SELECT id, text, {_OWNER.format("utterances")} AS owner FROM utterances;
CREATE VIRTUAL TABLE utterances_fts USING fts5(
    text, owner, content='utterances_indexed', content_rowid='id',
    tokenize='porter unicode61 remove_diacritics 2');
CREATE TRIGGER utterances_added AFTER INSERT ON utterances BEGIN
    INSERT INTO utterances_fts(rowid, text, owner) VALUES (new.id, new.text, {_OWNER.format("new")});
END;
CREATE TRIGGER utterances_removed AFTER DELETE ON utterances BEGIN
    INSERT INTO utterances_fts(utterances_fts, rowid, text, owner)
    VALUES ('delete', old.id, old.text, {_OWNER.format("old")});
    DELETE FROM utterances_cjk WHERE rowid = old.id;
    DELETE FROM embeddings WHERE owner_kind = 'utterance' AND owner_id = old.id;
END;
CREATE TRIGGER utterances_changed AFTER UPDATE OF text ON utterances BEGIN
    INSERT INTO utterances_fts(utterances_fts, rowid, text, owner)
    VALUES ('delete', old.id, old.text, {_OWNER.format("old")});
    INSERT INTO utterances_fts(rowid, text, owner) VALUES (new.id, new.text, {_OWNER.format("new")});
    DELETE FROM embeddings WHERE owner_kind = 'utterance' AND owner_id = old.id;
END;
CREATE VIRTUAL TABLE utterances_cjk USING fts5(grams, tokenize='unicode61');
CREATE VIEW facts_indexed AS
    SELECT id, text, predicate, object, subject, hex(user) || 'x' AS owner FROM facts;
CREATE VIRTUAL TABLE facts_fts USING fts5(
    text, predicate, object, subject, owner, content='facts_indexed', content_rowid='id',
    tokenize='porter unicode61 remove_diacritics 2');
CREATE TRIGGER facts_added AFTER INSERT ON facts BEGIN
    INSERT INTO facts_fts(rowid, text, predicate, object, subject, owner)
    VALUES (new.id, new.text, new.predicate, new.object, new.subject, hex(new.user) || 'x');
END;
CREATE TRIGGER facts_removed AFTER DELETE ON facts BEGIN
    INSERT INTO facts_fts(facts_fts, rowid, text, predicate, object, subject, owner)
    VALUES ('delete', old.id, old.text, old.predicate, old.object, old.subject, hex(old.user) || 'x');
    DELETE FROM facts_cjk WHERE rowid = old.id;
    DELETE FROM embeddings WHERE owner_kind = 'fact' AND owner_id = old.id;
END;
CREATE VIRTUAL TABLE facts_cjk USING fts5(grams, tokenize='unicode61');
"""


def upgrade() -> None:
    op.add_column("sessions", sa.Column("folded_seq", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("turns", sa.Column("asked_by", sa.Text(), nullable=False, server_default="user"))
    _create_utterances()
    _create_knowledge()
    _create_facts()
    _create_work()
    for statement in _statements(_FULL_TEXT):
        op.execute(statement)
    _fill()


def _statements(script: str) -> list[str]:
    """The statements of a script; a trigger's body has semicolons of its own."""
    found, statement = [], ""
    for line in script.strip().splitlines():
        statement += line + "\n"
        ended = line == "END;" if statement.startswith("CREATE TRIGGER") else line.endswith(";")
        if ended:
            found.append(statement.strip())
            statement = ""
    return found


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer(), nullable=False)


def _user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user"], ["users.id"], name=f"fk_{table}_users", ondelete="CASCADE")


def _turn(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(*_TURN, name=f"fk_{table}_turns", ondelete="CASCADE")


def _session(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(*_SESSION, name=f"fk_{table}_sessions", ondelete="CASCADE")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, [*columns])


def _create_utterances() -> None:
    op.create_table(
        "utterances",
        _id(),
        *_text("user", "persona", "session", "turn"),
        sa.Column("place", sa.Integer(), nullable=False),
        *_text("speaker", "text", "at"),
        _turn("utterances"),
        sa.PrimaryKeyConstraint("id", name="pk_utterances"),
        sa.UniqueConstraint("user", "persona", "session", "place", name="uq_utterances"),
        sqlite_autoincrement=True,
    )
    _index("utterances", "user", "persona", "session", "turn")
    _index("utterances", "user", "persona", "at")
    op.create_table(
        "media",
        *_text("user", "persona", "session", "turn", "ref", "kind"),
        _turn("media"),
        sa.PrimaryKeyConstraint("user", "persona", "session", "turn", "ref", name="pk_media"),
    )
    _index("media", "ref")


def _create_knowledge() -> None:
    op.create_table(
        "summaries",
        _id(),
        *_text("user", "persona", "session"),
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        *_text("text", "model"),
        sa.Column("version", sa.Integer(), nullable=False),
        *_text("made_at"),
        _session("summaries"),
        sa.PrimaryKeyConstraint("id", name="pk_summaries"),
        sa.UniqueConstraint("user", "persona", "session", "first_seq", name="uq_summaries"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "profile_blocks",
        *_text("user", "persona", "label", "text"),
        sa.Column("char_limit", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_text("updated_at"),
        _user("profile_blocks"),
        sa.PrimaryKeyConstraint("user", "persona", "label", name="pk_profile_blocks"),
    )
    op.create_table(
        "embeddings",
        *_text("owner_kind"),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        *_text("model"),
        sa.Column("dim", sa.Integer(), nullable=False),
        sa.Column("vec", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("owner_kind", "owner_id", "model", name="pk_embeddings"),
    )


def _create_facts() -> None:
    op.create_table(
        "entities",
        _id(),
        *_text("user", "persona", "circle", "name", "kind"),
        _user("entities"),
        sa.PrimaryKeyConstraint("id", name="pk_entities"),
        sa.UniqueConstraint("user", "persona", "circle", "name", name="uq_entities"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "entity_aliases",
        sa.Column("entity", sa.Integer(), nullable=False),
        *_text("alias"),
        sa.ForeignKeyConstraint(
            ["entity"], ["entities.id"], name="fk_entity_aliases_entities", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entity", "alias", name="pk_entity_aliases"),
    )
    op.create_table(
        "facts",
        _id(),
        *_text("user", "persona", "circle", "subject", "predicate", "object", "text", "kind"),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("importance", sa.Float(), nullable=False),
        sa.Column("many", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Text()),
        sa.Column("valid_to", sa.Text()),
        *_text("recorded_at"),
        sa.Column("superseded_at", sa.Text()),
        sa.Column("superseded_by", sa.Integer()),
        _user("facts"),
        sa.ForeignKeyConstraint(["superseded_by"], ["facts.id"], name="fk_facts_facts", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_facts"),
        sqlite_autoincrement=True,
    )
    _index("facts", "user", "persona", "circle", "subject", "predicate")
    _index("facts", "user", "persona", "importance")
    op.create_table(
        "fact_sources",
        _id(),
        sa.Column("fact", sa.Integer(), nullable=False),
        *_text("kind", "user", "persona"),
        sa.Column("session", sa.Text()),
        sa.Column("turn", sa.Text()),
        sa.ForeignKeyConstraint(["fact"], ["facts.id"], name="fk_fact_sources_facts", ondelete="CASCADE"),
        _turn("fact_sources"),
        sa.PrimaryKeyConstraint("id", name="pk_fact_sources"),
        sqlite_autoincrement=True,
    )
    _index("fact_sources", "fact")
    _index("fact_sources", "user", "persona", "session", "turn")


def _create_work() -> None:
    op.create_table(
        "jobs",
        _id(),
        *_text("user", "persona", "circle", "session", "turn", "kind"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        *_text("created_at"),
        _session("jobs"),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("user", "persona", "session", "turn", "kind", name="uq_jobs"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "erasure_log",
        _id(),
        *_text("at", "what"),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("facts", "turns", "summaries", "media")),
        sa.PrimaryKeyConstraint("id", name="pk_erasure_log"),
        sqlite_autoincrement=True,
    )


def _fill() -> None:
    """Cut utterances and media out of the turns that were written before."""
    connection = op.get_bind()
    columns = "user, persona, session, id, seq, heard_text, started_at, ended_at, messages"
    rows = connection.execute(sa.text(f"SELECT {columns} FROM turns ORDER BY started_at, rowid"))
    for row in rows.mappings().all():
        key = {"user": row["user"], "persona": row["persona"], "session": row["session"], "turn": row["id"]}
        messages = _parts(row["messages"])
        parts = messages[0] if messages else []
        said = " ".join(word for part in parts if (word := _words(part)))
        for place, speaker, text, at in (
            (2 * row["seq"], "user", said, row["started_at"]),
            (2 * row["seq"] + 1, "agent", row["heard_text"], row["ended_at"]),
        ):
            if text.strip():
                added = connection.execute(
                    sa.text(
                        "INSERT INTO utterances (user, persona, session, turn, place, speaker, text, at) "
                        "VALUES (:user, :persona, :session, :turn, :place, :speaker, :text, :at)"
                    ),
                    {**key, "place": place, "speaker": speaker, "text": text, "at": at},
                )
                _index_cjk(connection, added.lastrowid, text)
        for ref, kind in _shown(messages).items():
            connection.execute(
                sa.text(
                    "INSERT INTO media (user, persona, session, turn, ref, kind) "
                    "VALUES (:user, :persona, :session, :turn, :ref, :kind)"
                ),
                {**key, "ref": ref, "kind": str(kind)},
            )


def _parts(messages: str) -> list[list[dict[str, Any]]]:
    """The parts of each of a turn's messages; none where they can no longer be read."""
    try:
        return [
            [part for part in message["parts"] if isinstance(part, dict)] for message in json.loads(messages)
        ]
    except (ValueError, LookupError, TypeError):
        return []


def _shown(messages: list[list[dict[str, Any]]]) -> dict[str, str]:
    """The media that a turn refers to, those in tools' results included, with what they are."""
    parts = [part for message in messages for part in message]
    inside = [part["media"] for part in parts if isinstance(part.get("media"), list)]
    every = [*parts, *(media for found in inside for media in found if isinstance(media, dict))]
    return {part["ref"]: str(part.get("type", "")) for part in every if isinstance(part.get("ref"), str)}


def _index_cjk(connection: sa.Connection, utterance: int, text: str) -> None:
    """Cut what is written without spaces into pairs of signs, and single ones."""
    runs = _CJK.findall(text)
    pairs = [run[i : i + 2] for run in runs for i in range(max(len(run) - 1, 1))]
    if pairs:
        connection.execute(
            sa.text("INSERT INTO utterances_cjk (rowid, grams) VALUES (:id, :grams)"),
            {"id": utterance, "grams": " ".join([*pairs, *(sign for run in runs for sign in run)])},
        )


def _words(part: dict[str, Any]) -> str:
    hearing = part.get("hearing")
    words = hearing.get("text") if isinstance(hearing, dict) else part.get("text")
    return words if isinstance(words, str) else ""
