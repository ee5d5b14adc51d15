"""A reply that is no longer than its persona allows, while it is being written.

It ends at the end of a sentence. Where that would leave next to nothing, as with a first sentence that is too
long by itself, it ends at a clause of its second half, or else at a word. Held back is only what may have to
be dropped: a sentence near the limit until it is whole, never the beginning of a reply.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ..speech.wording.clauses import Clause, ClauseSplitter
from .length import UNSPACED, seconds, words

# An answer: sentences that use less of the limit than this are only its beginning.
_ANSWER = 0.25
# A clause that ends before this share of the limit is no place to end at.
_LATE = 0.5
# Sentences longer than this may be ended at a clause, so that shorter ones that surely fit need not wait.
_LONG_SENTENCE = 40
_WORDS_A_SECOND = 2.5
_FEWEST_SPOKEN = 1.0

_BREAK = re.compile(rf"(?<=\S)(?=\s)|(?<=[{UNSPACED}])")
_LOOSE_END = re.compile(r"[^\w!?。！？।…\"'”’»)\]」』]+$")
_ENDED = re.compile(r"[.!?…。！？।॥؟][\"'”’»)\]」』]*$")
_SIGN_AT_END = re.compile(rf"[{UNSPACED}][^\w]*$")


def end_mark(text: str) -> str:
    """The full stop that a text lacks, in its script; empty where it has an end mark."""
    if not text or _ENDED.search(text):
        return ""
    if "\u0900" <= text[-1] <= "\u097f":
        return "।"
    return "。" if _SIGN_AT_END.search(text) and not "\u0e00" <= text[-1] <= "\u17ff" else "."


class LengthLimit:
    """Lets through as much of a reply as may be said.

    Args:
        max_words: Most words, as `length.words` counts them; None for no limit.
        max_seconds: Most seconds of speech, estimated; None for no limit.
        rate: The speaking rate.
        before: What was said in this turn before; it takes up to half of the limit.
        pace: How much longer the speech made so far was than estimated: 1 where none was made.
    """

    def __init__(
        self,
        max_words: int | None,
        *,
        max_seconds: float | None = None,
        rate: float = 1.0,
        before: str = "",
        pace: Callable[[], float] = lambda: 1.0,
    ) -> None:
        self._max_words = max_words
        self._max_seconds = max_seconds
        self._rate = rate
        self._pace = pace
        self._before = min(self._measured(before), _LATE) if before else 0.0
        self._splitter = ClauseSplitter(every=True)
        self._text = ""
        self._out = 0
        self._judged = 0
        self._safe = 0
        self.reached = False
        self._sentence = 0
        self._begin(0)

    @property
    def _limited(self) -> bool:
        return self._max_words is not None or self._max_seconds is not None

    def admit(self, delta: str) -> str:
        """What may be said now that `delta` is written; once `reached` is true, nothing more may."""
        if self.reached or not self._limited:
            return "" if self.reached else delta
        self._text += delta
        return self._released(self._splitter.feed(delta), ended=False)

    def finish(self) -> str:
        """The rest of what may be said: the reply is over."""
        if self.reached or not self._limited:
            return ""
        return self._released(self._splitter.finish(), ended=True)

    def _released(self, clauses: Iterable[Clause], *, ended: bool) -> str:
        begin = self._out
        for clause in clauses:
            if self._share(clause.end) > 1:
                return self._stopped(begin)
            self._take(clause)
        if self._share(len(self._text)) > 1:
            return self._stopped(begin)
        if ended:
            self._out = len(self._text)
        elif self._is_free(len(self._text)):
            # Whoever cuts the first clause waits for the space after it; at the end it should not stand.
            early = self._share(len(self._text)) < _ANSWER
            self._out = max(self._out, len(self._text if early else self._text.rstrip()))
        return self._text[begin : self._out]

    def _take(self, clause: Clause) -> None:
        """A clause fits: let it through, unless the rest of its sentence may yet take it along."""
        self._judged = clause.end
        if clause.whole:
            self._out = max(self._out, clause.end)
            self._begin(clause.end)
        elif self._is_free(clause.end):
            self._out = max(self._out, clause.end)
        elif self._opening or self._roomy:
            # Its last mark waits: a full stop may take its place.
            loose = _LOOSE_END.search(clause.text)
            self._safe = clause.end - len(loose[0] if loose else "")
            self._out = max(self._out, self._safe)

    def _begin(self, at: int) -> None:
        """A sentence begins. Where it may not be dropped, the reply cannot end before it."""
        self._sentence = at
        share = self._share(at)
        self._opening = share < _ANSWER
        self._roomy = not self._opening and (1 - share) * self._room >= _LONG_SENTENCE
        self._safe = 0 if self._opening or self._roomy else at

    def _is_free(self, at: int) -> bool:
        """Whether the sentence at hand leaves as it comes, up to this place."""
        if self._opening:
            return self._share(at) <= _LATE
        return self._roomy and words(self._text[self._sentence : at]) <= _LONG_SENTENCE

    def _stopped(self, begin: int) -> str:
        self.reached = True
        end, mark = self._safe, ""
        if end:
            mark = end_mark(self._text[:end].rstrip())
        else:
            end, mark = self._last_word(), "…"
        self._out = max(end, self._out)
        return self._text[begin : self._out] + mark

    def _last_word(self) -> int:
        """Where the last word ends that fits."""
        last = self._out
        for found in _BREAK.finditer(self._text, self._judged):
            if self._share(found.start()) > 1:
                break
            last = max(last, found.start())
        loose = _LOOSE_END.search(self._text[:last])
        return max(self._out, loose.start() if loose else last)

    @property
    def _room(self) -> float:
        """The whole limit in words."""
        by_time = (self._max_seconds or 0) * self._rate * _WORDS_A_SECOND
        return min(filter(None, (self._max_words, by_time)))

    def _share(self, end: int) -> float:
        """How much of the limit the reply takes up to `end`; it may not pass 1."""
        return self._before + self._measured(self._text[:end].rstrip())

    def _measured(self, text: str) -> float:
        share = 0.0
        if self._max_words:
            share = words(text) / self._max_words
        if self._max_seconds:
            time = seconds(text) * max(self._pace(), 0.5) / self._rate
            share = max(share, time / self._max_seconds)
        return share
