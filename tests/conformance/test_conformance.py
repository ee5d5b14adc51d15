"""The kit finds every seeded fault by name, and has nothing against what is good."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from omni_agent.conformance import CHECKS, Finding, Report, check
from omni_agent.errors import ConfigError

HERE = Path(__file__).parent

FAULTS = [
    ("shabby", "CountRoses", "names", "not snake_case"),
    ("shabby", "calculate", "names", "another tool is called 'calculate'"),
    ("shabby", "plan_bed", "schema", "unsaid: is not described"),
    ("shabby", "plan_bed", "schema", "bed: is no plain value"),
    ("shabby", "find_rose", "schema", "its default None does not fit"),
    ("shabby", "talk_at_length", "docstring", "of 120 at most"),
    ("shabby", "talk_at_length", "docstring", "more than two sentences"),
    ("shabby", "wait_for_spring", "timeout", "endless"),
    ("shabby", "note_bloom", "schema", "what is required, but not described"),
    ("rude", "parse_length", "errors", "raised ValueError"),
    ("rude", "name_rose", "errors", "'E42', which is no sentence"),
    ("rude", "photograph_rose", "serialisation", "bytes"),
    ("rude", "fetch_rose", "serialisation", "cannot be written as JSON"),
    ("rude", "water_rose", "serialisation", "empty"),
    ("rude", "spell_rose", "serialisation", "no valid UTF-8"),
    ("rude", "ask_gardener", "arguments", "raised KeyError"),
    ("rude", "leave_garden", "arguments", "tried to end the program (SystemExit)"),
    ("liar", "peek", "effect", "says 'read', but changed state/looks.txt"),
    ("liar", "look_up", "effect", "says 'read', but changed state/book.db:looks"),
    ("liar", "scratch_wall", "effect", "wanted to write to"),
    ("liar", "plant_rose", "idempotency", "state/bed.txt twice"),
    ("liar", "dig_over", "effect", "deleted state/bed.txt"),
    ("liar", "plant_tree", "undo", "is still there"),
    ("stubborn", "count_on", "threads", "an update was lost"),
    ("stubborn", "watch_grass", "cancellation", "went on"),
    ("stubborn", "hurry", "timeout", "more than the 0.05 seconds"),
    ("stubborn", "stand_in_the_way", "loop", "held up the event loop"),
    ("stubborn", "label_rose", "locale", "stubborn.py:"),
    ("stubborn", "shout_name", "locale", "it answers"),
    ("exits", "pull_plug", "arguments", "exit status 3"),
    ("hangs", "turn_round", "loop", "for good at hangs.py:"),
    ("busybody", "", "import", "characters printed"),
    ("busybody", "", "import", "gardener"),
    ("busybody", "", "import", "write: "),
    ("busybody", "", "import", "GARDEN"),
    ("broken", "", "import", "the gate is shut"),
    ("crooked", "name_beds", "schema", "beds: is no plain value"),
    ("crooked", "take_any", "schema", "it: is not described"),
    ("crooked", "choose_none", "schema", "it: no value is within its bounds"),
    ("crooked", "count_between", "schema", "it: no value is within its bounds"),
    ("crooked", "list_few", "schema", "it: no value is within its bounds"),
    ("crooked", "pluck_rose", "arguments", "(name='alba') are not the same after the call"),
    ("crooked", "hide_rose", "serialisation", "cannot be written as JSON"),
    ("crooked", "babble", "arguments", "raised ValueError: R?se line line"),
    ("deaf", "never_leave", "cancellation", "went on"),
    ("forgetful", "book_bed", "threads", "less was added to state/beds.json"),
    ("forgetful", "enter_bed", "threads", "less was added to state/entered.json"),
    ("forgetful", "hold_up", "loop", "held up the event loop"),
    ("misspelt", "", "import", "it has no 'tel_news', which its __all__ names"),
    ("meddler", "", "import", "environment: HOME; environment: PATH"),
    ("tomorrow", "", "import", "plugin interface 99; this omni_agent has 1"),
]


SHELF = '''
from pathlib import Path
from omni_agent.errors import ToolError
from omni_agent.tool import tool

@tool(effect="read")
def read_book(title: str) -> str:
    """Read a book.

    Args:
        title: Its title.
    """
    found = [item for item in Path("books").glob("*.txt") if item.stem == title]
    if not found:
        raise ToolError("There is no such book on the shelf.")
    return found[0].read_text(encoding="utf-8")
'''


ERASER = '''
import os
import socket
from omni_agent.errors import ToolError
from omni_agent.tool import tool

@tool(effect="write")
def erase_all() -> str:
    """Erase all that there is."""
    try:
        os.remove({target!r})
    except PermissionError:
        return "Nothing could be erased."
    return "All is erased."

@tool(effect="write")
def send_off() -> str:
    """Send the letter off to the post office."""
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=1).close()
    except OSError:
        raise ToolError("The post office cannot be reached.") from None
    return "The letter is sent off."
'''


@pytest.fixture(scope="module")
def bad() -> Report:
    return check(HERE / "bad", patience=0.6)


@pytest.mark.parametrize(("plugin", "tool", "name", "why"), FAULTS)
def test_a_fault_is_found(bad: Report, plugin: str, tool: str, name: str, why: str) -> None:
    (found,) = [item for item in bad if (item.plugin, item.tool, item.check) == (plugin, tool, name)]
    assert found.outcome == "failed"
    assert why in found.reason


def test_nothing_else_is_found(bad: Report) -> None:
    seeded = {fault[:3] for fault in FAULTS}
    assert [item for item in bad.failed if (item.plugin, item.tool, item.check) not in seeded] == []


def test_what_a_program_does_is_not_seen_and_said_so(bad: Report) -> None:
    found = bad.of("ask_shed", "effect")
    assert found.outcome == "not observable"
    assert "it started" in found.reason


@pytest.mark.parametrize("tool", ["look_at_pump", "stand_still", "watch_clouds", "be_innocent"])
def test_tools_beside_a_bad_one_are_still_checked(bad: Report, tool: str) -> None:
    found = [item for item in bad if item.tool == tool]
    assert [item.check for item in found] == list(CHECKS[1:])
    assert not any("it ended before" in item.reason for item in found)
    assert bad.of(tool, "cancellation").outcome == "ok"


def test_what_a_tool_raises_is_told_in_one_bearable_line(bad: Report) -> None:
    reason = bad.of("babble", "arguments").reason
    assert "\n" not in reason
    assert len(reason) < 700


def test_what_dependencies_open_without_an_encoding_is_not_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "careless_stranger.py").write_text("open(__file__).close()\n")
    monkeypatch.syspath_prepend(tmp_path)
    plugin = tmp_path / "shelf.py"
    plugin.write_text(f"import careless_stranger\n{SHELF}", encoding="utf-8")
    report = check(plugin, run=False)
    assert report.ok, str(report)


def test_a_good_plugin_passes() -> None:
    report = check(HERE / "good" / "garden.py", patience=0.5, run_irreversible=True)
    assert report.ok, str(report)
    outcomes = {(item.tool, item.check): item.outcome for item in report}
    for name in ("arguments", "errors", "effect", "undo", "idempotency", "threads", "locale"):
        assert outcomes["sow", name] == "ok", name
    assert outcomes["harvest", "effect"] == "ok"
    assert "cut off" in report.of("watch_seed", "cancellation").reason


def test_what_is_irreversible_is_not_run_without_leave() -> None:
    report = check(HERE / "good" / "garden.py", patience=0.5)
    assert report.of("harvest", "names").outcome == "ok"
    assert report.of("harvest", "effect").reason == "what is irreversible is not run"


def test_without_running_it_only_looks() -> None:
    report = check(HERE / "bad" / "rude.py", run=False)
    assert report.ok, str(report)
    assert report.of("leave_garden", "arguments").reason == "tools were only looked at"


def test_arguments_and_files_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "shelf.py").write_text(SHELF, encoding="utf-8")
    assert check(tmp_path / "shelf.py").of("read_book", "arguments").outcome == "not observable"
    report = check(tmp_path, arguments={"read_book": [{"title": "emma"}]}, files={"books/emma.txt": "Emma"})
    assert report.of("read_book", "arguments").outcome == "ok", report
    with pytest.raises(ValueError, match="outside"):
        check(tmp_path, files={"../emma.txt": "Emma"})


@pytest.mark.parametrize("name", sorted(entry_points(group="omni_agent.tools").names))
def test_what_comes_along_conforms(name: str) -> None:
    report = check(name)
    assert report.ok, str(report)


def test_a_plugin_that_never_ends_its_import_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text("while True:\n    pass\n")
    (found,) = check(tmp_path, patience=0.1)
    assert (found.check, found.outcome) == ("import", "failed")
    assert found.reason.startswith("it hung: killed after 2 seconds")


def test_nothing_outside_can_be_changed_at_any_time(tmp_path: Path) -> None:
    target, plugin = tmp_path / "kept.txt", tmp_path / "eraser.py"
    target.write_text("kept")
    plugin.write_text(ERASER.format(target=str(target)), encoding="utf-8")
    report = check(plugin, patience=0.5)
    assert target.read_text() == "kept"
    found = report.of("erase_all", "effect")
    assert found.outcome == "failed"
    assert f"wanted to delete {target}" in found.reason
    assert (
        report.of("send_off", "arguments").reason == "no example worked: The post office cannot be reached."
    )


def test_what_is_nowhere_cannot_be_checked(tmp_path: Path) -> None:
    for subject in ("no-such-plugin", "no_such.module", str(tmp_path)):
        with pytest.raises(ConfigError):
            check(subject)


def test_a_report_is_json_and_reads_well(bad: Report) -> None:
    about = bad.to_json()
    assert about["ok"] is False
    assert {"plugin": "liar", "tool": "peek", "effect": "read"} in about["tools"]
    assert "liar.peek effect failed: it says 'read'" in str(bad)
    with pytest.raises(KeyError):
        bad.of("nobody", "names")
    assert str(Finding("p", "t", "names", "ok")) == "p.t names ok: "
