"""Which turn of a spoken conversation belongs to which of the user's lines, by the words that were heard.

A line is lost if no turn heard it, or if it got no reply. Crossed are a turn that heard no line, a turn that
heard two, a line in two turns, a turn that began while another line was said, and a reply that holds what
only a line near by has as its result.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

_DIGITS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
}  # fmt: skip
_LIKE, _PART, _HELD, _LEAST = 0.4, 0.5, 0.6, 3
_NEAR = 2


@dataclass(frozen=True, slots=True)
class Line:
    """What the user says.

    Attributes:
        says: His words.
        cuts: He says it while the reply to the line before is being heard.
        long: The reply to it is one that can be interrupted.
        result: A pattern of what the reply should hold and no other line's reply may: a tool's result.
        answer: A pattern of what the reply should hold: what he told before.
    """

    says: str
    cuts: bool = False
    long: bool = False
    result: str = ""
    answer: str = ""


@dataclass(slots=True)
class HeardTurn:
    """A turn as its events told it.

    Attributes:
        line: Number of the line, from 0, that had been begun last when the turn began.
        transcript: What was heard of the user.
        said: The reply.
        status: How it ended; empty where it did not.
        calls: Each tool that ran or waits for a yes, with its arguments.
        asked: A call waits for a yes.
        ended_at: When it ended, as the clock reads.
        errors: What went wrong.
    """

    line: int
    transcript: str = ""
    said: str = ""
    status: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    asked: bool = False
    ended_at: float = 0.0
    errors: list[str] = field(default_factory=list)

    @property
    def replied(self) -> bool:
        """Whether there was a reply, or the beginning of one."""
        return bool(self.said.strip()) and self.status in ("done", "interrupted", "waiting")


@dataclass(slots=True)
class Verdict:
    """What became of the lines: numbers of those that were lost, and a sentence for each crossing."""

    lost: list[int] = field(default_factory=list)
    crossed: list[str] = field(default_factory=list)
    turns: dict[int, list[HeardTurn]] = field(default_factory=dict)


def words(text: str) -> list[str]:
    """Comparable words: lower case, without apostrophes, numbers up to twelve as digits."""
    found: list[str] = re.findall(r"[a-z0-9]+", re.sub(r"['’]", "", text.lower()))
    return [_DIGITS.get(word, word) for word in found]


def heard_lines(transcript: str, lines: Sequence[Line], during: int) -> list[int]:
    """Numbers of the lines that a transcript holds, the likest first; only those begun by then count."""
    heard = words(transcript)
    begun = range(min(during + 1, len(lines)))
    if not heard or not begun:
        return []
    best = max(begun, key=lambda number: (_compared(lines[number], heard).ratio(), number))
    match = _compared(lines[best], heard)
    if match.ratio() < _LIKE:
        # A piece of a line is not like the whole of it.
        piece = _compared(lines[begun[-1]], heard)
        return [begun[-1]] if _matched(piece) >= _PART * len(heard) else []
    taken = {at for block in match.get_matching_blocks() for at in range(block.b, block.b + block.size)}
    rest = [word for at, word in enumerate(heard) if at not in taken]
    return [best, *(number for number in begun if number != best and _held(lines[number], rest))]


def verdict(lines: Sequence[Line], turns: Sequence[HeardTurn]) -> Verdict:
    """Judge a conversation."""
    of_line: defaultdict[int, list[HeardTurn]] = defaultdict(list)
    crossed: list[str] = []
    for turn in turns:
        held = heard_lines(turn.transcript, lines, turn.line)
        for number in held:
            of_line[number].append(turn)
        crossed += _misplaced(turn, held)
    crossed += [f"line {n + 1} in {len(own)} turns" for n, own in sorted(of_line.items()) if len(own) > 1]
    for number, own in sorted(of_line.items()):
        crossed += _others_results(lines, number, own)
    lost = [n for n in range(len(lines)) if not any(turn.replied for turn in of_line[n])]
    return Verdict(lost, crossed, dict(of_line))


def answered(lines: Sequence[Line], judged: Verdict) -> tuple[int, int]:
    """How many of the lines with a result or an answer got it, and how many there are."""
    asked = [(n, line.result or line.answer) for n, line in enumerate(lines) if line.result or line.answer]
    right = sum(
        any(re.search(pattern, turn.said, re.IGNORECASE) for turn in judged.turns.get(n, ()))
        for n, pattern in asked
    )
    return right, len(asked)


def _misplaced(turn: HeardTurn, held: Sequence[int]) -> list[str]:
    if not held:
        return [f"a turn that heard no line: {turn.transcript!r}"]
    found = []
    if len(held) > 1:
        found.append(f"lines {', '.join(str(n + 1) for n in sorted(held))} in one turn: {turn.transcript!r}")
    if max(held) != turn.line:
        found.append(f"line {max(held) + 1} in the time of line {turn.line + 1}: {turn.transcript!r}")
    return found


def _others_results(lines: Sequence[Line], number: int, turns: Sequence[HeardTurn]) -> list[str]:
    said = " ".join(turn.said for turn in turns)
    own = lines[number].result
    if own and re.search(own, said, re.IGNORECASE):
        return []
    near = [n for n in range(max(0, number - _NEAR), min(len(lines), number + _NEAR + 1)) if n != number]
    found = [n for n in near if lines[n].result and re.search(lines[n].result, said, re.IGNORECASE)]
    return [f"the reply to line {number + 1} is one to line {n + 1}: {said!r}" for n in found]


def _compared(line: Line, heard: list[str]) -> SequenceMatcher[str]:
    return SequenceMatcher(None, words(line.says), heard, autojunk=False)


def _matched(match: SequenceMatcher[str]) -> int:
    return sum(block.size for block in match.get_matching_blocks())


def _held(line: Line, rest: list[str]) -> bool:
    matched = _matched(_compared(line, rest))
    return matched >= _LEAST and matched >= _HELD * len(words(line.says))
