"""Computed prompts kept on disk, so that an agent's second start does not read its prompt again.

Reading a system prompt of 500 tokens takes two processor cores about ten seconds; its cache is 15 MB and
loads in milliseconds. llama.cpp saves and restores a slot's cache itself (`/slots/ID?action=save` of its
server), so this asks it to, over the port that only we hold the key of. A file that cannot be used is a miss.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

MOST_FILES = 12
PREFIX_SLOT = 0
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class PrefixCache:
    """The saved prefixes of one model.

    Attributes:
        folder: Where they lie; readable by this user only, because prompts are in them.
        address: Of the engine's port.
        key: To that port.
        model: What the prefixes were computed by: its file and settings, as text.
    """

    folder: Path
    address: str
    key: str
    model: str

    def restore(self, name: str) -> bool:
        """Load a prefix into the engine by its `prefix_name`; False where there is none that fits."""
        for path in self.folder.glob(f"{self._stem(name)}-*.kv"):
            # llama.cpp aborts the process on a file that ends early, so nothing unchecked is handed to it.
            if _digest(path) == path.stem.rpartition("-")[2] and self._ask("restore", path.name):
                with suppress(OSError):
                    os.utime(path)
                return True
            path.unlink(missing_ok=True)
        return False

    def save(self, name: str) -> None:
        """Keep what the engine has just computed under this name, and drop the longest unused."""
        fresh = self.folder / f"{os.getpid()}.part"
        if not self._ask("save", fresh.name):
            return
        with suppress(OSError):
            os.replace(fresh, self.folder / f"{self._stem(name)}-{_digest(fresh)}.kv")
            files = sorted(self.folder.glob("*.kv"), key=lambda path: path.stat().st_mtime, reverse=True)
            for path in files[MOST_FILES:]:
                path.unlink(missing_ok=True)

    def _stem(self, name: str) -> str:
        return hashlib.sha256(f"{self.model} {name}".encode()).hexdigest()

    def _ask(self, action: str, name: str) -> bool:
        import httpx

        try:
            with httpx.Client(trust_env=False, timeout=_PATIENCE_S) as client:
                answer = client.post(
                    f"{self.address}/slots/{PREFIX_SLOT}",
                    params={"action": action},
                    json={"filename": name},
                    headers={"Authorization": f"Bearer {self.key}"},
                )
        except httpx.HTTPError as error:
            log.info("prefix cache: %s failed: %s", action, error)
            return False
        if answer.status_code != 200:
            log.info("prefix cache: %s refused: %s", action, answer.text[:200])
        return answer.status_code == 200


def prefix_name(chat: Sequence[Any]) -> str:
    """A name for the beginning of a prompt: chat messages, as plain JSON."""
    return hashlib.sha256(json.dumps(list(chat), sort_keys=True).encode()).hexdigest()


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
