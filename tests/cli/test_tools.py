"""`omni-agent tools`: what is listed, called, checked and begun; and where tools come from for `ask`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from omni_agent.cli import run
from omni_agent.cli.agent_file import load_agent
from omni_agent.errors import ConfigError

ROOT = Path(__file__).parents[2]
BAD = ROOT / "tests" / "conformance" / "bad"
GOOD = ROOT / "tests" / "conformance" / "good" / "garden.py"
GATE = '''
from omni_agent.errors import ToolError
from omni_agent.tool import ToolContext, tool

@tool(effect="read", timeout=0.2)
def look(context: ToolContext, where: str = "garden") -> str:
    """Look at the gate."""
    context.report("looking")
    if where == "moon":
        raise ToolError("There is no gate on the moon.")
    if where == "away":
        context.cancellation.wait(30)
    if where == "wall":
        raise KeyError("wall")
    return f"{context.user} looks at the gate of the {where}."

@tool(effect="irreversible", question="Tear down the gate of the {where}?")
def tear_down(where: str = "garden") -> str:
    """Tear down the gate."""
    return f"The gate of the {where} is gone."
'''


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "gate.py").write_text(GATE, encoding="utf-8")
    return folder


def called(gate: Path, *arguments: str) -> int:
    return run(["tools", "call", *arguments, "--tools-dir", str(gate)])


def test_every_tool_is_listed_with_what_it_does_and_whether_it_is_on(
    gate: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNI_AGENT_TOOLS", "clock,notes")
    monkeypatch.setenv("OMNI_AGENT_DENY", "notes.delete_note,tear_down")
    assert run(["tools", "list", "--json", "--tools-dir", str(gate)]) == 0
    rows = {row["tool"]: row for row in json.loads(capsys.readouterr().out)}
    about = {name: (row["effect"], row["plugin"], row["state"]) for name, row in rows.items()}
    assert about["current_time"] == ("read", "clock", "on")
    assert about["calculate"] == ("read", "calculator", "off")
    assert about["delete_note"] == ("irreversible", "notes", "denied")
    assert about["tear_down"] == ("irreversible", "gate", "denied")
    assert about["look"] == ("read", "gate", "on")
    assert rows["current_time"]["source"] == "omni-agent-framework"
    assert rows["current_time"]["version"]
    assert rows["look"]["description"] == "Look at the gate."


def test_the_list_is_a_table_and_broken_files_are_told(
    gate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (gate / "broken.py").write_text("import nowhere_to_be_found\n")
    assert run(["tools", "list", "--tools-dir", str(gate)]) == 0
    shown = capsys.readouterr()
    assert "date_difference" in shown.out
    assert "nowhere_to_be_found" in shown.err
    assert run(["tools", "list", "--tools-dir", str(gate / "none")]) == 0
    assert "there is no folder" in capsys.readouterr().err


def test_a_call_shows_the_result(gate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert called(gate, "look", '{"where": "park"}', "--user", "ada") == 0
    shown = capsys.readouterr()
    assert shown.out == "ada looks at the gate of the park.\n"
    assert "… looking" in shown.err
    assert called(gate, "look", "--json") == 0
    about = json.loads(capsys.readouterr().out)
    assert (about["tool"], about["status"], about["media"]) == ("look", "done", [])
    assert about["result"] == "local looks at the gate of the garden."


def test_a_call_keeps_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", "call", "notes.add_note", '{"text": "water the roses"}']) == 0
    assert run(["tools", "call", "find_notes"]) == 0
    assert "water the roses" in capsys.readouterr().out


def test_a_plugin_that_is_off_is_called_by_its_full_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNI_AGENT_TOOLS", "clock")
    assert run(["tools", "call", "calculate", '{"expression": "2 + 3"}']) == 1
    assert "there is no tool 'calculate' that is on" in capsys.readouterr().err
    assert run(["tools", "call", "calculator.calculate", '{"expression": "2 + 3"}']) == 0
    assert "5" in capsys.readouterr().out
    monkeypatch.setenv("OMNI_AGENT_DENY", "calculate")
    assert run(["tools", "call", "calculator.calculate", '{"expression": "2 + 3"}']) == 1
    assert "denied" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["look", '{"where": "moon"}'], "There is no gate on the moon."),
        (["look", '{"where": "away"}'], "look did not finish within 0.2 seconds"),
        (["look", '{"where": "wall"}'], "look failed: KeyError: 'wall'"),
        (["look", '{"where": ["a"]}'], "where: ['a'] is not of type 'string'"),
        (["look", "[]"], "is not of type 'object'"),
        (["look", "{where}"], "the arguments are not JSON"),
        (["nothing"], "there is no tool 'nothing' that is on (there are: "),
        (["notes.nothing"], "there is no tool 'notes.nothing' that is on (there are: "),
        (["tear_down"], "tear_down is irreversible, and nobody can be asked (say --yes)"),
    ],
)
def test_what_goes_wrong_with_a_call_is_one_line(
    arguments: list[str], says: str, gate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(gate, *arguments) == 1
    errors = capsys.readouterr().err.strip().splitlines()
    assert errors[-1].startswith("omni-agent: ")
    assert says in errors[-1]


def test_a_call_that_fails_is_json_too(gate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert called(gate, "look", '{"where": "moon"}', "--json") == 1
    about = json.loads(capsys.readouterr().out)
    assert (about["status"], about["result"]) == ("failed", "There is no gate on the moon.")


def test_what_is_irreversible_runs_by_a_word_of_the_user(
    gate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(gate, "tear_down", "--yes") == 0
    assert "is gone" in capsys.readouterr().out


@pytest.mark.parametrize(("answer", "says"), [("y", "is gone"), ("n", "nothing was done")])
def test_a_person_at_the_terminal_is_asked(answer: str, says: str, gate: Path, home: Path) -> None:
    command = [
        "-m",
        "omni_agent",
        "tools",
        "call",
        "tear_down",
        '{"where": "park"}',
        "--tools-dir",
        str(gate),
    ]
    env = {**os.environ, "OMNI_AGENT_HOME": str(home), "TERM": "dumb"}
    with pexpect.spawn(sys.executable, command, env=env, encoding="utf-8", timeout=60) as terminal:
        terminal.expect_exact("Tear down the gate of the park?")
        terminal.sendline(answer)
        terminal.expect_exact(says)


def test_a_check_that_finds_something_exits_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", "check", str(BAD / "rude.py"), "--no-run"]) == 0
    assert "rude.parse_length (read)" in capsys.readouterr().out
    assert run(["tools", "check", str(BAD / "shabby.py"), "--no-run"]) == 1
    shown = capsys.readouterr().out
    assert "✗ names failed: 'CountRoses' is not snake_case" in shown
    assert "→ name it by what it does" in shown
    assert "threads, locale not observable: tools were only looked at" in shown
    assert run(["tools", "check", str(BAD / "tomorrow.py"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["ok"] is False
    assert run(["tools", "check", "no-such-plugin"]) == 1
    assert "there is no plugin, package, module, file or folder" in capsys.readouterr().err


def test_arguments_for_a_check_come_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = tmp_path / "given.toml"
    given.write_text('[[sow]]\nplant = "basil"\n\n[files]\n"a.txt" = "b"\n')
    assert run(["tools", "check", str(GOOD), "--arguments", str(given), "--patience", "0.2"]) == 0
    given.write_text('[[sow]]\nnonsense = "basil"\n')
    assert run(["tools", "check", str(GOOD), "--arguments", str(given), "--patience", "0.2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])["findings"]
    (sown,) = [item for item in found if (item["tool"], item["check"]) == ("sow", "arguments")]
    assert "nonsense" in sown["reason"]
    for text in ("[[sow", "sow = 1\n", "[plugins]\nx = 1\n", "[files]\na = 1\n"):
        given.write_text(text)
        assert run(["tools", "check", str(GOOD), "--arguments", str(given)]) == 1
        assert str(given) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Garden", "cannot be a plugin's name"),
        ("1st", "cannot be a plugin's name"),
        ("../garden", "cannot be a plugin's name"),
        ("g" * 30, "cannot be a plugin's name"),
        ("class", "means something in Python"),
        ("json", "means something in Python"),
        ("clock", "is installed already"),
        ("taken", "is there already"),
    ],
)
def test_a_plugin_that_cannot_be_begun(
    name: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "omni-agent-taken").mkdir()
    assert run(["tools", "new", name, "--into", str(tmp_path)]) == 1
    assert says in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["omni-agent-taken"]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new plugin as `tools new` writes it."""
    folder = tmp_path_factory.mktemp("new")
    assert run(["tools", "new", "rose-bed", "--into", str(folder)]) == 0
    return folder / "omni-agent-rose-bed"


def out_of(folder: Path, *command: str, **environment: str) -> str:
    """What a module's command prints, run in a folder; it must succeed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**kept, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_plugin_is_clean_and_its_own_tests_pass(begun: Path) -> None:
    out_of(begun, "ruff", "check", "--no-cache", ".")
    out_of(begun, "ruff", "format", "--no-cache", "--check", ".")
    # The framework itself takes long to be read, so that is kept from one run to the next.
    out_of(begun, "mypy", "--cache-dir", str(ROOT / ".mypy_cache" / "begun"))
    assert "2 passed" in out_of(begun, "pytest", "-q", "-p", "no:cacheprovider")


def test_a_new_plugin_with_the_longest_name_is_clean_too(tmp_path: Path) -> None:
    assert run(["tools", "new", "a" * 24, "--into", str(tmp_path)]) == 0
    out_of(tmp_path / f"omni-agent-{'a' * 24}", "ruff", "check", "--no-cache", ".")
    out_of(tmp_path / f"omni-agent-{'a' * 24}", "ruff", "format", "--no-cache", "--check", ".")


def test_what_tools_print_is_not_in_what_programs_read(
    gate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bell = GATE.replace("def tear_down", "def ring").replace("def look", "def listen") + "print('ding')\n"
    (gate / "gate.py").write_text(bell.replace('    context.report("looking")', "    print('dong')"))
    assert run(["tools", "list", "--json", "--tools-dir", str(gate)]) == 0
    told = capsys.readouterr()
    assert "listen" in {row["tool"] for row in json.loads(told.out)}
    assert "ding" in told.err
    assert called(gate, "listen", "--json") == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["status"] == "done"
    assert "ding\ndong" in told.err


def test_a_new_plugin_is_built_installed_listed_checked_and_called(begun: Path, home: Path) -> None:
    wheels, site = begun.parent / "wheels", begun.parent / "site"
    offline = ("--no-deps", "--no-index", "--disable-pip-version-check", "-q")
    out_of(begun, "pip", "wheel", "--no-build-isolation", *offline, "-w", str(wheels), ".")
    (wheel,) = wheels.glob("*.whl")
    out_of(begun.parent, "pip", "install", *offline, "--target", str(site), str(wheel))
    settings = {"PYTHONPATH": str(site), "OMNI_AGENT_HOME": str(home), "OMNI_AGENT_TOOLS": "rose_bed"}
    tools = ("omni_agent", "tools")
    rows = {
        row["tool"]: row for row in json.loads(out_of(begun.parent, *tools, "list", "--json", **settings))
    }
    assert rows["add_to_rose_bed"]["state"] == "on"
    assert rows["add_to_rose_bed"]["source"] == "omni-agent-rose-bed"
    assert rows["show_rose_bed"]["effect"] == "read"
    for subject in ("rose_bed", "omni-agent-rose-bed"):
        assert " 0 failed" in out_of(begun.parent, *tools, "check", subject, "--patience", "1", **settings)
    out_of(begun.parent, *tools, "call", "add_to_rose_bed", '{"entry": "prune"}', **settings)
    assert out_of(begun.parent, *tools, "call", "show_rose_bed", **settings) == "On the list: prune.\n"


def test_the_default_agent_has_the_tools_of_a_folder(
    gate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (gate / "broken.py").write_text("import nowhere_to_be_found\n")
    agent = load_agent(None, str(gate))
    assert {"look", "tear_down", "current_time"} <= {tool.name for tool in agent.toolbox}
    assert "nowhere_to_be_found" in capsys.readouterr().err
    monkeypatch.setenv("OMNI_AGENT_TOOLS_DIR", str(gate))
    monkeypatch.setenv("OMNI_AGENT_DENY", "gate.tear_down")
    names = {tool.name for tool in load_agent(None).toolbox}
    assert "look" in names
    assert "tear_down" not in names
    with pytest.raises(ConfigError, match="for the default agent"):
        load_agent("agent.py", str(gate))


def test_an_installed_plugin_is_imported_by_the_list_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    about = tmp_path / "stranger-1.5.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.5\n")
    (about / "entry_points.txt").write_text("[omni_agent.tools]\nstranger = stranger_tools\n")
    (tmp_path / "stranger_tools.py").write_text('raise RuntimeError("do not import me")\n')
    monkeypatch.syspath_prepend(tmp_path)
    load_agent(None)
    assert run(["tools", "call", "calculate", '{"expression": "1"}']) == 0
    assert "do not import me" not in capsys.readouterr().err
    assert run(["tools", "list", "--json"]) == 0
    shown = capsys.readouterr()
    assert "plugin 'stranger' of stranger cannot be loaded: RuntimeError: do not import me" in shown.err
    assert "current_time" in shown.out
    monkeypatch.setenv("OMNI_AGENT_TOOLS", "stranger,clock")
    assert "current_time" in {tool.name for tool in load_agent(None).toolbox}
    assert "do not import me" in capsys.readouterr().err


def test_ask_and_chat_take_a_folder_of_tools(gate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in (["ask", "hello"], ["chat"]):
        assert run([*verb, "--agent", "agent.py", "--tools-dir", str(gate)]) == 1
        assert "--tools-dir is for the default agent" in capsys.readouterr().err
