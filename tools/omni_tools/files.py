"""Tools for the text files in one folder of this computer; nothing outside of it can be reached.

What is written over or moved to the trash is kept for 30 days (`trash.py`), and can be taken back.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from omni_agent.config import home
from omni_agent.errors import ConfigError, ToolError
from omni_agent.tool import ToolContext, tool

from .file_search import FileSearch
from .lookup import existing, folder_of, place_for
from .names import folded
from .plaintext import decoded
from .readable import printable
from .sandbox import Sandbox
from .trash import Trash, call_id

__all__ = ["Files", "ReadOnlyFiles", "files"]

_MOST_LARGEST = 100_000_000
_LISTED = 40
_HITS = 6
_Composed = Annotated[str, Field(json_schema_extra={"x-ground": False})]


class ReadOnlyFiles:
    """The files in a folder, to be listed, searched and read.

    Args:
        root: The folder; `files` in the agent's home folder where it is None.
        largest: Bytes of a file that are read; what is written may not be larger.
        hidden: Whether files whose names begin with a dot may be seen.

    Raises:
        ConfigError: The root is no folder or cannot be one, or `largest` is not from 1 to 100 000 000.
    """

    def __init__(self, *, root: Path | None = None, largest: int = 1_000_000, hidden: bool = False) -> None:
        if not 0 < largest <= _MOST_LARGEST:
            raise ConfigError(f"files: largest must be from 1 to {_MOST_LARGEST} bytes, not {largest}")
        self._largest = largest
        self._sandbox = Sandbox(home() / "files" if root is None else root, hidden=hidden)

    @tool(effect="read")
    def list_files(self, folder: str = "") -> str:
        """List the files, or those in one folder.

        Args:
            folder: A folder's name. Leave empty for all that is at the top.
        """
        parts = folder_of(self._sandbox, folder)
        there = self._sandbox.entries(parts)
        where = f" in '{'/'.join(parts)}'" if parts else ""
        if not there:
            return f"There are no files{where}{'' if where else ' yet'}."
        groups = [("file", [entry.name for entry in there if not entry.is_folder])]
        groups.append(("folder", [entry.name for entry in there if entry.is_folder]))
        listed = [f"{_counted(len(names), noun)}{where}: {_some(names)}." for noun, names in groups if names]
        return " ".join(listed)

    @tool(effect="read", untrusted=True)
    def read_file(self, path: str) -> str:
        """Read a text file.

        Args:
            path: The file's name, for example shopping list or recipes/pancakes.txt.
        """
        parts = existing(self._sandbox, path)
        name = "/".join(parts)
        data, size = self._sandbox.read(parts, self._largest)
        if not data:
            return f"The file '{name}' is empty."
        whole = size <= len(data)
        text = printable(_text(name, data, whole=whole)).strip()
        cut = "" if whole else f"\n(This is the first {_size(len(data))} of {_size(size)}.)"
        return f"{name}:\n{text}{cut}"

    @tool(effect="read", untrusted=True)
    def search_files(self, context: ToolContext, query: str) -> str:
        """Find files by words in their names or texts.

        Args:
            query: Words to look for, for example dentist appointment.
        """
        words = folded(query).split()[:20]
        if not words:
            raise ToolError("What should be looked for? Give some words.")
        search = FileSearch(self._sandbox, words, self._largest)
        best = search.best(context)
        said = " ".join(query.split())[:60]
        partly = "" if search.complete else " Not all files were looked at: there are too many."
        if not best:
            return f"No file has the words '{said}'.{partly}"
        more = f"; and {len(best) - _HITS} more" if len(best) > _HITS else ""
        return f"{_counted(len(best), 'file')} found. {'; '.join(best[:_HITS])}{more}.{partly}"


class Files(ReadOnlyFiles):
    """The files in a folder, to be read and written; `ReadOnlyFiles` says what the arguments are."""

    def _take_back(self, context: ToolContext) -> str:
        with Trash.locked(self._sandbox, context) as trash:
            return trash.take_back(call_id(context.user, context.undoes))

    @tool(effect="write", undo=_take_back, question="Write the file '{path}'?")
    def write_file(self, context: ToolContext, path: _Composed, text: _Composed) -> str:
        """Write a text file. If it exists, its text is replaced.

        Args:
            path: The file's name, for example shopping list.txt or recipes/pancakes.txt.
            text: All that the file should hold.
        """
        data = self._fitting(text.encode("utf-8", "replace"))
        call = call_id(context.user, context.idempotency_key)
        with Trash.locked(self._sandbox, context) as trash:
            if done := trash.answer(call):
                return done
            parts = place_for(self._sandbox, path)
            verb = "written anew" if self._sandbox.kind(parts) else "written"
            answer = f"The file '{'/'.join(parts)}' is {verb}."
            trash.write(call, parts, data, answer)
        return answer

    @tool(effect="write", undo=_take_back, question="Add to the file '{path}'?")
    def append_to_file(self, context: ToolContext, path: str, text: _Composed) -> str:
        """Add text at the end of a file.

        Args:
            path: The file's name, for example shopping list.
            text: What to add.
        """
        if not text.strip():
            raise ToolError("There is nothing to add. Say what to add.")
        call = call_id(context.user, context.idempotency_key)
        with Trash.locked(self._sandbox, context) as trash:
            if done := trash.answer(call):
                return done
            parts = existing(self._sandbox, path)
            name = "/".join(parts)
            before, _ = self._sandbox.read(parts, self._largest + 1)
            data = self._fitting(_longer(name, self._fitting(before), text))
            answer = f"The text is added to the file '{name}'."
            trash.write(call, parts, data, answer)
        return answer

    @tool(effect="write", undo=_take_back, question="Move the file '{path}' to the trash?")
    def move_to_trash(self, context: ToolContext, path: str) -> str:
        """Move a file to the trash.

        Args:
            path: The file's name, for example shopping list.txt.
        """
        call = call_id(context.user, context.idempotency_key)
        with Trash.locked(self._sandbox, context) as trash:
            if done := trash.answer(call):
                return done
            # What the user heard is the name that was given, so a similar one may only be proposed.
            parts = existing(self._sandbox, path, nearly=False)
            answer = f"The file '{'/'.join(parts)}' is in the trash."
            trash.move(call, parts, answer)
        return answer

    def _fitting(self, data: bytes) -> bytes:
        if len(data) > self._largest:
            raise ToolError(f"The file would be too large: {_size(self._largest)} is the most. Write less.")
        return data


def files(
    *, root: Path | None = None, read_only: bool = False, largest: int = 1_000_000, hidden: bool = False
) -> ReadOnlyFiles:
    """The file tools as a configuration asks for them.

    Args:
        root: The folder; `files` in the agent's home folder where it is None.
        read_only: Whether the tools that write are left out.
        largest: Bytes of a file that are read or written at most.
        hidden: Whether files whose names begin with a dot may be seen.

    Raises:
        ConfigError: As for `ReadOnlyFiles`.
    """
    kind = ReadOnlyFiles if read_only else Files
    return kind(root=root, largest=largest, hidden=hidden)


def _text(name: str, data: bytes, *, whole: bool = True) -> str:
    try:
        return decoded(data, whole=whole).text
    except ToolError as error:
        raise ToolError(f"'{name}' cannot be read. {error.message}") from None


def _longer(name: str, data: bytes, text: str) -> bytes:
    """A file with a text below what it holds, in the charset and with the line ends that it has."""
    try:
        before = decoded(data)
    except ToolError as error:
        raise ToolError(f"Nothing can be added to '{name}'. {error.message}") from None
    end = "\r\n" if "\r\n" in before.text else "\n"
    gap = "" if not before.text or before.text.endswith(("\n", "\r")) else end
    added = gap + end.join(text.splitlines()) + end
    try:
        return data + added.encode(before.charset, "replace" if before.charset == "utf-8" else "strict")
    except UnicodeEncodeError:
        raise ToolError(
            f"'{name}' is in an old kind of text that has no such letters. Use write_file for a new file."
        ) from None


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _size(number: int) -> str:
    """Bytes in words."""
    for unit, scale in (("gigabyte", 1_000_000_000), ("megabyte", 1_000_000), ("kilobyte", 1000)):
        if number >= scale:
            rounded = f"{number / scale:.1f}".removesuffix(".0")
            return f"{rounded} {unit}{'' if rounded == '1' else 's'}"
    return _counted(number, "byte")
