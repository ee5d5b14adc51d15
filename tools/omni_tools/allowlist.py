"""Which commands may run: those that begin with the words of an allowed one.

An entry lets in everything that its program can do with further words, so the narrower the better:
"git status" rather than "git". Two things are never let in by the way:

- programs that run others (shells, interpreters, editors, make, sudo, env, xargs) run only exactly as
  an entry spells them;
- the best-known options by which others run programs or delete files (find -exec, git -c,
  tar --to-command) are refused unless the entry itself has them.

Both lists are of what is common: no list can know every program.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import PurePosixPath

from omni_agent.errors import ToolError

__all__ = ["permitted", "words_of"]

_LAUNCHERS = re.compile(
    # Shells and languages, with their versions.
    r"(?:(?:ba|da|a|z|k|mk|c|tc|fi)?sh|pwsh|busybox|toybox"
    r"|(?:i?python|pypy|perl|ruby|node|nodejs|php|lua|luajit|tclsh|wish|guile|Rscript|java|deno|bun)[\d.]*"
    r"|[gmn]?awk|sed|ed|ex|vim?|nvim|emacs|nano|less|more|man|sqlite3|psql|mysql|gdb|expect"
    # What runs the rest of its words.
    r"|sudo|doas|su|runuser|pkexec|env|xargs|parallel|nohup|nice|ionice|chrt|taskset|time|timeout|watch|entr"
    r"|setsid|stdbuf|script|strace|ltrace|chroot|unshare|nsenter|setpriv|flock|systemd-run|screen|tmux|at|batch"
    r"|crontab|ssh|socat|nc|ncat"
    # What builds and installs.
    r"|g?make|ninja|just|npm|npx|yarn|pnpm|cargo|go|pip[\d.]*|pipx|uv|uvx)"
)
_FIND = "-exec -execdir -ok -okdir -delete -fprint -fprint0 -fprintf -fls"
_OPTIONS = {
    "find": _FIND,
    "gfind": _FIND,
    "fd": "-x -X --exec --exec-batch",
    "git": "-c --config --config-env --exec-path --upload-pack --receive-pack --exec -x --extcmd --ext-diff "
    "-O --open-files-in-pager --output --template -C --git-dir --work-tree config bisect submodule "
    "filter-branch difftool mergetool daemon hook",
    "tar": "-I -F --use-compress-program --to-command --checkpoint-action --info-script --new-volume-script "
    "--rsh-command --rmt-command",
    "rsync": "-e --rsh --rsync-path",
    "scp": "-S -o -F",
    "sftp": "-S -o -D -F",
    "sort": "-o --output --compress-program",
    "split": "--filter",
    "rg": "--pre --hostname-bin",
    "zip": "-T --unzip-command",
    "docker": "run exec build compose",
    "podman": "run exec build compose",
    "tcpdump": "-z -w",
    "wget": "--use-askpass -O --output-document --config -e --execute -o --output-file -a --append-output",
    "curl": "-K --config -o --output -O --remote-name --remote-name-all -D --dump-header -c --cookie-jar "
    "--trace --trace-ascii --stderr",
    "ip": "netns netn net vrf vr",
}  # fmt: skip
# Short for --upload-pack and --output there, and harmless in other commands.
_GIT_SHORT = {"clone": "-u", "archive": "-o"}
_MEANING = {
    "|": "pipes", "&": "commands that are joined or left behind", ";": "several commands", "<": "redirects",
    ">": "redirects", "(": "brackets of a shell", ")": "brackets of a shell", "`": "commands in commands",
    "$": "variables and commands in commands", "\n": "several lines", "\r": "several lines",
}  # fmt: skip


def words_of(command: str) -> tuple[str, ...]:
    """The words of a command, read as a shell would read their quotes.

    Raises:
        ToolError: It has what only a shell understands, or quotes that do not close, or no words.
    """
    _refuse_shell(command)
    try:
        words = tuple(shlex.split(command))
    except ValueError:
        raise ToolError("The quotes of the command do not match. Write it again.") from None
    if not words or not words[0]:
        raise ToolError("The command is empty. Say which program to run.")
    return words


def permitted(words: tuple[str, ...], allow: Iterable[tuple[str, ...]]) -> None:
    """Let a command pass that begins with the words of an allowed one.

    Raises:
        ToolError: It does not, or goes on with what must be spelled out; says what is allowed.
    """
    entries = list(allow)
    fitting = [entry for entry in entries if words[: len(entry)] == entry]
    if not fitting:
        listed = ", ".join(f"'{shlex.join(entry)}'" for entry in entries)
        raise ToolError(
            f"'{words[0][:60]}' may not be run like that. These may: {listed}."
            if entries
            else "No command may be run here: none is allowed in the settings."
        )
    reasons = [_refused(entry, words[len(entry) :]) for entry in fitting]
    if all(reasons):
        raise ToolError(reasons[0])


def _refuse_shell(command: str) -> None:
    """Refuse what a shell would act on: outside quotes, and in double quotes `$` and backticks."""
    quote, escaped = "", False
    for sign in command:
        if sign in "\n\r" or (sign < " " and sign != "\t") or sign == "\x7f":
            raise ToolError("A command is one line of plain words. Give one program with its options.")
        if escaped:
            escaped = False
        elif sign == "\\" and quote != "'":
            escaped = True
        elif sign == quote:
            quote = ""
        elif not quote and sign in "'\"":
            quote = sign
        elif sign in (_MEANING if not quote else "$`" if quote == '"' else ""):
            raise ToolError(
                f"There is no shell, so {_MEANING[sign]} ('{sign}') do not work. Give one program with its "
                "options, and single quotes around such signs."
            )


def _refused(entry: tuple[str, ...], further: tuple[str, ...]) -> str:
    """Why an entry does not let these further words in; empty if it does."""
    if not further:
        return ""
    name = PurePosixPath(entry[0]).name
    if _LAUNCHERS.fullmatch(name):
        return f"'{name}' can run any program, so it runs only as it is allowed: '{shlex.join(entry)}'."
    if name == "tar" and len(entry) == 1 and not further[0].startswith("-"):
        # Its first word is options even without the dash.
        further = (f"-{further[0]}", *further[1:])
    options = _OPTIONS.get(name, "").split()
    if name == "git":
        options += [short for command, short in _GIT_SHORT.items() if command in (*entry, *further)]
    for option in options:
        if any(_means(word, option) for word in further):
            return f"'{name}' may not be given '{option}': it could run or write anything."
    return ""


def _means(word: str, option: str) -> bool:
    """Whether a word is that option: shortened, with its value in the same word, or among other letters."""
    if word == option:
        return True
    if option.startswith("--"):
        given = word.partition("=")[0]
        return len(given) > 2 and option.startswith(given)
    if len(option) == 2 and option[0] == "-":
        return re.match(rf"-[A-Za-z0-9]*{option[1]}", word) is not None
    return False
