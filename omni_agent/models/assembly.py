"""Making a part's files: archives are brought, their pieces joined in order, and the digest decides."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol

from ..errors import ModelFileError
from .archives import ArchiveReader
from .catalog import Archive, ModelFile, Part, Piece, Source
from .download import SourceError, WrongBytesError
from .progress import Progress
from .sources import Courier


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


class Assembly:
    """Makes files of one part in its folder. Whoever enters it holds the part's lock.

    Args:
        part: Which part.
        folder: Where the finished files go.
        scratch: Where archives and drafts lie meanwhile; what is there from an earlier try is used.
        courier: Brings archives.
        progress: Is told.
    """

    def __init__(self, part: Part, folder: Path, scratch: Path, courier: Courier, progress: Progress) -> None:
        self._part = part
        self._folder = folder
        self._scratch = scratch
        self._courier = courier
        self._progress = progress
        self._open: dict[Archive, ArchiveReader] = {}
        self._failed: dict[Archive, SourceError] = {}
        # By file and number of the piece: what is still to be joined, and how many bytes are here.
        self._wanted: dict[tuple[str, int], Piece] = {}
        self._here: dict[tuple[str, int], float] = {}

    def __enter__(self) -> Assembly:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for reader in self._open.values():
            reader.close()

    def make(self, files: Sequence[ModelFile]) -> None:
        """Fetch and join `files`, one after the other.

        Raises:
            ModelFileError: No source gives one of them.
            OSError: The disk is full or cannot be written; what is finished stays.
        """
        self._progress.begin(self._part.name, sum(file.bytes for file in files))
        # All are asked for first, so that an archive stays until the last file has its piece of it.
        for file in files:
            self._want(file, file.sources[0])
        for file in files:
            self._make(file)

    def _make(self, file: ModelFile) -> None:
        reasons: list[str] = []
        for number, source in enumerate(file.sources):
            self._want(file, source)
            try:
                return self._join(file, source, _draft(self._scratch, file, number))
            except SourceError as error:
                reasons.append(str(error))
                self._progress.say(self._part.name, f"{file.path}: source passed over: {error}")
                self._forget(file)
        raise ModelFileError(
            f"no source gives {self._part.name}/{file.path}: {'; '.join(reasons)}",
            remedy=f"check the network, then: omni-agent models pull {self._part.name}",
        )

    def _join(self, file: ModelFile, source: Source, draft: Path) -> None:
        finished = whole_pieces(_length(draft), source)
        fits = self._write(file, source, draft, finished)
        if not fits and finished:
            # What an earlier pull left may be to blame, so this source gets a fresh start.
            self._forget(file)
            self._want(file, source)
            fits = self._write(file, source, draft, 0)
        if not fits:
            draft.unlink()
            raise WrongBytesError(f"{_names(source)}: wrong bytes, not the SHA-256 of the catalogue")
        target = self._folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        draft.replace(target)

    def _write(self, file: ModelFile, source: Source, draft: Path, finished: int) -> bool:
        """Write the draft from piece `finished` on; tells whether it has the file's digest."""
        draft.touch()
        with draft.open("r+b") as out:
            out.truncate(sum(piece.bytes for piece in source[:finished]))
            digest = hashlib.file_digest(out, "sha256")
            for index, piece in enumerate(source):
                if index >= finished:
                    self._append(piece, out, digest)
                    out.flush()
                self._settle(file, index, piece)
            os.fsync(out.fileno())
        return digest.hexdigest() == file.sha256

    def _append(self, piece: Piece, out: IO[bytes], digest: _Digest) -> None:
        left = piece.bytes
        for block in self._reader(piece.archive).blocks(piece.member):
            left -= len(block)
            if left < 0:
                break
            out.write(block)
            digest.update(block)
        if left:
            raise WrongBytesError(f"{piece.archive}: {piece.member or 'it'} is not {piece.bytes} bytes long")

    def _reader(self, archive: Archive) -> ArchiveReader:
        if archive in self._failed:
            raise self._failed[archive]
        if archive not in self._open:
            try:
                path = self._courier.fetch(archive, self._scratch, self._watch(archive))
                self._open[archive] = ArchiveReader(archive, path)
            except SourceError as error:
                # Other files may want it too; asking again would only cost the retries again.
                self._failed[archive] = error
                raise
        return self._open[archive]

    def _watch(self, archive: Archive) -> Callable[[float], None]:
        keys = {key: piece.bytes for key, piece in self._wanted.items() if piece.archive == archive}

        def watch(share: float) -> None:
            self._here.update((key, share * size) for key, size in keys.items())
            self._progress.at(self._part.name, int(sum(self._here.values())))

        return watch

    def _want(self, file: ModelFile, source: Source) -> None:
        self._wanted.update(((file.path, index), piece) for index, piece in enumerate(source))

    def _forget(self, file: ModelFile) -> None:
        for key in [key for key in {**self._wanted, **self._here} if key[0] == file.path]:
            self._wanted.pop(key, None)
            self._here.pop(key, None)
        self._sweep()

    def _settle(self, file: ModelFile, index: int, piece: Piece) -> None:
        self._wanted.pop((file.path, index), None)
        self._here[file.path, index] = piece.bytes
        self._sweep()
        self._progress.at(self._part.name, int(sum(self._here.values())))

    def _sweep(self) -> None:
        """Delete the archives that no file waits for any more."""
        wanted = {piece.archive for piece in self._wanted.values()}
        for archive in [archive for archive in self._open if archive not in wanted]:
            reader = self._open.pop(archive)
            reader.close()
            reader.path.unlink()


def bytes_needed(files: Sequence[ModelFile], scratch: Path) -> int:
    """Room that making `files` takes at most: what is missing of them, and the largest archive."""
    missing = 0
    archives: dict[Archive, int] = {}
    for file in files:
        source = file.sources[0]
        draft = _length(_draft(scratch, file, 0))
        missing += file.bytes - sum(piece.bytes for piece in source[: whole_pieces(draft, source)])
        for piece in source:
            archives[piece.archive] = archives.get(piece.archive, 0) + piece.bytes
    return missing + max(archives.values(), default=0)


def whole_pieces(length: int, source: Source) -> int:
    """How many pieces of `source` lie whole in a draft of `length` bytes."""
    return sum(end <= length for end in accumulate(piece.bytes for piece in source))


def _draft(scratch: Path, file: ModelFile, number: int) -> Path:
    return scratch / f"{file.sha256[:24]}.{number}.draft"


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _names(source: Source) -> str:
    first, last = source[0].archive, source[-1].archive
    return str(first) if first == last else f"{first} to {last}"
