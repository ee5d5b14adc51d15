"""Numbers as they were meant: Whisper writes "three hundred and eighty" now as 380, now as "300 and 80".

Aloud the two are the same, and the same as the two numbers of "add 300 and 80": there the word before tells.
"""

from __future__ import annotations

import re

_ROUND = r"\b(?P<round>[1-9]\d{0,2}(?:,?000|00)|[1-9]00)"
_REST = r"(?P<rest>[1-9]\d{0,2})\b(?![.,:]?\d|%|(?:st|nd|rd|th)\b)"
_AND = re.compile(rf"{_ROUND} and {_REST}")
# A comma may part a list. Before an arithmetic word it does not.
_COMMA = re.compile(rf"{_ROUND}, {_REST}(?= (?:divided|times|plus|minus|multiplied|percent)\b)")
_PERCENT = re.compile(r"(?P<share>\d ?% of (?:\d[\d,.]*)?\d) ?%")
_OF_SEVERAL = re.compile(
    r"\b(?:add|sum|total|between|both|either|multiply|divide|subtract|compare|numbers|average|plus|times|minus)\b"
    r"[^.?!]{0,20}$|\d,? $",
    re.IGNORECASE,
)


def figures(text: str) -> str:
    """English words with their numbers whole: "700 and 4 divided by 16" is 704, and 25% of 900% is of 900."""
    return _PERCENT.sub(r"\g<share>", _COMMA.sub(_whole, _AND.sub(_whole, text)))


def _whole(found: re.Match[str]) -> str:
    number, rest = found["round"].replace(",", ""), found["rest"]
    zeros = len(number) - len(number.rstrip("0"))
    if len(rest) > zeros or _OF_SEVERAL.search(found.string[: found.start()]):
        return found[0]
    return number[: -len(rest)] + rest
