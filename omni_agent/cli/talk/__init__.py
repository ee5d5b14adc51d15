"""`omni-agent talk`: a live conversation by voice. `command.py` puts it together, a part of it a file."""

from __future__ import annotations

from .command import talk

__all__ = ["talk"]
