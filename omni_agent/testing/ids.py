"""Ids that are the same in every run."""

from __future__ import annotations

import itertools
from collections.abc import Callable


def counted() -> Callable[[], str]:
    """Makes "1", "2", "3" and so on: for `Agent(ids=counted())`."""
    numbers = itertools.count(1)
    return lambda: str(next(numbers))
