"""Not built yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

if TYPE_CHECKING:
    from ..hosting import Hosting


def routes(hosting: Hosting) -> list[BaseRoute]:
    """Nothing so far."""
    return []
