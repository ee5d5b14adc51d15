"""Files written, added to and moved away: once for each call, and back as they were."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from omni_tools import trash
from omni_tools.files import Files

from omni_agent.errors import ToolError
from omni_agent.tool import ToolContext
from tests.tools.test_files import WRITING, called, tree, undone

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no openat")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OMNI_AGENT_HOME", str(tmp_path / "home"))
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def held(root: Path) -> Files:
    return Files(root=root)


def test_a_file_is_written_and_taken_back(held: Files, root: Path) -> None:
    given = {"path": "Letters/to Ada.txt", "text": "Dear Ada"}
    assert called(held, "write_file", key="k", **given) == "The file 'Letters/to Ada.txt' is written."
    assert tree(root) == {"Letters": b"", "Letters/to Ada.txt": b"Dear Ada"}
    assert undone(held, "write_file", "k", **given) == "The file 'Letters/to Ada.txt' is gone again."
    assert tree(root) == {}


def test_folders_that_are_used_stay(held: Files, root: Path) -> None:
    called(held, "write_file", key="k", path="a/b/c.txt", text="x")
    (root / "a" / "mine.txt").write_text("mine")
    undone(held, "write_file", "k", path="a/b/c.txt", text="x")
    assert tree(root) == {"a": b"", "a/mine.txt": b"mine"}


def test_an_older_text_comes_back(held: Files, root: Path) -> None:
    path = root / "shopping-list.txt"
    path.write_bytes(b"milk\r\n\xff\0")
    path.chmod(0o640)
    given = {"path": "Shopping List", "text": "eggs"}
    assert called(held, "write_file", key="k", **given) == "The file 'shopping-list.txt' is written anew."
    assert tree(root) == {"shopping-list.txt": b"eggs"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    # The program was started anew.
    answer = undone(Files(root=root), "write_file", "k", **given)
    assert answer == "The file 'shopping-list.txt' is as it was before."
    assert path.read_bytes() == b"milk\r\n\xff\0"
    assert undone(held, "write_file", "k", **given) == answer
    assert path.read_bytes() == b"milk\r\n\xff\0"


def test_another_process_takes_it_back(held: Files, root: Path) -> None:
    called(held, "write_file", key="k", path="a.txt", text="one")
    program = (
        "import sys; from pathlib import Path; from omni_tools.files import Files; "
        "from omni_agent.tool import ToolContext; files = Files(root=Path(sys.argv[1])); "
        "print(files._take_back(ToolContext('ada', 's', 't', 'u', 'u', print, undoes='k')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(root)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout == "The file 'a.txt' is gone again.\n"
    assert tree(root) == {}


def test_text_is_added(held: Files, root: Path) -> None:
    path = root / "list.txt"
    path.write_text("milk")
    assert called(held, "append_to_file", key="k", path="my list", text="eggs\nbread") == (
        "The text is added to the file 'list.txt'."
    )
    assert path.read_text() == "milk\neggs\nbread\n"
    assert undone(held, "append_to_file", "k", path="my list", text="eggs\nbread").endswith("before.")
    assert path.read_text() == "milk"
    with pytest.raises(ToolError, match=r"There is no file 'taxes 2'. There are: list.txt"):
        called(held, "append_to_file", path="taxes 2", text="x")
    with pytest.raises(ToolError, match="nothing to add"):
        called(held, "append_to_file", path="list", text=" \n")


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        (b"", "x", b"x\n"),
        (b"a\r\nb", "x\ny", b"a\r\nb\r\nx\r\ny\r\n"),
        ("a\n".encode("utf-16"), "é", "a\né\n".encode("utf-16")),
        (b"caf\xe9\n", "thé", b"caf\xe9\nth\xe9\n"),
        (b"a\n", "lone \ud800", b"a\nlone ?\n"),
    ],
)
def test_what_is_added_is_like_the_rest(
    held: Files, root: Path, before: bytes, text: str, after: bytes
) -> None:
    (root / "a.txt").write_bytes(before)
    called(held, "append_to_file", path="a.txt", text=text)
    assert (root / "a.txt").read_bytes() == after


def test_letters_that_an_old_charset_does_not_have(held: Files, root: Path) -> None:
    (root / "a.txt").write_bytes(b"caf\xe9")
    with pytest.raises(ToolError, match="has no such letters"):
        called(held, "append_to_file", path="a", text="日本")
    assert (root / "a.txt").read_bytes() == b"caf\xe9"


def test_a_file_goes_to_the_trash_and_back(held: Files, root: Path) -> None:
    (root / "a").mkdir()
    (root / "a" / "b.bin").write_bytes(b"\0" * 5000)
    before = tree(root)
    assert called(held, "move_to_trash", key="k", path="a/b.bin") == "The file 'a/b.bin' is in the trash."
    assert tree(root) == {"a": b""}
    (root / "a").rmdir()
    assert undone(held, "move_to_trash", "k", path="a/b.bin") == "The file 'a/b.bin' is back."
    assert undone(held, "move_to_trash", "k", path="a/b.bin") == "The file 'a/b.bin' is back."
    assert tree(root) == before


def test_only_a_file_that_is_called_so_goes_to_the_trash(held: Files, root: Path) -> None:
    (root / "shopping-list.txt").write_text("x")
    (root / "folder").mkdir()
    with pytest.raises(ToolError, match=r"Did you mean 'shopping-list.txt'"):
        called(held, "move_to_trash", path="my shopping list")
    with pytest.raises(ToolError, match="'folder' is a folder"):
        called(held, "move_to_trash", path="folder")
    called(held, "move_to_trash", path="Shopping list")
    assert tree(root) == {"folder": b""}


def test_what_changed_since_is_not_undone(held: Files, root: Path) -> None:
    (root / "a.txt").write_text("zero\n")
    called(held, "write_file", key="k1", path="a.txt", text="one\n")
    called(held, "append_to_file", key="k2", path="a.txt", text="two")
    with pytest.raises(ToolError, match="Undo the later change first"):
        undone(held, "write_file", "k1", path="a.txt", text="one\n")
    undone(held, "append_to_file", "k2", path="a.txt", text="two")
    assert (root / "a.txt").read_text() == "one\n"
    undone(held, "write_file", "k1", path="a.txt", text="one\n")
    assert (root / "a.txt").read_text() == "zero\n"


def test_the_trash_does_not_come_back_over_a_new_file(held: Files, root: Path) -> None:
    (root / "a.txt").write_text("old")
    called(held, "move_to_trash", key="k", path="a.txt")
    (root / "a.txt").write_text("new")
    with pytest.raises(ToolError, match=r"There is a new file 'a.txt'"):
        undone(held, "move_to_trash", "k", path="a.txt")
    assert (root / "a.txt").read_text() == "new"
    (root / "a.txt").unlink()
    undone(held, "move_to_trash", "k", path="a.txt")
    assert (root / "a.txt").read_text() == "old"


def test_unknown_calls_are_not_undone(held: Files, root: Path) -> None:
    with pytest.raises(ToolError, match="not kept any more"):
        undone(held, "write_file", "never", path="a", text="b")
    called(held, "write_file", key="k", path="a", text="b")
    context = ToolContext("eve", "s", "t", "c", "c", print, undoes="k")
    with pytest.raises(ToolError, match="not kept any more"):
        held._take_back(context)
    assert tree(root) == {"a": b"b"}


# Twice


def test_a_call_that_is_tried_again_does_nothing(held: Files, root: Path) -> None:
    (root / "list.txt").write_text("milk\n")
    (root / "old.txt").write_text("old")
    calls: list[tuple[str, dict[str, str]]] = [
        ("append_to_file", {"path": "list", "text": "eggs"}),
        ("write_file", {"path": "new/one.txt", "text": "1"}),
        ("move_to_trash", {"path": "old.txt"}),
    ]
    first = [called(held, name, key=f"k-{name}", **given) for name, given in calls]
    after = tree(root)
    again = Files(root=root)
    assert [called(again, name, key=f"k-{name}", **given) for name, given in calls] == first
    assert tree(root) == after
    assert after["list.txt"] == b"milk\neggs\n"
    # A person wrote meanwhile: the attempt that comes late does not write over that.
    (root / "new" / "one.txt").write_text("by hand")
    called(again, "write_file", key="k-write_file", path="new/one.txt", text="1")
    assert (root / "new" / "one.txt").read_text() == "by hand"


def test_the_same_key_from_many_threads(held: Files, root: Path) -> None:
    (root / "list.txt").write_text("")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: called(held, "append_to_file", key="k", path="list", text="x"), range(16)))
    assert (root / "list.txt").read_text() == "x\n"


def test_many_threads_and_objects_lose_nothing(root: Path) -> None:
    (root / "list.txt").write_text("")
    objects = [Files(root=root) for _ in range(4)]

    def add(number: int) -> None:
        called(objects[number % 4], "append_to_file", key=f"k{number}", path="list", text=str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert sorted(map(int, (root / "list.txt").read_text().split())) == list(range(40))


@pytest.mark.parametrize("name", WRITING)
def test_a_crash_before_the_change_is_no_change(
    held: Files, root: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (root / "a.txt").write_text("old\n")
    given = {"path": "a.txt"} | ({} if name == "move_to_trash" else {"text": "new"})
    rename = os.rename

    def crash(source: str, target: str, **folders: int) -> None:
        if source.endswith(".new") or target.endswith(".kept"):
            raise KeyboardInterrupt
        rename(source, target, **folders)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", crash)
        with pytest.raises(KeyboardInterrupt):
            _direct(held, name)
    assert tree(root) == {"a.txt": b"old\n"}
    with pytest.raises(ToolError, match="not kept"):
        undone(held, name, "k", **given)
    called(held, name, key="k", **given)
    after = {"write_file": {"a.txt": b"new"}, "append_to_file": {"a.txt": b"old\nnew\n"}, "move_to_trash": {}}
    assert tree(root) == after[name]
    undone(held, name, "k", **given)
    assert tree(root) == {"a.txt": b"old\n"}


def _direct(held: Files, name: str) -> None:
    """A change in this thread, which a crash may go through."""
    with trash.Trash.locked(held._sandbox, ToolContext("ada", "s", "t", "k", "k", print)) as kept:
        if name == "move_to_trash":
            kept.move(trash.call_id("ada", "k"), ("a.txt",), "told")
        else:
            kept.write(trash.call_id("ada", "k"), ("a.txt",), b"new", "told")


def test_a_disk_without_second_names(held: Files, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*names: str, **folders: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    (root / "a.txt").write_text("old")
    called(held, "write_file", key="k", path="a.txt", text="new")
    undone(held, "write_file", "k", path="a.txt", text="new")
    assert tree(root) == {"a.txt": b"old"}
    os.truncate(root / "a.txt", 200_000_000)
    with pytest.raises(ToolError, match="too large to be replaced"):
        called(held, "write_file", path="a.txt", text="new")
    assert (root / "a.txt").stat().st_size == 200_000_000


def test_a_full_disk_is_told(held: Files, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (root / "a.txt").write_text("old")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ToolError, match="The disk is full"):
            called(held, "write_file", key="k", path="a.txt", text="new")
    assert tree(root) == {"a.txt": b"old"}
    called(held, "write_file", key="k", path="a.txt", text="new")
    undone(held, "write_file", "k", path="a.txt", text="new")
    assert tree(root) == {"a.txt": b"old"}


# How much is kept


def test_what_is_kept_is_bounded(held: Files, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trash, "_MOST_CALLS", 3)
    kept = root / trash.TRASH
    (kept).mkdir()
    (kept / "a person's own").write_text("stays")
    for number in range(6):
        called(held, "write_file", key=f"k{number}", path=f"{number}.txt", text="x")
    # All of it is too new to be forgotten.
    assert len(list(kept.glob("*.json"))) == 6
    _older(kept, 2 * 3600)
    called(held, "write_file", key="k6", path="6.txt", text="x")
    assert len(list(kept.glob("*.json"))) == 3
    assert undone(held, "write_file", "k6", path="6.txt", text="x").endswith("gone again.")
    with pytest.raises(ToolError, match="not kept any more"):
        undone(held, "write_file", "k0", path="0.txt", text="x")
    assert (kept / "a person's own").read_text() == "stays"


def test_what_is_kept_is_forgotten_after_a_month(held: Files, root: Path) -> None:
    (root / "old.txt").write_text("old")
    called(held, "move_to_trash", key="k", path="old.txt")
    _older(root / trash.TRASH, 29 * 24 * 3600)
    called(held, "write_file", path="a", text="x")
    assert len(list((root / trash.TRASH).glob("*.kept"))) == 1
    _older(root / trash.TRASH, 31 * 24 * 3600)
    called(held, "write_file", path="b", text="x")
    assert not list((root / trash.TRASH).glob("*.kept"))


def test_large_files_are_forgotten_first_to_come(
    held: Files, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trash, "_MOST_BYTES", 150_000)
    for number in range(3):
        (root / f"{number}.bin").write_bytes(b"x" * 60_000)
        called(held, "move_to_trash", key=f"k{number}", path=f"{number}.bin")
    _older(root / trash.TRASH, 2 * 3600)
    called(held, "write_file", path="a", text="x")
    assert len(list((root / trash.TRASH).glob("*.kept"))) == 2


def _older(folder: Path, seconds: float) -> None:
    for rank, path in enumerate(sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)):
        os.utime(path, (time.time(), time.time() - seconds + rank))
