"""Web and mail addresses, file names and telephone numbers, as they are said."""

from __future__ import annotations

import re

from .numerals import digits
from .tables import WORDINGS

_MAIL = re.compile(r"(?:mailto:)?\b([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)", re.ASCII)
_URL = re.compile(
    r"\b(?:https?|ftp|wss?)://(?:www\.)?([^\s<>()\"'«»“”，。、]+)|\bwww\.([^\s<>()\"'，。、]+)", re.IGNORECASE
)
_NAME = re.compile(
    r"(?<![\w.@])[A-Za-z][\w-]*[A-Za-z0-9](?:\.[a-z][a-z0-9]{1,11})+(?:/[\w./-]*\w)?(?![\w@])", re.ASCII
)
_PHONE = re.compile(
    r"(?<![\w.,/:-])(?:\+\d{1,3}[ ./-]?)?(?:\(\d{1,5}\)[ ./-]?)?"
    r"\d{2,8}(?:[ ./-]\d{2,8}){0,6}(?![\w/:]|[.,-]\d)",
    re.ASCII,
)
_LONGEST_PATH = 40


def spoken_addresses(text: str, language: str) -> str:
    """`text` with addresses and telephone numbers in words; `language` is one of `WORDINGS`."""
    text = _MAIL.sub(lambda found: _mail(found, language), text)
    text = _URL.sub(lambda found: _url(found[1] or found[2], language), text)
    text = _NAME.sub(lambda found: _spelt(found[0], language), text)
    return _PHONE.sub(lambda found: _phone(found[0], language), text)


def _mail(found: re.Match[str], language: str) -> str:
    at = WORDINGS[language].at
    return f"{_spelt(found[1], language)} {at} {_spelt(found[2], language)}"


def _url(address: str, language: str) -> str:
    """Host and a short path; what follows a question mark says nothing to an ear."""
    body = address.rstrip(".,;:!?*_)]}`")
    tail = address[len(body) :]
    path = re.split(r"[?#]", body)[0].rstrip("/")
    if len(path) > _LONGEST_PATH:
        path = path.split("/")[0]
    return _spelt(path, language) + (tail[:1] if tail[:1] in ".,;:!?" else "")


def _spelt(name: str, language: str) -> str:
    words = WORDINGS[language]
    for sign, word in ((".", words.dot), ("/", words.slash), ("-", words.dash), ("_", words.underscore)):
        name = name.replace(sign, f" {word} ")
    return " ".join(name.replace("+", f" {words.plus} ").split())


def _phone(figures: str, language: str) -> str:
    groups = re.findall(r"\d+", figures)
    if not _is_phone(figures, groups):
        return figures
    spoken = ", ".join(digits(group, language) for group in groups)
    return f"{WORDINGS[language].plus} {spoken}" if figures.startswith("+") else spoken


def _is_phone(figures: str, groups: list[str]) -> bool:
    count = sum(map(len, groups))
    if re.fullmatch(r"\d{4}-\d\d-\d\d|\d\d?[./-]\d\d?[./-]\d{2,4}|\d{4}[-/]\d{2,4}", figures):
        return False
    if figures[0] in "+(" or (figures[0] == "0" and len(groups) > 1 and "." not in figures):
        return count >= 6
    return "-" in figures and len(groups) > 1 and count >= 7 and min(map(len, groups)) >= 3
