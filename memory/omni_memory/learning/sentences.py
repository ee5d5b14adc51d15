"""A turn's words cut into sentences, quotations taken out."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A full stop after these ends no sentence.
_SHORT = r"\b(?:Dr|Mr|Mrs|Ms|Prof|St|Jr|Sr|Hr|Fr|Sra|Sr|Dott|vs|etc|e\.g|i\.e|z\.B|approx|No|Nr|[A-Z])"
_BREAK = re.compile(r"(?<=[.!?…])[\"'”»]*\s+|\n+|(?<=[。！？!?])(?=[^\s.!?。！？])|;\s+")
_ENDS_SHORT = re.compile(rf"(?:{_SHORT})\.$", re.IGNORECASE)
_DAY = re.compile(r"(?:^|\s)\d{1,2}\.$")
_QUOTED = re.compile(
    r"\"([^\"]*)\"|“([^”]*)”|„([^“”]*)[“”]|«([^»]*)»|「([^」]*)」|『([^』]*)』|‘([^’]*)’|(?<![\w'])'([^']*)'(?!\w)"
)
_OPEN_QUOTE = re.compile(r"[\"“„«「『][^\"”“»」』]*$")
# A quotation as short as this is a name set off: my dog is called "Bello".
_NAME_WORDS = 3


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, without its final mark.

    Attributes:
        text: Its words.
        asks: It ends in a question mark.
        follows_colon: The one before ended in a colon, so that it may be what is to be said or translated.
        reported: What follows is somebody else's; the words are those before it.
    """

    text: str
    asks: bool = False
    follows_colon: bool = False
    reported: bool = False


def sentences(text: str) -> list[Sentence]:
    """The sentences of a text, in order; words in quotation marks that are no name are left out."""
    found: list[Sentence] = []
    colon = False
    for piece in _pieces(unquoted(text)):
        words = piece.strip()
        bare = words.rstrip(" .!?…。！？\"'”»").strip()
        if bare:
            asks = bool(re.search(r"[?？]", words[len(bare) :]))
            found.append(Sentence(" ".join(bare.split()), asks, colon))
            colon = bare.endswith((":", "："))
    return found


def unquoted(text: str) -> str:
    """The text without what is quoted; names in quotation marks stay, without the marks."""
    plain = text.replace("’", "'") if "‘" not in text else text
    return _OPEN_QUOTE.sub(" ", _QUOTED.sub(_name, plain))


def _name(quoted: re.Match[str]) -> str:
    words = next((group for group in quoted.groups() if group is not None), "")
    named = 0 < len(words.split()) <= _NAME_WORDS and len(words) <= 30 and not re.search(r"[.!?,]", words)
    return words if named and not re.match(r"(?:i|my|we|ich|je|yo|io|eu)\b", words, re.IGNORECASE) else " … "


def _pieces(text: str) -> list[str]:
    """The text cut at its full stops, those of "Dr." and "3. Mai" left alone."""
    pieces: list[str] = []
    start = 0
    for found in _BREAK.finditer(text):
        before = text[start : found.start()]
        short = before.endswith(".") and (_ENDS_SHORT.search(before) or _DAY.search(before))
        if short and "\n" not in found[0]:
            continue
        pieces.append(before)
        start = found.end()
    return [*pieces, text[start:]]
