"""A question leads to the facts that answer it, in whatever words and language they were told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omni_memory.recall import lexicon
from omni_memory.recall.topics import topics


def asked(question: str) -> set[str]:
    plain = lexicon.folded(question)
    found = topics(plain, lexicon.language_of(lexicon.words_of(plain)))
    return {predicate for topic in found for predicate in topic.predicates}


@pytest.mark.parametrize(
    ("question", "predicate"),
    [
        ("What's my profession?", "job"),
        ("What do I do for a living?", "job"),
        ("Which city is my home?", "lives_in"),
        ("Where do I come from originally?", "comes_from"),
        ("What are my kids called?", "daughter"),
        ("Who am I married to?", "husband"),
        ("Do you know my last name?", "surname"),
        ("What is my surname?", "name"),
        ("What's my sister's name?", "sister"),
        ("Which pet do I have?", "dog"),
        ("Was ist mein Beruf und wo ist er?", "job"),
        ("Wie heißt meine Schwester?", "sister"),
        ("Wo wohne ich?", "lives_in"),
        ("Quel est mon métier ?", "job"),
        ("Où est-ce que j'habite ?", "lives_in"),
        ("¿Cuál es mi profesión?", "job"),
        ("¿Cómo se llama mi hermana?", "sister"),
        ("Qual è il mio lavoro?", "job"),
        ("Onde é que eu moro?", "lives_in"),
        ("私の仕事は何ですか", "job"),
        ("我住在哪里", "lives_in"),
        ("我的姐姐叫什么名字", "sister"),
    ],
)
def test_a_question_is_about(question: str, predicate: str) -> None:
    assert predicate in asked(question)


@pytest.mark.parametrize("question", ["Where did I leave the key?", "What a day!", "我昨天去了哪里"])
def test_a_question_is_about_nothing_known(question: str) -> None:
    assert asked(question) == set()


@given(st.text(max_size=80), st.sampled_from([*lexicon.LANGUAGES, "ja", "zh"]))
def test_any_text_has_topics_or_none(text: str, language: str) -> None:
    for topic in topics(lexicon.folded(text), language):
        assert topic.predicates | topic.perhaps
