"""Who the agent is, and how long it may speak."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent import Persona
from omni_agent.errors import ConfigError
from omni_agent.persona import LengthLimit


def test_the_prompt_says_what_was_asked_for_and_does_not_change() -> None:
    persona = Persona(style="warm, brief", instructions="Never mention tea.", max_words=30, languages=("de",))
    prompt = persona.prompt("Kitchen")
    assert prompt == persona.prompt("Kitchen")
    for words in ("Kitchen", "warm, brief", "Never mention tea.", "30 words", "German"):
        assert words in prompt


def test_the_reply_is_in_the_users_language_unless_the_persona_has_its_own() -> None:
    assert Persona().reply_language("fr") == "fr"
    assert Persona(languages=("en", "de")).reply_language("de") == "de"
    assert Persona(languages=("en", "de")).reply_language("fr") == "en"
    assert Persona(languages=("en",)).reply_language("") == "en"


@pytest.mark.parametrize("wrong", [{"max_words": 0}, {"rate": 5.0}, {"rate": 0.0}])
def test_what_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        Persona(**wrong)  # type: ignore[arg-type]


def cut(text: str, limit: int | None, pieces: list[int]) -> str:
    """The text through a limit, cut into deltas at the given places."""
    guard, out, start = LengthLimit(limit), "", 0
    for end in [*sorted(p % (len(text) + 1) for p in pieces), len(text)]:
        out += guard.admit(text[start:end])
        start = end
    return out


sentences = st.lists(
    st.lists(st.text("abcdefg", min_size=1, max_size=8), min_size=1, max_size=12).map(
        lambda w: " ".join(w) + "."
    ),
    min_size=1,
    max_size=8,
).map(" ".join)


@given(sentences, st.integers(1, 20), st.lists(st.integers(0, 500), max_size=20))
def test_a_reply_ends_with_the_sentence_that_reaches_the_limit(
    text: str, limit: int, pieces: list[int]
) -> None:
    kept = cut(text, limit, pieces)
    assert text.startswith(kept)
    whole = kept.endswith(".")
    longest = round(limit * 1.6) + 3
    assert whole or len(kept.split()) >= longest
    if len(kept) < len(text):
        assert len(kept.split()) >= limit
    before = re.sub(r"[^.]*\.$", "", kept) if whole else ""
    assert len(before.split()) < limit


@given(st.text(), st.lists(st.integers(0, 500), max_size=20))
def test_without_a_limit_every_word_is_said(text: str, pieces: list[int]) -> None:
    assert cut(text, None, pieces) == text


def test_a_sentence_that_never_ends_is_cut_at_a_word() -> None:
    kept = cut("word " * 500, 10, [])
    assert len(kept.split()) == 19
