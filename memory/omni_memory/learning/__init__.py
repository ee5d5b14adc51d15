"""How facts come about: from turns that are over, and from what the user wants remembered or put right."""

from __future__ import annotations

from .correcting import correct
from .remembering import remember
from .studying import study

__all__ = ["correct", "remember", "study"]
