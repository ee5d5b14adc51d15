"""Abbreviations: how each is said, and which full stops do not end a sentence."""

from __future__ import annotations

import re
from functools import cache

# Said in full. Keys are written without their last full stop and matched with it.
EXPANSIONS: dict[str, dict[str, str]] = {
    "en": {
        "Mr": "Mister", "Mrs": "Missus", "Ms": "Miss", "Dr": "Doctor", "Prof": "Professor", "St": "Saint",
        "Jr": "Junior", "Sr": "Senior", "vs": "versus", "etc": "et cetera", "e.g": "for example",
        "i.e": "that is", "approx": "approximately", "a.m": "AM", "p.m": "PM", "Inc": "Incorporated",
        "dept": "department", "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road",
    },
    "de": {
        "Dr": "Doktor", "Prof": "Professor", "Hr": "Herr", "Fr": "Frau", "z.B": "zum Beispiel",
        "z. B": "zum Beispiel", "d.h": "das heißt", "d. h": "das heißt", "u.a": "unter anderem",
        "u. a": "unter anderem", "bzw": "beziehungsweise", "ca": "circa", "usw": "und so weiter",
        "evtl": "eventuell", "ggf": "gegebenenfalls", "inkl": "inklusive", "Nr": "Nummer", "Str": "Straße",
        "Tel": "Telefon", "vgl": "vergleiche", "Mio": "Millionen", "Mrd": "Milliarden",
    },
    "fr": {
        "M": "Monsieur", "p. ex": "par exemple", "p.ex": "par exemple", "etc": "et cetera", "env": "environ",
        "c.-à-d": "c'est-à-dire", "cf": "confer", "av": "avenue", "bd": "boulevard", "tél": "téléphone",
    },
    "es": {
        "Sr": "señor", "Sra": "señora", "Srta": "señorita", "Dr": "doctor", "Dra": "doctora", "Ud": "usted",
        "Uds": "ustedes", "p. ej": "por ejemplo", "p.ej": "por ejemplo", "etc": "etcétera",
        "aprox": "aproximadamente", "núm": "número", "tel": "teléfono", "Avda": "avenida",
    },
    "it": {
        "Sig": "signor", "Sig.ra": "signora", "Sig.na": "signorina", "Dott": "dottor",
        "Dott.ssa": "dottoressa",
        "Prof": "professor", "Prof.ssa": "professoressa", "ecc": "eccetera", "es": "esempio", "ca": "circa",
        "tel": "telefono", "pag": "pagina", "v.le": "viale",
    },
    "pt": {
        "Sr": "senhor", "Sra": "senhora", "Dr": "doutor", "Dra": "doutora", "Prof": "professor",
        "p. ex": "por exemplo", "p.ex": "por exemplo", "etc": "etcétera", "aprox": "aproximadamente",
        "tel": "telefone", "Av": "avenida", "núm": "número",
    },
}  # fmt: skip

# Written without a full stop.
PLAIN_EXPANSIONS: dict[str, dict[str, str]] = {
    "fr": {"Mme": "Madame", "Mlle": "Mademoiselle", "Dr": "docteur", "Mmes": "Mesdames"},
}

# After these a capital letter goes on with the same sentence.
_MID_SENTENCE = frozenset({
    "mr", "mrs", "ms", "dr", "prof", "st", "sra", "srta", "dra", "dott", "dott.ssa", "sig", "sig.ra",
    "sig.na", "prof.ssa", "hr", "fr", "mme", "mlle", "rev", "gen", "col", "capt", "lt", "sgt", "hon",
    "gov", "sen", "rep", "mt", "ft", "vs", "e.g", "i.e", "z.b", "d.h", "u.a", "p.ex", "p.ej", "cf",
    "vgl", "approx", "aprox", "ca", "bzw", "ggf", "evtl", "inkl", "ud", "uds", "c.-à-d", "jan", "feb",
    "apr", "aug", "sept", "oct", "nov", "dec", "tel", "tél", "str", "av", "avda", "ave"
})  # fmt: skip
_BEFORE_NUMBER = frozenset({
    "no", "nr", "nos", "fig", "figs", "vol", "art", "pp", "p", "s", "abs", "núm", "num", "pag", "pág",
    "ch", "sec", "eq", "kap", "tab"
})  # fmt: skip
_DOTTED = re.compile(r"[^\W\d_](?:\.[^\W\d_])*")
_CLOCK = frozenset({"a.m", "p.m"})


def continues(word: str, following: str) -> bool:
    """Whether `word`, written with a full stop after it, does not end a sentence there.

    Args:
        word: The word before the full stop, without it.
        following: The next character that is no space, or empty at the end.
    """
    lower = word.lower()
    if lower in _CLOCK:
        return False
    if lower in _BEFORE_NUMBER:
        return following.isdigit()
    return lower in _MID_SENTENCE or _DOTTED.fullmatch(word) is not None


def expanded(text: str, language: str) -> str:
    """`text` with the abbreviations of `language` in full."""
    dotted, plain = EXPANSIONS.get(language, {}), PLAIN_EXPANSIONS.get(language, {})
    if dotted:
        text = _pattern(language).sub(lambda found: _said(found, dotted), text)
    if plain:
        text = re.sub(r"\b(?:" + "|".join(plain) + r")\b\.?", lambda found: plain[found[0].rstrip(".")], text)
    return text


@cache
def _pattern(language: str) -> re.Pattern[str]:
    keys = sorted(EXPANSIONS[language], key=len, reverse=True)
    return re.compile(rf"(?<![\w.])({'|'.join(map(re.escape, keys))})\.(?!\w)(\s*$)?")


def _said(found: re.Match[str], words: dict[str, str]) -> str:
    # The full stop of an abbreviation that ends the text is also the sentence's.
    return words[found[1]] + ("." + found[2] if found[2] is not None else "")
