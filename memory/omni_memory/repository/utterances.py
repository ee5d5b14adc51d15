"""What each side said in a turn, as rows; and scripts without spaces, cut so that they can be searched."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, text

from omni_agent.memory import Scope, TurnRecord

from .rows import sound, written

USER, AGENT = "user", "agent"
CJK = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f"
)
_RUN = re.compile(f"[{CJK}]+")


def to_utterances(scope: Scope, turn: TurnRecord, seq: int) -> list[dict[str, Any]]:
    """The rows of what was said: the user's own words, and what was heard of the answer; none where
    another agent asked."""
    if turn.asked_by == "agent":
        return []
    said = turn.messages[0].text if turn.messages and turn.messages[0].role == "user" else ""
    rows = (
        (2 * seq, USER, said, turn.started_at),
        (2 * seq + 1, AGENT, turn.heard_text, turn.ended_at),
    )
    return [
        {
            "user": scope.user,
            "persona": scope.persona,
            "session": turn.session,
            "turn": turn.id,
            "place": place,
            "speaker": speaker,
            "text": sound(words),
            "at": written(at),
        }
        for place, speaker, words, at in rows
        if words.strip()
    ]


def to_media(scope: Scope, turn: TurnRecord) -> list[dict[str, str]]:
    """The rows of the sounds and pictures that a turn refers to."""
    kinds = {media.ref: media.type for message in turn.messages for media in message.media}
    place = {"user": scope.user, "persona": scope.persona, "session": turn.session, "turn": turn.id}
    return [{**place, "ref": sound(ref), "kind": kind} for ref, kind in kinds.items()]


def grams(words: str) -> list[str]:
    """Chinese, Japanese and Korean in pairs of neighbouring signs, as they are indexed and asked for; a sign
    that stands alone is one by itself."""
    runs = [] if words.isascii() else _RUN.findall(words)
    return [run[i : i + 2] for run in runs for i in range(max(len(run) - 1, 1))]


def write_cjk(connection: Connection, table: str, id_: int, words: str) -> None:
    """Index what of a new row of `table` (utterances or facts) is written without spaces."""
    if found := grams(words):
        # Many words are a single sign.
        single = [sign for run in _RUN.findall(words) for sign in run]
        connection.execute(
            text(f"INSERT INTO {table}_cjk (rowid, grams) VALUES (:id, :grams)"),
            {"id": id_, "grams": " ".join([*found, *single])},
        )
