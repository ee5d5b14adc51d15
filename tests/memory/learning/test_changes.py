"""What is kept in the user's own words, what puts a slip right, and what is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omni_memory.brief import brief
from omni_memory.learning import study
from omni_memory.learning.ending import ended, exchanged
from omni_memory.learning.reading import read
from omni_memory.learning.slips import righted
from omni_memory.predicates import TOLD
from omni_memory.repository.repository import Repository

from .saying import ANNA, NOON, Speaker

pytestmark = pytest.mark.anyio


async def noted(repository: Repository, *turns: str) -> list[str]:
    speaker = Speaker(repository)
    for words in turns:
        await speaker.says(words)
    while await study(repository, None, now=speaker.now):
        pass
    facts = await repository.facts.known(ANNA)
    return sorted(fact.said.object for fact in facts if fact.said.predicate == TOLD)


@pytest.mark.parametrize(
    ("words", "notes"),
    [
        ("Nettles bring me out in blisters.", ("Nettles bring me out in blisters.",)),
        ("We keep a goose. She's called Ottilie.", ("We keep a goose. She's called Ottilie.",)),
        ("Had the cast off on Friday.", ("Had the cast off on Friday.",)),
        ("I bake at six in the morning, and my son sulks if I wake him.", ("I bake at six in the morning.",)),
        ("What bakes well in a small tin?", ()),
        ("If I had a boat I would sail to Malta.", ()),
        ("The sergeant shouted 'I am the emperor', and left.", ()),
        ("I once flew to the moon. I'm pulling your leg.", ()),
        ("Thank you, that's kind.", ()),
        ("Ich habe eine Gans.", ()),
    ],
)
def test_what_is_stated_is_a_note_in_the_users_words(words: str, notes: tuple[str, ...]) -> None:
    assert read(words, NOON).notes == notes


@pytest.mark.parametrize(
    ("before", "words", "right"),
    [
        ("My flight is on the third of July.", "Oh no, I misread it. It's the thirtieth.",
         "My flight is on the thirtieth of July."),
        ("My vet is Dr. Albrecht.", "Did I say Albrecht? Aubrecht is the name.", "My vet is Dr. Aubrecht."),
        ("I see a new tutor, Mrs. Lark.", "Wait, I got that wrong. It's Mrs. Swift.",
         "I see a new tutor, Mrs. Swift."),
        ("Our landlord is a Mr. Pell.", "Pardon, I said it wrongly. His name is Mr. Pelham.",
         "Our landlord is a Mr. Pelham."),
        ("Our choir meets on Tuesdays.", "Sorry, Wednesdays.", "Our choir meets on Wednesdays."),
        ("I take two drops at night.", "Three drops, sorry.", "I take Three drops at night."),
        ("My hamster is called Fudge.", "No, he doesn't bite.", ""),
        ("I run on Mondays.", "I don't run on Mondays any more, I've changed to Fridays.", ""),
        ("I live in Bremen.", "Wait, what's the weather like?", ""),
        ("My vet is Dr. Albrecht.", "Bello likes her.", ""),
    ],
)  # fmt: skip
def test_a_slip_is_put_right_by_the_value_of_its_sort(before: str, words: str, right: str) -> None:
    assert righted(before, words) == right


@pytest.mark.parametrize(
    ("note", "words", "over"),
    [
        ("I smoke a pipe in the evening.", "I've packed in the pipe.", True),
        ("I take iron pills.", "The doctor took me off the iron pills.", True),
        ("I drive a rusty Volvo.", "The Volvo's been towed away.", True),
        ("We rent an attic flat in Ghent.", "Guess what, we've moved to Bruges!", True),
        ("I work at the harbour office.", "I lost my keys at the harbour office.", False),
        ("I always have porridge.", "I finished my porridge.", False),
        ("We rent an attic flat in Ghent.", "We moved the sofa in our attic flat.", False),
        ("I keep bees in the orchard.", "I sold honey at the market.", False),
    ],
)
def test_a_note_is_over_where_a_clause_ends_what_it_is_about(note: str, words: str, over: bool) -> None:
    assert bool(ended([note], words)) is over


def test_one_value_changes_places_with_another() -> None:
    words = "I don't row on Mondays any more, I've changed to Fridays."
    assert exchanged("I row on Mondays and Thursdays.", words) == "I row on Fridays and Thursdays."
    assert exchanged("I row on Thursdays.", words) == ""


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_words_can_be_read(before: str, words: str) -> None:
    righted(before, words)
    exchanged(before, words)
    assert ended([before], words) in ([], [0])


async def test_a_slip_and_what_is_over_are_no_longer_known(repository: Repository) -> None:
    assert await noted(
        repository,
        "My vet is Dr. Albrecht.",
        "Silly me, it's Dr. Aubrecht.",
        "I smoke a pipe in the evening.",
        "I've packed in the pipe.",
    ) == ["I've packed in the pipe.", "My vet is Dr. Aubrecht."]


async def test_the_brief_tells_what_still_holds_in_the_users_words_the_newest_last(
    repository: Repository,
) -> None:
    turns = ("Nettles bring me out in blisters.", "I smoke a pipe.", "My aunt is called Odile.")
    await noted(repository, *turns)
    known = (await brief(repository, ANNA, NOON + timedelta(hours=1))).known.splitlines()
    assert known == [
        "You have known the user since November 2026.",
        *(f'22 November: "{words}"' for words in turns),
    ]


async def test_the_brief_tells_nothing_that_is_over(repository: Repository) -> None:
    await noted(repository, "I smoke a pipe.", "I've packed in the pipe.")
    assert "smoke" not in (await brief(repository, ANNA, NOON + timedelta(hours=1))).known


async def test_a_question_ends_nothing(repository: Repository) -> None:
    home = "I live in Norwich now, in a small house."
    assert home in await noted(repository, home, "And where did I rent rooms before I moved?")
