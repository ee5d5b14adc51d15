"""What words give away about the end of a turn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.speech.turn_end.unfinished import Hold, held_open

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "ja", "zh")

TRAILING = {
    "en": """I'd like a|So I was thinking|and|because|Remind me to|Send a message to Anna and|the|What about
        |Can you|I want|My name is|Turn the light on in the|Hello, could you|Find me a flight from Berlin to
        |I need to|Well, I|I was thinking...|Tell me about the history of|She said that it's|Let me think
        |I need it for|Could you play the|Give me|If it rains and|Hold on|I'd like my
        |Could you tell me|I have to buy|Check whether the museum|Write a mail to him about
        |When does it leave for|If it rains tomorrow""",
    "de": "Ich hätte gern einen|und|weil|Erinnere mich an den|Ich möchte|Kannst du|Es ist für|Moment",
    "fr": "Je voudrais réserver une table pour|et|parce que|Est-ce que tu peux|Un message à|Si tu viens",
    "es": "Quiero una mesa para|y|porque|Me gustaría|Un billete de Madrid a la|Puedes",
    "it": "Vorrei un tavolo per|e|perché|Un biglietto da Roma a|Vorrei|Puoi",
    "pt": "Quero marcar uma reunião com|e|porque|Eu gostaria de|Uma viagem para o|Você pode me dizer",
    "ja": "明日の天気を|だから|東京に|もし",
    "zh": "我想|因为|请帮我|北京和",
}
FILLERS = {
    "en": "um|uh|I need a, um|Hmm",
    "de": "äh|Ich brauche, ähm",
    "fr": "euh|Je voudrais, euh",
    "es": "eh|Quiero, pues",
    "it": "ehm|Vorrei, ehm",
    "pt": "hum",
    "ja": "えーと",
    "zh": "嗯",
}
WHOLE = {
    "en": "Yes|no thanks|Stop|Yes, please|Um, yes|No, thank you|Never mind|I don't know|That's all, thanks",
    "de": "Ja|Nein danke|Stopp|Ja, bitte|Vielen Dank",
    "fr": "Oui|Non merci|Arrête|D'accord",
    "es": "Sí|No, gracias|Para|Vale",
    "it": "Sì|No grazie|Basta|Va bene",
    "pt": "Sim|Não, obrigado|Pare",
    "ja": "はい|こんにちは|やめて",
    "zh": "是的|不用了|停",
}
OPEN_TO_EITHER = {
    "en": """What time is it?|Turn the living room lights off|Turn on the radio|What are you looking for?
        |Where are you from|I know what it is|Do you know where the station is|Play jazz|Can you turn it on
        |The meeting is on Thursday|It costs 350|Wake me at 7|Call 911|Set a timer for twelve minutes|in 2024
        |What's the weather like?|Yes, as soon as you can|I don't want to|Who are you talking to
        |Book a table for four people|It's 7:30|Log in
        |If it rains tomorrow, wake me up|Can't wait|How about you|Tell me what you're thinking about""",
    "de": "Mach das Licht aus|Wie spät ist es?|Ich will das|Schalte die Heizung an|Wo ist der Bahnhof",
    "fr": "Quelle heure est-il?|Allume la lumière|Fais-le|Tu viens demain",
    "es": "¿Qué hora es?|¿Cómo está?|Apaga las luces del salón|Quiero este",
    "it": "Che ore sono?|Spegni la luce|Mi piace molto",
    "pt": "Que horas são?|Aumenta o volume|Gosto muito",
    "ja": "今何時ですか|電気を消してください",
    "zh": "现在几点|他不在|打开灯",
}
DICTATED = {
    Hold.NUMBER: """My number is zero one seven|My phone number is 017|My phone number is 0-1-7, 5-5-2
        |it's five five five|It's 555|zero one seven|The code is 47|The code is four seven|my PIN is 4 2
        |Set a timer for 12|Set a timer for twelve|Remind me in ten|You can reach me at 555|three point
        |My card number is 4012 8888""",
    Hold.SPELLING: "A L P|My name is A-L-P|The name is spelled S C H|It's spelled SCH|It's spelled|K.O.W",
    Hold.ADDRESS: """john at gmail|john@gmail|my email is john|My email address is john dot miller
        |Send it to maria underscore lopez|john dot|My address is 14|I live at twenty four|in the street 14
        |I live at 24 Garden Road|My email is john at example dot""",
}
DICTATED_WHOLE = """My phone number is 0175529146
    |My phone number is zero one seven five five two nine one four six
    |john at gmail dot com|john@gmail.com|My email address is john.miller@gmail.com|The code is 472291
    |My PIN is 4 2 7 1|My name is Miller, M-I-L-L-E-R|You can reach me at 555 2389|I live in the USA
    |My email is anna at example dot com|You can write to office at example.org
    |My phone number is 555-238-9041"""


def cases(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(language, words.strip()) for language, texts in table.items() for words in texts.split("|")]


@pytest.mark.parametrize(("language", "words"), cases(TRAILING))
def test_trailing_off_is_held_open(language: str, words: str) -> None:
    assert held_open(words, language) is Hold.TRAILING


@pytest.mark.parametrize(("language", "words"), cases(FILLERS))
def test_a_filler_is_held_open(language: str, words: str) -> None:
    assert held_open(words, language) in {Hold.FILLER, Hold.TRAILING}


@pytest.mark.parametrize(("language", "words"), cases(WHOLE))
def test_a_short_answer_is_complete(language: str, words: str) -> None:
    assert held_open(words, language) is Hold.COMPLETE


@pytest.mark.parametrize(("language", "words"), cases(OPEN_TO_EITHER))
def test_an_ordinary_sentence_is_not_held(language: str, words: str) -> None:
    assert held_open(words, language) is Hold.NONE


@pytest.mark.parametrize(
    ("hold", "words"),
    [(hold, words.strip()) for hold, texts in DICTATED.items() for words in texts.split("|")],
)
def test_dictation_is_held_open_while_it_is_incomplete(hold: Hold, words: str) -> None:
    assert held_open(words, "en") is hold
    assert hold.dictating


@pytest.mark.parametrize("words", [words.strip() for words in DICTATED_WHOLE.split("|")])
def test_dictation_that_is_whole_is_not_held(words: str) -> None:
    assert held_open(words, "en") is Hold.NONE


@pytest.mark.parametrize(
    ("language", "words", "hold"),
    [
        ("de", "Meine Telefonnummer ist 0170", Hold.NUMBER),
        ("de", "Meine Telefonnummer ist null eins sieben", Hold.NUMBER),
        ("de", "Ich wohne in der Hauptstraße 14", Hold.ADDRESS),
        ("de", "Stell einen Timer auf zehn", Hold.NUMBER),
        ("fr", "Mon numéro de téléphone est le 06 12", Hold.NUMBER),
        ("fr", "Mon adresse mail est jean arobase", Hold.ADDRESS),
        ("es", "Mi teléfono es seis cinco cuatro", Hold.NUMBER),
        ("it", "La mia email è mario chiocciola gmail", Hold.ADDRESS),
        ("pt", "Meu telefone é 21 98", Hold.NUMBER),
        ("ja", "090", Hold.NUMBER),
        ("xx", "0 1 7", Hold.NUMBER),
        ("xx", "bla bla...", Hold.TRAILING),
    ],
)
def test_other_languages_dictate_too(language: str, words: str, hold: Hold) -> None:
    assert held_open(words, language) is hold


@pytest.mark.parametrize("table", [TRAILING, FILLERS, WHOLE, OPEN_TO_EITHER])
def test_a_full_stop_proves_nothing(table: dict[str, str]) -> None:
    for language, words in cases(table):
        if words[-1].isalnum():
            assert held_open(f"{words}.", language) is held_open(words, language), words


@given(st.text(max_size=60), st.sampled_from((*LANGUAGES, "", "sw", "EN-gb")))
def test_any_text_gets_an_answer_and_a_full_stop_changes_none(words: str, language: str) -> None:
    hold = held_open(words, language)
    assert not (hold.dictating and not hold.open)
    if words and words[-1].isalpha():
        assert held_open(f"{words}.", language) is hold


@given(st.text(alphabet="0123456789", min_size=1, max_size=16))
def test_a_telephone_number_is_held_until_it_has_its_figures(figures: str) -> None:
    figures = f"0{figures}"
    grouped = held_open(f"My phone number is {' '.join(figures)}.", "en")
    joined = held_open(f"My phone number is {figures}", "en")
    if figures in {"000"}:
        return
    assert grouped is joined is (Hold.NUMBER if len(figures) < 10 else Hold.NONE)


@given(st.text(alphabet=".,!?- \n", max_size=8), st.sampled_from(LANGUAGES))
def test_signs_alone_say_nothing(signs: str, language: str) -> None:
    assert held_open(signs, language) is Hold.NONE


def test_the_region_of_a_language_is_ignored() -> None:
    assert held_open("and", "en-GB") is Hold.TRAILING
