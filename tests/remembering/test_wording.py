"""Sentences turned to the user, and what a question names."""

from __future__ import annotations

import pytest

from omni_agent.memory import Forgotten
from omni_agent.remembering.phrases import LANGUAGES
from omni_agent.remembering.wording import MOST_NAMED, to_user, wording_of


@pytest.mark.parametrize(
    ("sentence", "turned"),
    [
        ("The user's dentist is Dr. Huber.", "your dentist is Dr. Huber."),
        ("The user is allergic to walnuts.", "you are allergic to walnuts."),
        ("The user likes tea.", "you like tea."),
        ("The user also studies law.", "you also study law."),
        ("The user watches films.", "you watch films."),
        ("The user does not eat meat.", "you do not eat meat."),
        ("The user doesn't eat meat.", "you don't eat meat."),
        ("The user moved to Graz.", "you moved to Graz."),
        ("The user has a dog; it likes the user.", "you have a dog; it likes you."),
        ("Eva lives in Graz.", "Eva lives in Graz."),
        ("The user was in Paris.", "you were in Paris."),
    ],
)
def test_a_sentence_is_turned_to_the_user(sentence: str, turned: str) -> None:
    assert to_user(sentence) == turned


@pytest.mark.parametrize("language", [*LANGUAGES, "xx"])
def test_a_question_names_some_facts_and_counts_the_rest(language: str) -> None:
    words = wording_of(language)
    names = [f"value {n}" for n in range(MOST_NAMED + 3)]
    gone = Forgotten(facts=tuple(names), turns=7)
    listed = words.listing(gone, names)
    assert all((name in listed) == (place < MOST_NAMED) for place, name in enumerate(names))
    assert "3" in listed
    assert "7" in listed
    assert str(len(names)) in words.listing(gone, ())
    for question in (words.forget, words.forget_all, words.remember, words.correct):
        assert "{" not in question.format(what="x", said="x", listed=listed)
    assert words.listing(Forgotten(turns=1), ()) == words.turn[0]
    assert words.listing(Forgotten(), ()) == ""
