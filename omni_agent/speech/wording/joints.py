"""Words that begin the next part of a sentence: before them a voice may take breath."""

from __future__ import annotations

from functools import cache

# Verbs that stand between two parts, prepositions, and words that join clauses. Words that are mostly
# something else (French "son", German "es") are left out.
_JOINTS = {
    "en": """is are equals was were has have had can could will would should to in at for from with about
        into after before because and but or that which who when where while if so""",
    "de": """ist sind war waren hat haben hatte kann wird werden in im mit auf für von aus bei nach und oder
        aber weil dass wenn""",
    "fr": "est sont était étaient a ont dans avec pour sur chez et ou mais parce qui quand",
    "es": "es son era eran está están en con para por y pero porque cuando",
    "it": "è sono era erano ha hanno in con per e ma perché quando",
    "pt": "é são era eram está estão em no na com para por e mas porque quando",
}


@cache
def joints(language: str) -> frozenset[str]:
    """Those of a language, in lower case; none where it is not known.

    Args:
        language: ISO 639-1 code, a region is ignored.
    """
    return frozenset(_JOINTS.get(language.partition("-")[0].lower(), "").split())
