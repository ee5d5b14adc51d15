"""Names of files and folders as they are said: which are refused, and which file is meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from omni_agent.errors import ToolError

from .names import closest, folded

__all__ = ["TRASH", "checked", "fits", "meant", "parts_of", "same", "spoken"]

TRASH = ".trash"

_LONGEST_PATH = 1000
# Bytes, in nearly all file systems (NAME_MAX, https://man7.org/linux/man-pages/man0/limits.h.0p.html).
_LONGEST_NAME = 255
_DEEPEST = 12
# Categories of signs that nobody sees or says; the two joiners are part of how some scripts are written.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"
_ELSEWHERE = "That is a place outside the files folder. Give only the file's name, or folder/name."


def parts_of(path: str, *, hidden: bool) -> tuple[str, ...]:
    """The names in a path, from the folder of all files on; empty for that folder itself.

    Args:
        path: What was said or written, with / between folder and file.
        hidden: Whether names may begin with a dot.

    Raises:
        ToolError: It leads elsewhere, or has a name that is refused.
    """
    said = path.strip()
    if len(said) > _LONGEST_PATH:
        raise ToolError("The name of the file is too long. Use a short one.")
    if said.startswith("/") or "://" in said:
        raise ToolError(_ELSEWHERE)
    names = (unicodedata.normalize("NFC", part.strip()) for part in said.split("/"))
    parts = tuple(name for name in names if name not in {"", "."})
    if len(parts) > _DEEPEST:
        raise ToolError(f"That is more than {_DEEPEST} folders deep. Use fewer folders.")
    return checked(parts, hidden=hidden)


def checked(parts: tuple[str, ...], *, hidden: bool) -> tuple[str, ...]:
    """The names as they are.

    Raises:
        ToolError: One of them is refused.
    """
    for name in parts:
        if problem := _problem(name, hidden):
            raise ToolError(problem)
    return parts


def fits(name: str, *, hidden: bool) -> bool:
    """Whether a name on the disk is one that can be said and opened."""
    return not _problem(name, hidden)


def spoken(name: str) -> str:
    """A name in words, to compare it: `Shopping-List.txt` is `shopping list txt`."""
    words = re.sub(r"[-_.‐‑–—]|\bdot\b", " ", name, flags=re.IGNORECASE)
    return folded(words)


def same(said: str, names: Collection[str]) -> list[str]:
    """The names that differ from what was said in case, accents and signs between words at most.

    Where no ending was said, any ending will do.
    """
    exact = [name for name in names if unicodedata.normalize("NFC", name) == said]
    if exact:
        return [said] if said in exact else exact[:1]
    wanted = spoken(said)
    return [name for name in names if spoken(name) == wanted] or [
        name for name in names if spoken(_stem(name)) == wanted
    ]


def meant(said: str, names: Collection[str]) -> list[str]:
    """The names that may be meant: the same ones, or else those that are near."""
    if known := same(said, names):
        return known
    words, ending = spoken(said).split(), ""
    stems = {name: spoken(_stem(name)) for name in names}
    if words and words[-1] in {_ending(name) for name in names}:
        ending = words.pop()
    numbers = _numbers(words)
    near = closest(" ".join(words), set(stems.values()))
    return [
        name
        for name, stem in stems.items()
        if stem in near
        and ending in {"", _ending(name)}
        # "march 4" is spelt like "march 5", and is another file.
        and numbers in ([], _numbers(stem.split()))
    ]


def _problem(name: str, hidden: bool) -> str:
    """Why a name is refused, in a sentence; empty where it is not."""
    unseen = [sign for sign in name if unicodedata.category(sign) in _UNSEEN]
    if any(sign not in _JOINERS for sign in unseen):
        return "The name has a sign in it that cannot be seen. Use letters, digits and spaces."
    # Some file systems take letters of other widths, or with joiners between them, for the plain ones.
    plain = unicodedata.normalize("NFKC", "".join(sign for sign in name if sign not in _JOINERS))
    if re.match(r"~|[A-Za-z]:", plain):
        return _ELSEWHERE
    if "\\" in plain:
        return "A name cannot have a backslash. Write / between folder and file."
    if "/" in plain:
        return "The name has a sign that looks like a slash. Use letters, digits and spaces."
    if not plain.strip(". "):
        return "A path cannot lead up with dots. Give the file's name, or folder/name."
    if plain.startswith(".") and plain.casefold().strip(". ") == TRASH.strip("."):
        return "The trash cannot be opened. To take back what was moved there, undo it."
    if plain.startswith(".") and not hidden:
        return "Hidden files, whose names begin with a dot, are left alone. Use another name."
    if len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
        return "The name of the file is too long. Use a short one."
    return ""


def _stem(name: str) -> str:
    """The name without its ending: a dot and up to 8 letters or digits."""
    return re.sub(r"(?<=.)\.\w{1,8}$", "", name)


def _ending(name: str) -> str:
    return spoken(name[len(_stem(name)) :])


def _numbers(words: list[str]) -> list[str]:
    return sorted(number.lstrip("0") for word in words for number in re.findall(r"\d+", word))
