"""Units as people say them, and from one to the other, by `pint`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

# What pint does not know, or reads as something else ("m" as metre is right, "c" as light is not).
_SAID_FOR = {
    "percent": ("%", "percent", "per cent", "percentage", "pct"),
    "USD": ("$", "dollar", "dollars", "usd", "buck", "bucks"),
    "EUR": ("€", "euro", "euros", "eur"),
    "GBP": ("£", "pound sterling", "gbp", "quid"),
    "JPY": ("¥", "yen"),
    "INR": ("₹", "rupee", "rupees"),
    "hour": ("h", "hr", "hrs"),
    "minute": ("min", "mins"),
    "second": ("s", "sec", "secs"),
    "fortnight": ("fortnight",),
    "ten_years": ("decade", "decades"),
    "degC": ("degree", "degrees", "celsius", "centigrade", "c", "degrees celsius", "degrees centigrade"),
    "degF": ("fahrenheit", "f", "degrees fahrenheit"),
    "kg": ("kilo", "kilos"),
    "km": ("klicks",),
    "kcal": ("kcal", "calorie", "calories"),
    "time": ("time", "times"),
    "tablet": ("tablet", "tablets", "pill", "pills"),
    "bpm": ("bpm",),
    "foot ** 2": ("square feet", "sq ft"),
    "meter ** 2": ("square meters", "square metres"),
}
_SPOKEN = {phrase: unit for unit, phrases in _SAID_FOR.items() for phrase in phrases}
# Words that pint takes for units and people hardly ever mean as such.
_ORDINARY = """
    a quarter half halves third an at as in are bar b e d g's u t k p pm am go count dot pixel point
    stone turn rate set pair dozen score hand table cup may light force line link mark mil rod rope barn
    bit byte us or
"""
_NOT_UNITS = frozenset(_ORDINARY.split())
_MEASURED = frozenset(
    ("[time]", "[length]", "[mass]", "[temperature]", "[length] ** 3", "[mass] * [length] ** 2 / [time] ** 2")
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
    return str(parsed) if str(parsed.dimensionality) in _MEASURED else ""


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

    registry: Any = pint.UnitRegistry(cache_folder=None, autoconvert_offset_to_baseunit=True)
    # Its own decade is one of frequencies.
    registry.define("ten_years = 10 * year")
    return registry
