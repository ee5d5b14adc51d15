"""A turn as a row of text and back: what SQLite, SQL and JSON cannot hold is settled here."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, get_args

from omni_agent.errors import MemoryStoreError
from omni_agent.events import Timings, TurnStatus, Usage
from omni_agent.memory import Asker, Scope, SessionSummary, TurnRecord
from omni_agent.messages import Message

if TYPE_CHECKING:
    from pydantic import TypeAdapter

logger = logging.getLogger(__name__)


def check_names(*names: str) -> None:
    """Refuse a user, persona, session or turn whose name is not valid Unicode or holds NUL.

    Mending it, as is done with texts, could make two names one, and one user's turns another's.

    Raises:
        MemoryStoreError: With the code `memory_name_invalid`.
    """
    for name in names:
        if sound(name) != name:
            raise MemoryStoreError(
                f"{name!r} cannot be the name of a user, persona, session or turn",
                code="memory_name_invalid",
                remedy="use valid Unicode without NUL",
            )


def sound(text: str) -> str:
    """The text, as UTF-8 and SQL can hold it.

    Two surrogates that are a pair become their letter; a lone one, and NUL, at which SQL functions stop,
    becomes U+FFFD.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "\ufffd")


def to_row(scope: Scope, turn: TurnRecord) -> dict[str, str]:
    """The turn by column, without its place in the session.

    Raises:
        MemoryStoreError: A time has no zone, or a message holds what JSON cannot.
    """
    try:
        return {
            "user": scope.user,
            "persona": scope.persona,
            "session": turn.session,
            "id": turn.id,
            "text": sound(turn.text),
            "heard_text": sound(turn.heard_text),
            "status": turn.status,
            "started_at": written(turn.started_at),
            "ended_at": written(turn.ended_at),
            "messages": _json([message.to_json() for message in turn.messages]),
            "timings": _json(asdict(turn.timings)),
            "usage": _json(asdict(turn.usage)),
            "asked_by": turn.asked_by,
        }
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise MemoryStoreError(
            f"turn {turn.id} cannot be written: {error}",
            code="memory_turn_invalid",
            remedy="times need a zone, and the arguments of calls must be plain JSON",
        ) from error


def to_turn(row: Mapping[Any, Any]) -> TurnRecord | None:
    """The turn of a row, or None, and a warning in the log, where the row cannot be read any more."""
    try:
        if row["status"] not in get_args(TurnStatus) or row["asked_by"] not in get_args(Asker):
            raise ValueError("unknown status or asker")
        return TurnRecord(
            id=row["id"],
            session=row["session"],
            messages=tuple(Message.from_json(message) for message in json.loads(row["messages"])),
            text=row["text"],
            heard_text=row["heard_text"],
            status=row["status"],
            started_at=read_moment(row["started_at"]),
            ended_at=read_moment(row["ended_at"]),
            timings=_timings().validate_json(row["timings"]),
            usage=_usage().validate_json(row["usage"]),
            asked_by=row["asked_by"],
        )
    except (ValueError, TypeError, RecursionError) as error:
        _warn("turn", row, error)
        return None


def to_summary(row: Mapping[Any, Any]) -> SessionSummary | None:
    """The listing of a session's row, or None, and a warning in the log, where it cannot be read any more."""
    try:
        return SessionSummary(
            id=row["id"],
            turns=row["turns"],
            started_at=read_moment(row["started_at"]),
            last_at=read_moment(row["last_at"]),
        )
    except (ValueError, TypeError) as error:
        _warn("session", row, error)
        return None


def _warn(what: str, row: Mapping[Any, Any], error: Exception) -> None:
    # Not the error's own text: it may quote what was said.
    logger.warning(
        "%s %s in memory cannot be read and is left out (%s)", what, row["id"], type(error).__name__
    )


def written(moment: datetime) -> str:
    """A moment as the tables hold it.

    Raises:
        ValueError: It has no zone.
    """
    if moment.utcoffset() is None:
        raise ValueError(f"the time {moment} has no zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


@lru_cache(maxsize=4096)
def read_moment(text: str) -> datetime:
    """A moment from a table.

    Raises:
        ValueError: It is none.
    """
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _json(value: object) -> str:
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> object:
    match value:
        case str():
            return sound(value)
        case float() if not math.isfinite(value):
            # "NaN" or "Infinity" as text: bare, it is no JSON, and SQLite refuses the whole value.
            return json.dumps(value)
        case dict():
            return {_plain(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


@cache
def _timings() -> TypeAdapter[Timings]:
    from pydantic import TypeAdapter

    return TypeAdapter(Timings)


@cache
def _usage() -> TypeAdapter[Usage]:
    from pydantic import TypeAdapter

    return TypeAdapter(Usage)
