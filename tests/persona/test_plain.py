"""What is spoken is plain: no markup, no lists, no pictures, however it arrives."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_agent.persona import PlainText, plainly

KEPT = set(map(chr, range(0x3000, 0x3400)))
MARKUP = re.compile(r"`|\*\*|~~|__|\n|^#{1,6}\s|^[-*+•]\s|^>\s")
PIECES = st.lists(
    st.sampled_from([
        "# ", "## Title", "- ", "* ", "1. ", "2. ", "3) ", "> ", "**bold**", "*it*", "`code`", "```py\n",
        "```\n", "---\n", "| a | b |\n", "|---|---|\n", "[link](https://x.io/a_b)", "[1]", "![alt](u)",
        "<b>", "</b>", "<", "😀", "👨‍👩‍👧", "1️⃣", "word", "Wort", "天気", "です。", "、", " ", "  ", "\n",
        "\n\n", ".", ",", ":", "!", "snake_case", "5 * 3", "&amp;", "https://x.io", "[", "]", "(", ")",
        "_", "*", "\t", "\r\n", "é", "- [x] ", "•", "~",
    ]),
    max_size=30,
).map("".join)  # fmt: skip
TEXTS = st.one_of(PIECES, st.text(max_size=120))


@given(TEXTS, st.lists(st.integers(0, 500), max_size=20))
def test_it_does_not_matter_how_the_words_arrive(text: str, cuts: list[int]) -> None:
    plain, out, start = PlainText(), "", 0
    for end in [*sorted(c % (len(text) + 1) for c in cuts), len(text)]:
        out += plain.feed(text[start:end])
        start = end
    assert out + plain.finish() == plainly(text)


@given(TEXTS)
def test_nothing_is_left_of_markup_and_pictures(text: str) -> None:
    said = plainly(text)
    assert not MARKUP.search(said)
    assert said == said.strip()
    assert "  " not in said
    assert not any(
        unicodedata.category(c) == "So" and ord(c) >= 0x2190 and not 0x3000 <= ord(c) <= 0x33FF for c in said
    )


@given(st.lists(st.from_regex(r"[a-zäöé]{1,9}", fullmatch=True), min_size=1, max_size=30))
def test_plain_words_stay_as_they_are(given_words: list[str]) -> None:
    text = " ".join(given_words) + "!"
    assert plainly(text) == text


@settings(max_examples=40)
@given(TEXTS)
def test_little_is_held_back(text: str) -> None:
    plain, given_out = PlainText(), 0
    whole = plainly(text)
    for count, char in enumerate(text, 1):
        given_out += len(plain.feed(char))
        assert len(plainly(text[:count])) - given_out <= 320
    assert given_out + len(plain.finish()) == len(whole)


def test_words_leave_when_they_are_whole_and_the_space_before_the_next() -> None:
    plain = PlainText()
    assert [plain.feed(piece) for piece in ("Hel", "lo", ",", " th", "ere", ".")] == [
        "",
        "",
        "",
        "Hello, ",
        "",
        "",
    ]
    assert plain.finish() == "there."


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("# Fruit\n\nThree **good** ones:\n\n1. Apples\n2. Pears\n3. *Plums*\n\nEnjoy! 😀",
         "Fruit. Three good ones: Apples, Pears, Plums. Enjoy!"),
        ("- one\n- two\n- three", "one, two, three."),
        ("Buy\n* milk\n* eggs", "Buy: milk, eggs."),
        ("1. Take the big bowl and fill it now\n2. Stir", "Take the big bowl and fill it now. Stir."),
        ("Sure:\n```python\ndef f(a):\n    return a + b\n```\nDone.", "Sure: def f(a): return a + b. Done."),
        ("| A | B |\n|---|---|\n| 1 | **2** |\n\nSo it is.", "A, B. 1, 2. So it is."),
        ("City | People\n--- | ---\nRome | many", "City, People. Rome, many."),
        ("See [the docs](https://x.io/a_b), or <https://y.io>.", "See the docs, or https://y.io."),
        ("![a cat](cat.png) sits[1] here", "a cat sits here."),
        ("<b>Bold</b> and `code` and ~~old~~", "Bold and code and old."),
        ('She said **"Yes"** and (*maybe*) "no"', 'She said "Yes" and (maybe) "no".'),
        ("> quoted\n> words", "quoted words."),
        ("Hello 😀! Fine 👨‍👩‍👧 day ☀️.", "Hello! Fine day."),
        ("a snake_case name, 5 * 3 = 15", "a snake_case name, 5 * 3 = 15."),
        ("3. Mai ist heute.", "3. Mai ist heute."),
        ("- [x] done\n- [ ] open", "done, open."),
        ("One line.\nAnother line.", "One line. Another line."),
        ("果物：\n- りんご\n- **みかん**\n\nです", "果物：りんご、みかん。です。"),
        ("नमस्ते", "नमस्ते।"),
        ("Bonjour !\n---\nÇa va ?", "Bonjour ! Ça va ?"),
        ("42", "42."),
        ("", ""), ("\n\n", ""), ("- ", ""), ("**", ""), ("```\n```", ""), ("🎉", ""),
    ],
)  # fmt: skip
def test_markup_becomes_sentences(written: str, said: str) -> None:
    assert plainly(written) == said
