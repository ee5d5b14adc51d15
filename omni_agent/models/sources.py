"""How to get at an archive's bytes: what the package index, the npm registry and the hub say of it.

The package index answers in JSON (PEP 691, with the sizes of PEP 700); the npm registry in its abbreviated
package document (npm/registry, `package-metadata.md`); a hub serves `REPOSITORY/resolve/REVISION/PATH`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from .catalog import Archive
from .download import Download, SourceError, checked_url
from .endpoints import Endpoints

if TYPE_CHECKING:
    import httpx

_INDEX_JSON = "application/vnd.pypi.simple.v1+json"
_NPM_JSON = "application/vnd.npm.install-v1+json"
_NPM_PUBLIC = "registry.npmjs.org"


@dataclass(frozen=True, slots=True)
class Remote:
    """Where an archive is and what it must be.

    Attributes:
        url: Of its bytes; may hold a user and a password.
        size: In bytes; None where the registry does not say.
        digest: `algorithm:hex`; empty where the registry does not say.
    """

    url: str
    size: int | None = None
    digest: str = ""


class Courier:
    """Brings archives from the registries.

    Args:
        endpoints: Which registries.
        client: Reaches them; whoever made it closes it.
        pause: Waits so many seconds before another try.
    """

    def __init__(self, endpoints: Endpoints, client: httpx.Client, pause: Callable[[float], None]) -> None:
        self._urls = endpoints.urls
        self._folders = endpoints.folders
        self._client = client
        self._pause = pause

    def fetch(self, archive: Archive, folder: Path, watch: Callable[[float], None]) -> Path:
        """Bring `archive` into `folder`, going on where an earlier try stopped.

        One that was fetched beforehand, by `pip download` or `npm pack`, is taken from where it lies.

        Args:
            archive: What to bring.
            folder: Where partial and whole archives lie.
            watch: Told the share that is here, 0 to 1.

        Raises:
            SourceError: It cannot be had, or is not what the registry says.
            OSError: The disk is full or cannot be written.
        """
        local = self._beforehand(archive)
        if local is not None:
            watch(1.0)
            return _linked(local, folder)
        remote = self._locate(archive)
        mark = hashlib.sha256(f"{archive} {remote.digest}".encode()).hexdigest()
        target = folder / f"{mark[:24]}.{archive.kind}"
        Download(self._client, self._pause, str(archive)).fetch(
            remote.url, target, size=remote.size, digest=remote.digest, watch=watch
        )
        return target

    def _beforehand(self, archive: Archive) -> Path | None:
        for folder in self._folders:
            for path in sorted(folder.iterdir()):
                if is_file_of(path.name, archive):
                    return path
        return None

    def _locate(self, archive: Archive) -> Remote:
        base = self._urls[archive.kind]
        if archive.kind == "hub":
            path = f"{archive.name}/resolve/{quote(archive.version)}/{quote(archive.path)}"
            return Remote(base + path, digest=f"sha256:{archive.sha256}")
        if archive.kind == "npm":
            name = archive.name.replace("/", "%2f")
            document, url = self._document(base + name, _NPM_JSON, archive)
            return in_registry(document, archive, url)
        name = re.sub(r"[-_.]+", "-", archive.name).lower()
        document, url = self._document(f"{base}{name}/", _INDEX_JSON, archive)
        return in_index(document, archive, url)

    def _document(self, url: str, accept: str, archive: Archive) -> tuple[object, str]:
        """The JSON at `url`, and the URL that it came from in the end."""
        download = Download(self._client, self._pause, str(archive))
        response = download.document(url, {"Accept": accept})
        try:
            return json.loads(response.content), str(response.url)
        except (ValueError, RecursionError):
            raise SourceError(f"{archive}: the registry does not answer in JSON") from None


def in_index(document: object, archive: Archive, page: str) -> Remote:
    """Find a wheel in a package index's answer (PEP 691).

    Args:
        document: What the index said, parsed.
        archive: The package and version wanted.
        page: URL that the answer came from; file URLs may be relative to it.

    Raises:
        SourceError: The wheel is not in it, or the answer is not of that shape.
    """
    files = document.get("files") if isinstance(document, dict) else None
    for file in files if isinstance(files, list) else ():
        if isinstance(file, dict) and is_file_of(file.get("filename"), archive):
            hashes = file.get("hashes")
            sha256 = hashes.get("sha256") if isinstance(hashes, dict) else None
            size = file.get("size")
            return Remote(
                _url(file.get("url"), page, archive),
                size=size if type(size) is int and size >= 0 else None,
                digest=f"sha256:{sha256.lower()}" if isinstance(sha256, str) else "",
            )
    raise SourceError(f"{archive}: the index has no such wheel")


def in_registry(document: object, archive: Archive, page: str) -> Remote:
    """Find a tarball in an npm registry's answer; arguments and errors as for `in_index`."""
    found: object = document
    for key in ("versions", archive.version, "dist"):
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise SourceError(f"{archive}: the registry has no such version")
    url = _url(found.get("tarball"), page, archive)
    parts, own = urlsplit(url), urlsplit(page)
    if parts.hostname == _NPM_PUBLIC != own.hostname:
        # A mirror that hands on the public registry's addresses; npm asks the mirror too.
        url = urlunsplit((own.scheme, own.netloc, *parts[2:]))
    return Remote(url, digest=_npm_digest(found))


def _npm_digest(dist: dict[str, Any]) -> str:
    integrity, shasum = dist.get("integrity"), dist.get("shasum")
    for claim in integrity.split() if isinstance(integrity, str) else ():
        algorithm, _, value = claim.partition("-")
        if algorithm == "sha512":
            try:
                return f"sha512:{base64.b64decode(value.partition('?')[0], validate=True).hex()}"
            except (binascii.Error, ValueError):
                break
    return f"sha1:{shasum.lower()}" if isinstance(shasum, str) else ""


def is_file_of(filename: object, archive: Archive) -> bool:
    """Whether a file of that name is the archive, as pip and npm name what they fetch."""
    if not isinstance(filename, str) or archive.kind == "hub":
        return False
    if archive.kind == "npm":
        return filename == f"{archive.name.lstrip('@').replace('/', '-')}-{archive.version}.tgz"
    if not filename.endswith(".whl"):
        return False
    name, _, rest = filename.partition("-")
    same = [re.sub(r"[-_.]+", "-", text).lower() for text in (name, archive.name)]
    return same[0] == same[1] and rest.partition("-")[0] == archive.version


def _url(found: object, page: str, archive: Archive) -> str:
    """The file's absolute URL; on the registry's own host, the registry's user and password go with it."""
    try:
        url = urljoin(page, found) if isinstance(found, str) and found else ""
        parts, own = urlsplit(url), urlsplit(page)
        login, at, _ = own.netloc.rpartition("@")
        if at and parts.netloc == own.netloc.rpartition("@")[2] and parts.scheme == own.scheme:
            url = urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc}"))
    except ValueError:
        url = ""
    return checked_url(url, str(archive))


def _linked(path: Path, folder: Path) -> Path:
    """The same bytes in `folder`, where they may be deleted; never written to."""
    target = folder / f"{hashlib.sha256(path.name.encode()).hexdigest()[:24]}.local"
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(path.resolve())
    except OSError:
        shutil.copyfile(path, target)
    return target
