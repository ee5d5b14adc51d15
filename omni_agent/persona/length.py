"""How long a text is: in words, and in seconds when it is spoken."""

from __future__ import annotations

import re

# Written without spaces between words: Thai, Lao, Burmese, Khmer, kana and Han signs.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
)
_SIGN = re.compile(f"[{UNSPACED}]")
_NO_WORD = re.compile(f"[{UNSPACED}\u3000-\u303f\uff00-\uff65…]+")
_SIGNS_A_WORD = 2

# Measured on the voices that come along, rather too long: a figure is read as a word, and a character of
# Devanagari is often a syllable.
_SECONDS_A_CHARACTER = 1 / 14
_SECONDS_A_SYLLABLE = 1 / 12
_SECONDS_A_SIGN = 1 / 5
_SECONDS_A_FIGURE = 0.3


def words(text: str) -> int:
    """How many words: what stands between spaces; in scripts without spaces two signs count as one."""
    signs = len(_SIGN.findall(text))
    return len(_NO_WORD.sub(" ", text).split()) + -(-signs // _SIGNS_A_WORD)


def seconds(text: str) -> float:
    """About how long a voice takes to say it at its own pace."""
    signs = len(_SIGN.findall(text))
    figures = sum(map(str.isdecimal, text))
    syllables = sum("\u0900" <= character <= "\u097f" for character in text)
    rest = len(text) - signs - figures - syllables
    spelt = rest * _SECONDS_A_CHARACTER + syllables * _SECONDS_A_SYLLABLE
    return spelt + signs * _SECONDS_A_SIGN + figures * _SECONDS_A_FIGURE
