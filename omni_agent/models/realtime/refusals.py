"""What went wrong, as errors of ours: refusals, `error` events, failed answers, lost connections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...errors import ModelError, ModelUnavailable
from .profile import Profile

_SECRET = re.compile(r"\b(?:sk|ek)[-_][\w*.-]{4,}|(?<=Bearer )\S+")
_LONGEST = 300
_KEY_CODES = frozenset({"invalid_api_key", "invalidapikey", "account_deactivated", "accessdenied"})
_MONEY_CODES = frozenset(
    {"insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached", "arrearage"}
)
_BUSY_CODES = frozenset(
    {"rate_limit_exceeded", "session_limit_reached", "throttling", "requests_rate_limit_exceeded"}
)
_MODEL_CODES = frozenset({"invalid_model", "model_not_found", "modelnotfound"})
_OVER_CODES = frozenset({"session_expired"})
_ACTIVE = "conversation_already_has_active_response"
# About what we asked for beside the answer: it is there or gone, and the answer comes all the same.
_HARMLESS = frozenset(
    {"response_cancel_not_active", "item_truncate_invalid_item_id", "item_delete_invalid_item_id"}
)


class Dropped(ModelError):
    """The connection is gone; what was asked may be asked again in a new session."""


def harmless(error: Mapping[str, Any]) -> bool:
    """Whether an answer can go on after this error."""
    return str(error.get("code")) in _HARMLESS


def busy(error: Mapping[str, Any]) -> bool:
    """Whether a response was refused because another one is not over."""
    message = str(error.get("message", "")).casefold()
    return error.get("code") == _ACTIVE or ("response" in message and "in progress" in message)


def told(profile: Profile, error: Mapping[str, Any], key: str) -> ModelError:
    """The error for an `error` event, or for an answer that failed.

    Args:
        profile: Of the service.
        error: Its `error` object, whatever is in it.
        key: The key, which is never told.
    """
    code = str(error.get("code") or error.get("type") or "")
    said = redacted(str(error.get("message") or code or "no reason given"), key)
    what = f"{profile.title} says: {said}"
    match code.casefold():
        case known if known in _OVER_CODES:
            return Dropped(what, remedy="ask again")
        case known if known in _KEY_CODES:
            return ModelUnavailable(what, code="key_refused", remedy=f"check {profile.key}")
        case known if known in _MONEY_CODES:
            return ModelUnavailable(what, code="quota_spent", remedy="add credit there, or use another model")
        case known if known in _BUSY_CODES:
            return ModelUnavailable(
                what, code="model_overloaded", remedy="wait a little, or use another model"
            )
        case known if known in _MODEL_CODES:
            return ModelUnavailable(what, code="model_unknown", remedy="check the model's name")
        case _:
            return ModelError(what, remedy="ask again; if it stays so, use another model")


def refused(profile: Profile, status: int) -> ModelUnavailable:
    """The error for a connection that was refused with an HTTP status."""
    what = f"{profile.title} refuses the connection (HTTP {status})"
    if status in {401, 403}:
        remedy = f"check {profile.key}; keys are valid for one region"
        return ModelUnavailable(what, code="key_refused", remedy=remedy)
    if status == 404:
        return ModelUnavailable(what, code="model_unknown", remedy="check the address and the model's name")
    if status == 429:
        return ModelUnavailable(what, code="model_overloaded", remedy="wait a little, or use another model")
    return ModelUnavailable(what, remedy="try again later, or use another model")


def unreachable(profile: Profile, why: str) -> ModelUnavailable:
    """The service cannot be reached."""
    return ModelUnavailable(
        f"{profile.title} cannot be reached: {why}", remedy="check the network and the address"
    )


def dropped(profile: Profile, code: int | None, reason: str, key: str) -> ModelError:
    """The connection closed."""
    said = redacted(reason, key) if reason else f"code {code}" if code else "without a word"
    what = f"{profile.title} closed the connection: {said}"
    if code == 1008 or reason.startswith("invalid_request_error"):
        return ModelUnavailable(what, code="key_refused", remedy=f"check {profile.key} and the model's name")
    return Dropped(what, code="connection_lost", remedy="ask again")


def silent(profile: Profile, seconds: float) -> ModelError:
    """Nothing came for too long."""
    return ModelError(
        f"{profile.title} said nothing for {seconds:g} seconds",
        code="model_stalled",
        remedy="ask again; if it stays so, use another model",
    )


def garbled(profile: Profile, what: str) -> ModelError:
    """It did not keep to the protocol."""
    return ModelError(
        f"{profile.title} did not keep to its protocol: {what}",
        code="protocol_error",
        remedy="ask again; if it stays so, use another model",
    )


def redacted(text: str, key: str) -> str:
    """What a service said, in a line, without keys."""
    if key:
        text = text.replace(key, "…")
    return " ".join(_SECRET.sub("…", text).split())[:_LONGEST]
