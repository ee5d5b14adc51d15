"""Notes: found again under roughly their name, by several programs at once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omni_tools import notes
from omni_tools.database import transaction
from omni_tools.names import closest, folded, unused
from omni_tools.notes import add_note, delete_note, find_notes, read_note

from omni_agent.errors import ToolError
from omni_agent.tool import ToolContext

Run = Callable[..., str]


def test_schemas(examine: Callable[..., None]) -> None:
    effects = {"add_note": "write", "find_notes": "read", "read_note": "read", "delete_note": "irreversible"}
    examine(notes, effects)


def test_a_note_is_written_read_and_deleted(run: Run) -> None:
    text = "milk, eggs\nand 'quoted' \"bread\"; DROP TABLE notes;"
    assert run(add_note, text=text, title="Shopping list") == "The note 'Shopping list' is written."
    assert run(read_note, title="shopping list") == f"Shopping list: {text}"
    assert run(delete_note, title="SHOPPING  LIST") == "The note 'Shopping list' is deleted."
    with pytest.raises(ToolError, match="There are no notes"):
        run(read_note, title="shopping list")


def test_without_a_title_the_first_words_serve(run: Run) -> None:
    assert run(add_note, text="Call the dentist on Monday, before nine") == (
        "The note 'Call the dentist on Monday' is written."
    )
    assert run(add_note, text="x" * 500) == f"The note '{'x' * 40}' is written."
    assert run(add_note, text="...") == "The note 'note' is written."


def test_half_a_sign_becomes_a_question_mark(run: Run) -> None:
    assert run(add_note, text="milk \ud83d", title="shop \ud83d") == "The note 'shop ?' is written."
    assert run(find_notes, query="\ud83d milk") == "1 note. shop ?: milk ?."


def test_the_same_title_gets_a_number(run: Run) -> None:
    run(add_note, text="one", title="Ideas")
    assert run(add_note, text="two", title="ideas") == "The note 'ideas 2' is written."
    assert run(add_note, text="three", title="ideas") == "The note 'ideas 3' is written."
    assert run(read_note, title="Ideas") == "Ideas: one"
    assert run(read_note, title="ideas 2") == "ideas 2: two"


def test_a_call_that_is_tried_again_writes_one_note(run: Run) -> None:
    first = run(add_note, text="milk", title="shopping", key="same")
    assert run(add_note, text="milk", title="shopping", key="same") == first
    assert run(find_notes) == "1 note. shopping: milk."


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("shoping list", "shopping list"),
        ("shopping", "shopping list"),
        ("my shopping list", "shopping list"),
        ("Wi-Fi", "wifi code"),
        ("CAFE", "café"),
    ],
)
def test_titles_are_matched_roughly_for_reading(run: Run, said: str, title: str) -> None:
    for known in ("shopping list", "café", "wifi code"):
        run(add_note, text="x", title=known)
    assert run(read_note, title=said) == f"{title}: x"


def test_an_unclear_title_is_asked_about(run: Run) -> None:
    run(add_note, text="x", title="work ideas")
    run(add_note, text="x", title="home ideas")
    with pytest.raises(
        ToolError, match=r"'ideas' could be more than one note: home ideas, work ideas. Say which"
    ):
        run(read_note, title="ideas")
    with pytest.raises(ToolError, match=r"No note is called 'taxes'. There are: home ideas, work ideas"):
        run(read_note, title="taxes")


def test_only_the_exact_title_is_deleted(run: Run) -> None:
    run(add_note, text="x", title="shopping list")
    with pytest.raises(ToolError, match="Did you mean 'shopping list'"):
        run(delete_note, title="shopping")
    assert run(find_notes).startswith("1 note.")


def test_notes_are_found_by_their_words(run: Run) -> None:
    run(add_note, text="Milk and eggs", title="shopping")
    run(add_note, text="Crème brûlée needs eggs, 100% cream", title="dessert")
    run(add_note, text="the_key is under the mat", title="house")
    assert run(find_notes, query="EGGS milk") == "1 note. shopping: Milk and eggs."
    assert run(find_notes, query="creme").startswith("1 note. dessert")
    assert run(find_notes, query="eggs").startswith("2 notes. dessert")
    assert run(find_notes, query="house").startswith("1 note. house")
    assert run(find_notes, query="100%").startswith("1 note. dessert")
    assert run(find_notes, query="the_key").startswith("1 note. house")
    assert run(find_notes, query="eggs tomorrow").startswith("2 notes.")
    assert run(find_notes, query="%") == run(find_notes, query="100%")
    assert run(find_notes, query="zebra'") == "No note has the words 'zebra''."


def test_a_listing_is_short_enough_to_be_read_aloud(run: Run) -> None:
    assert run(find_notes) == "There are no notes."
    for number in range(8):
        run(add_note, text=f"note {number} " + "words " * 100, title=f"title {number}")
    answer = run(find_notes)
    assert answer.startswith("8 notes. title 7: note 7 words")
    assert answer.endswith("; and 3 more.")
    assert len(answer) < 600


@pytest.mark.parametrize(("text", "why"), [("", "empty"), ("  \n ", "empty"), ("x" * 20_001, "too long")])
def test_notes_that_make_no_sense_are_refused(run: Run, text: str, why: str) -> None:
    with pytest.raises(ToolError, match=why):
        run(add_note, text=text)


def test_users_do_not_see_each_other(run: Run) -> None:
    run(add_note, text="secret", title="diary", user="ada")
    assert run(find_notes, user="bob") == "There are no notes."
    for tool in (read_note, delete_note):
        with pytest.raises(ToolError, match="There are no notes"):
            run(tool, title="diary", user="bob")
    run(add_note, text="mine", title="diary", user="bob")
    assert run(read_note, title="diary", user="ada") == "diary: secret"


@given(text=st.text(min_size=1, max_size=200), title=st.text(max_size=100))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_comes_back_as_it_was_written(run: Run, text: str, title: str) -> None:
    if not text.strip():
        with pytest.raises(ToolError, match="empty"):
            run(add_note, text=text, title=title)
        return
    written = run(add_note, text=text, title=title)
    name = written.removeprefix("The note '").removesuffix("' is written.")
    assert run(read_note, title=name) == f"{name}: {text.strip()}"
    run(delete_note, title=name)


WRITER = """
import asyncio, sys
from omni_tools.notes import add_note
from omni_agent.tool import ToolContext
for n in range(15):
    key = f"{sys.argv[1]}-{n}"
    context = ToolContext("ada", "s", "t", key, key, lambda message: None)
    asyncio.run(add_note.run({"text": key, "title": "log"}, context))
"""


def test_several_programs_write_at_once(run: Run, home: Path) -> None:
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path), "OMNI_AGENT_HOME": str(home)}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, name], env=environment, stderr=subprocess.PIPE, text=True
        )
        for name in ("one", "two", "three")
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors
    assert run(find_notes).startswith("45 notes.")
    assert run(read_note, title="log 45").startswith("log 45: ")


def test_a_file_may_be_opened_first_by_many_at_once(tmp_path: Path) -> None:
    def write(path: Path, start: threading.Barrier) -> None:
        start.wait(timeout=60)
        with transaction(path, "CREATE TABLE IF NOT EXISTS seen (n)") as database:
            database.execute("INSERT INTO seen VALUES (1)")

    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            path, start = tmp_path / f"{number}.db", threading.Barrier(8)
            for done in [pool.submit(write, path, start) for _ in range(8)]:
                done.result()
            with transaction(path, "") as database:
                assert database.execute("SELECT count(*) FROM seen").fetchone()[0] == 8
                assert database.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_what_fails_halfway_leaves_no_trace(tmp_path: Path) -> None:
    schema = "CREATE TABLE IF NOT EXISTS seen (n)"

    def fail() -> None:
        with transaction(tmp_path / "x.db", schema) as database:
            database.execute("INSERT INTO seen VALUES (1)")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with transaction(tmp_path / "x.db", schema) as database:
        assert database.execute("SELECT count(*) FROM seen").fetchone()[0] == 0


def test_a_file_that_cannot_be_made_is_named(run: Run, home: Path) -> None:
    home.write_text("a file where the folder should be")
    with pytest.raises(ToolError, match=r"notes\.db cannot be used"):
        run(find_notes)


names = st.lists(st.text("abc de", min_size=1, max_size=8).filter(folded), max_size=6)


@given(name=st.text("abc de", min_size=1, max_size=8), known=names)
def test_a_name_that_is_known_is_found_and_a_new_one_is_unused(name: str, known: list[str]) -> None:
    assert folded(unused(name, known)) not in {folded(other) for other in known}
    for other in known:
        assert {folded(found) for found in closest(other, known)} == {folded(other)}
    assert set(closest(name, known)) <= set(known)


def take_back(key: str, user: str = "ada") -> object:
    """Take back the note that the call with that key wrote."""
    context = ToolContext(user, "s", "t", "undo", f"undo {key}", lambda message: None, undoes=key)
    undo = add_note.undo
    assert undo is not None

    async def main() -> object:
        return await undo({"text": "milk"}, context)

    return asyncio.run(main())


def test_writing_a_note_is_taken_back(run: Run) -> None:
    run(add_note, text="milk", title="shopping", key="one")
    run(add_note, text="milk", title="shopping", key="two")
    assert take_back("two") == "The note 'shopping 2' is taken back."
    assert run(find_notes) == "1 note. shopping: milk."
    for key, user in (("two", "ada"), ("never", "ada"), ("", "ada"), ("one", "bob")):
        with pytest.raises(ToolError, match="no longer there"):
            take_back(key, user)
    run(delete_note, title="shopping")
    with pytest.raises(ToolError, match="no longer there"):
        take_back("one")


def test_a_note_is_read_back_before_it_is_deleted() -> None:
    assert isinstance(delete_note.question, str)
    assert delete_note.question.format(title="ideas") == "Delete the note 'ideas'?"
    assert delete_note.undo is None
