"""What an endpoint takes and gives, said once, where it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

E = TypeVar("E", bound=Callable[..., object])
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Described:
    """An endpoint, as `/openapi.json` shows it.

    Attributes:
        summary: What it does, in a few words.
        tag: Which endpoints it belongs to.
        body: The shape of the request's body; None where it has none.
        media: The body's media type.
        query: The shape of the request's query; None where it has none.
        answer: The shape of the answer in JSON; None where it is not JSON.
        others: Other media types that an answer may have.
        status: Of an answer that is no error.
        errors: Statuses of errors that only this endpoint has, beside those that all have.
    """

    summary: str
    tag: str = ""
    body: type[BaseModel] | None = None
    media: str = JSON
    query: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    others: tuple[str, ...] = ()
    status: int = 200
    errors: tuple[int, ...] = ()


def described(
    summary: str,
    *,
    tag: str = "",
    body: type[BaseModel] | None = None,
    media: str = JSON,
    query: type[BaseModel] | None = None,
    answer: type[BaseModel] | None = None,
    others: tuple[str, ...] = (),
    status: int = 200,
    errors: tuple[int, ...] = (),
) -> Callable[[E], E]:
    """Say what an endpoint takes and gives; the arguments are those of `Described`.

    The docstring of the endpoint is the description.
    """
    about = Described(summary, tag, body, media, query, answer, others, status, errors)

    def mark(endpoint: E) -> E:
        vars(endpoint)["described"] = about
        return endpoint

    return mark
