"""Nothing outside of the folder is read or written, whatever a name is and whatever lies in the folder."""

from __future__ import annotations

import errno
import itertools
import os
import socket
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omni_tools import sandbox
from omni_tools.filenames import TRASH, parts_of
from omni_tools.files import Files
from omni_tools.plaintext import decoded
from omni_tools.trash import Trash, call_id

from omni_agent.errors import ToolError
from omni_agent.tool import Toolbox, ToolContext
from tests.tools.test_files import WRITING, called, tree, undone

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no openat")
SECRET = "the canary sings"
OUTSIDE = ("a/secret.txt", "secret.txt", ".ssh/key", "home/notes.db")
TOOLS = ("list_files", "read_file", "search_files", *WRITING)


def laid_out(place: Path) -> Path:
    """A root with links that lead out of it, below a folder of secrets."""
    root = place / "a" / "root"
    for name in OUTSIDE:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(SECRET)
    (root / "folder" / "deep").mkdir(parents=True)
    (root / "plain.txt").write_text("plain")
    (root / "folder" / "deep" / "plain.txt").write_text("deep")
    (root / "out").symlink_to(place, target_is_directory=True)
    (root / "folder" / "up").symlink_to("../..", target_is_directory=True)
    (root / "link.txt").symlink_to(place / "secret.txt")
    (root / "folder" / "link.txt").symlink_to("../../secret.txt")
    (root / "dangling.txt").symlink_to(place / "made.txt")
    (root / "loop").symlink_to("loop")
    return root


def outside(place: Path) -> dict[str, bytes]:
    """What lies around the root."""
    found = (path for path in place.rglob("*") if "root" not in path.relative_to(place).parts)
    return {str(path.relative_to(place)): path.read_bytes() if path.is_file() else b"" for path in found}


def tried(held: Files, path: str) -> list[str]:
    """What every tool says to a path."""
    answers: list[str] = []
    for name in TOOLS:
        argument = {"list_files": "folder", "search_files": "query"}.get(name, "path")
        more = {"text": "written"} if name in WRITING[:2] else {}
        try:
            answers.append(called(held, name, **{argument: path}, **more))
        except ToolError as error:
            answers.append(error.message)
    return answers


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OMNI_AGENT_HOME", str(tmp_path / "home"))
    laid_out(tmp_path)
    return tmp_path


@pytest.fixture
def root(place: Path) -> Path:
    return place / "a" / "root"


@pytest.fixture
def held(root: Path) -> Files:
    return Files(root=root)


# Names that lead out


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "..",
        "folder/../../secret.txt",
        "folder/deep/../../../secret.txt",
        " .. /secret.txt",
        "/etc/passwd",
        "//etc/passwd",
        "~/.ssh/key",
        "~root/x",
        "file:///etc/passwd",
        "C:\\Windows\\win.ini",
        "C:secret.txt",
        "c:/secret.txt",
        "..\\secret.txt",
        "folder\\..\\..\\secret.txt",
        "\\\\server\\share",
        "secret.txt\0.png",
        "\0",
        "new\nline.txt",
        "..\u2215secret.txt",
        "..\uff0fsecret.txt",
        "\uff0e\uff0e/secret.txt",
        "\u2025/secret.txt",
        "\u2026",
        ".\u200d./secret.txt",
        "\u202etxt.exe",
        "invisible\u200b.txt",
        "lone\udcff.txt",
        "out/secret.txt",
        "out/a/secret.txt",
        "out/new.txt",
        "folder/up/secret.txt",
        "folder/up/new.txt",
        "link.txt",
        "folder/link.txt",
        "dangling.txt",
        "loop",
        "loop/x",
        ".ssh/key",
        ".hidden",
        "\uff0ehidden",
        "folder/.hidden/x.txt",
        f"{TRASH}/x",
        ".TRASH/x",
        ".tra\u200dsh/x",
        "\uff0etrash/x",
        ".trash./x",
        "x" * 300,
        "ä" * 200,
        "a/" * 600,
        "/".join("abcdefghijklmnop"),
        "...",
    ],
)
def test_a_path_that_leads_out_is_refused(place: Path, root: Path, held: Files, path: str) -> None:
    before, inside = outside(place), tree(root)
    answers = tried(held, path)
    assert SECRET not in " ".join(answers)
    assert outside(place) == before
    # None of these is the name of a file that may be made, or near to one that is there.
    assert tree(root) == inside
    assert all(answer.endswith((".", "?", "so.")) for answer in answers)


names = st.sampled_from(
    (
        *("..", ".", "", "out", "folder", "up", "deep", "link.txt", "secret.txt", "plain.txt", "a", "root"),
        *(
            ".ssh",
            "key",
            "~",
            "C:",
            "\\",
            "..\\",
            TRASH,
            "\uff0e\uff0e",
            "..\0",
            "dangling.txt",
            "loop",
            "home",
        ),
    )
)
paths = st.one_of(
    st.text(max_size=60),
    st.lists(st.one_of(names, st.text(max_size=8)), max_size=6).map("/".join),
    st.text(st.sampled_from("./\\ ~\0ao:\u2024\u2215\uff0f\u200d"), max_size=30),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paths, st.booleans())
def test_no_path_leads_out(monkeypatch: pytest.MonkeyPatch, path: str, hidden: bool) -> None:
    with TemporaryDirectory() as folder:
        place = Path(folder)
        monkeypatch.setenv("OMNI_AGENT_HOME", str(place / "home"))
        root = laid_out(place)
        before = outside(place)
        held = Files(root=root, hidden=hidden)
        answers = tried(held, path)
        # The words of a search are said back.
        assert SECRET not in " ".join(answers).replace(path, "")
        assert outside(place) == before
        assert (root / TRASH).is_dir()
        assert all(path.is_symlink() for path in (root / "out", root / "link.txt", root / "dangling.txt"))


@settings(max_examples=1000)
@given(paths, st.booleans())
def test_the_names_of_a_path_are_plain(path: str, hidden: bool) -> None:
    parts: tuple[str, ...] = ()
    with suppress(ToolError):
        parts = parts_of(path, hidden=hidden)
    for name in parts:
        assert name not in {"", ".", "..", TRASH}
        assert not set(name) & {"/", "\\", "\0", "\n"}
        assert hidden or not name.startswith(".")
        assert len(os.fsencode(name)) <= 255
    assert parts_of("/".join(parts), hidden=hidden) == parts


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_a_text_or_a_refusal(data: bytes, whole: bool) -> None:
    with suppress(ToolError):
        plain = decoded(data, whole=whole)
        plain.text.encode("utf-8")
        "".encode(plain.charset)


@given(st.text(st.characters(blacklist_categories=("Cc", "Cs")), min_size=1, max_size=200))
def test_every_text_is_read_as_it_was_written(text: str) -> None:
    assert decoded(text.encode("utf-8")).text.removeprefix("\ufeff") == text.removeprefix("\ufeff")


# What lies in the folder


def test_links_and_hidden_files_are_not_seen(root: Path, held: Files) -> None:
    (root / ".secret.txt").write_text(SECRET)
    assert called(held, "list_files") == "1 file: plain.txt. 1 folder: folder."
    assert called(held, "search_files", query="canary").startswith("No file")
    with pytest.raises(ToolError, match="Hidden files"):
        called(held, "read_file", path=".secret.txt")
    open_to_all = Files(root=root, hidden=True)
    assert called(open_to_all, "list_files").startswith("2 files: .secret.txt, plain.txt.")
    assert called(open_to_all, "read_file", path=".secret.txt").endswith(SECRET)


def test_a_link_is_told_and_not_replaced(place: Path, root: Path, held: Files) -> None:
    with pytest.raises(ToolError, match="link to somewhere else, and is not opened"):
        called(held, "read_file", path="link.txt")
    with pytest.raises(ToolError, match="link to somewhere else, so it cannot be written"):
        called(held, "write_file", path="dangling.txt", text="x")
    with pytest.raises(ToolError, match="link to somewhere else, and is not opened"):
        called(held, "list_files", folder="out/a")
    assert not (place / "made.txt").exists()


def test_a_root_that_is_a_link_is_the_folder_behind_it(place: Path, root: Path) -> None:
    (place / "short").symlink_to(root)
    held = Files(root=place / "short")
    called(held, "write_file", key="k", path="new.txt", text="x")
    assert (root / "new.txt").read_text() == "x"
    undone(held, "write_file", "k", path="new.txt", text="x")
    assert not (root / "new.txt").exists()


def test_pipes_sockets_and_devices_are_not_opened(
    root: Path, held: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(root / "pipe.txt")
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.txt")
        for name in ("pipe.txt", "socket.txt"):
            assert sum("device" in answer for answer in tried(held, name)) == 5
    assert called(held, "list_files").startswith("1 file: plain.txt.")


def test_what_the_trash_holds_cannot_be_reached(root: Path) -> None:
    held = Files(root=root, hidden=True)
    (root / "plain.txt").write_text(SECRET)
    called(held, "move_to_trash", key="k", path="plain.txt")
    names = [path.name for path in (root / TRASH).iterdir()]
    before = {path.name: path.read_bytes() for path in (root / TRASH).iterdir()}
    for name in names:
        for path in (
            name,
            f"{TRASH}/{name}",
            f"folder/../{TRASH}/{name}",
            f"TRASH/{name}",
            f" {TRASH} /{name}",
        ):
            with pytest.raises(ToolError):
                called(held, "read_file", path=path)
            with pytest.raises(ToolError):
                called(held, "move_to_trash", path=path)
    assert TRASH not in called(held, "list_files")
    assert called(held, "search_files", query="canary").startswith("No file")
    assert {path.name: path.read_bytes() for path in (root / TRASH).iterdir()} == before


def test_the_trash_is_not_entered_by_another_name(root: Path) -> None:
    held = Files(root=root)
    called(held, "write_file", path="x.txt", text="x")
    # As disks that shorten names or ignore case have it.
    (root / TRASH).rename(root / "TRASH~1")
    (root / TRASH).symlink_to("TRASH~1")
    with pytest.raises(ToolError, match="link or no folder"):
        called(held, "write_file", path="y.txt", text="y")
    assert not (root / "y.txt").exists()


def test_a_trash_that_leads_out_is_not_used(place: Path, root: Path, held: Files) -> None:
    (root / TRASH).symlink_to(place / "home", target_is_directory=True)
    before = outside(place)
    with pytest.raises(ToolError, match="link or no folder"):
        called(held, "write_file", path="x.txt", text="x")
    assert outside(place) == before


def test_a_record_cannot_lead_out(place: Path, root: Path, held: Files) -> None:
    (root / "plain.txt").write_text("x")
    called(held, "move_to_trash", key="k", path="plain.txt")
    (record,) = (root / TRASH).glob("*.json")
    sound = record.read_text()
    assert '["plain.txt"]' in sound
    before = outside(place)
    for parts in (
        '["..","made.txt"]',
        '["out","made.txt"]',
        '["/tmp/made.txt"]',
        '[".trash","x"]',
        "[]",
        "7",
    ):
        record.write_text(sound.replace('["plain.txt"]', parts))
        with pytest.raises(ToolError):
            undone(held, "move_to_trash", "k", path="plain.txt")
    record.write_text("{")
    with pytest.raises(ToolError, match="not kept"):
        undone(held, "move_to_trash", "k", path="plain.txt")
    assert outside(place) == before
    record.write_text(sound)
    undone(held, "move_to_trash", "k", path="plain.txt")


def test_the_agents_own_folder_is_left_alone(place: Path) -> None:
    held = Files(root=place, hidden=True)
    with pytest.raises(ToolError, match="the agent's own"):
        called(held, "read_file", path="home/notes.db")
    with pytest.raises(ToolError, match="the agent's own"):
        called(held, "write_file", path="home/notes.db", text="x")
    assert "home/" not in called(held, "search_files", query="canary")
    assert (place / "home" / "notes.db").read_text() == SECRET


def test_a_file_with_a_second_name_elsewhere_is_not_written_through(
    place: Path, root: Path, held: Files
) -> None:
    os.link(place / "secret.txt", root / "twin.txt")
    called(held, "append_to_file", path="twin.txt", text="more")
    called(held, "write_file", path="twin.txt", text="other")
    assert (place / "secret.txt").read_text() == SECRET


def test_a_write_protected_file_stays(root: Path, held: Files) -> None:
    (root / "plain.txt").chmod(0o444)
    with pytest.raises(ToolError, match="write-protected"):
        called(held, "write_file", path="plain.txt", text="x")
    assert (root / "plain.txt").read_text() == "plain"


def test_names_that_cannot_be_said_are_left_out(root: Path, held: Files) -> None:
    for name in (b"\xff\xfe.txt", b"back\\slash.txt", b"line\nbreak.txt", "\u202etxt.exe".encode()):
        with suppress(OSError):
            (root / os.fsdecode(name)).write_text(SECRET)
    assert called(held, "list_files") == "1 file: plain.txt. 1 folder: folder."
    assert called(held, "search_files", query="canary").startswith("No file")


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOENT, "There is no file or folder 'x'"),
        (errno.EACCES, "'x' is protected"),
        (errno.EXDEV, "'x' lies on another disk"),
        (errno.ENAMETOOLONG, "too long"),
        (errno.EIO, "'x' cannot be used: input/output error."),
    ],
)
def test_what_the_system_refuses_is_a_sentence(number: int, told: str) -> None:
    with pytest.raises(ToolError, match=told), sandbox.spoken_errors("x"):
        raise OSError(number, os.strerror(number))


# Sizes


def test_a_huge_file_is_not_loaded(root: Path, held: Files) -> None:
    (root / "huge.txt").write_text("start of it")
    os.truncate(root / "huge.txt", 10_000_000_000)
    (root / "huger.txt").write_text("word " * 400_000)
    os.truncate(root / "huger.txt", 10_000_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(ToolError, match="It is no text"):
            called(held, "read_file", path="huge.txt")
        assert "(This is the first 1 megabyte of 10 gigabytes.)" in called(
            held, "read_file", path="huger.txt"
        )
        assert called(held, "search_files", query="word").startswith("1 file found. huger.txt")
        with pytest.raises(ToolError, match="too large: 1 megabyte is the most"):
            called(held, "append_to_file", path="huger.txt", text="x")
        called(held, "write_file", key="k", path="huge.txt", text="small")
        undone(held, "write_file", "k", path="huge.txt", text="small")
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()
    assert (root / "huge.txt").stat().st_size == 10_000_000_000


def test_what_is_written_is_bounded(root: Path) -> None:
    held = Files(root=root, largest=10)
    called(held, "write_file", path="a.txt", text="ä" * 5)
    for name, text in (("write_file", "ä" * 5 + "x"), ("append_to_file", "x")):
        with pytest.raises(ToolError, match="too large: 10 bytes is the most"):
            called(held, name, path="a.txt", text=text)
    assert (root / "a.txt").read_text() == "ä" * 5


def test_a_folder_of_very_many_files(root: Path, held: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omni_tools.sandbox._MOST_ENTRIES", 5)
    for number in range(20):
        (root / f"{number}.txt").write_text(str(number))
    assert len(held._sandbox.entries()) <= 5
    # The exact name is found without a look at the others.
    assert [called(held, "read_file", path=f"{number}.txt")[-1] for number in range(10)] == list("0123456789")


# At the same time


def test_a_held_trash_is_waited_for_and_told(
    root: Path, held: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    (root / TRASH).mkdir()
    monkeypatch.setattr("omni_tools.trash._WAIT_S", 0.0)
    with _opened(root / TRASH) as folder:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with pytest.raises(ToolError, match="in use by another program"):
            called(held, "write_file", path="x.txt", text="x")
        with pytest.raises(ToolError, match="cut off"):
            called(held, "write_file", path="x.txt", text="x", stopped="yes")
    called(held, "write_file", path="x.txt", text="x")


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def test_a_folder_that_becomes_a_link_meanwhile(place: Path, root: Path, held: Files) -> None:
    """Somebody swaps a folder for a link to the secrets, again and again, while the tools run."""
    (root / "swap").mkdir()
    (root / "swap" / "secret.txt").write_text("plain")
    before = outside(place)
    stop = threading.Event()
    answers: list[str] = []

    aside = (root / f"aside-{number}" for number in itertools.count())

    def put(name: str) -> None:
        """Give a folder or link the name `swap`, though a write may make that anew at any moment."""
        while True:
            try:
                os.rename(root / name, root / "swap")
            except OSError:
                os.rename(root / "swap", next(aside))
            else:
                return

    def swap() -> None:
        os.symlink(place, root / "trap")
        while not stop.is_set():
            os.rename(root / "swap", root / "true")
            put("trap")
            os.rename(root / "swap", root / "trap")
            put("true")

    context = ToolContext("ada", "s", "t", "", "", print)
    functions = (
        lambda: held._sandbox.read(("swap", "secret.txt"), 100)[0].decode(),
        lambda: " ".join(entry.path for entry in held._sandbox.entries(("swap",))),
        lambda: _written(held, context),
    )
    with ThreadPoolExecutor(1) as pool:
        swapping = pool.submit(swap)
        try:
            deadline = time.monotonic() + 20
            while len(answers) < 1500 and time.monotonic() < deadline:
                for function in functions:
                    try:
                        answers.append(function())
                    except ToolError:
                        answers.append("refused")
        finally:
            stop.set()
        swapping.result()
    assert SECRET not in " ".join(answers)
    assert "home" not in " ".join(answers)
    assert "refused" in answers
    assert "plain" in answers
    assert outside(place) == before


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_file_that_becomes_something_else_meanwhile(
    place: Path, root: Path, held: Files, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    look = sandbox.must_be_file
    looks: list[str] = []

    def swapping(found: os.stat_result, name: str) -> None:
        look(found, name)
        looks.append(name)
        if len(looks) == 1:
            (root / "plain.txt").unlink()
            if kind == "link":
                (root / "plain.txt").symlink_to(place / "secret.txt")
            else:
                os.mkfifo(root / "plain.txt")

    monkeypatch.setattr(sandbox, "must_be_file", swapping)
    with pytest.raises(ToolError, match=r"link or no folder|no ordinary file"):
        called(held, "read_file", path="plain.txt")
    assert looks == ["plain.txt"]


def test_only_files_are_read(root: Path, held: Files) -> None:
    os.mkfifo(root / "pipe.txt")
    for name, what in (("link.txt", "a link"), ("pipe.txt", "no ordinary file"), ("folder", "a folder")):
        with pytest.raises(ToolError, match=f"'{name}' is {what}"):
            held._sandbox.read((name,), 100)


def _written(held: Files, context: ToolContext) -> str:
    with Trash.locked(held._sandbox, context) as trash:
        trash.write(call_id("ada", ""), ("swap", "new.txt"), b"new", "told")
    return "written"


def test_the_tools_leave_no_descriptors(root: Path, held: Files) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc")
    tried(held, "folder/deep/plain.txt")
    before = len(os.listdir("/proc/self/fd"))
    for path in ("folder/deep/plain.txt", "out/x", "loop", "a/b/c", "..", "plain.txt"):
        tried(held, path)
    assert len(os.listdir("/proc/self/fd")) <= before
    assert len(Toolbox([held])) == 6
