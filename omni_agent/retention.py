"""How long conversations are kept: read from the settings, applied at most once a day.

`[retention]` in `omni-agent.toml` has an age for each kind, `"30d"`, `"12w"` or `"2y"`; empty means for ever.
Facts go with the last of the turns that they rest on, unless `facts` is `"forever"` or an age of their own.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta

from .erasure import Places, whole
from .errors import ConfigError
from .memory import Forgotten, Retention

KINDS = ("turns", "media", "facts")
FOREVER = "forever"
_AGE = re.compile(r"(\d{1,5}) ?([dwy])")
_DAYS = {"d": 1, "w": 7, "y": 365}


def read_retention(settings: Mapping[str, str]) -> Retention:
    """The settings as ages.

    Raises:
        ConfigError: There is another kind than turns, media and facts, or something is no age.
    """
    if unknown := settings.keys() - set(KINDS):
        raise ConfigError(
            f"nothing called '{min(unknown)}' is kept for a time", remedy=f"known are: {', '.join(KINDS)}"
        )
    ages = {kind: _age(kind, text) for kind, text in settings.items() if text not in {"", FOREVER}}
    return Retention(**ages, outlive=bool(settings.get("facts")))


async def keep_within(places: Places, retention: Retention) -> Forgotten:
    """Erase what is older than it may be, and the media and calls that go with it.

    Raises:
        MemoryStoreError: The memory or a file beside it cannot be written.
    """
    return await whole(_erase(places, retention)) if retention else Forgotten()


async def _erase(places: Places, retention: Retention) -> Forgotten:
    gone = await places.archive.retain(retention)
    if gone.media or gone.turns:
        await asyncio.to_thread(_erase_beside, places, gone, retention)
    return gone


def _erase_beside(places: Places, gone: Forgotten, retention: Retention) -> None:
    for ref in gone.media:
        places.media.delete(ref)
    if gone.turns and retention.turns:
        places.journal.erase_older(retention.turns)
        places.journal.scrub()


def _age(kind: str, text: str) -> timedelta:
    found = _AGE.fullmatch(text.strip().lower())
    if not found or not int(found[1]):
        raise ConfigError(
            f"retention of {kind} is no age: '{text}'", remedy="write a number and d, w or y: 90d, 12w, 2y"
        )
    return timedelta(days=int(found[1]) * _DAYS[found[2]])
