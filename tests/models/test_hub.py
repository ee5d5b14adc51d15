"""Models of a hub by name; the hub is a server on this machine."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from omni_agent.cli import run
from omni_agent.errors import ConfigError, ModelFileError, ModelUnavailable
from omni_agent.models import hub
from omni_agent.models.store import ModelStore
from tests.models.conftest import Registry, Told

NAME, REPOSITORY = "qwen2.5-omni-3b", "ggml-org/Qwen2.5-Omni-3B-GGUF"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
MODEL, PROJECTOR = random.Random(2).randbytes(1_500_001), random.Random(3).randbytes(40_001)
LISTING = f"/hub/api/models/{REPOSITORY}/revision/main?blobs=true"


def large(path: str, body: bytes, **changes: Any) -> dict[str, Any]:
    sha256 = hashlib.sha256(body).hexdigest()
    lfs = {"sha256": sha256, "size": len(body), "pointerSize": 134, **changes}
    return {"rfilename": path, "size": len(body), "blobId": "0" * 40, "lfs": lfs}


def publish(registry: Registry, *siblings: dict[str, Any], commit: str = COMMIT) -> None:
    listing = {"id": REPOSITORY, "sha": commit, "siblings": list(siblings)}
    registry.files[LISTING] = json.dumps(listing).encode()


@pytest.fixture
def published(registry: Registry) -> Registry:
    names = ("Qwen2.5-Omni-3B-Q4_K_M.gguf", "mmproj-Qwen2.5-Omni-3B-Q8_0.gguf")
    publish(
        registry,
        {"rfilename": "README.md", "size": 10, "blobId": "1" * 40},
        large(names[0], MODEL),
        large("Qwen2.5-Omni-3B-f16.gguf", b"unwanted"),
        large(names[1], PROJECTOR),
        large("mmproj-Qwen2.5-Omni-3B-f16.gguf", b"unwanted"),
    )
    for name, body in zip(names, (MODEL, PROJECTOR), strict=True):
        registry.files[f"/hub/{REPOSITORY}/resolve/{COMMIT}/{name}"] = body
    return registry


@pytest.fixture
def files(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "cache", pause=lambda seconds: None)


def test_a_model_and_its_projector_are_fetched_at_a_pinned_commit(
    published: Registry, files: ModelStore
) -> None:
    told = Told()
    folder = hub.pull(files, NAME, told)
    assert sorted(path.name for path in folder.iterdir()) == [
        "Qwen2.5-Omni-3B-Q4_K_M.gguf",
        "mmproj-Qwen2.5-Omni-3B-Q8_0.gguf",
    ]
    assert (folder / "Qwen2.5-Omni-3B-Q4_K_M.gguf").read_bytes() == MODEL
    assert f"SHA-256 {hashlib.sha256(MODEL).hexdigest()}, as the hub says" in "\n".join(told.lines)
    assert all(COMMIT in path for path in published.asked if "/resolve/" in path)


def test_bytes_that_are_not_what_the_hub_said_are_refused(published: Registry, files: ModelStore) -> None:
    published.files[f"/hub/{REPOSITORY}/resolve/{COMMIT}/Qwen2.5-Omni-3B-Q4_K_M.gguf"] = MODEL[:-1] + b"!"
    with pytest.raises(ModelFileError):
        hub.pull(files, NAME, Told())
    assert not list((files.root / NAME).glob("Qwen*"))


def test_a_later_commit_does_not_change_what_was_pulled(published: Registry, files: ModelStore) -> None:
    hub.pull(files, NAME, Told())
    asked = len(published.asked)
    publish(published, commit="f" * 40)
    hub.pull(files, NAME, Told())
    assert len(published.asked) == asked
    (files.root / NAME / "mmproj-Qwen2.5-Omni-3B-Q8_0.gguf").write_bytes(b"damaged")
    folder = hub.pull(files, NAME, Told())
    assert (folder / "mmproj-Qwen2.5-Omni-3B-Q8_0.gguf").read_bytes() == PROJECTOR


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r.files.pop(LISTING),
        lambda r: r.files.update({LISTING: b"<html>"}),
        lambda r: r.files.update({LISTING: b"[]"}),
        lambda r: publish(r),
        lambda r: publish(r, commit="main"),
        lambda r: publish(r, large("Qwen2.5-Omni-3B-Q4_K_M.gguf", b"x", sha256=None)),
        lambda r: publish(r, large("../Qwen2.5-Omni-3B-Q4_K_M.gguf", b"x")),
        lambda r: publish(r, {"rfilename": "Qwen2.5-Omni-3B-Q4_K_M.gguf", "size": 3}),
    ],
)
def test_without_a_digest_nothing_is_fetched(
    published: Registry, files: ModelStore, spoil: Callable[[Registry], Any]
) -> None:
    spoil(published)
    with pytest.raises(ModelFileError) as caught:
        hub.pull(files, NAME, Told())
    assert "gguf:FOLDER" in caught.value.remedy
    assert not [path for path in published.asked if "/resolve/" in path]


def test_offline_nothing_is_asked(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="not here"):
        hub.pull(ModelStore(tmp_path, offline=True), NAME, Told())
    assert registry.asked == []


def test_an_unknown_name_names_those_that_are_known(files: ModelStore) -> None:
    with pytest.raises(ConfigError, match="known are"):
        hub.pull(files, "nothing", Told())


def test_a_note_that_cannot_be_read_is_made_again(published: Registry, files: ModelStore) -> None:
    hub.pull(files, NAME, Told())
    for text in ("", "{}", '{"revision": "main", "files": []}', '{"revision": 1, "files": [["a"]]}'):
        (files.root / f"{NAME}.hub.json").write_text(text)
        assert hub.kept(files.root, NAME) is None
    assert hub.pull(files, NAME, Told()).is_dir()


def test_no_digest_is_made_up() -> None:
    from importlib import resources

    text = resources.files("omni_agent.models").joinpath("hub.toml").read_text(encoding="utf-8")
    assert "sha256" not in text


def test_the_command_pulls_by_name(
    published: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OMNI_AGENT_CACHE", str(tmp_path / "cache"))
    assert run(["models", "pull", NAME]) == 0
    shown = capsys.readouterr()
    assert f"gguf:{tmp_path / 'cache' / NAME}" in shown.out
    assert "as the hub says" in shown.err
    assert run(["models", "verify", NAME]) == 0
    (tmp_path / "cache" / NAME / "mmproj-Qwen2.5-Omni-3B-Q8_0.gguf").write_bytes(b"?")
    assert run(["models", "verify"]) == 1
    assert f"omni-agent models pull {NAME}" in capsys.readouterr().err
