"""Telling languages apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_agent.speech.language import detect

ALL = ("en", "de", "fr", "es", "it", "pt", "hi", "ja", "zh", "ko", "ru", "ar")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is the weather like today?", "en"),
        ("Mach bitte das Licht in der Küche aus.", "de"),
        ("Quel temps fait-il aujourd'hui à Paris ?", "fr"),
        ("Apaga las luces de la cocina.", "es"),
        ("Spegni le luci della cucina.", "it"),
        ("Não sei onde fica a estação.", "pt"),
        ("मुझे नहीं पता।", "hi"),
        ("駅はどこですか。", "ja"),
        ("车站在哪里？", "zh"),
        ("지금 몇 시예요?", "ko"),
        ("Который час?", "ru"),
        ("كم الساعة الآن؟", "ar"),
        ("はい", "ja"),
        ("iPhoneの設定を開いて", "ja"),
    ],
)
def test_a_sentence_is_known(text: str, language: str) -> None:
    assert detect(text, ALL) == language


@pytest.mark.parametrize("text", ["", "12:30", "😀!", "Paris", "OK", "Peter"])
def test_what_says_nothing_is_unsure(text: str) -> None:
    assert detect(text, ALL) == ""


def test_only_what_is_asked_for() -> None:
    assert detect("Mach bitte das Licht aus.", ("en", "fr")) in ("", "en", "fr")
    assert detect("駅はどこですか。", ("en", "fr")) == ""
    assert detect("今日", ("ja", "en")) == "ja"
    assert detect("Hello there, my friend", ()) == ""


# No deadline: the first example loads the tables.
@settings(deadline=None)
@given(st.text(max_size=200), st.sets(st.sampled_from(ALL)))
def test_any_text_has_an_answer_from_the_choice(text: str, among: set[str]) -> None:
    assert detect(text, among) in among | {""}
