"""The splitter: nothing lost, nothing said twice, and cuts where a reader would breathe."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from omni_agent.speech.wording.clauses import Clause, ClauseSplitter

PIECES = [
    "Hello", "Dr.", "Smith", "e.g.", "3.5", "12:30", ",", ". ", "! ", "? ", "; ", ": ", " ",
    "\n", "…", "... ", "1. ", "am 3. Mai", "。", "、", "今日は", "天気", "「", "」",
    "https://a.io/b.c?d=e", '"', "**", "`", "—", " - ", "a.m.", "U.S.", "x", "word", "é", "\u0301",
    "is", " because ", "\U0001f469\u200d\U0001f469\u200d\U0001f467", "ü", "\r\n", "\xa0", "ที่", "²",
]  # fmt: skip
LIKE_A_REPLY = st.lists(
    st.sampled_from(PIECES),
    max_size=60,
).map("".join)
TEXTS = st.one_of(st.text(max_size=300), LIKE_A_REPLY, st.text("ab .,", max_size=800))


def split(deltas: list[str], language: str = "") -> list[Clause]:
    splitter = ClauseSplitter()
    splitter.language = language
    clauses = [clause for delta in deltas for clause in splitter.feed(delta)]
    return clauses + splitter.finish()


def texts(reply: str, language: str = "") -> list[str]:
    return [clause.text for clause in split([reply], language)]


@given(TEXTS, st.sampled_from(["", "en"]), st.booleans())
@example("a" * 1000, "", True)
@example("漢" * 500, "", True)
@example("e\u0301" * 400, "", True)
def test_every_character_is_in_exactly_one_clause(reply: str, language: str, whole: bool) -> None:
    clauses = split([reply] if whole else list(reply), language)
    place = 0
    for clause in clauses:
        assert clause.start >= place
        assert not reply[place : clause.start].strip()
        assert reply[clause.start : clause.end] == clause.text == clause.text.strip() != ""
        assert len(clause.text) <= 220
        place = clause.end
    assert not reply[place:].strip()


@given(TEXTS, st.lists(st.integers(1, 7), max_size=400))
def test_cuts_do_not_depend_on_the_deltas(reply: str, sizes: list[int]) -> None:
    deltas, place = [], 0
    for size in sizes:
        deltas.append(reply[place : place + size])
        place += size
    deltas.append(reply[place:])
    assert split(deltas) == split([reply]) == split(list(reply))


@pytest.mark.parametrize(
    ("reply", "clauses"),
    [
        (
            "Dr. Smith lives at No. 5 Elm St. Louis road. He is in.",
            ["Dr. Smith lives at No. 5 Elm St. Louis road.", "He is in."],
        ),
        ("It weighs 3.5 kilos. That is a lot.", ["It weighs 3.5 kilos.", "That is a lot."]),
        ("We meet at 12:30 sharp. Do come early.", ["We meet at 12:30 sharp.", "Do come early."]),
        (
            "Fruit e.g. apples and pears. Nothing else here.",
            ["Fruit e.g. apples and pears.", "Nothing else here."],
        ),
        (
            "A book by J. R. R. Tolkien is here. I read it twice.",
            ["A book by J. R. R. Tolkien is here.", "I read it twice."],
        ),
        (
            "See https://a.example/x.html?y=1.2 now. Then go on reading.",
            ["See https://a.example/x.html?y=1.2 now.", "Then go on reading."],
        ),
        ("It opens at 5 p.m. The doors are green.", ["It opens at 5 p.m.", "The doors are green."]),
        (
            "Am 3. Mai kommt der 2. Zug an. Danach ist Schluss.",
            ["Am 3. Mai kommt der 2. Zug an.", "Danach ist Schluss."],
        ),
        ("We are, z. B. Äpfel essend, glad.", ["We are, z. B. Äpfel essend,", "glad."]),
        ("1. Take the red pill\n2. Take the blue pill", ["1. Take the red pill", "2. Take the blue pill"]),
        (
            "今日はいい天気ですね。明日は雨が降るそうです！傘を持って行ってください。",
            ["今日はいい天気ですね。", "明日は雨が降るそうです！", "傘を持って行ってください。"],
        ),
        (
            "「本当に行くのですか。」と彼は言った。そうです。",
            ["「本当に行くのですか。」", "と彼は言った。", "そうです。"],
        ),
        ("明天下午会下雨，记得带雨伞。再见了朋友。", ["明天下午会下雨，", "记得带雨伞。", "再见了朋友。"]),
        ('He said "stop right there." Then he left.', ['He said "stop right there."', "Then he left."]),
        ("यह बहुत अच्छा है। फिर मिलेंगे दोस्त।", ["यह बहुत अच्छा है।", "फिर मिलेंगे दोस्त।"]),
    ],
)
def test_where_sentences_end(reply: str, clauses: list[str]) -> None:
    assert texts(reply) == clauses


def test_the_first_clause_comes_early_and_later_ones_are_whole() -> None:
    reply = (
        "Certainly, the weather will be fine today, with some sun, some clouds and hardly any wind. Enjoy it."
    )
    assert texts(reply)[0] == "Certainly, the weather will be fine today,"
    assert texts("That is a long enough start. " + reply)[1] == reply.removesuffix(" Enjoy it.")


def test_a_long_opening_without_a_mark_is_cut_between_words() -> None:
    reply = "so the thing that everybody keeps on asking me about again and again is whether it works"
    first = texts(reply)[0]
    assert 40 <= len(first) <= 70
    assert reply[len(first)] == " "


@pytest.mark.parametrize(
    ("language", "reply", "wanted"),
    [
        ("en", "The capital of Portugal is Lisbon.", ["The capital of Portugal", "is Lisbon."]),
        ("en-GB", "A penguin cannot fly but swims well.", ["A penguin cannot fly", "but swims well."]),
        ("de", "Der Zug nach Hamburg ist um zehn da.", ["Der Zug nach Hamburg", "ist um zehn da."]),
        ("fr", "La mer du Nord est froide.", ["La mer du Nord", "est froide."]),
        ("", "The capital of Portugal is Lisbon.", ["The capital of Portugal is Lisbon."]),
        # Too little to speak alone, and no part that ends with a joint.
        ("en", "It is cold.", ["It is cold."]),
        ("en", "Nobody could have been in there.", ["Nobody could have been", "in there."]),
    ],
)
def test_an_opening_ends_before_the_next_part_of_its_sentence(
    language: str, reply: str, wanted: list[str]
) -> None:
    assert texts(reply, language) == wanted


def test_what_follows_a_short_opening_is_longer_and_the_next_sentence_is_whole() -> None:
    reply = (
        "The old museum is open until five in the afternoon from Monday to Friday. "
        "It is closed on Sunday and on Monday, because of the works in the hall."
    )
    assert texts(reply, "en") == [
        "The old museum", "is open until five in the afternoon", "from Monday to Friday.",
        "It is closed on Sunday and on Monday, because of the works in the hall.",
    ]  # fmt: skip


def test_an_opening_is_given_once_the_joint_is_known() -> None:
    splitter = ClauseSplitter()
    splitter.language = "en"
    assert splitter.feed("The capital of Portugal") == []
    assert splitter.feed(" is") == [Clause("The capital of Portugal", 0, 23)]


def test_a_short_exclamation_waits_for_company() -> None:
    assert texts("Yes! I will do that now.") == ["Yes! I will do that now."]


def test_an_ellipsis_ends_no_later_sentence() -> None:
    assert texts("This is the start of it. Well... I do think so.")[1] == "Well... I do think so."


def test_a_long_sentence_is_cut_at_a_comma() -> None:
    reply = "We begin here. " + "this goes on for quite a while, " * 12 + "and ends."
    assert all(clause.endswith((",", ".")) for clause in texts(reply))


def test_a_clause_is_given_as_soon_as_it_is_certain() -> None:
    splitter = ClauseSplitter()
    assert splitter.feed("It is raining today.") == []
    assert splitter.feed(" T") == [Clause("It is raining today.", 0, 20, whole=True)]
    assert splitter.feed("ake an umbrella\n") == [Clause("Take an umbrella", 21, 37, whole=True)]
    assert splitter.finish() == []
