"""Whose media are whose: a reference that one key's requests made is nothing to another's.

References are digests of what they refer to, so that whoever knows one has mostly seen the thing itself; but
they may be passed on in logs and answers.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from ..errors import MemoryStoreError
from ..kept_owners import KeptOwners
from .caller import ANYBODY, Caller
from .errors import ApiError

log = logging.getLogger(__name__)


class Belongings:
    """Remembers, for the latest 100,000 media, which keys brought or were given each.

    Whoever needs no key may have all of them: the machine is his.

    Args:
        path: The SQLite file; None forgets them with the process.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._kept = KeptOwners(path)

    async def note(self, caller: Caller, ref: str) -> None:
        """A caller has brought, or was given, what a reference stands for. Where that cannot be written down,
        it is not his: he can send it again."""
        if caller.name == ANYBODY:
            return
        try:
            await asyncio.to_thread(self._kept.note, ref, caller.name)
        except MemoryStoreError as error:
            log.warning("whose media are whose is not written down: %s", error)

    async def check(self, caller: Caller, ref: str) -> None:
        """Refuse what is not a caller's own.

        Raises:
            ApiError: 404, as for a reference that stands for nothing.
            MemoryStoreError: The file cannot be read.
        """
        if caller.name != ANYBODY and not await asyncio.to_thread(self._kept.owns, ref, caller.name):
            raise ApiError("there is no such media; send it again", status=404, code="media_unknown")

    def close(self) -> None:
        """Close the file. Blocks."""
        self._kept.close()
