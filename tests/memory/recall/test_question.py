"""A question is read by rule: what to look for, whose words, which time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omni_memory.recall.question import MOST_TERMS, read

from omni_agent.memory import Scope

SCOPE = Scope("Ada", "Omni")
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def words(query: str) -> set[str]:
    return {term.words[0] for term in read(query, SCOPE, NOW).terms}


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("Where did I leave the blue key?", {"leave", "blue", "key"}),
        ("do you remember what I said about Clara's wedding?", {"clara", "wedding"}),
        ("Ada, what is your favourite tea, Omni?", {"favourite", "tea"}),
        ("What did I buy last Tuesday?", {"buy"}),
        ("Wo habe ich gestern den Schlüssel gelassen?", {"schlussel", "gelassen"}),
        ("où est-ce que j'ai mis les clés ?", {"mis", "cles"}),
        ("the war, the war", {"war"}),
    ],
)
def test_what_is_looked_for(query: str, wanted: set[str]) -> None:
    assert words(query) == wanted


@pytest.mark.parametrize(
    ("query", "speaker"),
    [
        ("what is my dentist called?", "user"),
        ("can you tell me my address?", "user"),
        ("what did you tell me about the trip?", "agent"),
        ("what's your favourite tea?", "agent"),
        ("what did Omni think of the film?", "agent"),
        ("which film did Ada like?", "user"),
        ("who won the cup?", ""),
        ("wie heißt mein Hund?", "user"),
        ("was hast du mir empfohlen?", "agent"),
        ("我的牙医是谁？", "user"),
    ],
)
def test_whose_words_are_asked_for(query: str, speaker: str) -> None:
    assert read(query, SCOPE, NOW).speaker == speaker


@pytest.mark.parametrize(
    "query",
    [
        "where did I live before?",
        "where did I use to work?",
        "who was my boss in 2019?",
        "wo habe ich früher gewohnt?",
    ],
)
def test_the_past_is_asked_for(query: str) -> None:
    assert read(query, SCOPE, NOW).past


@pytest.mark.parametrize("query", ["where do I live?", "who is my boss?", "what do I like?", "wo wohne ich?"])
def test_the_present_is_asked_for(query: str) -> None:
    assert not read(query, SCOPE, NOW).past


def test_a_time_and_a_number_are_asked_for() -> None:
    assert read("when did we meet?", SCOPE, NOW).dated
    assert read("how many cats has Eva?", SCOPE, NOW).amount
    plain = read("which cats has Eva?", SCOPE, NOW)
    assert not plain.dated
    assert not plain.amount


@given(st.text(max_size=200))
def test_any_text_can_be_read(query: str) -> None:
    question = read(query, SCOPE, NOW)
    assert len(question.terms) <= MOST_TERMS
    assert all(word for term in question.terms for word in term.words)
