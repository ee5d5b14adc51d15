"""Mandarin to the phonemes that Kokoro v1.0 was trained on.

Readings come from `pypinyin`, which knows the words in which a character changes its sound; their phonemes
and the arrows for tones are misaki's (https://github.com/hexgrad/misaki). espeak-ng leaves the tones out in
a way this model cannot use.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_HAN = re.compile(r"([\u3007\u3400-\u9fff]+)")
_LATIN = re.compile(r"[^\W\d_](?:[\w'’ -]*\w)?")
_MARKS = str.maketrans(
    {"，": ", ", "、": ", ", "。": ". ", "！": "! ", "？": "? ", "：": ": ", "；": "; ", "“": " “", "”": "” ",
     "「": " “", "」": "” ", "《": " “", "》": "” ", "（": " (", "）": ") "}
)  # fmt: skip
_TONES = {
    "˧˩˧": "↓",
    "˧˥": "↗",
    "˥˩": "↘",
    "˥": "→",
    "\u027b\u0329": "ɨ",
    "\u0279\u0329": "ɨ",
    "\u032f": "",
}


def phonemes(text: str, latin: Callable[[str], str]) -> str:
    """The phonemes of `text`, words apart, with its punctuation.

    Args:
        text: Chinese, simplified or traditional.
        latin: Gives the phonemes of foreign words in it.

    Raises:
        ImportError: `pypinyin` or `misaki` is not installed.
    """
    parts = [
        _han(part) if _HAN.fullmatch(part) else _LATIN.sub(lambda found: latin(found[0]), part)
        for part in _HAN.split(text.translate(_MARKS))
    ]
    return " ".join("".join(parts).split())


def _han(run: str) -> str:
    from pypinyin import Style, lazy_pinyin
    from pypinyin.seg.mmseg import seg

    words = (lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True) for word in seg.cut(run))
    return " ".join("".join(_syllable(syllable) for syllable in word) for word in words)


@lru_cache(maxsize=2048)
def _syllable(pinyin: str) -> str:
    from misaki.transcription import pinyin_to_ipa

    try:
        said = "".join(pinyin_to_ipa(pinyin)[0])
    except (ValueError, IndexError):
        # A character without a known reading comes back as itself.
        return ""
    for tone, arrow in _TONES.items():
        said = said.replace(tone, arrow)
    return said
