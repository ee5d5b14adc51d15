"""What a voice is given to read."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from omni_agent.speech.wording.normalise import spoken

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "hi", "ja", "zh", "ru", "xx", "")
MARKUP = set("*_#`|~<>[]{}\\^")
PIECES = [
    "1", "2", "10", "0", "007", "3.5", "1,234.50", "1.234,50", "12:30", "25:99", "2026-03-05",
    "2026-13-45", "31/02/2026", "$", "€", "%", "km/h", "°C", "-", "–", "/", " ", ".", ",", "am ",
    "der ", "May ", "Mai ", "March ", "pm", "h", "½", "²", "٣", "１２", "#", "**", "[a](b)", "<b>",
    "```", "https://x.io/y", "a@b.co", "+1 555-123-4567", "1st", "2º", "3e", "é", "1 234 567",
    "99999999999999999999", "1.2.3.4", "No. ", "Dr. ", "'90s", "1990s", "年", "个", "万", "\n", "x",
    "😀", "1/2", "2 1/2", "s", "&amp;", "�",
]  # fmt: skip
FIGURES = st.lists(
    st.sampled_from(PIECES),
    max_size=25,
).map("".join)


# No deadline: the first example loads the tables.
@settings(deadline=None)
@given(st.one_of(st.text(max_size=200), FIGURES), st.sampled_from(LANGUAGES))
@example("1" * 5000, "en")
@example("9999999999999999832227841L", "en")
@example("9" * 400 + " km, " + "9" * 400 + " €", "de")
@example("\u0661\u0662:\u0663\u0660", "hi")
def test_any_text_becomes_words_on_one_line(text: str, language: str) -> None:
    said = spoken(text, language)
    assert not MARKUP & set(said)
    assert "\n" not in said
    assert said == said.strip()
    if language in ("en", "de", "fr", "es", "it", "pt", "hi", "zh"):
        assert not re.search(r"\d", said)


# No deadline: the first example loads the tables.
@settings(deadline=None)
@given(st.lists(st.from_regex(r"[a-zäöüéñ]{2,9}", fullmatch=True), min_size=1), st.sampled_from(LANGUAGES))
def test_plain_words_stay_as_they_are(words: list[str], language: str) -> None:
    text = " ".join(words) + "!"
    assert spoken(text, language) == text


TABLE: dict[str, list[tuple[str, str]]] = {
    "en": [
        ("# A **bold** [link](https://x.io) and `code` 😀", "A bold link and code"),
        ("- one\n- two", "one, two"),
        ("| a | b |\n|---|---|\n| c | d |", "a, b, c, d"),
        ("```python\nx = y\n```", "x equals y,"),
        ("It is 3.5 km at 12:30.", "It is three point five kilometers at twelve thirty."),
        ("At 7 pm, 7:05 a.m. and 15:00", "At seven PM, seven oh five AM and three PM"),
        ("on 2026-03-05", "on March fifth, twenty twenty-six"),
        ("March 3 and the 21st of May, 1984",
         "March third and the twenty-first of May, nineteen eighty-four"),
        ("$1,234.50, £2.50 and $3 million",
         "one thousand two hundred thirty-four dollars and fifty cents, "
         "two pounds and fifty and three million dollars"),
        ("20% of 1,000", "twenty percent of one thousand"),
        ("100 km/h, 250 ml, -5 °C, 1 min", "one hundred kilometers per hour, two hundred fifty milliliters, "
         "minus five degrees Celsius, one minute"),
        ("1/2, 3/4 and 2 1/2 or ½", "one half, three quarters and two and a half or one half"),
        ("5-10 people, pages 3–5", "five to ten people, pages three to five"),
        ("Call +1 555-123-4567", "Call plus one, five five five, one two three, four five six seven"),
        ("Dr. Smith, e.g. at No. 5", "Doctor Smith, for example at number five"),
        ("see https://www.example.com/docs?x=1.", "see example dot com slash docs."),
        ("mail joe.b@example.org", "mail joe dot b at example dot org"),
        ("the 1990s and the '80s", "the nineteen nineties and the eighties"),
        ("3 + 4 = 7", "three plus four equals seven"),
        ("version 1.2.3", "version one dot two dot three"),
    ],
    "de": [
        ("Am 3. Mai um 12:30 Uhr", "Am dritten Mai um zwölf Uhr dreißig"),
        ("3,50 €, z. B. 20 % mehr", "drei Euro fünfzig, zum Beispiel zwanzig Prozent mehr"),
        ("1.234.567 und 3,14 und 3.5",
         "eine Million zweihundertvierunddreißigtausendfünfhundertsiebenundsechzig und "
         "drei Komma eins vier und drei Komma fünf"),
        ("im 19. Jahrhundert, 1984", "im neunzehnten Jahrhundert, neunzehnhundertvierundachtzig"),
        ("5–10 kg, -5 °C", "fünf bis zehn Kilogramm, minus fünf Grad Celsius"),
        ("1 Stunde, 1 Hund, 3/4", "eine Stunde, ein Hund, drei viertel"),
        ("am 05.03.2026", "am fünften März zweitausendsechsundzwanzig"),
    ],
    "fr": [
        ("Le 1er mars à 19h30", "Le premier mars à dix-neuf heures trente"),
        ("3,50 € soit 20 %", "trois euros cinquante soit vingt pour cent"),
        ("1 234 567 et 3,14",
         "un million deux cent trente-quatre mille cinq cent soixante-sept et trois virgule quatorze"),
        ("1 h, 25 °C, 2/3, la 2e", "une heure, vingt-cinq degrés Celsius, deux tiers, la deuxième"),
        ("Mme Dupont", "Madame Dupont"),
    ],
    "es": [
        ("a las 19:30 cuesta 3,50 €", "a las diecinueve y treinta cuesta tres euros con cincuenta"),
        ("el 05/03/2026", "el cinco de marzo de dos mil veintiséis"),
        ("21 kg, 21 personas, 1.º", "veintiún kilogramos, veintiuna personas, primero"),
        ("20 % de 3,14", "veinte por ciento de tres coma catorce"),
    ],
    "it": [
        ("alle 19:30 costa 3,50 €", "alle diciannove e trenta costa tre euro e cinquanta"),
        ("il 20% di 1.234", "il venti per cento di milleduecentotrentaquattro"),
        ("Sig. Rossi, 25 °C", "signor Rossi, venticinque gradi Celsius"),
    ],
    "pt": [
        ("às 19:30 custa R$ 3,50", "às dezenove e trinta custa três reais e cinquenta"),
        ("2 horas, 2 pessoas, 20%", "duas horas, duas pessoas, vinte por cento"),
        ("o Sr. Silva, 05/03/2026", "o senhor Silva, cinco de março de dois mil e vinte e seis"),
    ],
    "hi": [("20% छूट", "बीस प्रतिशत छूट"), ("१२ लोग", "बारह लोग")],
    "zh": [
        ("2026年3月5日12:30，20%", "二零二六年三月五日十二点三十分，百分之二十"),
        ("3.5公里，5-10人", "三点五公里，五到十人"),
    ],
    "ja": [("会議は12:30、**20%**です😀", "会議は12時30分、20%です")],
    "ru": [("Привет **мир** 😀", "Привет мир")],
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text", "said"), [(code, *row) for code, rows in TABLE.items() for row in rows]
)
def test_as_it_is_said(language: str, text: str, said: str) -> None:
    assert spoken(text, language) == said


def test_a_region_changes_nothing() -> None:
    assert spoken("20%", "pt-BR") == spoken("20%", "pt_PT") == spoken("20%", "PT")
