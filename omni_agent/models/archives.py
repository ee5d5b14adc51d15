"""Reading a member out of a fetched archive, block by block."""

from __future__ import annotations

import contextlib
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from .catalog import Archive
from .download import SourceError

_BLOCK = 1 << 20
# What zipfile and tarfile raise on something that is not what it pretends to be. BadGzipFile is an OSError,
# but tells of the archive, not of the disk.
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    KeyError,
    ValueError,
    RuntimeError,
)


class ArchiveReader:
    """An archive on disk, open for reading; to be closed.

    Args:
        archive: What it is.
        path: Where it lies.

    Raises:
        SourceError: It is not an archive of its kind.
    """

    def __init__(self, archive: Archive, path: Path) -> None:
        self.path = path
        self._archive = archive
        self._opened = contextlib.ExitStack()
        self._zip: zipfile.ZipFile | None = None
        # Kept open: a tarball is one stream, and members asked for in its order are read in one go.
        self._tar: tarfile.TarFile | None = None
        try:
            if archive.kind == "wheel":
                self._zip = self._opened.enter_context(zipfile.ZipFile(path))
            elif archive.kind == "npm":
                self._tar = self._opened.enter_context(tarfile.TarFile.gzopen(str(path)))
        except _BROKEN as error:
            raise SourceError(f"{archive}: not an archive: {error}") from None

    def close(self) -> None:
        """Close the file."""
        self._opened.close()

    def blocks(self, member: str) -> Iterator[bytes]:
        """The bytes of `member`, or of the whole file if it is no archive, up to 1 MiB at a time.

        Raises:
            SourceError: There is no such member, or it is damaged.
        """
        try:
            with self._member(member) as stream:
                while block := stream.read(_BLOCK):
                    yield block
        except _BROKEN as error:
            raise SourceError(f"{self._archive}: {member or 'it'} cannot be read: {error}") from None

    def _member(self, member: str) -> IO[bytes]:
        if self._zip is not None:
            return self._zip.open(member)
        if self._tar is None:
            return self.path.open("rb")
        found = self._tar.extractfile(member)
        if found is None:
            raise KeyError(f"{member} is no file")
        return found
