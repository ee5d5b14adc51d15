"""From what was said to the file that is meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from omni_agent.errors import ToolError

from .filenames import meant, parts_of, same
from .sandbox import Entry, Parts, Sandbox

__all__ = ["existing", "folder_of", "place_for", "told"]

_SHOWN = 6
_LOOKED_AT = 5000
_Match = Callable[[str, list[str]], list[str]]


def existing(sandbox: Sandbox, said: str, *, nearly: bool = True) -> Parts:
    """The one file that is meant.

    Args:
        sandbox: Where it is.
        said: Its name, or folder/name. A name alone is looked for in all folders.
        nearly: Whether a name that is only near will do, where there is one.

    Raises:
        ToolError: There is none, or more than one; the sentence names those that it may be.
    """
    *folders, name = _parts(sandbox, said)
    inside = _folder(sandbox, tuple(folders), meant)
    kind = sandbox.kind((*inside, name))
    if kind == "file":
        return (*inside, name)
    if kind in {"link", "other"}:
        raise ToolError(f"'{name}' is a {_WORDS[kind]}, and is not opened. Choose another file.")
    here = sandbox.entries(inside)
    found = _matching(name, (entry for entry in here if not entry.is_folder), same)
    if not found and not folders:
        everywhere = [entry for entry in sandbox.walk(_LOOKED_AT) if not entry.is_folder]
        here = everywhere or here
    if not found and kind:
        raise ToolError(f"'{name}' is a folder. Use list_files to see what is in it.")
    files = [entry for entry in here if not entry.is_folder]
    found = found or _matching(name, files, meant)
    if len(found) == 1 and (nearly or same(name, [found[0].name])):
        return found[0].parts
    raise ToolError(_not_one(name[:60], found, files))


def folder_of(sandbox: Sandbox, said: str) -> Parts:
    """The one folder that is meant; the root where nothing was said.

    Raises:
        ToolError: There is none, or more than one.
    """
    return _folder(sandbox, parts_of(said, hidden=sandbox.hidden), meant)


def place_for(sandbox: Sandbox, said: str) -> Parts:
    """Where a file of that name is to be written: the file that is called so, or else a new one.

    Raises:
        ToolError: More than one is called so, or something else than a file is.
    """
    *folders, name = _parts(sandbox, said)
    inside = _folder(sandbox, tuple(folders), same, make=True)
    kind = sandbox.kind((*inside, name))
    if kind in {"folder", "link", "other"}:
        raise ToolError(f"'{name}' is a {_WORDS[kind]}, so it cannot be written. Choose another name.")
    if kind:
        return (*inside, name)
    there = sandbox.entries(inside) if sandbox.kind(inside) else []
    found = _matching(name, (entry for entry in there if not entry.is_folder), same)
    if len(found) > 1:
        raise ToolError(_several(name, found))
    return found[0].parts if found else (*inside, name)


def told(entries: Iterable[Entry]) -> str:
    """Some paths in a sentence."""
    names = [entry.path for entry in entries]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


_WORDS = {"folder": "folder", "link": "link to somewhere else", "other": "device"}


def _parts(sandbox: Sandbox, said: str) -> Parts:
    parts = parts_of(said, hidden=sandbox.hidden)
    if not parts:
        raise ToolError("Which file? Give its name.")
    return parts


def _folder(sandbox: Sandbox, said: Parts, match: _Match, *, make: bool = False) -> Parts:
    """The folder that is meant, step by step; with `make`, what is not there stands as it was said."""
    inside: Parts = ()
    for depth, name in enumerate(said):
        kind = sandbox.kind((*inside, name))
        if kind == "folder":
            inside = (*inside, name)
            continue
        if kind in {"link", "other"}:
            raise ToolError(f"'{name}' is a {_WORDS[kind]}, and is not opened. Choose another folder.")
        folders = [entry for entry in sandbox.entries(inside) if entry.is_folder]
        found = _matching(name, folders, match)
        if len(found) > 1:
            raise ToolError(_several(name, found))
        if not found and kind:
            raise ToolError(f"'{name}' is a file and no folder. Choose another folder.")
        if not found and make:
            return (*inside, *said[depth:])
        if not found:
            raise ToolError(_none(f"folder '{name[:60]}'", folders))
        inside = found[0].parts
    return inside


def _matching(name: str, entries: Iterable[Entry], match: _Match) -> list[Entry]:
    there = list(entries)
    names = set(match(name, sorted({entry.name for entry in there})))
    return [entry for entry in there if entry.name in names]


def _not_one(name: str, found: list[Entry], files: list[Entry]) -> str:
    if len(found) > 1:
        return _several(name, found)
    if found:
        return f"There is no file '{name}'. Did you mean '{found[0].path}'? Use that name if so."
    return _none(f"file '{name}'", files)


def _several(name: str, found: list[Entry]) -> str:
    return f"'{name[:60]}' could be more than one: {told(found)}. Say which."


def _none(what: str, there: list[Entry]) -> str:
    return f"There is no {what}. " + (f"There are: {told(there)}." if there else "There are none yet.")
