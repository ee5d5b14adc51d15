"""The seam to memory: what a store must do, and the records that go in and out.

`omni_memory` is the store that comes along; any entry point in the group `omni_agent.memory` that
gives a `MemoryStore` can take its place. One that also knows facts is a `KnowledgeStore`: then the agent
learns between its turns, and the user may ask it to remember, correct and forget.
"""

from __future__ import annotations

from .archive import Archive, Archived, Block, Contents, Restored, Retention
from .facts import AGENT, USER, Correction, Fact, FactKind, Forgotten, Origin, Statement
from .knowledge import Brief, KnowledgeStore, MovingWindow, Window, window_of
from .records import LOCAL_USER, Asker, InView, Recollection, Scope, SessionSummary, TurnRecord
from .store import MemoryStore
from .transient import TransientMemory

__all__ = [
    "AGENT",
    "LOCAL_USER",
    "USER",
    "Archive",
    "Archived",
    "Asker",
    "Block",
    "Brief",
    "Contents",
    "Correction",
    "Fact",
    "FactKind",
    "Forgotten",
    "InView",
    "KnowledgeStore",
    "MemoryStore",
    "MovingWindow",
    "Origin",
    "Recollection",
    "Restored",
    "Retention",
    "Scope",
    "SessionSummary",
    "Statement",
    "TransientMemory",
    "TurnRecord",
    "Window",
    "window_of",
]
