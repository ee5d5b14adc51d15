"""A folder that nothing leaves: whatever is in it is opened name by name, and no link is followed.

Every name is opened in the folder opened before it (https://man7.org/linux/man-pages/man2/open.2.html,
`openat` and `O_NOFOLLOW`), so that a name that becomes a link meanwhile is refused too. Works on Linux and
macOS; Windows has nothing like it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from omni_agent.config import home
from omni_agent.errors import ConfigError, ToolError

from .filenames import TRASH, fits

__all__ = ["Entry", "Kind", "Sandbox", "must_be_file", "open_file", "spoken_errors"]

Kind = Literal["file", "folder", "link", "other", ""]
Parts = tuple[str, ...]

_MOST_ENTRIES = 10_000
_DEEPEST = 12
_NEEDED = (os.open, os.stat, os.mkdir, os.rename, os.link, os.unlink, os.rmdir)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder: its names from the root on."""

    parts: Parts
    is_folder: bool

    @property
    def name(self) -> str:
        """Its own name."""
        return self.parts[-1]

    @property
    def path(self) -> str:
        """Its names, with / between them."""
        return "/".join(self.parts)


class Sandbox:
    """The files below a folder. All paths are tuples of names that `filenames.checked` let through.

    Args:
        root: The folder; made when something is written.
        hidden: Whether names that begin with a dot are seen.

    Raises:
        ConfigError: The root is no folder, is all of the disk or the agent's own, or the system cannot
            open a name within a folder.
    """

    def __init__(self, root: Path, *, hidden: bool) -> None:
        if not set(_NEEDED) <= os.supports_dir_fd:
            raise ConfigError("files: this system cannot keep programs within a folder", remedy="use another")
        self.root, self.hidden = root.expanduser().absolute(), hidden
        if self.root.exists() and not self.root.is_dir():
            raise ConfigError(f"files: {self.root} is no folder", remedy="name a folder as the root")
        if self.root.resolve() in {Path(self.root.anchor), home().absolute().resolve()}:
            raise ConfigError(f"files: {self.root} cannot be the root", remedy="name a folder below it")

    @contextmanager
    def folder(self, parts: Parts = (), *, make: bool = False) -> Iterator[int]:
        """The descriptor of a folder, open for as long as the block runs.

        Args:
            parts: Its names.
            make: Whether to make what is missing.

        Raises:
            ToolError: It is not there, is no folder or a link, or may not be opened.
        """
        descriptors = [self._open_root(make)]
        try:
            closed = self._closed(descriptors[0])
            for depth, name in enumerate(parts, 1):
                with spoken_errors("/".join(parts[:depth])):
                    if make:
                        with suppress(FileExistsError):
                            os.mkdir(name, dir_fd=descriptors[-1])
                    descriptors.append(_inside(descriptors[-1], name))
                    found = os.fstat(descriptors[-1])
                if any(os.path.samestat(found, other) for other in closed):
                    raise ToolError(f"The folder '{name}' is the agent's own, and is left alone.")
            yield descriptors[-1]
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def kind(self, parts: Parts) -> Kind:
        """What is there, if anything: empty where there is nothing."""
        if not parts:
            return "folder"
        try:
            with self.folder(parts[:-1]) as folder, spoken_errors(parts[-1]):
                return _kind(os.stat(parts[-1], dir_fd=folder, follow_symlinks=False))
        except ToolError as error:
            if error.code == "file_missing":
                return ""
            raise

    def entries(self, parts: Parts = ()) -> list[Entry]:
        """The files and folders in a folder, by name; none where nothing was written yet.

        Links, devices, and what cannot be said are left out; so is what is beyond the first 10 000.
        """
        if not parts and not self.root.exists():
            return []
        found: list[Entry] = []
        with self.folder(parts) as folder, spoken_errors("/".join(parts)), os.scandir(folder) as there:
            for item in islice(there, _MOST_ENTRIES):
                with suppress(FileNotFoundError):
                    kind = _kind(item.stat(follow_symlinks=False))
                    if kind in {"file", "folder"} and fits(item.name, hidden=self.hidden):
                        found.append(Entry((*parts, item.name), kind == "folder"))
        return sorted(found, key=lambda entry: entry.name.casefold())

    def walk(self, most: int) -> Iterator[Entry]:
        """Files and folders at any depth, those near the root first, `most` of them at most."""
        waiting, seen = deque[Parts]([()]), 0
        while waiting:
            try:
                there = self.entries(waiting.popleft())
            except ToolError:
                continue
            for entry in there:
                if seen == most:
                    return
                seen += 1
                if entry.is_folder and len(entry.parts) < _DEEPEST:
                    waiting.append(entry.parts)
                yield entry

    def read(self, parts: Parts, most: int) -> tuple[bytes, int]:
        """The first bytes of a file, and its size.

        Raises:
            ToolError: It is no file, or cannot be read.
        """
        with self.folder(parts[:-1]) as folder, spoken_errors("/".join(parts)):
            return open_file(folder, parts[-1], most)

    def _open_root(self, make: bool) -> int:
        with spoken_errors(self.root.name):
            if make:
                self.root.mkdir(parents=True, exist_ok=True)
            return os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def _closed(self, root: int) -> list[os.stat_result]:
        """Folders that are never entered, whatever they are called: the trash and the agent's own."""
        closed: list[os.stat_result] = []
        with suppress(OSError):
            closed.append(os.stat(TRASH, dir_fd=root, follow_symlinks=False))
        with suppress(OSError):
            closed.append(os.stat(home()))
        return closed


def open_file(folder: int, name: str, most: int) -> tuple[bytes, int]:
    """The first bytes of a file in an open folder, and its size.

    Raises:
        ToolError: It is no file: opening a pipe would wait, and opening a device may do something.
    """
    must_be_file(os.stat(name, dir_fd=folder, follow_symlinks=False), name)
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        must_be_file(found, name)
        return file.read(most), found.st_size


@contextmanager
def spoken_errors(name: str) -> Iterator[None]:
    """Turn what the system says of a file into a sentence.

    Raises:
        ToolError: The block raised an `OSError`; the code `file_missing` is for what is not there.
    """
    try:
        yield
    except FileNotFoundError:
        raise ToolError(
            f"There is no file or folder '{name}'. Use list_files to see what there is.", code="file_missing"
        ) from None
    except OSError as error:
        raise ToolError(_told(error, f"'{name}'")) from None


def _inside(folder: int, name: str) -> int:
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)


def _kind(found: os.stat_result) -> Kind:
    if stat.S_ISREG(found.st_mode):
        return "file"
    if stat.S_ISDIR(found.st_mode):
        return "folder"
    return "link" if stat.S_ISLNK(found.st_mode) else "other"


def must_be_file(found: os.stat_result, name: str) -> None:
    """Let only an ordinary file pass.

    Raises:
        ToolError: It is something else.
    """
    what = {"folder": "a folder", "link": "a link, and links are not followed", "other": "no ordinary file"}
    if (kind := _kind(found)) != "file":
        raise ToolError(f"'{name}' is {what[kind]}. Choose a file that list_files names.")


def _told(error: OSError, name: str) -> str:
    if error.errno in {errno.ENOTDIR, errno.ELOOP, errno.EMLINK}:
        return f"{name} is a link or no folder. Choose what list_files names."
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return f"{name} is protected: the computer does not let this program use it. Tell the user so."
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "The disk is full. Tell the user so."
    if error.errno == errno.ENAMETOOLONG:
        return "The name of the file is too long. Use a short one."
    if error.errno == errno.EXDEV:
        return f"{name} lies on another disk than the files folder, and cannot be changed from here."
    return f"{name} cannot be used: {(error.strerror or 'the disk reports an error').lower()}."
