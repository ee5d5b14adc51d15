"""Number words: cardinals, ordinals, years and decimals.

The words are ICU's own (CLDR spell-out rules, through `unicode-rbnf`); what is written here is only which
of their forms a voice needs.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Literal

from ...errors import ModelUnavailable
from .tables import WORDINGS

if TYPE_CHECKING:
    from unicode_rbnf import FormatPurpose, RbnfEngine

Gender = Literal["", "masculine", "feminine"]

_INTEGER = r"[0-9]{1,3}(?:[.,\u00a0\u202f’'][0-9]{3})+(?![0-9])|[0-9]+"
NUMBER = rf"(?:{_INTEGER})(?:[.,][0-9]+)?"
"""Pattern of a number in figures, without sign, thousands grouped in any of the usual ways."""

# Longer runs of digits are keys and account numbers: nobody says them as one number.
_MOST_DIGITS = 12


def cardinal(number: int, language: str, gender: Gender = "") -> str:
    """`number` in words, for counting or before a noun of that gender."""
    forms = _forms(number, language, "CARDINAL")
    bare = "spellout-cardinal" if language == "zh" else "spellout-numbering"
    wanted = f"spellout-cardinal-{gender}" if gender else bare
    return forms.get(wanted) or forms.get("spellout-cardinal") or next(iter(forms.values()))


def ordinal(number: int, language: str, ending: str = "") -> str:
    """The ordinal in words.

    Args:
        number: Which.
        language: One of `WORDINGS`.
        ending: `feminine`, `masculine` or, in German, the letter that is added: n, r, s, m.
    """
    forms = _forms(number, language, "ORDINAL")
    key = "spellout-ordinal" + (f"-{ending}" if ending else "")
    return (
        forms.get(key)
        or forms.get("spellout-ordinal")
        or forms.get("spellout-ordinal-masculine")
        or next(iter(forms.values()))
    )


def year(number: int, language: str) -> str:
    """A year as it is said: "nineteen eighty-four"."""
    if language == "zh":
        return digits(str(number), language)
    if language == "en" or (language == "de" and number < 2000):
        return next(iter(_forms(number, language, "YEAR").values())).replace("oh-", "oh ")
    return cardinal(number, language)


def digits(figures: str, language: str) -> str:
    """Each digit by itself; anything else is left out."""
    joint = "" if language == "zh" else " "
    return joint.join(cardinal(int(figure), language) for figure in figures if figure in "0123456789")


def number(figures: str, language: str, gender: Gender = "") -> str:
    """A number as written, with its separators, in words."""
    whole, decimals = split(figures, language)
    if len(whole) > _MOST_DIGITS or (len(whole) > 1 and whole[0] == "0"):
        said = digits(whole, language)
    else:
        said = cardinal(int(whole), language, "" if decimals else gender)
    if not decimals:
        return said
    joint = "" if language == "zh" else " "
    return joint.join((said, WORDINGS[language].point, _decimals(decimals, language)))


def split(figures: str, language: str) -> tuple[str, str]:
    """Whole part and decimals of a number as written.

    A full stop or comma before exactly three digits is read the way the language writes it; elsewhere it can
    only be the decimal sign, so that "3.5" is right in every language.
    """
    figures = re.sub(r"[\u00a0\u202f’' ]", "", figures)
    marks = re.findall(r"[.,]", figures)
    if not marks:
        return figures, ""
    decimal = "," if WORDINGS[language].decimal_comma else "."
    grouped = re.fullmatch(r"[1-9]\d{0,2}(?:[.,]\d{3})+", figures) is not None
    if grouped and len(set(marks)) == 1 and (len(marks) > 1 or marks[0] != decimal):
        return re.sub(r"[.,]", "", figures), ""
    whole, _, decimals = figures.replace(",", ".").rpartition(".")
    return whole.replace(".", ""), decimals


def value(figures: str, language: str) -> float:
    """The number that is written."""
    whole, decimals = split(figures, language)
    return float(f"{whole}.{decimals or 0}")


def _decimals(decimals: str, language: str) -> str:
    if WORDINGS[language].grouped_decimals and len(decimals) <= 2 and decimals[0] != "0":
        return cardinal(int(decimals), language)
    return digits(decimals, language)


def _forms(number: int, language: str, purpose: str) -> dict[str, str]:
    formats = _purposes()
    result = _engine(language).format_number(number, formats[purpose])
    return {name: words.replace("\u00ad", "") for name, words in result.text_by_ruleset.items()}


@cache
def _engine(language: str) -> RbnfEngine:
    try:
        from unicode_rbnf import RbnfEngine
    except ImportError as error:
        raise ModelUnavailable(
            "Numbers cannot be put into words: unicode-rbnf is not installed",
            remedy="pip install 'omni-agent-framework[local]'",
        ) from error
    return RbnfEngine.for_language(language)


@cache
def _purposes() -> dict[str, FormatPurpose]:
    from unicode_rbnf import FormatPurpose

    return {purpose.name: purpose for purpose in FormatPurpose}
