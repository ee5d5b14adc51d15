"""The shell that is none: what may run, and that nothing outlives its call."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omni_tools.allowlist import permitted, words_of
from omni_tools.shell import Shell

from omni_agent.errors import ConfigError, ToolError
from omni_agent.tool import Cancellation, Toolbox, ToolContext

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="process groups")


def ran(shell: Shell, command: str, cancellation: Cancellation | None = None) -> str:
    context = ToolContext("ada", "s", "t", "c", "k", print, cancellation=cancellation or Cancellation())
    tool = Toolbox([shell])["run_command"]
    answer = asyncio.run(tool.run(tool.validate({"command": command}), context))  # type: ignore[arg-type]
    assert isinstance(answer, str)
    return answer


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """A command that runs a script of `sh`."""

    def written(text: str) -> str:
        (tmp_path / "script.sh").write_text(text, encoding="utf-8")
        return f"sh {shlex.quote(str(tmp_path / 'script.sh'))}"

    return written


def gone(process: int) -> bool:
    """Whether a process ends, seen over some seconds."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True)
        if not state.stdout.strip() or state.stdout.startswith("Z"):
            return True
    return False


def test_the_tool_asks_first_and_names_what_is_allowed() -> None:
    (tool,) = Toolbox([Shell(allow=("git status", "ls", "df -h"))])
    assert (tool.name, tool.effect, tool.untrusted) == ("run_command", "irreversible", True)
    assert tool.question == "Run: {command}?"
    assert tool.spec.description == "Run one allowed program of this computer: git status, ls, df -h."
    (long,) = Toolbox([Shell(allow=tuple(f"program-{number}" for number in range(50)))])
    assert len(long.spec.description) <= 120
    assert long.spec.description.endswith("and more.")


def test_a_program_runs_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "a b.txt").write_text("x")
    shell = Shell(allow=("ls", "pwd", "echo"), folder=tmp_path)
    assert ran(shell, "ls -1") == "a b.txt"
    assert ran(shell, "ls 'a b.txt'") == "a b.txt"
    assert ran(shell, "pwd") == str(tmp_path.resolve())
    assert ran(shell, "echo * ~ 'a;b|c' \"d e\"") == "* ~ a;b|c d e"


def test_without_a_list_nothing_runs() -> None:
    with pytest.raises(ToolError, match="none is allowed"):
        ran(Shell(), "ls")


@pytest.mark.parametrize(
    "command",
    [
        "ls; touch made", "ls && touch made", "ls & touch made", "ls | touch made", "ls > made", "ls 2>made",
        "ls < made", "ls `touch made`", "ls $(touch made)", 'ls "$(touch made)"', 'ls "`touch made`"',
        "ls $HOME", "ls\ntouch made", "ls \r touch made", "ls (touch made)", "ls a\0b", "ls \\\ntouch made",
    ],
)  # fmt: skip
def test_what_only_a_shell_understands_is_refused(tmp_path: Path, command: str) -> None:
    with pytest.raises(ToolError, match=r"no shell|one line"):
        ran(Shell(allow=("ls",), folder=tmp_path), command)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["", "  ", "''", "ls 'a", 'ls "a', "ls a\\"])
def test_no_command_is_refused(command: str) -> None:
    with pytest.raises(ToolError, match=r"quotes|empty"):
        ran(Shell(allow=("ls",)), command)


@pytest.mark.parametrize(
    ("allowed", "command", "passes"),
    [
        ("git status", "git status -s", True),
        ("git status", "git status", True),
        ("git status", "git push", False),
        ("git status", "git", False),
        ("git status", "git -c alias.x=!sh status", False),
        ("git status", "git statusx", False),
        ("ls", "ls -l", True),
        ("ls", "'l's -l", True),
        ("ls", "lsof", False),
        ("ls", "/tmp/ls", False),
        ("ls", "/bin/ls", False),
        ("ls", "./ls", False),
        ("ls", "A=b ls", False),
        ("ls", "sudo ls", False),
        ("/bin/ls", "/bin/ls -l", True),
        ("find", "find . -name x", True),
        ("find", "find . -exec rm {} +", False),
        ("find", "find . -delete", False),
        ("find", "find . -fprintf x y", False),
        ("find . -delete", "find . -delete -name x", True),
        ("find . -delete", "find . -delete -exec rm", False),
        ("git", "git log -n 3", True),
        ("git", "git -c core.pager=x log", False),
        ("git", "git --exec-path=/tmp log", False),
        ("git", "git fetch --upload-pack=/tmp/x", False),
        ("git", "git fetch --upload-p /tmp/x", False),
        ("git", "git config alias.x !sh", False),
        ("git log", "git log --output=x", False),
        ("git", "git clone -u x y", False),
        ("git clone", "git clone -qu x y", False),
        ("git", "git archive -o y HEAD", False),
        ("git", "git push -u origin main", True),
        ("wget", "wget -e use_askpass=/tmp/x y", False),
        ("wget", "wget --exec=use_askpass=/tmp/x y", False),
        ("wget", "wget -o .profile x", False),
        ("wget", "wget -q x", True),
        ("curl", "curl -sS x", True),
        ("curl", "curl --remote-name-all x/.profile", False),
        ("curl", "curl -sD .profile x", False),
        ("curl", "curl --cookie-jar .profile x", False),
        ("curl", "curl --stderr .profile x", False),
        ("scp", "scp -F made x y:", False),
        ("ip", "ip netn exec x sh", False),
        ("ip", "ip vrf exec x sh", False),
        ("tar", "tar -tf x.tar", True),
        ("tar", "tar tf x.tar", True),
        ("tar", "tar -xf x.tar --to-command=sh", False),
        ("tar", "tar -xf x.tar --checkpoint-a=exec=sh", False),
        ("tar", "tar -xIf sh x.tar", False),
        ("tar", "tar xIf sh x.tar", False),
        ("sort", "sort --o=made x", False),
        ("sort", "sort -uomade x", False),
        ("env", "env", True),
        ("env", "env rm -r x", False),
        ("sudo", "sudo rm -r x", False),
        ("sudo systemctl restart x", "sudo systemctl restart x", True),
        ("sudo systemctl restart x", "sudo systemctl restart x y", False),
        ("xargs", "xargs rm", False),
        ("bash", "bash -c rm", False),
        ("/bin/bash", "/bin/bash -c rm", False),
        ("python3.11", "python3.11 -c x", False),
        ("python3 report.py", "python3 report.py", True),
        ("vim", "vim x", False),
    ],
)  # fmt: skip
def test_the_list_is_matched_word_by_word(allowed: str, command: str, passes: bool) -> None:
    words, allow = words_of(command), [tuple(shlex.split(allowed))]
    if passes:
        permitted(words, allow)
    else:
        with pytest.raises(ToolError) as refusal:
            permitted(words, allow)
        assert refusal.value.message.count("'") >= 2


def test_a_refusal_lists_what_is_allowed() -> None:
    with pytest.raises(ToolError, match=r"'rm' may not be run like that\. These may: 'ls', 'git status'\."):
        ran(Shell(allow=("ls", "git status")), "rm -r x")


def test_any_of_several_entries_may_fit() -> None:
    permitted(words_of("find . -delete"), [("find",), ("find", ".", "-delete")])


@given(st.lists(st.text(st.characters(exclude_categories=("Cc", "Cs"))), min_size=1).filter(lambda w: w[0]))
def test_quoted_words_come_through_as_they_are(words: list[str]) -> None:
    assert words_of(shlex.join(words)) == tuple(words)


@given(st.text("ls ;&|<>()$`\n'\"\\-x", max_size=20))
def test_nothing_but_the_allowed_program_gets_by(command: str) -> None:
    try:
        words = words_of(command)
        permitted(words, [("ls",)])
    except ToolError:
        return
    assert words[0] == "ls"
    assert "\n" not in command


def test_a_program_of_the_folder_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "greet").write_text("#!/bin/sh\necho hello\n")
    (tmp_path / "greet").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:.", prepend=os.pathsep)
    with pytest.raises(ToolError, match="not installed"):
        ran(Shell(allow=("greet",), folder=tmp_path), "greet")
    assert ran(Shell(allow=(str(tmp_path / "greet"),)), str(tmp_path / "greet")) == "hello"


def test_a_program_that_cannot_start_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("no program")
    with pytest.raises(ToolError, match=r"did not start: permission denied"):
        ran(Shell(allow=(str(tmp_path / "broken"),)), str(tmp_path / "broken"))


def test_no_secret_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "hidden")
    monkeypatch.setenv("LD_PRELOAD_X", "hidden")
    monkeypatch.setenv("TZ", "UTC")
    names = {line.partition("=")[0] for line in ran(Shell(allow=("env",)), "env").splitlines()}
    assert {"PATH", "TZ", "LANG"} <= names <= {"PATH", "HOME", "LANG", "TZ"}


def test_standard_input_is_empty() -> None:
    kept, (reading, writing) = os.dup(0), os.pipe()
    try:
        os.dup2(reading, 0)
        assert ran(Shell(allow=("cat",), seconds=5), "cat") == "It is done, and printed nothing."
    finally:
        os.dup2(kept, 0)
        for end in (kept, reading, writing):
            os.close(end)


def test_the_exit_status_is_told(script: Callable[[str], str]) -> None:
    command = script("echo out; echo err >&2; exit 3")
    answer = ran(Shell(allow=(command,)), command)
    assert answer == "It ended with the exit status 3, which often means that it failed.\nout\nerr"
    command = script("echo dying; kill -KILL $$")
    assert ran(Shell(allow=(command,)), command) == "It was ended by a signal: Killed.\ndying"


def test_output_of_any_bytes_becomes_text(script: Callable[[str], str]) -> None:
    command = script(r"printf 'a\377b \033[31mred\033[0m \033]0;title\007c\r\nd\001\te'")
    assert ran(Shell(allow=(command,)), command) == "a\ufffdb red c\nd\te"


def test_endless_output_takes_no_memory() -> None:
    shell = Shell(allow=("yes",), seconds=1, output=1000)
    tracemalloc.start()
    try:
        answer = ran(shell, "yes")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.startswith("It was stopped after 1 second.\ny\ny\n")
    assert answer.endswith("There was more output than is shown.")
    assert len(answer) < 1200
    assert peak < 3_000_000


def test_output_that_just_fits_is_whole(script: Callable[[str], str]) -> None:
    command = script("printf 12345")
    assert ran(Shell(allow=(command,), output=5), command) == "12345"
    assert ran(Shell(allow=(command,), output=4), command) == "1234\nThere was more output than is shown."


def test_grandchildren_end_at_the_time_limit(script: Callable[[str], str]) -> None:
    command = script("sh -c 'sleep 1000 & echo $!; wait' & wait")
    answer = ran(Shell(allow=(command,), seconds=2), command)
    stopped, _, child = answer.partition("\n")
    assert stopped == "It was stopped after 2 seconds."
    assert gone(int(child))


def test_children_that_are_left_behind_end_too(script: Callable[[str], str]) -> None:
    command = script("sleep 1000 & echo $!")
    before = time.monotonic()
    assert gone(int(ran(Shell(allow=(command,)), command)))
    assert time.monotonic() - before < 30


def test_a_program_that_closes_its_output_is_waited_for(script: Callable[[str], str], tmp_path: Path) -> None:
    command = script(f"echo first; exec >&- 2>&-; sleep 0.3; : > {shlex.quote(str(tmp_path / 'made'))}")
    assert ran(Shell(allow=(command,)), command) == "first"
    assert (tmp_path / "made").exists()


def test_cancelling_ends_the_program(script: Callable[[str], str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pids")
    command = script(f"sleep 1000 & echo $! > {shlex.quote(str(tmp_path / 'pids'))}; wait")
    cancellation, errors = Cancellation(), []

    def call() -> None:
        try:
            ran(Shell(allow=(command,), seconds=300), command, cancellation)
        except ToolError as error:
            errors.append(error.code)

    thread = threading.Thread(target=call)
    thread.start()
    child = int((tmp_path / "pids").read_text())
    cancellation.request()
    thread.join(20)
    assert errors == ["tool_cancelled"]
    assert gone(child)


def test_a_call_that_is_cancelled_already_does_not_start(tmp_path: Path) -> None:
    cancellation = Cancellation()
    cancellation.request()
    with pytest.raises(ToolError, match="cut off"):
        ran(Shell(allow=("touch",), folder=tmp_path), "touch made", cancellation)
    assert list(tmp_path.iterdir()) == []


def test_nonsense_settings_are_refused(tmp_path: Path) -> None:
    for wrong in ({"seconds": 0}, {"seconds": float("nan")}, {"seconds": 9999}, {"output": 0}):
        with pytest.raises(ConfigError):
            Shell(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="no folder"):
        Shell(folder=tmp_path / "none")
    for entry in ("", "ls 'a", "bin/ls", "./ls"):
        with pytest.raises(ConfigError):
            Shell(allow=(entry,))
