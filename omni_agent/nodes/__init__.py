"""The nodes of a turn, a file each, in the order of `omni_agent.graph`."""

from .act import act
from .collect import collect
from .commit import commit
from .consent import consent
from .gate import gate
from .ground import ground
from .ingest import ingest
from .model import model
from .recall import recall
from .release import release
from .screen import screen

__all__ = [
    "act",
    "collect",
    "commit",
    "consent",
    "gate",
    "ground",
    "ingest",
    "model",
    "recall",
    "release",
    "screen",
]
