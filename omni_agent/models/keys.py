"""The keys of services: from the environment, else from the keyring of the user's system.

This is the one place that reads and keeps them. A key stands in no log, error or `repr`. The keyring is the
package `keyring`, which need not be installed: a system's own keyring (Keychain, Credential Locker, Secret
Service, KWallet) keeps a key encrypted, and may ask its user to unlock it.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from ..errors import ConfigError, ModelUnavailable

SERVICE = "omni-agent"
"""Under which the keyring keeps them; the user's name there is the key's."""

PATIENCE = 60.0
"""Seconds that the keyring may take: its user may have to unlock it."""

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_KEY = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a key.

    Attributes:
        value: The key; empty where there is none.
        where: Where it was.
        trouble: Why the keyring could not be asked, as the end of a sentence; empty where it could.
    """

    value: str = field(default="", repr=False)
    where: Literal["environment", "keyring", ""] = ""
    trouble: str = ""


class Key:
    """A key by its name, read when it is needed.

    Args:
        name: Of the environment variable, and in the keyring.
        keyring: Ask the keyring where the environment has none.
    """

    def __init__(self, name: str, *, keyring: bool = True) -> None:
        self.name = name
        self._keyring = keyring
        self._kept: Found | None = None

    def __repr__(self) -> str:
        return f"Key({self.name!r})"

    async def read(self) -> Found:
        """The key. What the keyring gave is not asked for again.

        Raises:
            ModelUnavailable: It holds what no key can (`key_invalid`).
        """
        found = environment(self.name)
        if not found.value and self._keyring:
            found = self._kept or await _asked(self.name)
            if found.value:
                self._kept = found
        if found.value and not _KEY.fullmatch(found.value):
            raise ModelUnavailable(
                f"what the {found.where} has as {self.name} is no key: it holds spaces, or other signs",
                code="key_invalid",
                remedy=self.remedy,
            )
        return found

    def missing(self, title: str, found: Found) -> ModelUnavailable:
        """The error where a service that needs a key has none."""
        trouble = f", and the keyring cannot be asked: {found.trouble}" if found.trouble else ""
        return ModelUnavailable(
            f"there is no key for {title}{trouble}", code="key_missing", remedy=self.remedy
        )

    @property
    def remedy(self) -> str:
        """How a key gets where it is looked for."""
        return f"set {self.name} to one, or keep it in the keyring: omni-agent models key {self.name}"


def named(text: str) -> str:
    """The name of a key, as it was written behind `key=`.

    Raises:
        ConfigError: It is none. What was written is not told: it may be the key itself.
    """
    if not _NAME.fullmatch(text):
        raise ConfigError(
            "what stands there is no name of a key",
            remedy="a name is that of an environment variable, as WORK_KEY; the key itself stands nowhere",
        )
    return text


def environment(name: str) -> Found:
    """What the environment has."""
    value = os.environ.get(name, "").strip() if name else ""
    return Found(value, "environment") if value else Found()


def look(name: str) -> Found:
    """What the keyring has; nothing where there is none. It blocks, for as long as its user takes."""
    try:
        import keyring
        from keyring.errors import NoKeyringError
    except ImportError:
        return Found()
    try:
        value = (keyring.get_password(SERVICE, name) or "").strip()
    except NoKeyringError:
        return Found()
    except Exception as error:  # backends raise whatever their libraries do
        return Found(trouble=_why(error))
    return Found(value, "keyring") if value else Found()


def keep(name: str, key: str) -> None:
    """Put a key into the keyring, in place of one that is there. It blocks.

    Raises:
        ConfigError: It is no key, there is no keyring, or it does not take it.
    """
    key = key.strip()
    if not _KEY.fullmatch(key):
        raise ConfigError("that is no key: it is empty or holds spaces", remedy="copy it once more")
    _keyring()
    import keyring

    try:
        keyring.set_password(SERVICE, name, key)
        kept = keyring.get_password(SERVICE, name) == key
    except Exception as error:  # backends raise whatever their libraries do
        raise _unusable(name, _why(error)) from None
    if not kept:
        # The backend that is there to switch all others off takes everything and keeps nothing.
        raise _unusable(name, "it keeps nothing")


def forget(name: str) -> bool:
    """Take a key out of the keyring; False where it has none. It blocks.

    Raises:
        ConfigError: There is no keyring, or it does not let go of it.
    """
    _keyring()
    import keyring

    try:
        if keyring.get_password(SERVICE, name) is None:
            return False
        keyring.delete_password(SERVICE, name)
    except Exception as error:  # backends raise whatever their libraries do
        raise _unusable(name, _why(error)) from None
    return True


def _keyring() -> None:
    try:
        import keyring  # noqa: F401 (whether it is there)
    except ImportError:
        raise ConfigError(
            "the package 'keyring' is not installed",
            code="keyring_unavailable",
            remedy="pip install 'omni-agent-framework[keyring]'",
        ) from None


def _why(error: Exception) -> str:
    """What is known of a failure. Its words may hold anything, so only its kind is told."""
    from keyring.errors import InitError, KeyringLocked, NoKeyringError

    match error:
        case KeyringLocked():
            return "it is locked"
        case NoKeyringError():
            return "this system has none"
        case InitError():
            return "it cannot be opened"
        case _:
            return f"it failed ({type(error).__name__})"


def _unusable(name: str, why: str) -> ConfigError:
    return ConfigError(
        f"the keyring cannot be used: {why}",
        code="keyring_unavailable",
        remedy=f"unlock or mend it, or set {name} in the environment",
    )


async def _asked(name: str) -> Found:
    """What the keyring has; a thread of its own waits for it, which the end of the program does not."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Found] = loop.create_future()

    def settle(found: Found) -> None:
        if not answer.done():
            answer.set_result(found)

    def ask() -> None:
        found = look(name)
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, found)

    threading.Thread(target=ask, name="omni-agent-keyring", daemon=True).start()
    try:
        async with asyncio.timeout(PATIENCE):
            return await answer
    except TimeoutError:
        return Found(trouble=f"it did not answer within {PATIENCE:g} seconds")
