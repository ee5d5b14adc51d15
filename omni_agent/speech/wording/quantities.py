"""Money, percentages, units, fractions and ranges as they are said.

Names of units and currencies are CLDR's, through Babel.
"""

from __future__ import annotations

import re
from functools import cache

from .numerals import NUMBER, Gender, cardinal, number, ordinal, split, value
from .tables import FEMININE, WORDINGS

_SIGNS = {
    "US$": "USD",
    "R$": "BRL",
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "￥": "JPY",
    "₹": "INR",
    "₩": "KRW",
}
_CODES = "USD|EUR|GBP|CHF|JPY|INR|BRL|CNY|CAD|AUD|SEK|NOK|DKK|PLN|MXN"
_COIN = rf"US\$|R\$|[$€£¥￥₹₩]|\b(?:{_CODES})\b"
_CENTS = {
    "en": ("cent", "cents"), "de": ("Cent", "Cent"), "fr": ("centime", "centimes"),
    "es": ("céntimo", "céntimos"),    "it": ("centesimo", "centesimi"), "pt": ("cêntimo", "cêntimos"),
}  # fmt: skip
_UNITS = {
    "km/h": "speed-kilometer-per-hour", "kph": "speed-kilometer-per-hour", "mph": "speed-mile-per-hour",
    "m/s": "speed-meter-per-second", "°C": "temperature-celsius", "℃": "temperature-celsius",
    "°F": "temperature-fahrenheit", "℉": "temperature-fahrenheit", "kg": "mass-kilogram", "g": "mass-gram",
    "mg": "mass-milligram", "lb": "mass-pound", "lbs": "mass-pound", "oz": "mass-ounce",
    "ml": "volume-milliliter", "mL": "volume-milliliter", "cl": "volume-centiliter",
    "dl": "volume-deciliter", "l": "volume-liter", "L": "volume-liter", "mm": "length-millimeter",
    "cm": "length-centimeter", "m": "length-meter", "km": "length-kilometer", "mi": "length-mile",
    "ft": "length-foot", "yd": "length-yard", "m²": "area-square-meter", "m2": "area-square-meter",
    "km²": "area-square-kilometer", "ha": "area-hectare", "m³": "volume-cubic-meter",
    "m3": "volume-cubic-meter", "ms": "duration-millisecond", "s": "duration-second",
    "sec": "duration-second", "min": "duration-minute", "mins": "duration-minute", "h": "duration-hour",
    "hr": "duration-hour", "hrs": "duration-hour", "W": "power-watt", "kW": "power-kilowatt",
    "MW": "power-megawatt", "kWh": "energy-kilowatt-hour", "kcal": "energy-kilocalorie",
    "V": "electric-volt", "Hz": "frequency-hertz", "kHz": "frequency-kilohertz",
    "MHz": "frequency-megahertz", "GHz": "frequency-gigahertz", "kB": "digital-kilobyte",
    "KB": "digital-kilobyte", "MB": "digital-megabyte", "GB": "digital-gigabyte", "TB": "digital-terabyte",
    "hPa": "pressure-hectopascal",
}  # fmt: skip
_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_SPACE = r"[ \u00a0\u202f]?"
_BEFORE = r"(?<![\w.,])"
_PERCENT = re.compile(rf"{_BEFORE}({NUMBER}){_SPACE}[%％]")
_MEASURE = re.compile(rf"{_BEFORE}({NUMBER}){_SPACE}({_UNIT})(?![\w/²³°'’])")
_DEGREES = re.compile(rf"{_BEFORE}({NUMBER}){_SPACE}°")
_RANGE = re.compile(rf"{_BEFORE}({NUMBER}{_SPACE}[%€$£°]?)(?:-|\s?[–—]\s?)(?=[$€£]?[0-9])")
_FRACTION = re.compile(r"(?<![\w./,-])(?:([0-9]{1,3})\s)?([1-9])/([2-9]|10)(?![\w/]|[.,][0-9])")
# Beyond it, digits before a letter are an identifier rather than a quantity, and Babel's decimals run out.
_LARGEST = 1e15
_GROUPED_BY_SPACE = re.compile(r"(?<![\w.,])([0-9]{1,3}(?: [0-9]{3})+)(?![\w])")


def spoken_quantities(text: str, language: str) -> str:
    """`text` with ranges, money, percentages, fractions and units in words."""
    words = WORDINGS[language]
    if words.decimal_comma:
        text = _GROUPED_BY_SPACE.sub(lambda found: found[0].replace(" ", "\u202f"), text)
    joint = words.to if language == "zh" else f" {words.to} "
    text = _RANGE.sub(lambda found: found[1] + joint, text)
    before, after = _money(language)
    text = before.sub(lambda found: _amount(found["number"], found["scale"], found["coin"], language), text)
    text = after.sub(lambda found: _amount(found["number"], found["scale"], found["coin"], language), text)
    text = _PERCENT.sub(lambda found: words.percent.format(number(found[1], language)), text)
    text = _FRACTION.sub(lambda found: _fraction(found, language), text)
    text = _MEASURE.sub(lambda found: _measure(found, language), text)
    return _DEGREES.sub(lambda found: f"{number(found[1], language)} {words.degrees}", text)


@cache
def _money(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    scales = WORDINGS[language].scales
    scale = rf"(?:{_SPACE}(?P<scale>{scales}))?(?!\w)" if scales else r"(?P<scale>(?!))?"
    return (
        re.compile(rf"(?P<coin>{_COIN}){_SPACE}(?P<number>{NUMBER}){scale}"),
        re.compile(rf"{_BEFORE}(?P<number>{NUMBER}){scale}{_SPACE}(?P<coin>{_COIN})"),
    )


def _amount(figures: str, scale: str | None, coin: str, language: str) -> str:
    whole, decimals = split(figures, language)
    code = _SIGNS.get(coin, coin)
    if scale:
        joint = f" {WORDINGS[language].scale_of} " if WORDINGS[language].scale_of else " "
        return f"{number(figures, language)} {scale}{joint}{_coin(code, 2, language)}"
    if len(decimals) != 2 or language not in _CENTS:
        return _counted(figures, _coin(code, value(figures, language), language), language)
    cents = int(decimals)
    if not int(whole):
        return f"{cardinal(cents, language)} {_CENTS[language][cents != 1]}"
    said = _counted(whole, _coin(code, int(whole), language), language)
    if not cents:
        return said
    name = f" {_CENTS['en'][cents != 1]}" if language == "en" and code != "GBP" else ""
    return " ".join(f"{said} {WORDINGS[language].cents} {cardinal(cents, language)}{name}".split())


def _coin(code: str, count: float, language: str) -> str:
    from babel.numbers import get_currency_name

    known = WORDINGS[language].money.get(code)
    if known:
        return known[0 if count == 1 else 1]
    return get_currency_name(code, count=count, locale=language)


def _counted(figures: str, name: str, language: str) -> str:
    """A number before a noun, in the noun's gender."""
    joint = "" if language == "zh" else " "
    return number(figures, language, _gender(name, language)) + joint + name


def _gender(name: str, language: str) -> Gender:
    if language not in ("de", "fr", "es", "it", "pt"):
        return ""
    return "feminine" if name.split()[0] in FEMININE[language] else "masculine"


def _measure(found: re.Match[str], language: str) -> str:
    from babel.numbers import format_decimal
    from babel.units import format_unit

    amount = value(found[1], language)
    if abs(amount) >= _LARGEST:
        return found[0]
    shown = format_decimal(amount, locale=language)
    phrase = format_unit(amount, _UNITS[found[2]], "long", locale=language).replace("\u00a0", " ")
    shown = shown.replace("\u00a0", " ")
    if shown not in phrase or "-" in phrase.replace("kilowatt-", "").replace("quilowatts-", ""):
        return found[0]
    name = phrase.replace(shown, "").strip()
    said = number(found[1], language, _gender(name, language) if name else "")
    return phrase.replace(shown, said)


def _fraction(found: re.Match[str], language: str) -> str:
    words = WORDINGS[language]
    above, below = int(found[2]), int(found[3])
    if language in ("zh", "hi") or above >= below:
        return found[0]
    names = words.fractions.get(below) or _denominator(below, language)
    if language == "en" and found[1] and above == 1:
        said = f"a {names[0]}"
    elif (language, below, above) == ("de", 2, 1) or (language, below, above) == ("pt", 2, 1):
        said = "ein halb" if language == "de" else "meio"
    else:
        said = f"{cardinal(above, language, 'masculine')} {names[above != 1]}"
    return f"{number(found[1], language)} {words.and_} {said}" if found[1] else said


def _denominator(below: int, language: str) -> tuple[str, str]:
    if language == "de":
        name = f"{cardinal(below, 'de')}tel".replace("siebentel", "siebtel")
        return name, name
    if language == "en":
        return ordinal(below, "en"), f"{ordinal(below, 'en')}s"
    one = ordinal(below, language, "masculine")
    many = f"{one[:-1]}i" if language == "it" else f"{one}s"
    return one, many
