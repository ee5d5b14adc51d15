"""A question about the user's own that nothing tells is seen as such; in doubt it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.grounding.meaning import available
from omni_agent.nodes.unknown import of_another, of_own, of_own_name, unanswered

TOLD = (
    "The user's name is Anton. The user's wife is Greta. The user works as a baker. The user lives in Bern.",
    'On 3 May 2026 the user said: "Our terrier chewed up the sofa."',
)
needs_vectors = pytest.mark.skipif(not available(), reason="wordllama is not installed")


@needs_vectors
@pytest.mark.parametrize(
    "words",
    [
        "What's the name of my landlord?",
        "When is my sister's graduation?",
        "what is my passport number",
        "Which university did I attend?",
        "What colour is our boat?",
        "What's my husband's name?",
        "what is my brother called",
    ],
)
def test_what_nobody_told_is_unanswered(words: str) -> None:
    assert unanswered(words, TOLD)


@pytest.mark.parametrize(
    "words",
    [
        "What's my name?",
        "Who is my wife?",
        "Whom am I married to?",
        "What's my dog called?",
        "What do I do for a living?",
        "What's my job?",
        "Where do I live?",
        "What is the capital of France?",
        "What should I cook for my landlord?",
        "Can you recommend a hotel for my sister?",
        "My landlord is Mr. Frei.",
        "What do you think of my landlord?",
        "Wie heißt mein Vermieter?",
        "Hello!",
        "",
    ],
)
def test_what_is_told_or_no_such_question_is_not(words: str) -> None:
    assert not unanswered(words, TOLD)


@given(st.text(), st.lists(st.text(), max_size=3))
def test_nothing_that_is_said_breaks_it(words: str, told: list[str]) -> None:
    assert unanswered(words, told) in (True, False)


@pytest.mark.parametrize(
    "words", ["What's my name?", "D'you remember what I'm called?", "Who am I?", "What's my surname?"]
)
def test_a_question_for_the_users_own_name_is_known(words: str) -> None:
    assert of_own_name(words)


@pytest.mark.parametrize("words", ["What's my dog called?", "What is his name?", "Where do I live?"])
def test_one_for_another_name_is_none_for_his(words: str) -> None:
    assert not of_own_name(words)


def test_who_cannot_do_something_asks_about_himself() -> None:
    assert of_own("Why can't I have a sandwich?")
    assert of_own("Where's home now?")
    assert not of_own("What can I cook for dinner?")


def test_the_child_of_a_sister_is_a_niece() -> None:
    assert not unanswered("What does my niece do?", ["My sister's girl wants to be a pilot."])
    assert unanswered("What does my niece do?", ["My brother lives in Ghent."])


def test_a_question_about_somebody_else_is_known() -> None:
    assert of_another("What does Greta do for a living?")
    assert of_another("And what's his job?")
    assert not of_another("What is the capital?")
    assert not of_another("Could you ask Greta?")
