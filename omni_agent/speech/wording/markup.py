"""Take the markup out of a text, keep its words."""

from __future__ import annotations

import re
import unicodedata

_FENCE = re.compile(r"^[ \t]*(?:```+|~~~+)[\w+#.-]*[ \t]*$", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*(?:[-*_=][ \t]*){3,}$", re.MULTILINE)
_TABLE_RULE = re.compile(r"^[ \t]*\|?[ \t:|-]*-{2,}[ \t:|-]*$", re.MULTILINE)
_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)")
_LINK = re.compile(r"\[([^\]\n]+)\](?:\([^)\n]*\)|\[[^\]\n]*\])")
_FOOTNOTE = re.compile(r"\[\^?\d+\]")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^>\s]+)>")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]*>|<!--.*?-->")
_BLOCK = re.compile(r"^[ \t]*(?:>[ \t]?)*(?:#{1,6}[ \t]+|[-*+•◦▪‣][ \t]+(?:\[[ xX]\][ \t]+)?)?", re.MULTILINE)
_NUMBERED = re.compile(r"^[ \t]*(\d{1,3})[.)][ \t]+(?=\S)", re.MULTILINE)
_TRAILING_HASHES = re.compile(r"[ \t]+#+[ \t]*$", re.MULTILINE)
_EMPHASIS = re.compile(r"\*\*+|~~+|__+|(?<=\S)\*(?!\w)|(?<![\w*])\*(?=\S)|(?<!\w)_(?=\S)|(?<=\S)_(?!\w)|`+")
_CELLS = re.compile(r"[ \t]*\|[ \t]*")
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&quot;": '"', "&#39;": "'"}
# Parts of an emoji that are no symbols by category: variation selectors, joiner, keycap, tags.
_EMOJI_PARTS = re.compile("[\u200d\u20e3\ufe00-\ufe0f\U000e0020-\U000e007f\U0001f3fb-\U0001f3ff]")


def plain(text: str) -> str:
    """The words of a Markdown text, without emoji and without tags; a list's numbers stay."""
    text = _without_entities(text)
    for pattern in (_FENCE, _RULE, _TABLE_RULE):
        text = pattern.sub("", text)
    text = _without_links(text)
    text = _NUMBERED.sub(r"\1, ", _TRAILING_HASHES.sub("", _BLOCK.sub("", text)))
    text = _EMPHASIS.sub("", text)
    return without_emoji(_rows(text))


def is_rule(line: str) -> bool:
    """Whether a line holds no words: a rule, a table's, or the fence of a block of code."""
    return any(pattern.fullmatch(line) for pattern in (_FENCE, _RULE, _TABLE_RULE))


def plain_span(text: str) -> str:
    """The words of a part of a line; what marks whole lines is left."""
    return without_emoji(_EMPHASIS.sub("", _without_links(_without_entities(text))))


def _without_entities(text: str) -> str:
    for entity, char in _ENTITIES.items():
        text = text.replace(entity, char)
    return text


def _without_links(text: str) -> str:
    text = _AUTOLINK.sub(r"\1", text)
    text = _LINK.sub(r"\1", _IMAGE.sub(r"\1", text))
    return _TAG.sub(" ", _FOOTNOTE.sub("", text))


def _rows(text: str) -> str:
    lines = [row(line) if "|" in line else line for line in text.split("\n")]
    return "\n".join(lines)


def row(line: str) -> str:
    """A table's row as a list of its cells."""
    return ", ".join(cell for cell in _CELLS.split(line.strip()) if cell)


def without_emoji(text: str) -> str:
    """`text` without pictures; signs that are said, such as the degree, stay."""
    text = _EMOJI_PARTS.sub("", text)
    return "".join(" " if is_picture(char) else char for char in text)


def is_picture(char: str) -> bool:
    """Whether a character is a picture: an emoji, or a sign that is not said."""
    if ord(char) < 0x2190 or unicodedata.category(char) != "So":
        return False
    # CJK and letterlike compatibility signs are words.
    return not (0x3000 <= ord(char) <= 0x33FF)
