"""A reply that is spoken, made plain while it is written: sentences on one line, without markup.

Items of a list are joined by commas, or become sentences where they are long; headings and rows of a table
become sentences; what frames code, rules and links vanishes. The text is taken character by character, so
that it comes out the same however it arrives. Held back are a word, a construct that is still open (a link, a
tag) and the beginning of a line that may mark it, each up to a bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ..speech.wording import markup
from .length import UNSPACED
from .limits import end_mark

_Kind = Literal["text", "item", "heading", "row"]

_LONGEST_WORD = 240
_LONGEST_HEAD = 300
_SHORT_ITEM = 6

_BULLET = "[-*+•◦▪‣·]"
# The beginning of a line that may yet turn out to mark it: as a quote, heading, item, rule, fence or row.
_HEAD = re.compile(
    rf"""[ \t]*(?:>[ \t]?)*[ \t]*(?:
        \#{{1,6}}[ \t]*
        | {_BULLET}[ \t]*(?:\[[ xX]?\]?[ \t]*)?
        | \d{{1,3}}(?:[.)][ \t]*)?
        | (?:[-*_=][ \t]*)+ | (?:[-:|][ \t]*)+
        | `{{1,2}} | `{{3,}}[\w+\#.-]*[ \t]*
        | ~ | ~{{2,}}[\w+\#.-]*[ \t]*
        | \|[^\n]*
    )?""",
    re.VERBOSE,
)
_MARK = re.compile(
    rf"[ \t]*(?:>[ \t]?)*[ \t]*(?P<mark>#{{1,6}}[ \t]+|{_BULLET}[ \t]+(?:\[[ xX]\][ \t]+)?)?"
    r"(?P<number>\d{1,3}[.)][ \t]+)?"
)
_EMPTY = re.compile(rf"[ \t>]*(?:{_BULLET}|#{{1,6}})?[ \t]*(?:\[[ xX]\])?[ \t]*")
_OPEN = re.compile(r"\[[^\]\n]*$|\]\([^)\n]*$|<[A-Za-z/!][^<>\n]*$")
_SIGN = re.compile(f"[{UNSPACED}\u3000-\u303f\uff00-\uff65]")
_STRAY = re.compile(r"[*#|_~]+")
_STRAY_FIRST = re.compile(r"(?:[-+>•◦▪‣·*#|_~]+(?:\s+|$))+")
_MARKED = re.compile(r"[.!?…:;,。！？：；、，।॥؟][\"'”’»)\]」』]*$")
_BEFORE_MARK = re.compile(r" +(?=[.,!?;:…])")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that has ended: what it was, how many words it had, and whether a blank one followed."""

    kind: _Kind
    words: int
    blank: bool = False


class PlainText:
    """Takes a reply piece by piece, gives it plain."""

    def __init__(self) -> None:
        self._head: str | None = ""
        self._word = ""
        self._tail = ""
        self._space = False
        self._kind: _Kind = "text"
        self._words = 0
        self._number = 0
        self._before: _Line | None = None

    def feed(self, delta: str) -> str:
        """Add text; what is plain of it now."""
        return "".join(map(self._step, delta))

    def finish(self) -> str:
        """The reply is over; the rest of it."""
        rest = self._line_end()
        marked = not self._tail or _MARKED.search(self._tail)
        return rest if marked else rest + end_mark(self._tail.rstrip())

    def _step(self, char: str) -> str:
        if char == "\r":
            return ""
        if char == "\n":
            return self._line_end()
        if self._head is None:
            return self._in_line(char)
        self._head += char
        if _HEAD.fullmatch(self._head) and len(self._head) < _LONGEST_HEAD:
            return ""
        return self._begin_line()

    def _begin_line(self) -> str:
        """The beginning of the line is known: take its mark off."""
        head, self._head = self._head or "", None
        found = _MARK.match(head)
        mark, number = (found["mark"] or "", found["number"] or "") if found else ("", "")
        start = found.end() if found else 0
        self._kind = "heading" if mark.startswith("#") else "item" if mark else "text"
        if number and not mark:
            count = int(number.strip(" \t.)"))
            # Any other number is a part of the text: "3. Mai".
            if count in (1, self._number + 1):
                self._kind, self._number = "item", count
            else:
                start -= len(number)
        return "".join(map(self._in_line, head[start:]))

    def _in_line(self, char: str) -> str:
        opens = bool(_OPEN.search(self._word))
        if char.isspace() and not opens:
            said = self._word_end()
            self._space = True
            return said
        early = self._early_space(char)
        self._word += char
        if len(self._word) >= _LONGEST_WORD or (_SIGN.match(char) and not _OPEN.search(self._word)):
            return early + self._word_end()
        return early

    def _early_space(self, char: str) -> str:
        """The space before a word, once it is sure that one comes: whoever cuts clauses waits for it."""
        if self._word or not self._space or not self._tail or self._before or not char.isalnum():
            return ""
        self._space = False
        self._tail += " "
        return " "

    def _word_end(self) -> str:
        word, self._word = self._word, ""
        said = _BEFORE_MARK.sub("", " ".join(markup.plain_span(word).split()))
        if said == "|" and self._tail[-1:].isalnum():
            # A cell of a table ends.
            self._tail += ","
            return ","
        if not self._tail and (first := _STRAY_FIRST.match(said)):
            # Words of a bracket come together, its mark with them.
            said = said[first.end() :]
        if _STRAY.fullmatch(said) and not self._multiplies(said):
            return ""
        if said and said[0] in ".,!?;:…" and markup.is_picture(word[0]):
            # The space stood before a picture.
            self._space = False
        return self._said(said)

    def _multiplies(self, word: str) -> bool:
        return word == "*" and self._tail[-1:].isdecimal()

    def _line_end(self) -> str:
        head, said = self._head, ""
        if head is None:
            said = self._word_end()
        elif head.lstrip().startswith("|") and not markup.is_rule(head):
            self._head, self._kind = None, "row"
            said = self._said(" ".join(markup.plain_span(markup.row(head)).split()))
        elif not (markup.is_rule(head) or _EMPTY.fullmatch(head)):
            said = self._begin_line() + self._word_end()
        if self._words:
            self._before = _Line(self._kind, self._words)
        elif self._before:
            self._before = _Line(self._before.kind, self._before.words, blank=True)
        self._head, self._kind, self._space, self._words = "", "text", False, 0
        return said

    def _said(self, text: str) -> str:
        if not text:
            return ""
        joint = ""
        if self._before and self._tail:
            joint = self._joint(self._before, text)
        elif self._space and self._tail and not self._tail.endswith(" "):
            joint = " "
        self._before, self._space = None, False
        self._words += 1
        self._tail = text[-8:]
        return joint + text

    def _joint(self, before: _Line, text: str) -> str:
        """What stands between two lines."""
        wide = _SIGN.match(self._tail[-1]) is not None
        if _MARKED.search(self._tail):
            return "" if wide else " "
        if self._kind == "item" and before.kind == "text":
            return "：" if wide else ": "
        if self._kind == "item" and before.kind == "item" and before.words <= _SHORT_ITEM:
            return "、" if wide else ", "
        if self._kind == "text" and before.kind == "text" and not before.blank:
            return "" if wide else " " if text[0].islower() else ", "
        return "。" if wide else ". "


def plainly(text: str) -> str:
    """A whole text as `PlainText` gives it."""
    plain = PlainText()
    return plain.feed(text) + plain.finish()
