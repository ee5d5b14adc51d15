"""Live conversations. `session` is what a program sees; `turn_taking` decides; `actor` connects the two."""

from __future__ import annotations

from .listening import Activity
from .replying import Wasted
from .session import AgentSession
from .turn_taking import Floor

__all__ = ["Activity", "AgentSession", "Floor", "Wasted"]
