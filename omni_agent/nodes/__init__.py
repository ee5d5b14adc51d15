"""The eight nodes of a turn, a file each, in the order of `omni_agent.graph`."""

from .act import act
from .collect import collect
from .commit import commit
from .gate import gate
from .ground import ground
from .ingest import ingest
from .model import model
from .recall import recall

__all__ = ["act", "collect", "commit", "gate", "ground", "ingest", "model", "recall"]
