"""Fetching one file over HTTP: resumed where it stopped, tried again when the line drops, then checked."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import httpx

_PAUSES_S = (0.5, 1.0, 2.0, 4.0)
_WORTH_A_TRY = frozenset({408, 425, 429, 500, 502, 503, 504})
_BUFFER = 1 << 20


class SourceError(Exception):
    """A source does not give the file; another one may. Says which and why in one line."""


class WrongBytesError(SourceError):
    """The source gave something, but not what it had to be; nothing of it is kept."""


class _Dropped(Exception):
    """The line dropped, or the server is in trouble: worth another try."""


def checked_url(url: str, name: str) -> str:
    """`url`, if a download can start from it.

    Raises:
        SourceError: It is not an HTTP address. `name` says of what.
    """
    try:
        parts = urlsplit(url)
        fit = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fit = False
    if not fit:
        raise SourceError(f"{name}: not at an http address")
    return url


class Download:
    """Fetches what errors call `name`; URLs may hold passwords and are never shown.

    Args:
        client: Reaches the network.
        pause: Waits so many seconds before another try.
        name: Of what is fetched.
    """

    def __init__(self, client: httpx.Client, pause: Callable[[float], None], name: str) -> None:
        self._client = client
        self._pause = pause
        self._name = name

    def document(self, url: str, headers: Mapping[str, str]) -> httpx.Response:
        """A small answer, read whole.

        Raises:
            SourceError: There is none.
        """
        answers: list[httpx.Response] = []

        def ask() -> None:
            with self._stream(url, headers) as response:
                self._judge(response)
                response.read()
                answers.append(response)

        self._persist(ask, reached=lambda: 0)
        return answers[0]

    def fetch(
        self, url: str, target: Path, *, size: int | None, digest: str, watch: Callable[[float], None]
    ) -> None:
        """Make `target` the bytes at `url`, fetching only what is not there yet.

        Args:
            url: Where they are.
            target: Where they go. What lies there already is taken for their beginning if `digest` can
                tell in the end, and thrown away otherwise.
            size: How many they are, if known.
            digest: `algorithm:hex` of them, or empty.
            watch: Told the share that is here, 0 to 1, as far as the size is known.

        Raises:
            WrongBytesError: They are others than `digest` says.
            SourceError: They cannot be had.
            OSError: They cannot be written; what was written stays, to go on from.
        """
        if not digest or (size is not None and _length(target) > size):
            target.unlink(missing_ok=True)
        resumed = _length(target) > 0
        try:
            self._complete(url, target, size, digest, watch)
        except WrongBytesError:
            if not resumed:
                raise
            # What an earlier pull left may have been the wrong part.
            self._complete(url, target, size, digest, watch)

    def _complete(
        self, url: str, target: Path, size: int | None, digest: str, watch: Callable[[float], None]
    ) -> None:
        if size is None or _length(target) != size:
            self._persist(lambda: self._continue(url, target, size, watch), lambda: _length(target))
        watch(1.0)
        if digest and not _is(target, digest):
            self._refuse(target)

    def _continue(self, url: str, target: Path, size: int | None, watch: Callable[[float], None]) -> None:
        have = _length(target)
        with self._stream(url, {"Range": f"bytes={have}-"} if have else {}) as response:
            if response.status_code == 416:
                if _total(response) == have and size is None:
                    return
                target.unlink(missing_ok=True)
                raise _Dropped("the server has no such range")
            self._judge(response)
            if response.status_code != 206:
                have = 0
            elif not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                target.unlink(missing_ok=True)
                raise _Dropped("the server sent another range")
            wanted = size if size is not None else _total(response)
            with target.open("ab" if have else "wb", buffering=_BUFFER) as out:
                for chunk in response.iter_raw():
                    have += len(chunk)
                    if wanted is not None and have > wanted:
                        break
                    out.write(chunk)
                    watch(have / wanted if wanted else 0.0)
        if wanted is not None and have > wanted:
            self._refuse(target)
        if wanted is not None and have < wanted:
            raise _Dropped("the server ended early")

    def _persist(self, step: Callable[[], None], reached: Callable[[], int]) -> None:
        """Run `step` until it succeeds; it may fail five times in a row without getting any further."""
        tries, furthest = 0, reached()
        while True:
            try:
                return step()
            except _Dropped as dropped:
                if reached() > furthest:
                    tries, furthest = 0, reached()
                if tries == len(_PAUSES_S):
                    raise SourceError(f"{self._name}: {dropped}, {tries + 1} times") from None
                self._pause(_PAUSES_S[tries])
                tries += 1

    @contextlib.contextmanager
    def _stream(self, url: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        import httpx

        try:
            with self._client.stream("GET", checked_url(url, self._name), headers=dict(headers)) as response:
                yield response
        except httpx.UnsupportedProtocol:
            raise SourceError(f"{self._name}: not at an http address") from None
        except httpx.TransportError as error:
            raise _Dropped(str(error) or type(error).__name__) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceError(f"{self._name}: {type(error).__name__}") from None

    def _judge(self, response: httpx.Response) -> None:
        if response.status_code in _WORTH_A_TRY:
            raise _Dropped(f"the server answered {response.status_code}")
        if not response.is_success:
            raise SourceError(f"{self._name}: the server answered {response.status_code}")

    def _refuse(self, target: Path) -> None:
        target.unlink(missing_ok=True)
        raise WrongBytesError(f"{self._name}: wrong bytes")


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _total(response: httpx.Response) -> int | None:
    """Length of the whole file: a part's `Content-Range: bytes 5-9/10`, or the whole's own length."""
    if response.status_code in {206, 416}:
        found = re.search(r"/(\d+)$", response.headers.get("Content-Range", ""))
        return int(found[1]) if found else None
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _is(path: Path, digest: str) -> bool:
    algorithm, _, wanted = digest.partition(":")
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest() == wanted.lower()
