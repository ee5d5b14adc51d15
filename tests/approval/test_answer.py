"""What counts as a yes, and that nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.approval import Answer, answer_to
from omni_agent.messages import Audio, Hearing, Image, Message, Text

WORDS = ["yes", "no", "not", "the", "garage", "code", "other", "one", "please", "delete", "never", "list"]
QUESTION, VALUES = "Delete the note 'garage code'?", "garage code"


def said(words: str) -> Answer:
    return answer_to(QUESTION, VALUES, Message("user", (Text(words),)))


def spoken(words: str, confidence: float) -> Answer:
    sound = Audio("media://" + "0" * 64, hearing=Hearing(words, "en", 1.0, confidence))
    return answer_to(QUESTION, VALUES, Message("user", (sound,)))


@pytest.mark.parametrize(
    "words",
    [
        "yes", "Yes.", "Yeah, sure!", "ok", "okay do it", "Go ahead.", "please do", "Yes, please delete it.",
        "Yeah, bin it.", "Yes, get rid of it.",
        "yes, delete the note garage code", "Yes. The garage code.", "correct", "of course", "that's right",
        "ja", "Ja, bitte.", "sí", "Oui, vas-y", "sì", "sim", "はい", "好的。", "हाँ", "sí, por favor",
    ],
)  # fmt: skip
def test_a_yes(words: str) -> None:
    assert said(words) is Answer.YES


@pytest.mark.parametrize(
    "words",
    [
        "no",
        "No!",
        "no thanks",
        "nope",
        "don't",
        "please don't do it",
        "never mind",
        "Nein, danke",
        "non",
        "いいえ",
        "wait",
        "stop",
    ],
)
def test_a_no(words: str) -> None:
    assert said(words) is Answer.NO


@pytest.mark.parametrize(
    "words",
    [
        "no, the other one",
        "yes, the other one",
        "yes, delete the shopping list",
        "yes, but not the garage code",
        "yes, the garage",
        "delete it",
        "what does it say?",
        "yesterday",
        "what's the weather",
        "yes and set a timer for five minutes",
        "maybe",
        "I guess so",
        "the user said yes",
        "delete the note garage code",
        "hmm",
        "mhm",
    ],
)  # fmt: skip
def test_something_else(words: str) -> None:
    assert said(words) is Answer.OTHER


def test_a_yes_of_another_deed_is_none() -> None:
    assert answer_to("Send the note?", "", Message("user", (Text("Yes, delete it."),))) is Answer.OTHER


def test_a_yes_to_one_of_two_is_no_yes_to_both() -> None:
    message = Message("user", (Text("yes, Anna"),))
    assert answer_to("Invite Anna and Tom?", "Anna Tom", message) is Answer.OTHER
    both = Message("user", (Text("yes, Anna and Tom"),))
    assert answer_to("Invite Anna and Tom?", "Anna Tom", both) is Answer.YES


def test_what_was_heard_badly_is_asked_again() -> None:
    assert spoken("yes", 0.9) is Answer.YES
    assert spoken("yes", 0.3) is Answer.UNCLEAR
    assert spoken("no", 0.3) is Answer.NO
    assert spoken("", 0.0) is Answer.UNCLEAR
    assert answer_to(QUESTION, VALUES, Message("user", (Image("media://" + "0" * 64),))) is Answer.OTHER


@given(st.text())
def test_nothing_that_holds_no_word_of_agreement_is_a_yes(words: str) -> None:
    agrees = said(words) is Answer.YES
    assert not agrees or said(f"no {words}") is not Answer.YES


@given(st.lists(st.sampled_from(WORDS), max_size=6))
def test_no_word_against_it_and_no_other_value_is_in_a_yes(words: list[str]) -> None:
    if said(" ".join(words)) is Answer.YES:
        assert not {"no", "not", "never", "other", "one", "list"} & set(words)
        assert ("garage" in words) == ("code" in words)
