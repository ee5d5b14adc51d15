"""Which registries to ask and how to get there, as pip, npm and the hub's own client are configured.

Sources of the names: pip's user guide ("Configuration"), npm's `config` documentation (`registry`) and
`huggingface_hub`'s environment variables (`HF_ENDPOINT`).
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import url2pathname

from ..errors import ConfigError
from .catalog import ArchiveKind

if TYPE_CHECKING:
    import ssl

    import httpx

_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_CONNECT_S, _READ_S = 15.0, 60.0


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where to ask.

    Attributes:
        urls: Base URL by kind of archive, each ending in `/`; may hold a user and a password.
        certificates: File or folder of trusted certificate authorities; None for the usual ones.
        proxy: URL of a proxy for everything; None for what the environment says.
        folders: Where archives that were fetched beforehand lie (pip's `find-links`, its folders only).
    """

    urls: Mapping[ArchiveKind, str]
    certificates: Path | None = None
    proxy: str | None = None
    folders: tuple[Path, ...] = ()

    @classmethod
    def configured(
        cls,
        defaults: Mapping[ArchiveKind, str],
        *,
        index_url: str | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> Endpoints:
        """From arguments, then the environment, then pip's configuration files, then `defaults`.

        Raises:
            ConfigError: The configured certificate file does not exist.
        """
        pip = _pip_settings(environ)
        certificates = pip.get("cert") or next(filter(None, map(environ.get, _CERTIFICATES)), None)
        if certificates and not Path(certificates).exists():
            raise ConfigError(
                f"there are no certificates at {certificates}", remedy="correct PIP_CERT or SSL_CERT_FILE"
            )
        npm = environ.get("npm_config_registry") or environ.get("NPM_CONFIG_REGISTRY")
        urls: dict[ArchiveKind, str] = {
            "wheel": index_url or pip.get("index-url") or defaults["wheel"],
            "npm": npm or defaults["npm"],
            "hub": environ.get("HF_ENDPOINT") or defaults["hub"],
        }
        return cls(
            urls={kind: url.rstrip("/") + "/" for kind, url in urls.items()},
            certificates=Path(certificates) if certificates else None,
            proxy=pip.get("proxy"),
            folders=tuple(filter(Path.is_dir, map(_local_path, pip.get("find-links", "").split()))),
        )

    def client(self, transport: httpx.BaseTransport | None = None) -> httpx.Client:
        """A client that goes the configured way; `transport` replaces the network."""
        import httpx

        # Anything but the bytes as they are would break resuming and digests.
        headers = {"Accept-Encoding": "identity", "User-Agent": "omni-agent"}
        timeout = httpx.Timeout(_READ_S, connect=_CONNECT_S)
        if transport is not None:
            return httpx.Client(transport=transport, headers=headers, timeout=timeout, follow_redirects=True)
        try:
            return httpx.Client(
                headers=headers,
                timeout=timeout,
                follow_redirects=True,
                verify=self._trust(),
                proxy=self.proxy,
            )
        except (ValueError, ImportError) as error:
            raise ConfigError(
                f"the proxy cannot be used: {error}", remedy="correct the proxy's URL"
            ) from None

    def _trust(self) -> ssl.SSLContext | bool:
        import ssl

        if self.certificates is None:
            return True
        path = str(self.certificates)
        try:
            if self.certificates.is_dir():
                return ssl.create_default_context(capath=path)
            return ssl.create_default_context(cafile=path)
        except ssl.SSLError:
            raise ConfigError(
                f"{self.certificates} holds no certificates", remedy="correct PIP_CERT or SSL_CERT_FILE"
            ) from None


def _pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """pip's settings, as far as they matter here: the environment wins over pip's files."""
    settings: dict[str, str] = {}
    for path in _pip_files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        if parser.has_section("global"):
            settings.update((name.replace("_", "-"), value) for name, value in parser.items("global"))
    for name in ("index-url", "cert", "proxy", "find-links"):
        value = environ.get("PIP_" + name.upper().replace("-", "_"))
        if value:
            settings[name] = value
    return {name: value for name, value in settings.items() if value}


def _local_path(text: str) -> Path:
    return Path(url2pathname(text[len("file:") :]) if text.startswith("file:") else text).expanduser()


def _pip_files(environ: Mapping[str, str]) -> list[Path]:
    import platformdirs

    name = "pip.ini" if sys.platform == "win32" else "pip.conf"
    own = environ.get("PIP_CONFIG_FILE")
    if own == os.devnull:
        return []
    folders = [
        *platformdirs.site_config_dir("pip", appauthor=False, multipath=True).split(os.pathsep),
        "" if sys.platform == "win32" else "/etc",
        str(Path.home() / ("pip" if sys.platform == "win32" else ".pip")),
        platformdirs.user_config_dir("pip", appauthor=False, roaming=True),
        sys.prefix,
    ]
    files = [Path(folder, name) for folder in folders if folder]
    return [*files, Path(own)] if own else files
