"""Which language a text is in."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from ..errors import ModelUnavailable

if TYPE_CHECKING:
    from collections.abc import Collection

# Scripts that settle it, with what to ask where several languages share one.
_SCRIPTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("kana", "\u3041-\u30ff\uff66-\uff9f", ("ja",)),
    ("hangul", "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af", ("ko",)),
    ("han", "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff", ("zh", "ja")),
    ("devanagari", "\u0900-\u097f", ("hi", "mr", "ne")),
    ("cyrillic", "\u0400-\u04ff", ("ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn")),
    ("arabic", "\u0600-\u06ff\u0750-\u077f", ("ar", "fa", "ur", "ps", "ug")),
    ("greek", "\u0370-\u03ff\u1f00-\u1fff", ("el",)),
    ("hebrew", "\u0590-\u05ff", ("he",)),
    ("thai", "\u0e00-\u0e7f", ("th",)),
)
_LATIN = re.compile(r"[A-Za-zÀ-ɏḀ-ỿ]")
_WORD = re.compile(r"[^\W\d_]+")

# Probabilities below which the answer is "unsure", measured on short everyday sentences.
_SURE = 0.70
_SURE_IF_SHORT = 0.95
_SHORT_WORDS = 3


def detect(text: str, among: Collection[str]) -> str:
    """The ISO 639-1 code of the text's language, or an empty string when unsure.

    Args:
        text: Anything from a word to a page; markup and figures say nothing.
        among: The languages that it may be in.

    Raises:
        ModelUnavailable: The identifier is not installed.
    """
    words = _WORD.findall(text)
    letters = "".join(words)
    if not letters or not among:
        return ""
    candidates = _by_script(letters, among)
    if candidates is not None:
        return (
            candidates[0] if len(candidates) == 1 else _likeliest(text, candidates, 0.5) if candidates else ""
        )
    return _likeliest(" ".join(words), list(among), _SURE_IF_SHORT if len(words) < _SHORT_WORDS else _SURE)


def _by_script(letters: str, among: Collection[str]) -> list[str] | None:
    """What the script leaves of `among`; None where it is Latin or unknown, and so says little."""
    latin = len(_LATIN.findall(letters))
    counts = {name: len(re.findall(f"[{span}]", letters)) for name, span, _ in _SCRIPTS}
    # Foreign names and terms are often Latin; a third of another script is enough to know the text by.
    if max(counts.values()) * 2 < max(latin, 1):
        return None
    # Japanese is mostly written with Han signs too, but no other language has kana.
    name = "kana" if counts["kana"] and "ja" in among else max(counts, key=lambda script: counts[script])
    shared = next(languages for script, _, languages in _SCRIPTS if script == name)
    left = [language for language in shared if language in among]
    return left[:1] if name == "han" else left


def _likeliest(text: str, among: Collection[str], sure: float) -> str:
    import math

    scores = {language: score for language, score in _identifier().rank(text) if language in among}
    if not scores:
        return ""
    best = max(scores, key=lambda language: scores[language])
    probability = 1 / sum(math.exp(score - scores[best]) for score in scores.values())
    return best if probability >= sure else ""


@cache
def _identifier() -> Any:
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError as error:
        raise ModelUnavailable(
            "Languages cannot be told apart: py3langid is not installed",
            remedy="pip install 'omni-agent-framework[local]'",
        ) from error
    return LanguageIdentifier.from_model_file(MODEL_FILE)
