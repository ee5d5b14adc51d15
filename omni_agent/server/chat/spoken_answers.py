"""What was said in answers that went out as speech: later messages name them by id."""

from __future__ import annotations

from collections import OrderedDict

from ..caller import Caller

KEPT_SECONDS = 3600
MOST = 1000


class SpokenAnswers:
    """The words of the latest spoken answers of all callers, by id; each caller knows his own only.

    They are kept in this process: an answer whose words are gone is left out of the conversation.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._words: OrderedDict[tuple[str, str], str] = OrderedDict()

    def keep(self, caller: Caller, id_: str, words: str) -> None:
        """Keep an answer's words, in the place of the oldest where there is no more room."""
        self._words[caller.name, id_] = words
        while len(self._words) > self._most:
            self._words.popitem(last=False)

    def words(self, caller: Caller, id_: str) -> str:
        """The words of an answer; empty where they are not known."""
        return self._words.get((caller.name, id_), "")
