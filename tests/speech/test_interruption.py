"""Whether a voice over the agent's speech is let pass, held or given the floor."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.speech.barge_in.interruption import (
    ENDED,
    PATIENCE,
    DialogueState,
    PartialWords,
    Verdict,
    VoiceSoFar,
    judge,
    wants_score,
    wants_words,
)
from omni_agent.speech.barge_in.overlap import FORGOTTEN, Overlap
from omni_agent.speech.barge_in.sound import SoundScore
from omni_agent.speech.hearing.activity import RATE, WINDOW, Window

STEP = WINDOW / RATE
WORDS, HUM, NOISE = SoundScore(0.97, 0.02, 0.01), SoundScore(0.03, 0.95, 0.02), SoundScore(0.02, 0.03, 0.95)
SPEAKING, HELD = DialogueState(language="en"), DialogueState(language="en", held=True)


def voice(
    seconds: float,
    *,
    sound: SoundScore | None = WORDS,
    words: str | None = None,
    silence: float = 0.0,
    level: float = -25.0,
    probability: float = 0.95,
    unheard: float = 0.0,
) -> VoiceSoFar:
    count = max(1, round(seconds / STEP))
    return VoiceSoFar(
        seconds=seconds,
        silence=silence,
        probabilities=(probability,) * count,
        levels=(level,) * count,
        background=-60.0,
        usual=-25.0,
        sound=sound,
        words=None if words is None else PartialWords(words, max(0.0, seconds - unheard)),
    )


def test_a_likely_voice_is_held_within_130_ms() -> None:
    assert judge(voice(0.128), SPEAKING) is Verdict.HOLD
    assert judge(voice(0.128, sound=None), SPEAKING) is Verdict.HOLD


@pytest.mark.parametrize("sound", [HUM, NOISE])
@pytest.mark.parametrize("seconds", [0.1, 0.3, 0.6, 1.2])
def test_hums_and_noises_are_let_pass(sound: SoundScore, seconds: float) -> None:
    assert judge(voice(seconds, sound=sound), SPEAKING) is Verdict.GO_ON


@pytest.mark.parametrize("seconds", [0.1, 0.5, 2.0, 10.0])
def test_distant_talk_is_let_pass_however_long(seconds: float) -> None:
    far = voice(seconds, level=-42.0, words="Stop it, that is mine.")
    assert judge(far, SPEAKING) is Verdict.GO_ON
    assert not wants_words(far)


def test_a_doubtful_sound_is_let_pass() -> None:
    assert judge(voice(0.3, probability=0.45), SPEAKING) is Verdict.GO_ON


def test_a_nod_goes_on_and_a_held_reply_resumes() -> None:
    for dialogue in (SPEAKING, HELD):
        assert judge(voice(0.4, words="Yeah.", silence=ENDED), dialogue) is Verdict.GO_ON


def test_a_nod_that_goes_on_stays_held_until_more_words_come() -> None:
    assert judge(voice(0.4, words="Yeah."), HELD) is Verdict.HOLD
    assert judge(voice(0.68, words="Yeah.", unheard=0.3), HELD) is Verdict.HOLD
    assert judge(voice(1.0, words="Yeah, but I have"), HELD) is Verdict.CUT


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Stop."),
        ("de", "Halt!"),
        ("fr", "Arrête."),
        ("es", "¡Para!"),
        ("it", "Basta."),
        ("pt", "Espera."),
        ("ja", "待って。"),
        ("zh", "停。"),
    ],
)
@pytest.mark.parametrize("sound", [WORDS, HUM, NOISE])
def test_an_order_to_stop_is_obeyed_at_once(language: str, text: str, sound: SoundScore) -> None:
    assert judge(voice(0.3, sound=sound, words=text), DialogueState(language=language)) is Verdict.CUT


@pytest.mark.parametrize("text", ["No.", "Yeah, but", "What time is it?", "I want the other one."])
def test_words_take_the_floor(text: str) -> None:
    assert judge(voice(0.45, words=text), HELD) is Verdict.CUT


def test_words_made_of_a_cough_do_not() -> None:
    assert judge(voice(0.3, sound=NOISE, words="Thank you.", silence=ENDED), HELD) is Verdict.GO_ON
    assert judge(voice(0.3, sound=NOISE, words="Buff.", silence=ENDED), HELD) is Verdict.GO_ON
    assert judge(voice(0.3, words="Thank you.", silence=ENDED), HELD) is Verdict.CUT


def test_clear_words_stop_it_whatever_they_sound_like() -> None:
    assert judge(voice(0.8, sound=NOISE, words="no stop"), HELD) is Verdict.CUT


def test_few_words_that_are_badly_heard_need_a_longer_voice() -> None:
    doubtful = SoundScore(0.7, 0.2, 0.1)

    def heard(text: str, seconds: float) -> Verdict:
        short = voice(seconds, sound=doubtful, silence=ENDED)
        return judge(replace(short, words=PartialWords(text, seconds, confidence=0.3)), HELD)

    assert heard("Hand.", 0.3) is Verdict.GO_ON
    assert heard("Hand.", 0.6) is Verdict.CUT
    assert heard("Oh, cap.", 0.6) is Verdict.CUT
    assert heard("I sure sure.", 0.6) is Verdict.GO_ON
    assert heard("No.", 0.3) is Verdict.CUT


def test_a_badly_read_beginning_is_no_evidence_while_the_whole_is_on_its_way() -> None:
    doubtful = replace(voice(0.4, silence=ENDED), words=PartialWords("Covid...", 0.4, confidence=0.4))
    assert judge(replace(doubtful, awaited=True), HELD) is Verdict.HOLD
    assert wants_words(doubtful)
    sure = replace(voice(0.4, silence=ENDED), words=PartialWords("Yeah.", 0.4, confidence=0.7))
    assert judge(replace(sure, awaited=True), HELD) is Verdict.GO_ON
    assert not wants_words(sure)


def test_what_else_it_may_have_been_counts_where_the_reading_is_doubtful() -> None:
    def heard(*others: str) -> Verdict:
        words = PartialWords("Mano", 0.42, 0.4, others)
        short = replace(voice(0.42, silence=ENDED, sound=SoundScore(0.7, 0.2, 0.1)), words=words)
        return judge(short, replace(HELD, language="it"))

    assert heard() is Verdict.GO_ON
    assert heard("Ferie.", "Fermo.") is Verdict.CUT
    assert heard("Certo.") is Verdict.GO_ON


def test_yes_answers_a_question() -> None:
    said_yes = voice(0.4, words="Yes.", silence=ENDED)
    assert judge(said_yes, replace(HELD, asked=True)) is Verdict.CUT
    assert judge(said_yes, HELD) is Verdict.GO_ON


def test_a_reply_that_is_nearly_over_is_not_held() -> None:
    assert judge(voice(0.2), replace(SPEAKING, remaining=0.15)) is Verdict.GO_ON
    assert judge(voice(0.2), replace(HELD, remaining=0.15)) is Verdict.HOLD
    assert judge(voice(0.4, words="Wait."), replace(SPEAKING, remaining=0.15)) is Verdict.CUT


def test_a_voice_without_transcript_takes_the_floor_when_it_lasts() -> None:
    assert judge(voice(0.9), HELD) is Verdict.HOLD
    assert judge(voice(1.3), HELD) is Verdict.CUT
    # With pauses it lasts no longer: coughs and nods come in twos.
    pauses = replace(voice(1.3), probabilities=(0.9,) * 15 + (0.1,) * 25)
    assert judge(pauses, HELD) is Verdict.HOLD
    # The ears failed, or are too slow.
    assert judge(voice(0.4, silence=PATIENCE), HELD) is Verdict.GO_ON


probabilities = st.floats(0, 1)
scores = st.tuples(probabilities, probabilities).map(
    lambda pair: SoundScore(pair[0], (1 - pair[0]) * pair[1], (1 - pair[0]) * (1 - pair[1]))
)
texts = st.sampled_from(
    ["", "Yeah.", "Mhm.", "Thank you.", "Stop.", "No.", "Buff", "What is that over there?", "はい"]
)


@st.composite
def voices(draw: st.DrawFn) -> VoiceSoFar:
    count = draw(st.integers(1, 130))
    seconds = count * STEP
    words = draw(st.none() | st.builds(PartialWords, texts, st.floats(0, seconds)))
    return VoiceSoFar(
        seconds=seconds,
        silence=draw(st.just(0.0) | st.floats(0, 2)),
        probabilities=tuple(draw(st.lists(probabilities, min_size=count, max_size=count))),
        levels=tuple(draw(st.lists(st.floats(-70, -5), min_size=count, max_size=count))),
        background=draw(st.floats(-80, -30)),
        usual=draw(st.none() | st.floats(-40, -10)),
        sound=draw(st.none() | scores),
        words=words,
    )


dialogues = st.builds(
    DialogueState,
    asked=st.booleans(),
    uninterruptible=st.booleans(),
    remaining=st.floats(0, 60) | st.just(math.inf),
    held=st.booleans(),
    language=st.sampled_from(["", "en", "de", "ja"]),
)


@given(voices(), dialogues)
def test_the_same_evidence_has_the_same_verdict(heard: VoiceSoFar, dialogue: DialogueState) -> None:
    assert judge(heard, dialogue) is judge(heard, dialogue)


@given(voices(), dialogues)
def test_an_uninterruptible_reply_goes_on(heard: VoiceSoFar, dialogue: DialogueState) -> None:
    assert judge(heard, replace(dialogue, uninterruptible=True)) is Verdict.GO_ON


@given(voices(), dialogues)
def test_no_hold_outlasts_patience(heard: VoiceSoFar, dialogue: DialogueState) -> None:
    assert judge(replace(heard, silence=PATIENCE), dialogue) is not Verdict.HOLD


@given(voices(), dialogues)
def test_no_voice_is_held_for_ever(heard: VoiceSoFar, dialogue: DialogueState) -> None:
    count = round(5 / STEP)
    endless = replace(
        heard, seconds=5.0, silence=0.0, probabilities=(1.0,) * count, levels=(heard.levels[0],) * count
    )
    assert judge(endless, dialogue) is not Verdict.HOLD


@given(voices(), dialogues, st.floats(0, 1))
def test_a_likelier_louder_wordier_voice_takes_no_less(
    heard: VoiceSoFar, dialogue: DialogueState, more: float
) -> None:
    def raised(probability: float) -> float:
        return probability + (1 - probability) * more

    sound = heard.sound and SoundScore(
        raised(heard.sound.words), heard.sound.hum * (1 - more), heard.sound.noise * (1 - more)
    )
    stronger = replace(
        heard,
        probabilities=tuple(map(raised, heard.probabilities)),
        levels=tuple(level + 20 * more for level in heard.levels),
        sound=sound,
    )
    assert judge(stronger, dialogue) >= judge(heard, dialogue)


@given(voices(), dialogues)
def test_an_order_to_stop_takes_no_less_than_other_words(heard: VoiceSoFar, dialogue: DialogueState) -> None:
    order = replace(heard, words=PartialWords("Stop. 待って。 Halt.", heard.seconds))
    if not dialogue.uninterruptible:
        assert judge(order, dialogue) >= judge(heard, dialogue)


def windows(*spans: tuple[float, float]) -> list[Window]:
    """Windows for (seconds, probability)."""
    made = [probability for seconds, probability in spans for _ in range(round(seconds / STEP))]
    return [
        Window((at + 1) * WINDOW, probability, -25.0 if probability > 0.3 else -70.0, -60.0)
        for at, probability in enumerate(made)
    ]


def test_a_voice_is_gathered_from_its_onset() -> None:
    overlap = Overlap(-25.0)
    for window in windows((0.32, 0.0), (0.32, 0.9), (0.16, 0.1)):
        overlap = overlap.heard(window)
    assert overlap.onset == round(0.32 * RATE)
    found = overlap.voice()
    assert found is not None
    assert (found.seconds, found.silence) == pytest.approx((0.32, 0.16))
    assert found.probabilities == (0.9,) * 10
    assert not wants_score(found)
    assert wants_words(found)


def test_a_voice_with_a_gap_is_one_and_is_forgotten_in_the_end() -> None:
    overlap = Overlap()
    for window in windows((0.32, 0.9), (0.32, 0.0), (0.32, 0.9)):
        overlap = overlap.heard(window)
    assert overlap.seconds == pytest.approx(0.96)
    for window in windows((FORGOTTEN + STEP, 0.0)):
        overlap = overlap.heard(window)
    assert overlap.voice() is None


def test_a_held_reply_waits_for_words_that_are_on_their_way() -> None:
    lasting = replace(voice(1.3), awaited=True)
    assert judge(lasting, HELD) is Verdict.HOLD
    assert judge(replace(voice(2.2), awaited=True), HELD) is Verdict.CUT


def test_a_soft_beginning_belongs_to_the_voice_and_an_echo_does_not() -> None:
    levels = [-50.0] * 5 + [-42.0, -38.0] + [-24.0] * 5
    overlap = Overlap(-25.0)
    for at, level in enumerate(levels):
        overlap = overlap.heard(Window((at + 1) * WINDOW, 0.9, level, -60.0))
    assert overlap.onset == 5 * WINDOW


@given(
    st.lists(st.tuples(st.integers(1, 40), probabilities, st.floats(-70, -10)), max_size=12),
    st.lists(st.tuples(st.integers(0, 200), texts, st.integers(0, 40)), max_size=6),
    st.booleans(),
)
def test_every_hold_ends_by_itself(
    spans: list[tuple[int, float, float]], transcripts: list[tuple[int, str, int]], asked: bool
) -> None:
    """Whatever sounds and whatever the ears make of it, late or never."""
    overlap, verdict, held = Overlap(-25.0), Verdict.GO_ON, 0
    made = [(probability, level) for count, probability, level in spans for _ in range(count)]
    made += [(0.0, -70.0)] * (round(FORGOTTEN / STEP) + 1)
    for at, (probability, level) in enumerate(made):
        overlap = overlap.heard(Window((at + 1) * WINDOW, probability, level, -60.0))
        words = [
            PartialWords(text, max(0.0, overlap.seconds - late * STEP))
            for when, text, late in transcripts
            if when <= at
        ]
        found = overlap.voice(WORDS, words[-1] if words else None)
        if found is None:
            assert verdict is not Verdict.HOLD
            continue
        verdict = judge(found, DialogueState(held=verdict is Verdict.HOLD, asked=asked))
        held = held + 1 if verdict is Verdict.HOLD else 0
        assert held * STEP < 5 + PATIENCE
        if verdict is Verdict.CUT:
            return
    assert verdict is Verdict.GO_ON


def test_what_does_not_stand_out_is_no_voice() -> None:
    assert Overlap().heard(Window(WINDOW, 0.9, -61.0, -60.0)).voice() is None
