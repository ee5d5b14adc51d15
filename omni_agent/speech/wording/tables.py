"""The small words of each language that stand for signs: point, minus, to, per cent, at ..."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Wording:
    """How a language says signs between numbers and in addresses.

    Attributes:
        point: Between a number's whole part and its decimals.
        grouped_decimals: Decimals are said as one number ("catorce"), not digit by digit.
        decimal_comma: Decimals are written after a comma, thousands with full stops.
        month_first: A date in figures and slashes begins with the month.
        percent: With the number in `{}`.
        cents: Between whole money and its hundredths.
        scale_of: Between "million" and a currency.
        fractions: Denominator to its name, one and many.
        half_past: Between hours and minutes; `hour` after full hours, one and many.
    """

    point: str
    minus: str
    plus: str
    equals: str
    times: str
    to: str
    percent: str
    and_: str
    about: str
    at: str
    dot: str
    slash: str
    dash: str
    underscore: str
    number: str
    degrees: str
    cents: str
    between_time: str
    hour: tuple[str, str]
    grouped_decimals: bool = False
    decimal_comma: bool = True
    month_first: bool = False
    scale_of: str = ""
    scales: str = ""
    fractions: dict[int, tuple[str, str]] = field(default_factory=dict)
    money: dict[str, tuple[str, str]] = field(default_factory=dict)


WORDINGS: dict[str, Wording] = {
    "en": Wording(
        point="point", minus="minus", plus="plus", equals="equals", times="times", to="to",
        percent="{} percent", and_="and", about="about", at="at", dot="dot", slash="slash", dash="dash",
        underscore="underscore", number="number", degrees="degrees", cents="and", between_time="",
        hour=("o'clock", "o'clock"), decimal_comma=False, month_first=True,
        scales="thousand|million|billion|trillion",
        fractions={2: ("half", "halves"), 3: ("third", "thirds"), 4: ("quarter", "quarters")},
        money={"USD": ("dollar", "dollars"), "EUR": ("euro", "euros"), "GBP": ("pound", "pounds")},
    ),
    "de": Wording(
        point="Komma", minus="minus", plus="plus", equals="gleich", times="mal", to="bis",
        percent="{} Prozent", and_="und", about="etwa", at="ät", dot="Punkt", slash="Schrägstrich",
        dash="Bindestrich", underscore="Unterstrich", number="Nummer", degrees="Grad", cents="",
        between_time="Uhr", hour=("Uhr", "Uhr"),
        scales="Tausend|Millionen|Million|Milliarden|Milliarde|Mio\\.|Mrd\\.",
        fractions={2: ("halb", "halbe"), 3: ("drittel", "drittel"), 4: ("viertel", "viertel")},
        money={"USD": ("Dollar", "Dollar"), "EUR": ("Euro", "Euro"), "GBP": ("Pfund", "Pfund")},
    ),
    "fr": Wording(
        point="virgule", minus="moins", plus="plus", equals="égale", times="fois", to="à",
        percent="{} pour cent", and_="et", about="environ", at="arobase", dot="point", slash="barre oblique",
        dash="tiret", underscore="tiret bas", number="numéro", degrees="degrés", cents="",
        between_time="heures", hour=("heure", "heures"), grouped_decimals=True,
        scale_of="de", scales="mille|millions|million|milliards|milliard",
        fractions={2: ("demi", "demis"), 3: ("tiers", "tiers"), 4: ("quart", "quarts")},
        money={"USD": ("dollar", "dollars"), "EUR": ("euro", "euros"), "GBP": ("livre", "livres")},
    ),
    "es": Wording(
        point="coma", minus="menos", plus="más", equals="igual a", times="por", to="a",
        percent="{} por ciento", and_="y", about="unos", at="arroba", dot="punto", slash="barra",
        dash="guion", underscore="guion bajo", number="número", degrees="grados", cents="con",
        between_time="y", hour=("", ""), grouped_decimals=True, scale_of="de",
        scales="mil|millones|millón|billones",
        fractions={2: ("medio", "medios"), 3: ("tercio", "tercios"), 4: ("cuarto", "cuartos")},
        money={"USD": ("dólar", "dólares"), "EUR": ("euro", "euros"), "GBP": ("libra", "libras")},
    ),
    "it": Wording(
        point="virgola", minus="meno", plus="più", equals="uguale a", times="per", to="a",
        percent="{} per cento", and_="e", about="circa", at="chiocciola", dot="punto", slash="barra",
        dash="trattino", underscore="trattino basso", number="numero", degrees="gradi", cents="e",
        between_time="e", hour=("", ""), grouped_decimals=True, scale_of="di",
        scales="mila|milioni|milione|miliardi|miliardo",
        fractions={2: ("mezzo", "mezzi"), 3: ("terzo", "terzi"), 4: ("quarto", "quarti")},
        money={"USD": ("dollaro", "dollari"), "EUR": ("euro", "euro"), "GBP": ("sterlina", "sterline")},
    ),
    "pt": Wording(
        point="vírgula", minus="menos", plus="mais", equals="igual a", times="vezes", to="a",
        percent="{} por cento", and_="e", about="cerca de", at="arroba", dot="ponto", slash="barra",
        dash="hífen", underscore="sublinhado", number="número", degrees="graus", cents="e", between_time="e",
        hour=("hora", "horas"), grouped_decimals=True, scale_of="de",
        scales="mil|milhões|milhão|bilhões|bilhão|mil milhões",
        fractions={2: ("meio", "meios"), 3: ("terço", "terços"), 4: ("quarto", "quartos")},
        money={"USD": ("dólar", "dólares"), "EUR": ("euro", "euros"), "GBP": ("libra", "libras"),
               "BRL": ("real", "reais")},
    ),
    "hi": Wording(
        point="दशमलव", minus="ऋण", plus="जमा", equals="बराबर", times="गुणा", to="से", percent="{} प्रतिशत",
        and_="और", about="लगभग", at="ऐट", dot="डॉट", slash="स्लैश", dash="डैश", underscore="अंडरस्कोर",
        number="नंबर", degrees="डिग्री", cents="", between_time="बजकर", hour=("बजे", "बजे"), decimal_comma=False,
        fractions={2: ("बटा दो", "बटा दो"), 3: ("तिहाई", "तिहाई"), 4: ("चौथाई", "चौथाई")},
    ),
    "zh": Wording(
        point="点", minus="负", plus="加", equals="等于", times="乘", to="到", percent="百分之{}", and_="和",
        about="大约", at="at", dot="点", slash="斜杠", dash="杠", underscore="下划线", number="号",
        degrees="度", cents="", between_time="点", hour=("点", "点"), decimal_comma=False,
    ),
    # Only for addresses: its engine reads figures by itself, with the right counters.
    "ja": Wording(
        point="点", minus="マイナス", plus="プラス", equals="イコール", times="かける", to="から",
        percent="{}パーセント", and_="と", about="約", at="アットマーク", dot="ドット", slash="スラッシュ",
        dash="ハイフン", underscore="アンダーバー", number="番号", degrees="度", cents="", between_time="時",
        hour=("時", "時"), decimal_comma=False,
    ),
}  # fmt: skip

FEMININE = {
    "de": frozenset({
        "Minute", "Stunde", "Sekunde", "Meile", "Unze", "Tonne", "Woche"
    }),
    "fr": frozenset({
        "heure", "minute", "seconde", "livre", "once", "tonne", "heures", "minutes", "secondes", "livres",
        "onces", "tonnes"
    }),
    "es": frozenset({
        "hora", "horas", "libra", "libras", "milla", "millas", "onza", "onzas", "pulgada", "pulgadas",
        "tonelada", "toneladas"
    }),
    "it": frozenset({
        "ora", "ore", "libbra", "libbre", "oncia", "once", "sterlina", "sterline", "tonnellata",
        "tonnellate"
    }),
    "pt": frozenset({
        "hora", "horas", "libra", "libras", "milha", "milhas", "onça", "onças", "polegada", "polegadas",
        "tonelada", "toneladas"
    }),
}  # fmt: skip
"""Names of units and money that take the feminine of one and two."""
