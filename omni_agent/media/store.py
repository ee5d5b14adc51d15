"""Where media are kept: content-addressed, a reference is `media://` and the SHA-256 of the bytes."""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .. import config
from ..errors import MediaError, OmniError
from ..messages import REFERENCE

SCHEME = "media://"
_SUFFIXES = {
    "audio/wav": ".wav",
    "image/gif": ".gif",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "video/x-matroska": ".mkv",
}
_CHUNK = 1 << 20


def write_atomically(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Write a file whole or not at all: a reader sees the old bytes or the new ones, a crash leaves either.

    Args:
        path: The file.
        data: All that it is to hold.
        mode: Who may read it, less what the process's umask forbids.

    Raises:
        OmniError: The folder is missing or read-only, the disk is full, or the like; nothing is left.
    """
    with _replacing(path, mode) as file:
        file.write(data)


class MediaStore:
    """Bytes by their SHA-256, in `root/ab/cd/abcd….suffix`, readable by this user only.

    Any number of processes may share a folder. Methods block for as long as the disk does.

    Args:
        root: The folder, made at the first `put`; default is `media` in `OMNI_AGENT_HOME`.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or config.home() / "media"

    def put(self, data: bytes, mime: str) -> str:
        """Keep `data` and return its reference; the same bytes always have the same one.

        `mime` gives the file its suffix, for people and players that look at names.

        Raises:
            OmniError: The disk is full or the folder cannot be written.
        """
        digest = hashlib.sha256(data).hexdigest()
        if self._found(digest) is None:
            write_atomically(self._place(digest, mime), data)
        return SCHEME + digest

    def put_file(self, file: io.BufferedReader | io.BytesIO, mime: str) -> str:
        """Keep what an open file holds from its beginning on, without reading it into memory at once.

        Raises:
            OmniError: As for `put`.
        """
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if self._found(digest) is None:
            file.seek(0)
            with _replacing(self._place(digest, mime)) as kept:
                while chunk := file.read(_CHUNK):
                    kept.write(chunk)
        return SCHEME + digest

    def get(self, ref: str) -> bytes:
        """The bytes of a reference.

        Raises:
            MediaError: There are none, or the disk changed them.
        """
        path = self.path(ref)
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != path.stem:
            raise MediaError(
                f"{ref} is damaged: {path} does not hold the bytes that were kept",
                remedy="remove that file and hand in the original again",
            )
        return data

    def path(self, ref: str) -> Path:
        """Where the bytes of a reference lie.

        Raises:
            MediaError: There are none.
        """
        found = self._found(self._digest(ref))
        if found is None:
            raise MediaError(
                f"{ref} is not in {self.root}", code="media_unknown", remedy="hand in the file itself again"
            )
        return found

    def delete(self, ref: str) -> None:
        """Forget a reference's bytes; well if they are gone already.

        Raises:
            MediaError: `ref` is no reference.
            OmniError: The file cannot be removed.
        """
        found = self._found(self._digest(ref))
        if found is None:
            return
        try:
            found.unlink(missing_ok=True)
        except OSError as error:
            raise OmniError(
                f"cannot remove {found}: {error.strerror}", remedy="check the folder's permissions"
            ) from None

    def _place(self, digest: str, mime: str) -> Path:
        folder = self.root / digest[:2] / digest[2:4]
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(folder, error) from None
        return folder / (digest + _SUFFIXES.get(mime, ""))

    def _found(self, digest: str) -> Path | None:
        folder = self.root / digest[:2] / digest[2:4]
        return next(iter(sorted(folder.glob(digest + "*"))), None)

    def _digest(self, ref: str) -> str:
        if not re.fullmatch(REFERENCE, ref):
            raise MediaError(
                f"{ref[:80]!r} is no media reference",
                code="media_unknown",
                remedy="a reference is media:// and 64 digits",
            )
        return ref.removeprefix(SCHEME)


@contextmanager
def _replacing(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when all of it is on the disk."""
    # The process's umask decides who may read it, as for any file that a program writes.
    fresh = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with open(fresh, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except BaseException as error:
        with suppress(OSError):
            fresh.unlink()
        if isinstance(error, OSError):
            raise _unwritable(path, error) from None
        raise


def _unwritable(path: Path, error: OSError) -> OmniError:
    return OmniError(
        f"cannot write {path}: {error.strerror or error}",
        code="not_writable",
        remedy="check that the folder exists and may be written, and that the disk has room",
    )
