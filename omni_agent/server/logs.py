"""What a server writes down: that it is ready, and a line a request; no query, no key, no words.

The guard logs names of routes only. The filter is for what libraries log of their own accord.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGERS = ("omni_agent.server", "uvicorn.error")
_SECRET = re.compile(
    r"(bearer\s+|openai-insecure-api-key\.)[^\s\"',;]+|\b(?:omni_|ek_|sk-)[\w-]{32,}|(\?)[^\s\"']+",
    re.IGNORECASE,
)
_SOUND = re.compile(r"[A-Za-z0-9+/]{120,}={0,2}")


class Discreet(logging.Filter):
    """Takes keys, queries and encoded media out of records, and of an exception all but its kind."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = discreet(record.getMessage()), None
        if record.exc_info and record.exc_info[0]:
            record.msg = f"{record.msg.rstrip()} ({record.exc_info[0].__name__})"
            record.exc_info = record.exc_text = None
        return True


def discreet(text: str) -> str:
    """A text without keys, queries of addresses and encoded media."""
    return _SOUND.sub("…", _SECRET.sub(lambda found: f"{found[1] or found[2] or ''}…", text))


@contextmanager
def logged() -> Iterator[None]:
    """Log to standard error while it lasts; with `OMNI_AGENT_DEBUG` exceptions too, whatever they say."""
    debug = bool(os.environ.get("OMNI_AGENT_DEBUG"))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    if not debug:
        handler.addFilter(Discreet())
    before = {name: (logging.getLogger(name).level, logging.getLogger(name).propagate) for name in _LOGGERS}
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.propagate = False
        # uvicorn's own lines at INFO hold addresses with their queries.
        ours = logging.DEBUG if debug else logging.INFO
        logger.setLevel(ours if name == _LOGGERS[0] else logging.WARNING)
    try:
        yield
    finally:
        for name, (level, propagate) in before.items():
            logger = logging.getLogger(name)
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = propagate
