"""Units as people say them, and from one to the other, by `pint`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

# What pint does not know, or reads as something else ("m" as metre is right, "c" as light is not).
_SPOKEN = {
    "%": "percent", "percent": "percent", "per cent": "percent", "percentage": "percent", "pct": "percent",
    "$": "USD", "dollar": "USD", "dollars": "USD", "usd": "USD", "bucks": "USD", "buck": "USD",
    "€": "EUR", "euro": "EUR", "euros": "EUR", "eur": "EUR",
    "£": "GBP", "pound sterling": "GBP", "gbp": "GBP", "quid": "GBP",
    "¥": "JPY", "yen": "JPY", "₹": "INR", "rupee": "INR", "rupees": "INR",
    "hrs": "hour", "hr": "hour", "h": "hour", "min": "minute", "mins": "minute", "sec": "second", "secs": "second",
    "s": "second", "fortnight": "fortnight", "degrees": "degC", "degree": "degC", "celsius": "degC",
    "centigrade": "degC", "c": "degC", "degrees celsius": "degC", "degrees centigrade": "degC",
    "fahrenheit": "degF", "f": "degF", "degrees fahrenheit": "degF", "kilo": "kg", "kilos": "kg",
    "klicks": "km", "calories": "kcal", "calorie": "kcal", "kcal": "kcal", "times": "time", "time": "time",
    "tablets": "tablet", "tablet": "tablet", "pills": "tablet", "pill": "tablet", "bpm": "bpm",
    "square feet": "foot ** 2", "sq ft": "foot ** 2", "square meters": "meter ** 2", "square metres": "meter ** 2",
}  # fmt: skip
# Words that pint takes for units and people hardly ever mean as such.
_NOT_UNITS = frozenset(
    [
        "a", "quarter", "half", "halves", "third",
        "an",
        "at",
        "as",
        "in",
        "are",
        "bar",
        "b",
        "e",
        "d",
        "g's",
        "u",
        "t",
        "k",
        "p",
        "pm",
        "am",
        "go",
        "degree_",
        "year_",
        "count",
        "dot",
        "pixel",
        "point",
        "stone",
        "turn",
        "rate",
        "set",
        "pair",
        "dozen",
        "score",
        "hand",
        "table",
        "cup",
        "may",
        "day_",
        "light",
        "force",
        "line",
        "link",
        "mark",
        "mil",
        "rod",
        "rope",
        "barn",
        "bit",
        "byte",
        "us",
        "or",
    ]
)
_CURRENCIES = frozenset({"USD", "EUR", "GBP", "JPY", "INR", "CHF", "CAD", "AUD", "CNY"})
_ONE_OF_A_KIND = _CURRENCIES | {"percent", "time", "tablet", "bpm"}


@lru_cache(maxsize=2048)
def unit_of(phrase: str) -> str:
    """The unit that a phrase names, in one spelling; empty where it names none."""
    form = phrase.strip().casefold()
    if form in _SPOKEN:
        return _SPOKEN[form]
    if phrase.strip().upper() in _CURRENCIES:
        return phrase.strip().upper()
    if not form or form in _NOT_UNITS or " " in form or not form.isascii():
        return ""
    try:
        parsed = _registry().parse_units(form)
    except Exception:
        # pint raises its own errors, and those of Python's tokenizer, for what is no unit.
        return ""
    known = {
        "[time]",
        "[length]",
        "[mass]",
        "[temperature]",
        "[length] ** 3",
        "[mass] * [length] ** 2 / [time] ** 2",
    }
    return str(parsed) if str(parsed.dimensionality) in known else ""


def converted(value: float, unit: str, wanted: str) -> float | None:
    """A value in another unit, rounded to nine digits; None where they measure different things."""
    if unit == wanted:
        return value
    if unit in _ONE_OF_A_KIND or wanted in _ONE_OF_A_KIND:
        return None
    try:
        quantity = _registry().Quantity(value, unit).to(wanted)
    except Exception:
        return None
    return float(f"{quantity.magnitude:.9g}")


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint

    return pint.UnitRegistry(cache_folder=None, autoconvert_offset_to_baseunit=True)
