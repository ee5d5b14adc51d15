"""Names and descriptions of strangers' tools, as a model is shown them."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath
from urllib.parse import urlsplit

LONGEST_NAME = 64
LONGEST_SERVER = 24
_DIGITS = 6
_NOISE = re.compile(r"^(mcp|server)[-_]+|[-_]+(mcp|server)$")
_LAUNCHER = re.compile(r"npx|bunx?|node|deno|uvx?|pipx|python[\d.]*w?|docker|podman")
_VERBS = frozenset({"run", "exec", "tool", "x"})
_SENTENCE = re.compile(r"[.!?](?=\s)")


def named_after(command: str, arguments: Iterable[str]) -> str:
    """A server's name, read off its command line: `npx -y @scope/server-everything` is `everything`."""
    program = PurePath(command).stem
    words = [word for word in arguments if not word.startswith("-") and word not in _VERBS]
    started = words[0] if words and _LAUNCHER.fullmatch(program) else program
    return server_name(PurePath(started.rpartition("@")[0] or started).stem)


def named_after_host(url: str) -> str:
    """A server's name, read off its address: `https://mcp.example.com/mcp` is `example`."""
    labels = (urlsplit(url).hostname or "server").split(".")
    telling = [label for label in labels[:-1] if label not in ("mcp", "www", "api")]
    return server_name(telling[-1] if telling and not labels[-1].isdecimal() else labels[0])


def server_name(text: str) -> str:
    """`text` as the first half of tool names."""
    word, before = text.lower(), ""
    while word != before:
        word, before = _NOISE.sub("", word), word
    clean = _clean(word)[:LONGEST_SERVER].strip("_-") or "server"
    return clean if clean[0].isalpha() else f"s{clean}"


def tool_names(server: str, names: Iterable[str]) -> dict[str, str]:
    """`server__tool` for each of a server's own names, made of letters, digits, _ and -, up to 64.

    Where cleaning or cutting made two the same, both get a few digits of their own; a name that needed no
    cleaning keeps its place.
    """
    own = list(dict.fromkeys(names))
    made = {name: f"{server}__{_clean(name)}" for name in own}
    times = Counter(made.values())
    return {
        name: (
            full
            if len(full) <= LONGEST_NAME and (times[full] == 1 or _clean(name) == name)
            else f"{full[: LONGEST_NAME - _DIGITS - 1]}_{_digits(name)}"
        )
        for name, full in made.items()
    }


def shortened(text: str, most: int) -> str:
    """The first paragraph of a text in one line, cut after a sentence or a word where it is too long."""
    line = " ".join(text.strip().split("\n\n")[0].split())
    if len(line) <= most:
        return line
    ends = [match.end() for match in _SENTENCE.finditer(line[: most + 1]) if match.end() > most // 3]
    return line[: ends[-1]] if ends else line[: most - 1].rpartition(" ")[0].rstrip(",;:") + "…"


def one_line(text: object, most: int = 200) -> str:
    """Anything's words in one line, for an error."""
    line = " ".join(str(text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _clean(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


def _digits(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:_DIGITS]
