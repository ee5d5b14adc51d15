"""Keys: made by chance, shown once, kept as digests.

A key is 256 random bits. Nobody can go through so many, so one round of SHA-256 keeps it: the slow, salted
digests that passwords need are for secrets that can be guessed. They are compared in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from .. import config
from ..clock import Clock, SystemClock
from ..errors import ConfigError
from ..media import write_atomically
from ..messages import JsonObject
from .caller import ANYBODY, Caller
from .ephemeral import PREFIX as EPHEMERAL
from .ephemeral import Ephemerals
from .limits import Allowance

PREFIX = "omni_"
FILE_NAME = "server-keys.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LOOKED_S = 1.0


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of a key.

    Attributes:
        name: Its bearer's, in lower case: memory, media and sessions are kept apart by it.
        digest: SHA-256, in hexadecimal.
        created: When, in ISO 8601.
        allowance: How much its bearer may take.
    """

    name: str
    digest: str
    created: str
    allowance: Allowance


class Keys:
    """The keys of a file; one that is added or revoked while a server runs counts within a second.

    Args:
        path: The file; by default in `OMNI_AGENT_HOME`.
        clock: Tells time.
    """

    def __init__(self, path: Path | None = None, clock: Clock | None = None) -> None:
        self.path = path or config.home() / FILE_NAME
        self._clock = clock or SystemClock()
        self._ephemerals = Ephemerals(self._clock)
        self._known: tuple[Key, ...] = ()
        self._stamp: tuple[int, int] | None = None
        self._looked = -_LOOKED_S

    def new(self, name: str, allowance: Allowance | None = None) -> str:
        """Make a key and keep its digest; the key itself is in nobody's hands but the caller's.

        Raises:
            ConfigError: The name is taken, or is no name for a key.
            OmniError: The file cannot be written.
        """
        if not _NAME.fullmatch(name) or name == ANYBODY:
            raise ConfigError(
                f"a key cannot be called '{name}'",
                remedy=f"up to 64 of a-z, 0-9, _ and -, a letter or digit first, and not '{ANYBODY}'",
            )
        value = PREFIX + secrets.token_urlsafe(32)
        created = self._clock.now().isoformat(timespec="seconds")
        with self._changing():
            known = self.known()
            if any(key.name == name for key in known):
                raise ConfigError(
                    f"there is a key '{name}' already",
                    remedy=f"omni-agent keys revoke {name}, or another name",
                )
            self._write((*known, Key(name, digest_of(value), created, allowance or Allowance())))
        return value

    def revoke(self, name: str) -> None:
        """Forget a key, and the ephemeral ones that were made with it.

        Raises:
            ConfigError: There is none of that name.
            OmniError: The file cannot be written.
        """
        with self._changing():
            known = self.known()
            if not any(key.name == name for key in known):
                raise ConfigError(f"there is no key '{name}'", remedy="omni-agent keys list")
            self._write(tuple(key for key in known if key.name != name))

    def known(self) -> tuple[Key, ...]:
        """The keys of the file, as they are now.

        Raises:
            ConfigError: The file is no file of keys.
        """
        stamp = _stamp(self.path)
        if stamp != self._stamp:
            self._known = _read(self.path) if stamp else ()
            self._stamp = stamp
        return self._known

    def caller(self, value: str) -> Caller | None:
        """Whose a key is; None for a key that is unknown, revoked or has expired."""
        known = self._recently_known()
        if value.startswith(EPHEMERAL):
            caller = self._ephemerals.caller(value)
            alive = caller and (caller.name == ANYBODY or any(key.name == caller.name for key in known))
            return caller if alive else None
        digest, found = digest_of(value), None
        # All are compared, so that time does not tell which one it was.
        for key in known:
            if hmac.compare_digest(key.digest, digest):
                found = key
        return Caller(found.name, found.allowance) if found else None

    def ephemeral(self, caller: Caller, seconds: float, session: JsonObject) -> tuple[str, int]:
        """A key for one kind of live session, for a page that must not hold a lasting one.

        Args:
            caller: For whom; what it takes is counted with his.
            seconds: For how long sessions may be begun with it: 10 to 7200.
            session: The configuration of the sessions that it opens.

        Returns:
            The key, and when it expires, in seconds since 1970.

        Raises:
            ApiError: It would live too short or too long, or too many of them live.
        """
        return self._ephemerals.new(caller, seconds, session)

    def _recently_known(self) -> tuple[Key, ...]:
        now = self._clock.monotonic()
        if now - self._looked >= _LOOKED_S:
            self._looked = now
            self.known()
        return self._known

    def _changing(self) -> FileLock:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return FileLock(self.path.with_suffix(".lock"), timeout=10)

    def _write(self, keys: tuple[Key, ...]) -> None:
        data = json.dumps({"keys": [asdict(key) for key in keys]}, indent=1)
        write_atomically(self.path, data.encode(), mode=0o600)
        self._stamp = None


def digest_of(value: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino


def _read(path: Path) -> tuple[Key, ...]:
    try:
        return tuple(map(_key, json.loads(path.read_bytes())["keys"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{path} is no file of keys", remedy="restore it, or remove it and make the keys anew"
        ) from None


def _key(kept: dict[str, Any]) -> Key:
    datetime.fromisoformat(kept["created"])
    known = {field.name for field in fields(Allowance)}
    allowance = Allowance(**{name: value for name, value in kept["allowance"].items() if name in known})
    return Key(str(kept["name"]), str(kept["digest"]), kept["created"], allowance)
