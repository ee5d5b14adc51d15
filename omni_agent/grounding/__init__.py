"""Grounded arguments: every value of a call is traced to what was said, shown or done; the rest is dropped.

A small model invents optional values, forgets spoken ones and mishears names. This package holds its calls
against the evidence of the turn, driven by the tools' JSON Schemas alone; it knows no domain. `ground` is the
door; `Frame` is where one object of arguments is settled.
"""

from .evidence import Evidence
from .ground import Grounded, ground
from .prewarm import prewarm
from .provenance import Provenance
from .relevance import Doubt, doubt, nearer, relevance, serves

__all__ = [
    "Doubt",
    "Evidence",
    "Grounded",
    "Provenance",
    "doubt",
    "ground",
    "nearer",
    "prewarm",
    "relevance",
    "serves",
]
