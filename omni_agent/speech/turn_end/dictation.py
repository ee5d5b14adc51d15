"""Numbers, spelled names and addresses that are being said and are not whole yet."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol

Dictated = Literal["number", "spelling", "address", ""]

# "06.12.34" is dictated, "0.05" is an amount.
_FIGURES = re.compile(r"\+?\d+(?:[-/]\d+)*|\d{2,}(?:\.\d{2,})+")
_MAIL = re.compile(r"\S+@\S+\.\w{2,}$")
_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}")
# Domains that are often said without their ending.
_PROVIDERS = re.compile(
    r"gmail|googlemail|hotmail|yahoo|outlook|icloud|aol|gmx|proton|protonmail|web|t-online"
)
# Said of nothing but addresses, so that no other cue is needed.
_SURE_JOINTS = re.compile(
    r"dot|underscore|underline|arroba|arobase|chiocciola|klammeraffe|unterstrich|trattino"
)
_UNDERSCORE = re.compile(r"underscore|underline|unterstrich")
_EMERGENCY = re.compile(r"911|112|999|110|113|115|117|118|119|190|192|193|000")
_INITIALS = re.compile(
    r"[ap]m|us|uk|usa|eu|tv|ok|id|ai|pc|dj|cd|dvd|it|hr|vip|atm|gps|wc|ac|uv|dc|[ab]d|bc|nyc|la"
)
_ONE_LETTER_WORDS = frozenset("aeioyàèéóúñ")
_LONGEST_CAPITALS = 5
_DICTATED_ALONE = 3
_GIVEN_UP = 7


class Words(Protocol):
    """What has to be known of a language; see `unfinished.Lexicon`."""

    @property
    def digits(self) -> Collection[str]: ...
    @property
    def teens(self) -> Collection[str]: ...
    @property
    def decimal(self) -> Collection[str]: ...
    @property
    def numbered(self) -> Mapping[str, int]: ...
    @property
    def counted(self) -> Collection[str]: ...
    @property
    def spelling(self) -> Collection[str]: ...
    @property
    def mailing(self) -> Collection[str]: ...
    @property
    def living(self) -> Collection[str]: ...
    @property
    def streets(self) -> Collection[str]: ...
    @property
    def at(self) -> Collection[str]: ...
    @property
    def joints(self) -> Collection[str]: ...


def unfinished(text: str, tokens: Sequence[str], words: Words) -> Dictated:
    """What is being dictated, if something is and more must come; else an empty string.

    Args:
        text: The transcript, not empty.
        tokens: Its words in lower case, without the punctuation around them.
        words: Of the language.
    """
    mail = _mail(tokens, words)
    if mail is not None:
        return "address" if mail else ""
    if _spelling(text, words):
        return "spelling"
    before, run = _figures(tokens, words)
    said = f" {' '.join(before)} "
    if run and _has(said, words.living):
        return "address"
    if tokens[-1] in words.streets and _has(f" {' '.join(tokens)} ", words.living):
        return "address"
    if run and _needs_more(said, run, words):
        return "number"
    if len(tokens) > 1 and tokens[-1] in words.decimal and _figures(tokens[:-1], words)[1]:
        return "number"
    return ""


def _has(said: str, phrases: Collection[str]) -> bool:
    return any(f" {phrase} " in said for phrase in phrases)


def _figures(tokens: Sequence[str], words: Words) -> tuple[Sequence[str], list[str]]:
    """The tokens before the figures that end the text, and those figures; a digit word counts as "0"."""
    run: list[str] = []
    at = len(tokens)
    while at and (figure := _figure(tokens[at - 1], words)):
        run.insert(0, figure)
        at -= 1
    return tokens[:at], run


def _figure(token: str, words: Words) -> str:
    if _FIGURES.fullmatch(token):
        return re.sub(r"\D", "", token) or "0"
    # "Sixty two" is two figures in a dictated number, as are "six" and "two".
    return "?" if token in words.digits else "??" if token in words.teens else ""


def _needs_more(said: str, run: Sequence[str], words: Words) -> bool:
    figures = "".join(run)
    if _EMERGENCY.fullmatch(figures):
        return False
    if len(run) == 1 and _tail(said, words.counted):
        return True
    asked = [count for cue, count in words.numbered.items() if f" {cue} " in said[-60:]]
    if asked:
        # A local number, without its area.
        local = len(figures) == _GIVEN_UP and figures[0] not in "0?" and max(asked) > _GIVEN_UP
        return len(figures) < max(asked) and not local
    return _is_dictated(run, figures) and len(figures) < _GIVEN_UP


def _is_dictated(run: Sequence[str], figures: str) -> bool:
    """Whether figures without a word about them are a long number's beginning and no amount."""
    one_by_one = len(run) >= _DICTATED_ALONE and all(len(figure) == 1 for figure in run)
    if one_by_one or (figures[0] == "0" and len(figures) > 1):
        return True
    return len(figures) == _DICTATED_ALONE and len(set(figures)) == 1 and figures[0] != "?"


def _tail(said: str, phrases: Collection[str]) -> bool:
    return any(said.endswith(f" {phrase} ") for phrase in phrases)


def _mail(tokens: Sequence[str], words: Words) -> bool | None:
    """Whether an address of electronic mail that ends the text lacks something; None where there is none."""
    said = f" {' '.join(tokens)} "
    cue = _has(said, words.mailing)
    last, before = tokens[-1], tokens[-2] if len(tokens) > 1 else ""
    placed = any("@" in token or token in words.at for token in tokens[-6:-1])
    if _MAIL.fullmatch(last) or (placed and _DOMAIN.fullmatch(last)):
        return False
    if placed and before in words.joints and before not in words.at and re.fullmatch(r"[a-z]{2,6}", last):
        return False
    if _SURE_JOINTS.fullmatch(last) and (last in words.joints or not words.joints):
        return True
    if "@" in last or (before in words.at and _PROVIDERS.fullmatch(last)):
        return True
    if _UNDERSCORE.fullmatch(before) or ("_" in last and cue):
        return True
    return True if cue and (not _answered(said, words) or last in words.joints) else None


def _answered(said: str, words: Words) -> bool:
    """Whether the announced address was given somewhere in the text."""
    return any(_MAIL.fullmatch(token) or _DOMAIN.fullmatch(token) for token in said.split()) or any(
        f" {joint} {ending} " in said for joint in words.joints for ending in ("com", "de", "org", "net")
    )


def _spelling(text: str, words: Words) -> bool:
    raw = [part for token in text.split() for part in _split_letters(token.strip(".,;:!?\"'")) if part]
    lower = [part.lower() for part in raw]
    said = f" {' '.join(lower)} "
    cue = _has(said, words.spelling)
    at = len(raw)
    while at and _is_letter(raw[at - 1], cue):
        at -= 1
    letters = "".join(lower[at:])
    if not letters:
        return _tail(said, words.spelling)
    if len(letters) >= _DICTATED_ALONE and letters in lower[:at]:
        return False  # The name was said before, and has now been spelled.
    if cue:
        return True
    return len(raw) - at > 1 and not _INITIALS.fullmatch(letters) and not set(letters) <= _ONE_LETTER_WORDS


def _split_letters(token: str) -> list[str]:
    """Letters that were written as one word: "S-C-H", "S.C.H"."""
    parts = re.split(r"[-.]", token)
    return parts if len(parts) > 1 and all(len(part) == 1 for part in parts if part) else [token]


def _is_letter(token: str, cue: bool) -> bool:
    if len(token) == 1:
        return token.isalpha()
    return cue and token.isalpha() and token.isupper() and len(token) <= _LONGEST_CAPITALS
