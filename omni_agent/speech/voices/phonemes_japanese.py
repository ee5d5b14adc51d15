"""Japanese to the phonemes that Kokoro v1.0 was trained on.

Open JTalk gives the reading, particles and counters included; the signs follow the romanisation of misaki
0.7 (https://github.com/hexgrad/misaki), which the voices were made with. espeak-ng cannot read kanji.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_VOWELS = "aiɯeo"
_ROWS = {
    "": "アイウエオ",
    "k": "カキクケコ",
    "ɡ": "ガギグゲゴ",
    "s": "サシスセソ",
    "z": "ザジズゼゾ",
    "t": "タチツテト",
    "d": "ダヂヅデド",
    "n": "ナニヌネノ",
    "h": "ハヒフヘホ",
    "b": "バビブベボ",
    "p": "パピプペポ",
    "m": "マミムメモ",
    "ɾ": "ラリルレロ",
    "v": "ヷヸヴヹヺ",
}
# How a row begins before "i" and in its contracted sounds.
_PALATAL = {
    "k": "kʲ", "ɡ": "ɡʲ", "s": "ɕ", "z": "ʥ", "t": "ʨ", "d": "ʥ", "n": "ɲ", "h": "ç", "b": "bʲ", "p": "pʲ",
    "m": "mʲ", "ɾ": "ɾʲ", "v": "vʲ",
}  # fmt: skip
_CONTRACTED = {"ャ": "a", "ュ": "ɨ", "ョ": "o", "ェ": "e"}
_OTHERS = {
    "ヤ": "ja", "ユ": "jɯ", "ヨ": "jo", "ワ": "βa", "ヮ": "βa", "ヰ": "i", "ヱ": "e", "ヲ": "o", "ス": "sɨ",
    "ズ": "zɨ", "ヅ": "zɨ", "ツ": "ʦɨ", "ザ": "ʣa", "ゼ": "ʣe", "ゾ": "ʣo", "フ": "ɸɯ", "ティ": "tʲi",
    "ディ": "dʲi", "テュ": "tʲɨ", "デュ": "dʲɨ", "トゥ": "tɯ", "ドゥ": "dɯ", "ファ": "ɸa", "フィ": "ɸʲi",
    "フェ": "ɸe", "フォ": "ɸo", "フュ": "ɸʲɨ", "ウィ": "βi", "ウェ": "βe", "ウォ": "βo", "ヴァ": "va",
    "ヴィ": "vʲi", "ヴェ": "ve", "ヴォ": "vo", "ヴュ": "bʲɨ", "ツァ": "ʦa", "ツィ": "ʦʲi", "ツェ": "ʦe",
    "ツォ": "ʦo", "クァ": "kᵝa", "クィ": "kᵝi", "クェ": "kᵝe", "クォ": "kᵝo", "グァ": "ɡᵝa", "イェ": "je",
    "ァ": "a", "ィ": "i", "ゥ": "ɯ", "ェ": "e", "ォ": "o", "ャ": "ja", "ュ": "jɯ", "ョ": "jo", "ヵ": "ka",
    "ヶ": "ke", "ッ": "ʔ", "ー": "ː", "ン": "ɴ",
}  # fmt: skip
_MARKS = {
    "。": ".", "．": ".", "！": "!", "？": "?", "!": "!", "?": "?", "…": "…", "「": "“", "『": "“", "」": "”",
    "』": "”",
}  # fmt: skip
_NASALS = tuple(
    (re.compile(f"ɴ(?=[{starts}])"), nasal)
    for starts, nasal in (("mpb", "m"), ("kɡ", "ŋ"), ("ɲʨʥ", "ɲ"), ("ntdɾz", "n"))
)


def phonemes(text: str) -> str:
    """The phonemes of `text`, words apart, with its punctuation.

    Raises:
        ImportError: `pyopenjtalk` is not installed.
    """
    import pyopenjtalk

    # A second analyser would settle a few more homographs, for 200 MB of memory.
    words = pyopenjtalk.run_frontend(text, use_sudachi_kanji_yomi=False)
    said = "".join(_word(word) for word in words)
    # The syllabic n takes its place from the sound after it.
    for pattern, nasal in _NASALS:
        said = pattern.sub(nasal, said)
    return re.sub(r" (?=[,.!?”])|(?<=“) ", "", " ".join(said.split()))


def _word(word: Mapping[str, Any]) -> str:
    if word["mora_size"] == 0:
        mark = _MARKS.get(word["string"], ",")
        return f" {mark}" if mark == "“" else f"{mark} "
    # A word that is chained belongs to the accent phrase before it.
    return ("" if word["chain_flag"] == 1 else " ") + _kana(word["pron"])


def _kana(reading: str) -> str:
    table = _table()
    said = ""
    index = 0
    while index < len(reading):
        length = 2 if reading[index : index + 2] in table and index + 1 < len(reading) else 1
        said += table.get(reading[index : index + length], "")
        index += length
    return said


@cache
def _table() -> dict[str, str]:
    table: dict[str, str] = {}
    for consonant, row in _ROWS.items():
        palatal = _PALATAL.get(consonant, consonant)
        for vowel, kana in zip(_VOWELS, row, strict=True):
            table[kana] = (palatal if vowel == "i" else consonant) + vowel
        if consonant:
            table |= {row[1] + small: palatal + vowel for small, vowel in _CONTRACTED.items()}
    return table | _OTHERS
