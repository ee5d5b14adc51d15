"""Readings of Japanese and Chinese."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def test_japanese_reads_kanji_particles_and_counters() -> None:
    pytest.importorskip("pyopenjtalk")
    from omni_agent.speech.voices.phonemes_japanese import phonemes

    assert phonemes("会議は9時です。").startswith("kaiɡʲiβa kɯʥidesɨ")
    assert "sambai" in phonemes("コーヒーを3杯。").replace(" ", "")
    assert phonemes("ちょっと待って！").replace(" ", "") == "ʨoʔtomaʔte!"


def test_chinese_reads_words_with_their_tones() -> None:
    pytest.importorskip("pypinyin")
    pytest.importorskip("misaki")
    from omni_agent.speech.voices.phonemes_chinese import phonemes

    bank, walk = (phonemes(text, str.upper) for text in ("银行", "行走"))
    assert bank.endswith("xa↗ŋ")
    assert "↗" in walk
    assert not walk.startswith("x")
    assert phonemes("你好，Anna！", str.upper).endswith(", ANNA!")


# Open JTalk's own, on characters that its dictionary lacks.
@pytest.mark.filterwarnings("ignore:Dictionary.create:DeprecationWarning")
# No deadline: the first example loads the tables.
@settings(deadline=None)
@given(
    st.text(
        st.one_of(st.characters(), st.characters(min_codepoint=0x3041, max_codepoint=0x9FFF)), max_size=40
    )
)
def test_no_text_breaks_the_readers(text: str) -> None:
    pytest.importorskip("pyopenjtalk")
    pytest.importorskip("misaki")
    from omni_agent.speech.voices import phonemes_chinese, phonemes_japanese
    from omni_agent.speech.voices.synthesis import speakable

    words = speakable(text)
    if words:
        assert isinstance(phonemes_japanese.phonemes(words), str)
        assert isinstance(phonemes_chinese.phonemes(words, str.upper), str)
