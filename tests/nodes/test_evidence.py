"""A question about the user himself is answered from the few lines nearest to it, oldest first."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.grounding.meaning import available
from omni_agent.memory import Recollection
from omni_agent.messages import Message, Text
from omni_agent.nodes.evidence import MOST, evidence, leans, lines

NOW = datetime(2026, 10, 11, 12, tzinfo=UTC)
KNOWN = """You have known the user since January 2026.
5 December: "I rent a flat in Bergen, right on the harbour."
2 February: "My brother Olav keeps bees."
2 February: "On Mondays I sing in a choir."
14 May: "I've moved to a house in Tromsø."
The user works as a surveyor."""
needs_vectors = pytest.mark.skipif(not available(), reason="wordllama is not installed")


def shown(question: str, *recalled: Recollection, before: str = "", said: tuple[Message, ...] = ()) -> str:
    return "\n".join(evidence(question, before, lines(recalled, KNOWN, said, NOW), 200))


@needs_vectors
@pytest.mark.parametrize(
    ("question", "answer", "other"),
    [
        ("What does my brother do?", "bees", "choir"),
        ("What do I do on Monday evenings?", "choir", "bees"),
        ("What do I do for work?", "surveyor", "choir"),
    ],
)
def test_only_what_is_near_is_shown(question: str, answer: str, other: str) -> None:
    told = shown(question)
    assert answer in told
    assert other not in told


@needs_vectors
def test_what_is_known_of_somebody_else_answers_nothing_about_the_user_himself() -> None:
    known = f"{KNOWN}\nOlav works as a dentist.".replace("The user works as a surveyor.", "")
    assert evidence("Where do I work these days?", "", lines((), known, (), NOW), 200) == []
    assert evidence("What does my brother work as?", "", lines((), known, (), NOW), 200)


@needs_vectors
def test_the_newest_comes_last_also_across_new_year() -> None:
    told = shown("In which house or flat do I live?")
    assert 0 <= told.index("Bergen") < told.index("Tromsø")


@needs_vectors
def test_what_memory_found_counts_more_and_is_shown_once() -> None:
    at = datetime(2026, 2, 2, tzinfo=UTC)
    found = Recollection(
        'On 2 February 2026 the user said: "My brother Olav keeps bees."', "turn:1/user", at, 0.9
    )
    assert shown("What does my brother do?", found).count("bees") == 1
    assert '2 February 2026: "My brother Olav keeps bees."' in shown("What does my brother do?", found)


@needs_vectors
def test_what_was_said_in_one_breath_is_shown_whole() -> None:
    at = datetime(2026, 2, 14, tzinfo=UTC)
    part = 'On 14 February 2026 the user said: "One glass, and I have a migraine."'
    known = '14 February: "Red wine is out of the question for me. One glass, and I have a migraine."'
    found = lines([Recollection(part, "fact:1", at, 0.6)], f"{KNOWN}\n{known}", (), NOW)
    assert evidence("What gives me a migraine?", "", found, 200) == [known]


@needs_vectors
def test_neither_the_agents_words_nor_what_was_only_asked_is_shown() -> None:
    asked = Recollection('On 3 March 2026 the user said: "What does my brother do?"', "turn:2/user", NOW, 1.0)
    agents = Recollection(
        'On 3 March 2026 you said: "Your brother does the dishes."', "turn:2/agent", NOW, 1.0
    )
    told = shown("What does my brother do?", asked, agents)
    assert "bees" in told
    assert "What does" not in told
    assert "dishes" not in told


@needs_vectors
def test_what_was_said_in_this_conversation_is_shown_too() -> None:
    said = (Message("user", (Text("My brother has sold the bees and bakes bread now."),)),)
    told = shown("What does my brother do?", said=said)
    assert told.endswith('Just now: "My brother has sold the bees and bakes bread now."')


@needs_vectors
def test_a_question_that_leans_on_the_one_before_finds_what_that_asks_for() -> None:
    assert "bees" in shown("And what does he keep there?", before="Where does my brother live?")


def test_what_leans_is_seen() -> None:
    assert leans("And where was that?")
    assert leans("What is her name?")
    assert not leans("What is my name?")


@given(st.text(), st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_nothing_that_is_said_breaks_it(question: str, before: str, known: str, said: list[str]) -> None:
    recalled = [Recollection(text, "turn:1/user") for text in said]
    messages = [Message("user", (Text(text),)) for text in said]
    assert len(evidence(question, before, lines(recalled, known, messages, NOW), 200)) <= MOST
