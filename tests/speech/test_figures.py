"""Numbers that the ears wrote in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.speech.hearing.figures import figures


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("What is 300 and 80 minus 34?", "What is 380 minus 34?"),
        ("how much is 700 and 4 divided by 16", "how much is 704 divided by 16"),
        ("How much is 500, 4 divided by 14?", "How much is 504 divided by 14?"),
        ("I paid 2,000 and 50 for it", "I paid 2050 for it"),
        ("1000 and 200", "1200"),
        ("what is 25% of 900%", "what is 25% of 900"),
        ("50 % of 1,280%?", "50 % of 1,280?"),
    ],
)
def test_a_number_in_pieces_becomes_whole(heard: str, meant: str) -> None:
    assert figures(heard) == meant


@pytest.mark.parametrize(
    "heard",
    [
        "add 300 and 80",
        "what's the sum of 300 and 80?",
        "between 300 and 80",
        "I have 200, 50 of them red",
        "rooms 100, 200 and 12",
        "300 and 400",
        "300 and 80th",
        "20 and 5",
        "at 300 and 8:15",
        "100% of 20 and 30%",
        "1300 and 450",
        "25% of that",
    ],
)
def test_several_numbers_stay_several(heard: str) -> None:
    assert figures(heard) == heard


@given(st.text(alphabet="0123456789,.% andoftimes", max_size=60))
def test_it_ends_and_changes_nothing_twice(heard: str) -> None:
    once = figures(heard)
    assert len(once) <= len(heard)
    assert figures(once).count("%") <= once.count("%")
