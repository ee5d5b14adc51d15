"""What a voice should read: a written text turned into words.

Languages with rules of their own are the keys of `WORDINGS`; Japanese keeps its figures, because its engine
reads them with the right counters. For any other language only markup, pictures and signs are taken out.
"""

from __future__ import annotations

import re
import unicodedata

from .abbreviations import expanded
from .addresses import spoken_addresses
from .markup import plain
from .moments import GERMAN_BENDING, spoken_dates, spoken_decades, spoken_times, spoken_years
from .numerals import NUMBER, Gender, digits, number, ordinal, value
from .quantities import spoken_quantities
from .tables import FEMININE, WORDINGS, Wording

_KEPT = frozenset(".,;:!?'’\"“”„‚‘«»()-–—…¿¡&·。、！？，；：「」『』（）।॥؟،؛՞־׳")
_KEPT_IN_JAPANESE = _KEPT | frozenset("%％℃°$€¥￥+＋/〜～・々〆ー")
_FRACTION_SLASH = "\u2044"
_VERSION = re.compile(r"(?<![\w.,])v?([0-9]{1,4}(?:\.[0-9]{1,4}){2,3})(?![\w]|[.,][0-9])")
_SIGNED = re.compile(rf"(?<![\w.,)])([-−+±~≈])\s?(?={NUMBER})")
_NUMBER_SIGN = re.compile(r"#(?=[0-9])|№\s?")
_NUMBER_WORD = re.compile(r"\b(?:No|Nr|nº|n°|Nº|N°|núm|no)\b\.?\s?(?=[0-9])")
_ORDINALS = {
    "en": re.compile(r"(?<![\w.,])([0-9]{1,3}(?:,?[0-9]{3}){0,2})(?:st|nd|rd|th)\b"),
    "fr": re.compile(r"(?<![\w.,])([0-9]{1,9})(ers?|res?|ères?|es?|èmes?|nde?s?)\b"),
    "es": re.compile(r"(?<![\w.,])([0-9]{1,9})\.?([ºª])"),
    "it": re.compile(r"(?<![\w.,])([0-9]{1,9})\.?([ºª])"),
    "pt": re.compile(r"(?<![\w.,])([0-9]{1,9})\.?([ºª])"),
    "de": re.compile(r"\b(\w+)\s([0-9]{1,3})\.(?=\s[A-ZÄÖÜ])"),
}
# A script without spaces would hide where a figure begins.
_APART = re.compile(r"(?<=[\u3400-\u9fff])(?=[0-9$€£¥￥+-])|(?<=[0-9%])(?=[\u3400-\u9fff])")
_HAN_SPACE = re.compile(r"(?<=[\u3007\u3400-\u9fff]) +(?=[\u3007\u3400-\u9fff])")
_NEXT_WORD = re.compile(r"\s([^\W\d_]+)")
_GERMAN_FEMININE = ("e", "ung", "heit", "keit", "schaft", "ion", "tät")
# Masculine, or no nouns at all, in spite of their last letter.
_NO_FEMININE = re.compile(
    r"(?:d[ií]a|problema|programa|sistema|tema|mapa|planeta|grama|quilograma|clima|idioma)s?|para|hasta|da|a"
)
_GERMAN_ARTICLES = frozenset({"der", "die", "das"})


def spoken(text: str, language: str) -> str:
    """`text` as words to be read aloud: no markup, no emoji, figures and signs in words.

    Args:
        text: A clause or a whole reply, plain or Markdown; any Unicode.
        language: ISO 639-1; a region after it is ignored.

    Returns:
        Words and punctuation on one line; empty where there is nothing to say.

    Raises:
        ModelUnavailable: The library for number words is missing.
    """
    language = language.replace("_", "-").split("-")[0].lower()
    text = plain(_composed(text))
    if language == "ja":
        text = spoken_addresses(
            re.sub(r"(?<![0-9:])([0-9]{1,2}):([0-5][0-9])(?![0-9:])", r"\1時\2分", text), "ja"
        )
    elif language in WORDINGS:
        text = _in_words(_western(text), language)
    return _tidy(text, _KEPT_IN_JAPANESE if language == "ja" else _KEPT)


def _composed(text: str) -> str:
    """Valid Unicode, in composed letters, without control characters."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\t", " "))
    return "".join(char for char in text if char in "\n\u200d" or unicodedata.category(char)[0] != "C")


def _western(text: str) -> str:
    """Figures of all scripts as 0 to 9, ready-made fractions as figures."""
    return "".join(_western_figure(char) if ord(char) > 127 else char for char in text)


def _western_figure(char: str) -> str:
    if unicodedata.category(char) == "Nd":
        return str(unicodedata.digit(char))
    if unicodedata.decomposition(char).startswith("<fraction>"):
        return " " + unicodedata.normalize("NFKC", char).replace(_FRACTION_SLASH, "/") + " "
    return "/" if char == _FRACTION_SLASH else char


def _in_words(text: str, language: str) -> str:
    words = WORDINGS[language]
    if language == "zh":
        text = _APART.sub(" ", text)
    text = spoken_addresses(text, language)
    text = spoken_dates(text, language)
    text = _VERSION.sub(lambda found: _version(found, language), text)
    text = _NUMBER_WORD.sub(f"{words.number} ", _NUMBER_SIGN.sub(f"{words.number} ", text))
    text = spoken_times(_ranged_times(spoken_decades(text, language), words), language)
    text = _SIGNED.sub(lambda found: f"{_sign(found[1], words)} ", text)
    text = _ordinals(spoken_quantities(text, language), language)
    text = _signs(spoken_years(expanded(text, language), language), words)
    text = _numbers(text, language)
    return _HAN_SPACE.sub("", text) if language == "zh" else text


def _ranged_times(text: str, words: Wording) -> str:
    return re.sub(r"(?<=:[0-5][0-9])\s?[-–—]\s?(?=[0-9]{1,2}:[0-9])", f" {words.to} ", text)


def _version(found: re.Match[str], language: str) -> str:
    groups = found[1].split(".")
    if WORDINGS[language].decimal_comma and all(len(group) == 3 for group in groups[1:]):
        return found[0]
    return f" {WORDINGS[language].dot} ".join(number(str(int(group)), language) for group in groups)


def _ordinals(text: str, language: str) -> str:
    pattern = _ORDINALS.get(language)
    if pattern is None:
        return text
    if language == "de":
        return pattern.sub(_german_ordinal, text)
    return pattern.sub(lambda found: ordinal(int(found[1].replace(",", "")), language, _ending(found)), text)


def _ending(found: re.Match[str]) -> str:
    mark = found[2] if found.re.groups > 1 else ""
    if not mark:
        return ""
    return "feminine" if mark == "ª" or mark.startswith(("re", "ère", "nde")) else "masculine"


def _german_ordinal(found: re.Match[str]) -> str:
    before = found[1].lower()
    if before not in _GERMAN_ARTICLES | GERMAN_BENDING:
        return found[0]
    return f"{found[1]} {ordinal(int(found[2]), 'de', '' if before in _GERMAN_ARTICLES else 'n')}"


def _sign(sign: str, words: Wording) -> str:
    if sign == "±":
        return f"{words.plus} {words.minus}"
    return words.plus if sign == "+" else words.about if sign in "~≈" else words.minus


def _signs(text: str, words: Wording) -> str:
    """Signs between numbers or words."""
    said = {
        "=": words.equals,
        "≈": words.about,
        "×": words.times,
        "&": words.and_,
        "@": words.at,
        "°": words.degrees,
    }
    text = re.sub(r"(?<=[\w)])\s?\+\s?(?=[\w(])", f" {words.plus} ", text)
    text = re.sub(r"(?<=[0-9])\s[-−]\s(?=[0-9])", f" {words.minus} ", text)
    text = re.sub(r"(?<=[0-9])\s?\*\s?(?=[0-9])", f" {words.times} ", text)
    text = re.sub(r"(?<=[0-9]):(?=[0-9])", " ", text)
    return re.sub(r"[=≈×&@°]", lambda found: f" {said[found[0]]} ", text)


def _numbers(text: str, language: str) -> str:
    text = re.sub(rf"(?<![0-9])({NUMBER})", lambda found: _bare(found, language), text)
    return re.sub(r"[0-9]+", lambda found: digits(found[0], language), text)


def _bare(found: re.Match[str], language: str) -> str:
    """A number in words, kept apart from letters that touch it ("B2", "4K")."""
    if language == "zh":
        return number(found[1], language)
    before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    said = number(found[1], language, _counted_gender(found, language))
    return f"{' ' * before.isalpha()}{said}{' ' * after.isalpha()}"


def _counted_gender(found: re.Match[str], language: str) -> Gender:
    """The gender that the word after a number asks for; only ones and twos show it."""
    following = _NEXT_WORD.match(found.string, found.end())
    if following is None:
        return ""
    noun = following[1]
    if language == "de":
        if found[1] != "1" or not noun[0].isupper():
            return ""
        return "feminine" if noun.endswith(_GERMAN_FEMININE) else "masculine"
    if language == "fr":
        return "feminine" if noun in FEMININE["fr"] else ""
    if language in ("es", "it", "pt"):
        feminine = noun.endswith(("a", "as")) and not _NO_FEMININE.fullmatch(noun)
        single = language in ("es", "it") and len(noun) > 3 and value(found[1], language) % 10 == 1
        return "feminine" if feminine else "masculine" if single else ""
    return ""


def _tidy(text: str, kept: frozenset[str]) -> str:
    """Only words and the punctuation that a voice makes something of, on one line."""
    text = "".join(char if _is_said(char, kept) else " " for char in text)
    lines = [line.strip() for line in text.split("\n")]
    text = " ".join(line if line[-1] in _KEPT else f"{line}," for line in lines[:-1] if line)
    text = re.sub(r"\s+", " ", f"{text} {lines[-1]}")
    text = re.sub(r"\(\s*\)|\"\s*\"", "", text)
    return re.sub(r"\s+([.,;:!?…](?!\w))", r"\1", text).strip()


def _is_said(char: str, kept: frozenset[str]) -> bool:
    return char in kept or char.isspace() or unicodedata.category(char)[0] in "LM" or char.isdecimal()
