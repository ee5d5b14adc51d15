"""Calls run exactly once. One reads this package in the order in which a call goes through it.

1. `entry.py`: one call, its digest and its key.
2. `journal.py`: what was planned, allowed, begun and done, in a file that outlives the process; `owner.py`
   tells whose running calls are over because their process is.
3. `executor.py`: runs a call that nobody has run, joins one that runs, and sees to it that a call which may
   not be cut off comes to its end when its turn does not.
4. `standing.py`: the tools that an agent has of itself: taking back, and reading on.
"""

from .entry import Entry, Status, digest, idempotency_key
from .executor import DONE_BEFORE, Executor
from .journal import Journal

__all__ = ["DONE_BEFORE", "Entry", "Executor", "Journal", "Status", "digest", "idempotency_key"]
