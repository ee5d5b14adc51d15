"""Persona memory in one SQLite file: who said what to which persona, and what was heard of the answer.

`SqliteMemory` is the `omni_agent.memory.MemoryStore` that comes along. The schema is in `tables.py`, upgrades
in `upgrading.py`, transactions in `database.py`, every query in `repository/`.
"""

from __future__ import annotations

from .store import SqliteMemory

__all__ = ["SqliteMemory"]
