"""What of the recollections is worth telling beside what stands before the conversation."""

from __future__ import annotations

import pytest

from omni_agent.memory import Recollection
from omni_agent.nodes.recollecting import FULL, beside
from omni_agent.nodes.unknown import of_own

KNOWN = 'What the user has told you, newest last:\n3 May: "I keep a goose. She\'s called Ottilie."'


def recalled(words: str, score: float) -> Recollection:
    return Recollection(f'On 3 May 2026 the user said: "{words}"', "turn:1/user", score=score)


def test_what_is_known_anyway_is_told_again_only_where_it_meets_most_of_the_question() -> None:
    goose, vague = recalled("I keep a goose.", 0.9), recalled("I keep a goose.", 0.5)
    assert beside(KNOWN, [goose, vague]) == [goose]


def test_what_is_known_anyway_is_told_beside_what_meets_less_of_the_question() -> None:
    goose, old = recalled("I keep a goose.", 0.5), recalled("The neighbours had a goose.", 0.4)
    assert beside(KNOWN, [old, goose]) == [old, goose]


def test_what_meets_little_is_left_out_unless_more_is_known_than_the_background_holds() -> None:
    boat = recalled("The boat leaks.", 0.1)
    assert beside(KNOWN, [boat]) == []
    assert beside("", [boat]) == [boat]
    assert beside(KNOWN + " goose" * 4 * FULL, [boat]) == [boat]


def test_a_store_without_scores_is_taken_at_its_word() -> None:
    boat = recalled("The boat leaks.", 0.0)
    assert beside(KNOWN, [boat]) == [boat]


@pytest.mark.parametrize(
    ("words", "own"),
    [
        ("What's my goose called?", True),
        ("where did i leave the boat", True),
        ("How do geese sleep?", False),
        ("What should I feed my goose?", False),
        ("My goose is called Ottilie.", False),
    ],
)
def test_who_asks_for_his_own_is_answered_from_memory(words: str, own: bool) -> None:
    assert of_own(words) is own
