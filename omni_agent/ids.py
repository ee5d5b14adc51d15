"""Names for what comes to be while an agent runs."""

from __future__ import annotations

from uuid import uuid4


def random_id() -> str:
    """A name that nothing else has."""
    return uuid4().hex
