"""Backchannels, orders to stop, and everything else, as Whisper spells them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.speech.barge_in.backchannels import Said, denies, resembles, said, size, words

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "ja", "zh")

BACKCHANNELS = {
    "en": [
        "Mm-hmm.",
        "Mhm.",
        "Uh huh",
        "Uh-huh.",
        "Hmm.",
        "Hmmmm...",
        "Yeah.",
        "Yeah, yeah.",
        "Okay okay right",
        "I see.",
        "OK!",
        "Got it.",
        "Oh, I see.",
        "That's right.",
        "Sure, sure.",
        "Ha ha ha!",
        "Hahaha.",
        "Right.",
        "Oh, wow.",
        "Ah-ha.",
        "Yeah. Okay. Great.",
    ],
    "de": ["Ja, genau.", "Aha.", "Mhm, ja.", "Alles klar.", "Ach so.", "Ja ja ja."],
    "fr": ["D'accord.", "D’accord, d’accord.", "Ah oui.", "Ouais.", "Bien sûr."],
    "es": ["Vale.", "¡Vale, vale!", "Sí, sí, claro.", "Ajá."],
    "it": ["Sì.", "Va bene.", "Certo, certo.", "Ho capito."],
    "pt": ["Tá bom.", "Sim, sim.", "Pois é.", "Uhum."],
    "ja": ["はい。", "はいはい。", "うん、うん。", "そうですね。", "なるほど。", "うんそうですね", "ハハハ"][
        :6
    ],
    "zh": ["嗯。", "嗯嗯嗯", "好的好的。", "对对对", "是的。", "好，知道了。"],
}
STOPS = {
    "en": [
        "Stop.",
        "STOP!",
        "Wait, wait.",
        "Hold on.",
        "Hang on a second.",
        "Okay, stop.",
        "Stop the music.",
        "Yeah, wait.",
    ],
    "de": ["Stopp!", "Halt.", "Warte mal.", "Ja, Moment mal.", "Hör auf."],
    "fr": ["Arrête.", "Attends.", "Stop !", "Oui, attendez.", "Ça suffit."],
    "es": ["¡Para!", "Espera.", "Vale, basta.", "Un momento."],
    "it": ["Basta!", "Aspetta.", "Fermati.", "Sì, un attimo."],
    "pt": ["Pare.", "Espera aí.", "Chega!", "Peraí."],
    "ja": ["待って。", "ストップ。", "ちょっと待ってください。", "やめてよ。", "はい、待って"],
    "zh": ["停。", "等一下。", "别说了。", "嗯，等等。", "嗯等一下"],
}
OTHERS = {
    "en": [
        "No.",
        "Yeah, but why?",
        "Okay, what about Monday?",
        "Right there.",
        "I see a dog.",
        "Actually...",
        "Of course not.",
    ],
    "de": ["Nein.", "Ja, aber wann?", "Genau das nicht."],
    "fr": ["Non.", "Oui mais non.", "Combien ?"],
    "es": ["No.", "Sí, pero...", "¿Cuánto?"],
    "it": ["No.", "Sì, ma quando?"],
    "pt": ["Não.", "Sim, mas..."],
    "ja": ["いいえ。", "はい、でも。", "明日は？"],
    "zh": ["不。", "好像不对。", "停车场在哪里？", "多少钱？"],
}
NOISES = {
    "en": [
        "Thank you.",
        "Thanks for watching!",
        "you",
        "[Music]",
        "(coughs)",
        "♪♪",
        "...",
        "",
        "*laughs*",
        "Mm. Thank you.",
        "S-S-S-S-S",
        "Fufufufufuf",
        "Sir, sir, sir.",
    ],
    "de": ["Vielen Dank.", "Untertitelung des ZDF"],
    "fr": ["Merci.", "Sous-titrage Société Radio-Canada"],
    "es": ["¡Gracias por ver el video!"],
    "it": ["Grazie."],
    "pt": ["Obrigado."],
    "ja": ["ご視聴ありがとうございました"],
    "zh": ["谢谢大家", "字幕志愿者 李宗盛"],
}


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(language, text) for language, texts in table.items() for text in texts]


@pytest.mark.parametrize(("language", "text"), cases(BACKCHANNELS))
def test_a_nod_is_a_backchannel(language: str, text: str) -> None:
    assert said(text, language) is Said.BACKCHANNEL


@pytest.mark.parametrize(("language", "text"), cases(STOPS))
def test_an_order_to_stop_is_one(language: str, text: str) -> None:
    assert said(text, language) is Said.STOP


@pytest.mark.parametrize(("language", "text"), cases(OTHERS))
def test_anything_else_takes_the_floor(language: str, text: str) -> None:
    assert said(text, language) is Said.OTHER


@pytest.mark.parametrize(("language", "text"), cases(NOISES))
def test_what_whisper_writes_for_noise_is_nothing(language: str, text: str) -> None:
    assert said(text, language) is Said.NOTHING


@pytest.mark.parametrize("text", ["Thank you.", "Thanks for watching!", "You."])
def test_in_a_clear_voice_it_was_said(text: str) -> None:
    assert said(text, "en", noisy=False) is Said.OTHER


@pytest.mark.parametrize(
    ("language", "text"), [("en", "Oh, I..."), ("en", "of"), ("it", "Ho cap"), ("ja", "そう")]
)
def test_what_may_become_a_nod_is_one_for_now(language: str, text: str) -> None:
    assert said(text, language, whole=False) is Said.BACKCHANNEL


@pytest.mark.parametrize("text", ["Oh, I want", "What", "Stop", "Yeah but"])
def test_what_can_become_none_is_none(text: str) -> None:
    assert said(text, "en", whole=False) in (Said.OTHER, Said.STOP)


def test_regions_and_unknown_languages() -> None:
    assert said("D'accord.", "fr-CA") is said("D'accord.") is said("D'accord.", "sv") is Said.BACKCHANNEL
    assert said("Arrête !", "") is Said.STOP


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "No!"), ("en", "No, the other."), ("de", "Nein."), ("pt", "Não."), ("zh", "不是。")],
)
def test_a_no_is_known(language: str, text: str) -> None:
    assert denies(text, language)
    assert said(text, language) is Said.OTHER


@pytest.mark.parametrize("text", ["Yes. No doubt.", "Now", ""])
def test_other_words_are_no_denial(text: str) -> None:
    assert not denies(text, "en")


@pytest.mark.parametrize(("language", "text"), [("es", "Bale."), ("en", "I sure sure."), ("it", "o capito")])
def test_a_misheard_nod_looks_like_one(language: str, text: str) -> None:
    assert resembles(text, language) is Said.BACKCHANNEL


@pytest.mark.parametrize(("language", "text"), [("it", "fermone"), ("pt", "Chegou!")])
def test_a_misheard_order_looks_like_one(language: str, text: str) -> None:
    assert resembles(text, language) is Said.STOP


def test_what_is_well_read_must_look_nearly_the_same() -> None:
    assert resembles("¡Glaro!", "es", sure=True) is Said.BACKCHANNEL
    assert resembles("Chegou!", "pt", sure=True) is Said.OTHER


@pytest.mark.parametrize("text", ["What time is it?", "Nowhere", "Party", ""])
def test_other_words_do_not(text: str) -> None:
    assert resembles(text, "en") is Said.OTHER


def test_sizes() -> None:
    assert size("Yeah, but why?") == 3
    assert size("今天下午") == 2
    assert size("[Music]") == 0


@given(st.sampled_from(cases(BACKCHANNELS)), st.integers(1, 4))
def test_more_of_the_same_is_still_a_backchannel(case: tuple[str, str], times: int) -> None:
    language, text = case
    assert said(" ".join([text] * times), language) is Said.BACKCHANNEL


@given(
    st.sampled_from(LANGUAGES).flatmap(
        lambda language: st.tuples(
            st.just(language), st.sampled_from(BACKCHANNELS[language]), st.sampled_from(STOPS[language])
        )
    )
)
def test_an_order_counts_after_a_nod(case: tuple[str, str, str]) -> None:
    language, nod, order = case
    assert said(f"{nod} {order}", language) is Said.STOP


@given(st.text(), st.sampled_from(("", *LANGUAGES)))
def test_any_text_has_a_meaning(text: str, language: str) -> None:
    assert (said(text, language) is Said.NOTHING) >= (not words(text))
