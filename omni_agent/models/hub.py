"""Models of a model hub by name: what they are made of is asked of the hub once, and held to from then on.

A hub keeps large files by their SHA-256 (Git LFS) and tells it: `GET api/models/REPOSITORY/revision/REVISION
?blobs=true` answers with the commit (`sha`) and its files (`siblings`, each with `rfilename` and, in `lfs`,
`sha256` and `size`), as `huggingface_hub` reads it. What is fetched is checked against that. The digest is
the hub's word: it proves that the bytes are those that the hub has, and, once kept, that they are so still.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..errors import ConfigError, ModelFileError, ModelUnavailable
from .catalog import Archive, Catalog, ModelFile, Part, Piece
from .download import Download, SourceError

if TYPE_CHECKING:
    import httpx

    from .progress import Progress
    from .store import ModelStore

_NEWEST = "main"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model that the hub has.

    Attributes:
        name: What the command line calls it.
        title: What it is, for a person.
        licence: Of its files.
        repository: `owner/name` on the hub.
        files: Patterns of the files that it needs.
    """

    name: str
    title: str
    licence: str
    repository: str
    files: tuple[str, ...]


@cache
def known() -> Mapping[str, HubModel]:
    """The models in `hub.toml`, by name."""
    from importlib import resources

    text = resources.files("omni_agent.models").joinpath("hub.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)["models"]
    return {
        name: HubModel(name, table["title"], table["licence"], table["repository"], tuple(table["files"]))
        for name, table in tables.items()
    }


def pull(store: ModelStore, name: str, progress: Progress) -> Path:
    """Fetch what is missing or damaged of a hub's model; gives its folder.

    Args:
        store: Where it goes, and how the hub is reached.
        name: One of `known`.
        progress: Told what is going on, and whose digests are held to.

    Raises:
        ConfigError: There is no such model.
        ModelUnavailable: It would have to be fetched, but the store is offline.
        ModelFileError: It cannot be had, or the hub tells no digest of it.
    """
    model = _model(name)
    part = kept(store.root, name)
    if part is None:
        part = _asked(store, model)
        _keep(store.root, model, part)
    for file in part.files:
        progress.say(name, f"{file.path}: SHA-256 {file.sha256}, as the hub says")
    own = store.holding(Catalog((part,), store.catalog.endpoints))
    return own.ensure(name, progress)


def holding(store: ModelStore, name: str) -> ModelStore | None:
    """A store of a model that was pulled before; None where it was not."""
    part = kept(store.root, name) if name in known() else None
    return store.holding(Catalog((part,), store.catalog.endpoints)) if part else None


def kept(root: Path, name: str) -> Part | None:
    """What a model was made of when it was first pulled; None where it was not, or nobody can read it."""
    try:
        table = json.loads(_note(root, name).read_text(encoding="utf-8"))
        files = [(str(path), int(size), str(sha256)) for path, size, sha256 in table["files"]]
        return _part(_model(name), str(table["revision"]), files)
    except (OSError, ValueError, TypeError, KeyError, SourceError):
        return None


def listed(answer: object, model: HubModel) -> tuple[str, list[tuple[str, int, str]]]:
    """The commit and the files that a model needs: path, bytes, SHA-256.

    Args:
        answer: What the hub said, parsed.
        model: Which model.

    Raises:
        SourceError: A file is not there, or its digest is not told; the answer is not of that shape.
    """
    about = answer if isinstance(answer, dict) else {}
    commit, siblings = about.get("sha"), about.get("siblings")
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit) or not isinstance(siblings, list):
        raise SourceError(f"{model.repository}: the hub's answer is not a listing")
    by_path = {entry["rfilename"]: entry for entry in siblings if _named(entry)}
    return commit, [_chosen(pattern, by_path, model) for pattern in model.files]


def _named(entry: object) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("rfilename"), str):
        return False
    path = PurePosixPath(entry["rfilename"])
    # A file in the repository's own folder, and nothing that leads out of ours.
    return str(path) == entry["rfilename"] == path.name and not set(path.name) & set("\\:\0")


def _chosen(pattern: str, by_path: Mapping[str, Any], model: HubModel) -> tuple[str, int, str]:
    path = next((path for path in sorted(by_path) if fnmatchcase(path, pattern)), None)
    if path is None:
        raise SourceError(f"{model.repository}: there is no file {pattern}")
    large = by_path[path].get("lfs")
    sha256, size = (large.get("sha256"), large.get("size")) if isinstance(large, dict) else (None, None)
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256) or type(size) is not int or size < 0:
        raise SourceError(f"{model.repository}/{path}: the hub tells no digest of it")
    return path, size, sha256


def _asked(store: ModelStore, model: HubModel) -> Part:
    if store.offline:
        raise ModelUnavailable(
            f"the model '{model.name}' is not here",
            remedy=f"unset OMNI_AGENT_OFFLINE, then: omni-agent models pull {model.name}",
        )
    try:
        with store.hub() as (base, client, pause):
            commit, files = listed(_document(base, client, pause, model), model)
        return _part(model, commit, files)
    except SourceError as error:
        raise ModelFileError(
            f"{model.name} cannot be had: {error}",
            remedy="check the network and HF_ENDPOINT, or fetch the files yourself and use gguf:FOLDER",
        ) from None


def _document(base: str, client: httpx.Client, pause: Callable[[float], None], model: HubModel) -> object:
    url = f"{base}api/models/{quote(model.repository)}/revision/{_NEWEST}?blobs=true"
    response = Download(client, pause, model.repository).document(url, {"Accept": "application/json"})
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        raise SourceError(f"{model.repository}: the hub does not answer in JSON") from None


def _part(model: HubModel, commit: str, files: Sequence[tuple[str, int, str]]) -> Part:
    if not _COMMIT.fullmatch(commit) or not all(_SHA256.fullmatch(sha256) for _, _, sha256 in files):
        raise SourceError(f"{model.repository}: not a commit, or not a digest")
    return Part(
        model.name,
        model.title,
        model.licence,
        default=False,
        files=tuple(
            ModelFile(path, size, sha256, ((Piece(_archive(model, commit, path, sha256), "", size),),))
            for path, size, sha256 in files
        ),
    )


def _archive(model: HubModel, commit: str, path: str, sha256: str) -> Archive:
    return Archive("hub", model.repository, commit, path=path, sha256=sha256)


def _keep(root: Path, model: HubModel, part: Part) -> None:
    from ..media import write_atomically

    source = part.files[0].sources[0][0].archive
    files = [[file.path, file.bytes, file.sha256] for file in part.files]
    note = {"repository": model.repository, "revision": source.version, "files": files}
    root.mkdir(parents=True, exist_ok=True)
    write_atomically(_note(root, model.name), json.dumps(note, indent=1).encode())


def _note(root: Path, name: str) -> Path:
    return root / f"{name}.hub.json"


def _model(name: str) -> HubModel:
    models = known()
    if name not in models:
        raise ConfigError(f"there is no model '{name}'", remedy=f"known are: {', '.join(models)}")
    return models[name]
