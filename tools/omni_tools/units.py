"""A tool that converts units, on the tables of `pint`.

Its registry counts in fractions, so that what is exact stays exact. Both are loaded at the first call.
"""

from __future__ import annotations

import math
import re
from difflib import get_close_matches
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, cast

from omni_agent.errors import ToolError
from omni_agent.tool import tool

if TYPE_CHECKING:
    import pint
    from pint.facets.plain import PlainUnit as Unit

__all__ = ["convert_units"]

_DEFINED = (
    "metric_cup = 250 * milliliter", "butter_stick = 8 * tablespoon", "kitchen_pinch = teaspoon / 16",
    "kitchen_dash = teaspoon / 8", "ten_years = 10 * year",
)  # fmt: skip

# What people write and `pint` does not know, or takes for something else: its C is the coulomb.
_SAID = {
    "c": "degC", "celsius": "degC", "centigrade": "degC", "f": "degF", "fahrenheit": "degF", "k": "kelvin",
    "kelvins": "kelvin", "m": "meter", "mm": "millimeter", "s": "second", "h": "hour", "d": "day",
    "g": "gram", "gr": "gram", "gm": "gram", "gms": "gram", "mg": "milligram", "kilo": "kilogram",
    "kilos": "kilogram", "st": "stone", "t": "metric_ton", "us ton": "ton", "us tons": "ton",
    "short ton": "ton", "short tons": "ton", "l": "liter", "ml": "milliliter", "fl oz": "fluid_ounce",
    "fluid oz": "fluid_ounce", "uk gallon": "imperial_gallon", "uk gallons": "imperial_gallon",
    "uk pint": "imperial_pint", "uk pints": "imperial_pint", "us gallon": "gallon", "us gallons": "gallon",
    "us pint": "pint", "us pints": "pint", "us cup": "cup", "us cups": "cup", "stick": "butter_stick",
    "sticks": "butter_stick", "stick of butter": "butter_stick", "sticks of butter": "butter_stick",
    "pinch": "kitchen_pinch", "pinches": "kitchen_pinch", "dash": "kitchen_dash", "dashes": "kitchen_dash",
    "tbs": "tablespoon", "kmh": "kilometer_per_hour", "kmph": "kilometer_per_hour", "decade": "ten_years",
    "decades": "ten_years", "b": "byte", "kb": "kilobyte", "mb": "megabyte", "gb": "gigabyte",
    "tb": "terabyte", "pb": "petabyte", "kib": "kibibyte", "mib": "mebibyte", "gib": "gibibyte",
    "tib": "tebibyte", "kbit": "kilobit", "mbit": "megabit", "gbit": "gigabit", "kwh": "kilowatt_hour",
    "wh": "watt_hour", "btu": "british_thermal_unit", '"': "inch", "'": "foot", "hp": "horsepower",
}  # fmt: skip
_CASED = {"Mb": "megabit", "Gb": "gigabit", "Cal": "kilocalorie", "Calories": "kilocalorie"}
_RATES = {"kbps": "kbit/s", "mbps": "mbit/s", "gbps": "gbit/s", "sqm": "m^2", "sqft": "ft^2", "sqkm": "km^2"}
_US_ONLY = frozenset({"gallon", "quart", "pint", "cup", "fluid_ounce", "ton"})
_POWERS = (
    (r"(?:square|sq\.?) (.+)", 2),
    (r"(?:cubic|cu\.?) (.+)", 3),
    (r"(.+) squared", 2),
    (r"(.+) cubed", 3),
    (r"(.+?)(?:\^|\*\*)?[2²]", 2),
    (r"(.+?)(?:\^|\*\*)?[3³]", 3),
)
_MONEY = re.compile(
    r"[$€£¥₹]|\b(?:usd|eur|gbp|jpy|chf|inr|cny|dollars?|euros?|yen|rupees?|francs?|pounds? sterling)\b"
)
_COMMON = (
    "meters kilometers centimeters millimeters miles yards feet inches grams kilograms milligrams pounds "
    "ounces stone tonnes liters milliliters cups tablespoons teaspoons pints quarts gallons celsius "
    "fahrenheit kelvin knots seconds minutes hours days weeks months years hectares acres bytes kilobytes "
    "megabytes gigabytes terabytes bits joules kilojoules calories kilocalories pascals bar psi atmospheres"
)


@tool(effect="read")
def convert_units(value: float, from_unit: str, to_unit: str) -> str:
    """Convert a length, weight, volume, temperature, speed, time, area, data size, energy or pressure.

    Args:
        value: The number to convert.
        from_unit: Unit of that number, for example miles, cups or celsius.
        to_unit: Unit to convert to, for example km, ml or fahrenheit.
    """
    if not math.isfinite(value) or abs(value) > 1e100:
        raise ToolError("The value must be a number, no larger than 10 to the power of 100.")
    source, target = _unit(from_unit), _unit(to_unit)
    source, target = _fluid(source, target), _fluid(target, source)
    if _root(source) != _root(target):
        said = f"{_cleaned(from_unit)} cannot be converted to {_cleaned(to_unit)}"
        raise ToolError(f"{said}: they measure different things.")
    amount = Fraction(str(value))
    if _root(source) == _registry().kelvin and _times(amount, source, _registry().kelvin) < 0:
        raise ToolError(f"{_spoken(amount)} {_cleaned(from_unit)} is below absolute zero.")
    exact = _times(amount, source, target)
    result = _rounded(exact)
    about = "" if result == exact else "about "
    asked = f"{_spoken(amount)} {_shown(from_unit, source)}"
    return f"{asked} is {about}{_spoken(result)} {_shown(to_unit, target)}."


@cache
def _registry() -> pint.UnitRegistry[Fraction]:
    import pint

    # Fraction is one of pint's own NON_INT_TYPE; only this parameter's annotation says float.
    number = cast(type[float], Fraction)
    registry: pint.UnitRegistry[Fraction] = pint.UnitRegistry(non_int_type=number)
    for definition in _DEFINED:
        registry.define(definition)
    return registry


def _times(amount: Fraction, source: Unit, target: Unit) -> Fraction:
    return Fraction(_registry().Quantity(amount, source).to(target).magnitude)


def _root(unit: Unit) -> Unit:
    """What it measures. Not the dimension: to `pint` a byte and an angle both have none."""
    return _registry().Quantity(Fraction(1), unit).to_root_units().units


def _fluid(unit: Unit, other: Unit) -> Unit:
    """An ounce beside a volume is a fluid ounce."""
    registry = _registry()
    volume = other.dimensionality == registry.liter.dimensionality
    return registry.fluid_ounce if volume and unit == registry.ounce else unit


def _unit(said: str) -> Unit:
    """The unit that somebody means.

    Raises:
        ToolError: There is none of that name, or it is money.
    """
    text = _cleaned(said)
    if _MONEY.search(text.casefold()):
        raise ToolError("Currencies cannot be converted: there are no exchange rates here.")
    unit = _compound(text) if len(text) <= 40 else None
    if unit is None:
        close = get_close_matches(text.casefold(), _COMMON.split(), n=3)
        hint = f"Did you mean {' or '.join(close)}?" if close else "Write it in full, for example kilometers."
        raise ToolError(f"The unit '{text[:40]}' is not known. {hint}")
    return unit


def _cleaned(said: str) -> str:
    words = " ".join(said.replace("°", " ").replace("_", " ").split())
    return re.sub(r"^degrees? (?=\w)", "", words, flags=re.IGNORECASE)


def _compound(text: str) -> Unit | None:
    """A unit by name, by a power such as `square feet`, or a quotient such as `miles per hour`."""
    text = _RATES.get(text.casefold(), text)
    over, *under = re.split(r"\s*/\s*|\s+per\s+", text)
    if len(under) == 1:
        one, other = _compound(over), _compound(under[0])
        return None if one is None or other is None else one / other
    named = None if under else _named(text)
    if under or named is not None:
        return named
    for pattern, power in _POWERS:
        match = re.fullmatch(pattern, text, flags=re.IGNORECASE)
        base = _named(match[1].strip()) if match else None
        if base is not None:
            return base**power
    return None


def _named(name: str) -> Unit | None:
    told = _CASED.get(name) or _SAID.get(name.casefold().rstrip("."))
    if told:
        return _registry().Unit(told)
    plain = name.rstrip(".").replace(" ", "_").replace("-", "_")
    return next((unit for form in (plain, plain.casefold()) if (unit := _listed(form)) is not None), None)


def _listed(name: str) -> Unit | None:
    """A unit that `pint` lists, unless it came upon it by chance: `pinch` would be a pico-inch."""
    if not re.fullmatch(r"[A-Za-zµμ_]+", name):
        return None
    readings = _registry().parse_unit_name(name)
    if not readings:
        return None
    prefix, unit, _ = readings[0]
    written_out = name.casefold().startswith(prefix) and len(name) - len(prefix) >= 3
    if prefix and not written_out and len(name) > 4:
        return None
    return _registry().Unit(prefix + unit)


def _shown(said: str, unit: Unit) -> str:
    """The unit in the caller's word; where that is not the same everywhere, it is said which is meant."""
    text, registry = _cleaned(said), _registry()
    american = any(unit == registry.Unit(name) for name in _US_ONLY)
    return f"US {text}" if american and not re.match(r"us\b|short\b", text, re.IGNORECASE) else text


def _rounded(value: Fraction) -> Fraction:
    """Whole numbers, and those of up to six digits, as they are; others to five, or to a whole number."""
    if value == 0 or (value.denominator == 1 and abs(value) < 10**15):
        return value
    digits = 4 - math.floor(math.log10(abs(value)))
    if abs(value) < 10**6 and round(value, digits + 1) == value:
        return value
    return round(value, digits if abs(value) > 10**15 else max(digits, 0))


def _spoken(value: Fraction) -> str:
    if value == 0 or 1e-6 <= abs(value) < 10**15:
        return (
            f"{float(value):.10f}".rstrip("0").rstrip(".") if value.denominator != 1 else str(value.numerator)
        )
    mantissa, _, power = f"{float(value):.4e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')} times 10 to the power of {int(power)}"
