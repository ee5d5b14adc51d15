"""What a server's refusal means, and what to do about it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ...errors import ModelError, ModelUnavailable
from .reading import SHORTER, message_of, too_long

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..keys import Key
    from .dialect import Dialect

AGAIN = frozenset({408, 409, 429, 500, 502, 503, 504, 529})

_SENSES = "serve the model with its projector, or say what it takes in: ?inputs=text behind the address"
_NO_PARSER = "enable-auto-tool-choice"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked: for errors. `key` is known so that it is never told; `source` says where it is."""

    dialect: Dialect
    url: str
    model: str
    key: str = field(default="", repr=False)
    source: Key | None = None

    def without_key(self, text: str) -> str:
        """The text, with the key struck out."""
        return text.replace(self.key, "…") if self.key else text


def refused(asked: Asked, status: int, headers: Mapping[str, str], text: str) -> ModelError:
    """The error for a status that is no success."""
    said = asked.without_key(_said(text))
    server = f"the {asked.dialect.title} server at {asked.url}"
    if status in {401, 403}:
        return _locked(asked, said)
    if 300 <= status < 400:
        place = headers.get("location", "elsewhere")
        return ModelError(
            f"{server} sends requests on to {place}", remedy="use that address, if you trust it"
        )
    if status in {400, 413, 422} and too_long(text):
        return ModelError(f"{server} says: {said}", code="context_exceeded", remedy=SHORTER)
    if _lacks_sense(text):
        return ModelError(f"{server} says: {said}", code="request_refused", remedy=_SENSES)
    if status == 404:
        return _missing(asked, said)
    if status == 429:
        remedy = "wait a little, or ask for a higher limit"
        return ModelError(f"{server} has too much to do: {said}", code="model_overloaded", remedy=remedy)
    if status == 503:
        return ModelUnavailable(f"{server} is not ready: {said}", remedy="wait until it has loaded its model")
    if status >= 500:
        return ModelError(f"{server} failed ({status}): {said}", remedy="see its log; then ask again")
    remedy = (
        f"start it so: {asked.dialect.start}" if _NO_PARSER in text else "see docs/models.md for its limits"
    )
    return ModelError(f"{server} refused ({status}): {said}", code="request_refused", remedy=remedy)


def may_pass(status: int, text: str) -> bool:
    """Whether the same request may succeed later."""
    return status in AGAIN and not _lacks_sense(text)


def unreachable(asked: Asked, why: str) -> ModelUnavailable:
    """Nobody answers there."""
    start = asked.dialect.start
    remedy = f"start it: {start}" if start else "look at the network, the proxy and the address"
    title = asked.dialect.title
    return ModelUnavailable(
        f"no {title} server answers at {asked.url}: {asked.without_key(why)}", remedy=remedy
    )


def broken_off(asked: Asked) -> ModelError:
    """The connection ended before the answer did."""
    message = f"the {asked.dialect.title} server broke off in the middle of its answer"
    return ModelError(message, code="answer_cut", remedy="see its log; then ask again")


def stalled(asked: Asked, seconds: float) -> ModelError:
    """Nothing came for too long."""
    message = f"the {asked.dialect.title} server at {asked.url} sent nothing for {seconds:g} seconds"
    return ModelError(message, code="answer_stalled", remedy="see its log, and whether it has too much to do")


def wait_of(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that a server asks to wait (`Retry-After`, RFC 9110 §10.2.3, or OpenAI's in milliseconds)."""
    if milliseconds := _number(headers.get("retry-after-ms", "")):
        return milliseconds / 1000
    given = headers.get("retry-after", "")
    if (seconds := _number(given)) is not None:
        return max(0.0, seconds)
    try:
        moment = parsedate_to_datetime(given)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number == number else None


def _locked(asked: Asked, said: str) -> ModelUnavailable:
    dialect = asked.dialect
    name = asked.source.name if asked.source else dialect.key
    if not name:
        remedy = "see who may ask it"
    elif dialect.start:
        remedy = f"set {name} to the key that it was started with"
    else:
        remedy = f"set {name} to a valid key; it may be good for another region's address only"
    message = f"{dialect.title} at {asked.url} does not accept the key: {said}"
    return ModelUnavailable(message, code="key_refused", remedy=remedy)


def _missing(asked: Asked, said: str) -> ModelUnavailable:
    named = asked.model or "a model"
    remedy = asked.dialect.absent.format(model=named) or (
        f"name one that it serves behind a # ({asked.url}#name), and see whether the address is its API's"
    )
    message = f"{asked.dialect.title} at {asked.url} does not have {named}: {said}"
    return ModelUnavailable(message, code="model_missing", remedy=remedy)


def _lacks_sense(text: str) -> bool:
    """Whether the model does not see or hear: llama.cpp's server has status 500 for that, and vLLM 400."""
    return "input is not supported" in text or "not a multimodal model" in text


def _said(text: str) -> str:
    try:
        said = message_of(json.loads(text))
    except (ValueError, RecursionError):
        said = "" if text.lstrip().startswith("<") else text.strip()
    return said[:300] or "no reason given"
