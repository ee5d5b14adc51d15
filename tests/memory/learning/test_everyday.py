"""Facts from everyday talk: names in passing, words of one's own, and what changes."""

from __future__ import annotations

import pytest
from omni_memory.learning import study
from omni_memory.learning.reading import read
from omni_memory.predicates import TOLD
from omni_memory.repository.repository import Repository

from .saying import ANNA, NOON, Speaker

pytestmark = pytest.mark.anyio


def told(words: str) -> list[str]:
    return [said.text for said in read(words, NOON).statements]


async def known(repository: Repository, *turns: str) -> list[str]:
    speaker = Speaker(repository)
    for words in turns:
        await speaker.says(words)
    while await study(repository, None, now=speaker.now):
        pass
    return [fact.said.text for fact in await repository.facts.known(ANNA) if fact.said.predicate != TOLD]


def test_who_reports_is_the_users_own_and_what_is_reported_is_not() -> None:
    assert told("My aunt Rosalind always says I live in a dream.") == ["The user's aunt is Rosalind."]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("We always have fish on Fridays.", ["The user always has fish on Fridays."]),
        ("I no longer go to the gym.", ["The user no longer goes to the gym."]),
        ("Coach, I cycle to work.", ["The user cycles to work."]),
        (
            "My grandson Elias is coming in March.",
            ["The user's grandson is Elias.", "The user's grandson Elias is coming in March."],
        ),
    ],
)
def test_what_has_no_predicate_is_told_in_the_users_words(words: str, wanted: list[str]) -> None:
    assert told(words) == wanted


@pytest.mark.parametrize(
    ("turns", "wanted"),
    [
        (("My doctor is Dr. Abel.", "I go to Dr. Moll now."), ["The user's doctor is Dr. Moll."]),
        (("I've got a bad knee.", "The knee is fine again."), []),
        (
            ("I swim on Mondays.", "I don't swim on Mondays any more, I've changed to Fridays."),
            ["The user does not swim on Mondays anymore, the user has changed to Fridays."],
        ),
        (("I take the bus to work.", "I take the tram now."), ["The user takes the tram now."]),
        (("I love tea.", "I'm off tea."), ["The user is off tea."]),
        (("I don't eat fish.", "I eat fish again."), ["The user eats fish again."]),
        (("I'm diabetic.", "I'm left-handed."), ["The user is diabetic.", "The user is left-handed."]),
        (
            ("My meeting is on Monday at nine.", "Sorry, it's ten, not nine."),
            ["The user's meeting is Monday at ten."],
        ),
        (("My locker is 118.", "Sorry, I meant 181, not 118."), ["The user's locker is 181."]),
    ],
)
async def test_what_changes_takes_the_place_of_what_was(
    repository: Repository, turns: tuple[str, ...], wanted: list[str]
) -> None:
    assert sorted(await known(repository, *turns)) == wanted
