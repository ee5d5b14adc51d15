"""Where a server is and what is asked of it, as written after the name of a model plugin.

http://localhost:8091                       a server; the model is the first that it serves
http://localhost:8091#Qwen/Qwen3-Omni       the model by name
qwen3-omni-flash-2025-12-01                 a model of a service whose address is known
qwen3-vl:4b?inputs=text,image               options after a question mark
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from ...errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENDPOINTS = ("/chat/completions", "/api/chat", "/completions", "/models")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})


@dataclass(frozen=True, slots=True)
class Address:
    """An address, read.

    Attributes:
        url: Base URL without a slash at its end; empty where only a model was named.
        model: Name of the model; empty for the server's own.
        options: What stands behind the question mark.
    """

    url: str = ""
    model: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, path: str = "/v1") -> Address:
        """Read an address.

        Args:
            text: As above.
            path: The path of the base URL, where the address has none.

        Raises:
            ConfigError: It is no address, or holds a password.
        """
        if "://" not in text:
            model, _, query = text.partition("?")
            return cls("", model.strip(), dict(parse_qsl(query, keep_blank_values=True)))
        try:
            parts = urlsplit(text.strip())
            _ = parts.port
        except ValueError as error:
            raise _wrong(text, str(error)) from None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise _wrong(text.partition("?")[0], "it has no http:// or https:// host")
        if parts.username or parts.password:
            # It would stand in logs and errors.
            raise ConfigError(
                f"the address of {parts.hostname} holds a password",
                remedy="set the server's key in the environment instead: docs/models.md names the variable",
            )
        base = parts.path.rstrip("/")
        for endpoint in _ENDPOINTS:
            base = base.removesuffix(endpoint)
        url = urlunsplit((parts.scheme, parts.netloc, base or path, "", ""))
        return cls(url, parts.fragment, dict(parse_qsl(parts.query, keep_blank_values=True)))

    @property
    def here(self) -> bool:
        """Whether the server is on this machine, where no proxy leads."""
        return (urlsplit(self.url).hostname or "") in _LOOPBACK


def _wrong(text: str, why: str) -> ConfigError:
    return ConfigError(
        f"'{text}' is no address of a server: {why}", remedy="write it as http://localhost:8000"
    )
