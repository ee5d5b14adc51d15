"""The files of one folder: what is offered, and how they are found, read and searched."""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

import pytest
from omni_tools import trash
from omni_tools.files import Files, ReadOnlyFiles, files

from omni_agent.errors import ConfigError, ToolError
from omni_agent.plugin_options import keywords
from omni_agent.tool import Cancellation, Toolbox, ToolContext

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no openat")
KEYS = itertools.count()
WRITING = ("write_file", "append_to_file", "move_to_trash")


def called(
    owner: ReadOnlyFiles, name: str, *, key: str = "", undoes: str = "", stopped: str = "", **given: str
) -> str:
    """What a tool of the object answers, or what takes the call `undoes` back."""
    cancellation = Cancellation()
    if stopped:
        cancellation.request()
    key = key or f"key-{next(KEYS)}"
    context = ToolContext("ada", "s", "t", key, key, print, undoes=undoes, cancellation=cancellation)
    tool = Toolbox([owner])[name]
    run = tool.undo if undoes else tool.run
    assert run is not None

    async def main() -> object:
        return await run(tool.validate(given), context)

    answer = asyncio.run(main())
    assert isinstance(answer, str)
    return answer


def undone(owner: ReadOnlyFiles, name: str, key: str, **given: str) -> str:
    """What taking back the call with that key answers."""
    return called(owner, name, undoes=key, **given)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OMNI_AGENT_HOME", str(tmp_path / "home"))
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def held(root: Path) -> Files:
    return Files(root=root)


def tree(root: Path) -> dict[str, bytes]:
    """All that a person sees: files with their bytes, and folders."""
    found = (path for path in root.rglob("*") if trash.TRASH not in path.relative_to(root).parts)
    return {str(path.relative_to(root)): path.read_bytes() if path.is_file() else b"" for path in found}


# What is offered


def test_tools_that_a_small_model_can_read(held: Files) -> None:
    tools = {tool.name: tool for tool in Toolbox([held])}
    assert {name: tool.effect for name, tool in tools.items()} == {
        "list_files": "read", "read_file": "read", "search_files": "read",
        "write_file": "write", "append_to_file": "write", "move_to_trash": "write",
    }  # fmt: skip
    assert {name for name, tool in tools.items() if tool.undo} == set(WRITING)
    assert {name for name, tool in tools.items() if tool.untrusted} == {"read_file", "search_files"}
    for tool in tools.values():
        assert 10 < len(tool.spec.description) <= 120
        for schema in tool.spec.parameters["properties"].values():
            assert schema["type"] == "string"
            assert 3 < len(schema["description"]) <= 110


def test_read_only_offers_nothing_that_writes(root: Path) -> None:
    reading = {"list_files", "read_file", "search_files"}
    options = keywords(files, {"root": str(root), "read_only": True, "largest": 10}, "files")
    assert {tool.name for tool in Toolbox([files(**options)])} == reading
    assert {tool.name for tool in Toolbox([ReadOnlyFiles(root=root)])} == reading
    assert {tool.name for tool in Toolbox([files(root=root)])} == {*reading, *WRITING}


def test_the_default_folder_is_made_by_the_first_write(tmp_path: Path, root: Path) -> None:
    folder = tmp_path / "home" / "files"
    default = Files()
    assert called(default, "list_files") == "There are no files yet."
    assert called(default, "search_files", query="milk") == "No file has the words 'milk'."
    with pytest.raises(ToolError, match="There is no file 'milk'"):
        called(default, "read_file", path="milk")
    assert not folder.exists()
    called(default, "write_file", path="milk.txt", text="two")
    assert (folder / "milk.txt").read_text() == "two"


@pytest.mark.parametrize("largest", [0, -1, 100_000_001])
def test_a_limit_that_is_nonsense(root: Path, largest: int) -> None:
    with pytest.raises(ConfigError, match="largest must be"):
        files(root=root, largest=largest)


def test_a_root_that_cannot_be_one(root: Path, tmp_path: Path) -> None:
    (root / "file").write_text("x")
    for wrong in (root / "file", Path("/"), tmp_path / "home"):
        with pytest.raises(ConfigError, match="root"):
            Files(root=wrong)


# Reading


def test_files_are_listed(held: Files, root: Path) -> None:
    assert called(held, "list_files") == "There are no files yet."
    for name in ("b.txt", "A.txt", ".secret", "recipes/soup.txt", "recipes/cakes/tart.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    assert called(held, "list_files") == "2 files: A.txt, b.txt. 1 folder: recipes."
    assert (
        called(held, "list_files", folder="Recipes")
        == "1 file in 'recipes': soup.txt. 1 folder in 'recipes': cakes."
    )
    assert called(held, "list_files", folder="my recipes/cake") == "1 file in 'recipes/cakes': tart.txt."
    (root / "empty").mkdir()
    assert called(held, "list_files", folder="empty") == "There are no files in 'empty'."
    with pytest.raises(ToolError, match=r"There is no folder 'letters'. There are: empty, recipes"):
        called(held, "list_files", folder="letters")
    with pytest.raises(ToolError, match="is a file and no folder"):
        called(held, "list_files", folder="b.txt")


def test_a_long_listing_is_cut(held: Files, root: Path) -> None:
    for number in range(50):
        (root / f"{number:02}.txt").write_text("")
    answer = called(held, "list_files")
    assert answer.startswith("50 files: 00.txt, 01.txt")
    assert answer.endswith("39.txt and 10 more.")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("shopping-list.txt", "shopping-list.txt"),
        ("'shopping-list.txt'", "shopping-list.txt"),
        ("my shopping list", "shopping-list.txt"),
        ("Shopping List dot txt", "shopping-list.txt"),
        ("shoping list", "shopping-list.txt"),
        ("journal", "garden/Journal 2026-11-04.md"),
        ("garden/journal 2026 11 04", "garden/Journal 2026-11-04.md"),
        ("Cafe", "Café.txt"),
        ("./garden//soil.txt", "garden/soil.txt"),
    ],
)
def test_names_are_taken_as_they_are_said(held: Files, root: Path, said: str, name: str) -> None:
    (root / "garden").mkdir()
    for known in ("shopping-list.txt", "garden/Journal 2026-11-04.md", "Café.txt", "garden/soil.txt"):
        (root / known).write_text("here")
    assert called(held, "read_file", path=said) == f"{name}:\nhere"


def test_unclear_and_unknown_names_are_asked_about(held: Files, root: Path) -> None:
    for name in ("work ideas.txt", "home ideas.txt", "plan.txt", "plan.md"):
        (root / name).write_text("x")
    with pytest.raises(
        ToolError, match=r"'ideas' could be more than one: home ideas.txt, work ideas.txt. Say which"
    ):
        called(held, "read_file", path="ideas")
    with pytest.raises(ToolError, match=r"more than one: plan.md, plan.txt"):
        called(held, "write_file", path="plan", text="y")
    with pytest.raises(ToolError, match=r"There is no file 'taxes'. There are: home ideas.txt, plan.md"):
        called(held, "read_file", path="taxes")
    with pytest.raises(ToolError, match="Which file"):
        called(held, "read_file", path=" . ")
    assert called(held, "read_file", path="plan.md") == "plan.md:\nx"


def test_another_number_is_another_file(held: Files, root: Path) -> None:
    (root / "journal 2026-11-03.txt").write_text("x")
    with pytest.raises(ToolError, match="There is no file 'journal 2026-11-04'"):
        called(held, "append_to_file", path="journal 2026-11-04", text="y")


@pytest.mark.parametrize("form", ["Caf\u00e9 f\u00fcr zwei.txt", "Cafe\u0301 fu\u0308r zwei.txt"])
def test_composed_and_decomposed_names_are_one(held: Files, root: Path, form: str) -> None:
    (root / form).write_text("here")
    for said in ("Caf\u00e9 f\u00fcr zwei.txt", "Cafe\u0301 fu\u0308r zwei.txt"):
        assert called(held, "read_file", path=said).endswith(":\nhere")
        called(held, "write_file", path=said, text="here")
    assert len(tree(root)) == 1


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("crème brûlée, 10 €".encode(), "crème brûlée, 10 €"),
        (b"\xef\xbb\xbfcr\xc3\xa8me", "crème"),
        ("crème".encode("utf-16"), "crème"),
        (b"\xfe\xff" + "crème".encode("utf-16-be"), "crème"),
        ("milk\r\ncafé\r\n".encode("latin-1"), "milk\ncafé"),
        ("10 € für Äpfel".encode("cp1252"), "10 € für Äpfel"),
        ("Привет, как дела? Это файл.".encode("cp1251"), "Привет, как дела? Это файл."),
        (b"\x1b[31mred\x1b[0m\x07", "red"),
        (b"ab\xff\xfe", "abÿþ"),
    ],
)
def test_old_charsets_are_read(held: Files, root: Path, data: bytes, text: str) -> None:
    (root / "a.txt").write_bytes(data)
    assert called(held, "read_file", path="a.txt") == f"a.txt:\n{text}"


def test_without_a_guesser_western_letters_are_taken(
    held: Files, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "charset_normalizer", None)
    (root / "a.txt").write_bytes(b"\xe9\xe8\x81" * 9)
    assert called(held, "read_file", path="a.txt") == f"a.txt:\n{'éè�' * 9}"


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"MZ\0\0", b"a\x01\x02\x03\x04 b", b"%PDF-1.7 x"]
)
def test_what_is_no_text_is_refused(held: Files, root: Path, data: bytes) -> None:
    (root / "a.txt").write_bytes(data)
    for name, given in (("read_file", {}), ("append_to_file", {"text": "x"})):
        with pytest.raises(ToolError, match="Only plain text can be read"):
            called(held, name, path="a.txt", **given)
    assert called(held, "search_files", query="png").startswith("No file")


def test_an_empty_file(held: Files, root: Path) -> None:
    (root / "a.txt").write_text("")
    assert called(held, "read_file", path="a") == "The file 'a.txt' is empty."


def test_the_start_of_a_long_file_is_read(root: Path) -> None:
    (root / "long.txt").write_text("é" * 3000)
    short = Files(root=root, largest=1001)
    answer = called(short, "read_file", path="long")
    assert answer == f"long.txt:\n{'é' * 500}\n(This is the first 1 kilobyte of 6 kilobytes.)"


# Searching


def test_files_are_found_by_name_and_text(held: Files, root: Path) -> None:
    (root / "trips").mkdir()
    (root / "trips" / "Rome-2026.txt").write_text("Flight on Monday\nHotel near the café, key 7\n")
    (root / "food.txt").write_text("Roman soup\n")
    (root / ".hidden.txt").write_text("rome")
    assert called(held, "search_files", query="ROME 2026") == ("1 file found. trips/Rome-2026.txt.")
    assert called(held, "search_files", query="cafe monday hotel").endswith(
        "trips/Rome-2026.txt: Hotel near the café, key 7."
    )
    assert called(held, "search_files", query="soup zebra") == "1 file found. food.txt: Roman soup."
    assert called(held, "search_files", query="zebra") == "No file has the words 'zebra'."
    with pytest.raises(ToolError, match="Give some words"):
        called(held, "search_files", query=" - ")
    for number in range(9):
        (root / f"soup {number}.txt").write_text("x " * 90 + "soup")
    answer = called(held, "search_files", query="soup")
    assert answer.startswith("10 files found. soup 0.txt: x x")
    assert answer.endswith("; and 4 more.")
    assert len(answer) < 1000


def test_a_search_ends(held: Files, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(8):
        (root / f"{number}.txt").write_text("soup")
    with pytest.raises(ToolError, match="cut off"):
        called(held, "search_files", query="soup", stopped="yes")
    for limit, value in (("_MOST_FILES", 4), ("_MOST_BYTES", 10), ("_LONGEST_S", -1.0)):
        with monkeypatch.context() as patch:
            patch.setattr(f"omni_tools.file_search.{limit}", value)
            answer = called(held, "search_files", query="soup")
        assert answer.endswith("Not all files were looked at: there are too many.")
        assert "8 files" not in answer
    assert called(held, "search_files", query="soup").startswith("8 files found")


def test_a_word_beyond_the_part_that_is_looked_at(held: Files, root: Path) -> None:
    (root / "long.txt").write_text("é" * 150_000 + "soup")
    assert called(held, "search_files", query="soup").startswith("No file")
    assert called(held, "search_files", query="éé").startswith("1 file found. long.txt")
