"""The ears: what they leave to Whisper, what they do not believe, and what they hear in earnest."""

from __future__ import annotations

import asyncio
import json
import math
import re
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from omni_agent.errors import ModelError, ModelUnavailable
from omni_agent.messages import HeardWord, Hearing
from omni_agent.senses import Ears
from omni_agent.speech.hearing.asr_whisper import WhisperEars
from omni_agent.speech.hearing.whisper_window import Decoded, WindowModel, load_whisper
from omni_agent.speech.pcm import Pcm

GOOD = -0.1


def said(
    *texts: str,
    logprob: float = GOOD,
    language: str = "en",
    sure: float = 0.9,
    no_speech: float = 0.01,
    scores: tuple[float, ...] = (),
) -> Decoded:
    return Decoded(texts, language, sure, logprob, no_speech, scores)


class FakeWhisper:
    """Answers from a list; the last answer stays. Every word takes half a second."""

    def __init__(self, *answers: Decoded) -> None:
        self.answers = list(answers)
        self.windows: list[int] = []
        self.sizes: list[float] = []
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.varied: list[bool] = []
        self.aligned: list[str] = []
        # What comes to mind first; not sure unless a test says so.
        self.first = Decoded(("",), "en", 1.0, -9.0, 0.0)

    def encode(self, samples: np.ndarray, seconds: int) -> object:
        self.windows.append(seconds)
        self.sizes.append(len(samples) / 16_000)
        return object()

    def decode(
        self,
        encoded: object,
        *,
        seconds: float,
        language: str = "",
        hints: Sequence[str] = (),
        varied: bool = False,
        quick: bool = False,
    ) -> Decoded:
        if quick:
            return self.first
        self.asked.append((language, tuple(hints)))
        self.varied.append(varied)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def align(self, encoded: object, text: str, *, seconds: float, language: str) -> tuple[HeardWord, ...]:
        self.aligned.append(text)
        return tuple(HeardWord(word, i / 2, (i + 1) / 2, 0.9) for i, word in enumerate(text.split()))


def ears_of(model: WindowModel, *spans: tuple[float, float]) -> WhisperEars:
    return WhisperEars(Path("nowhere"), load=lambda *_: model, find_speech=lambda _: list(spans))


def hear(ears: WhisperEars, seconds: float = 60.0, language: str = "", hints: Sequence[str] = ()) -> Hearing:
    try:
        return asyncio.run(ears.transcribe(Pcm.silence(seconds, 16_000), language=language, hints=hints))
    finally:
        asyncio.run(ears.close())


def test_they_are_ears() -> None:
    assert isinstance(WhisperEars(Path("nowhere")), Ears)


def test_a_sure_first_reading_is_taken() -> None:
    model = FakeWhisper(Decoded(("Five beams.",), "en", 0.9, -0.2, 0.0))
    model.first = Decoded(("One is enough.",), "en", 0.9, -0.1, 0.0)
    assert hear(ears_of(model, (0.0, 2.0))).text == "One is enough."
    assert hear(ears_of(model, (0.0, 2.0)), hints=["beams"]).text == "One is enough."
    # What is called so may be English that was taken for another language.
    model.first = Decoded(("Eins genügt.",), "de", 0.9, -0.1, 0.0)
    assert hear(ears_of(model, (0.0, 2.0)), hints=["beams"]).text == "Five beams."
    model.first = Decoded(("Hardly.",), "en", 0.9, -0.6, 0.0)
    assert hear(ears_of(model, (0.0, 2.0))).text == "Five beams."


def test_silence_never_reaches_the_model() -> None:
    def load(*_: object) -> WindowModel:
        raise AssertionError("the model was loaded for silence")

    ears = WhisperEars(Path("nowhere"), load=load, find_speech=lambda _: [])
    assert hear(ears, hints=["turn on the light"]) == Hearing("")


@pytest.mark.parametrize(
    ("length", "window"), [(0.4, 8), (3.0, 8), (6.0, 8), (7.0, 10), (12.0, 15), (17.0, 20), (27.9, 30)]
)
def test_the_window_is_hardly_longer_than_the_speech(length: float, window: int) -> None:
    model = FakeWhisper(said("Lights on."))
    heard = hear(ears_of(model, (5.0, 5.0 + length)))
    assert heard.text == "Lights on."
    assert model.windows == [window]
    assert length < model.sizes[0] < length + 1


def test_what_is_heard_is_reported() -> None:
    found = Decoded(("Lights on.", "Light on."), "de", 0.7, math.log(0.8), 0.01)
    heard = hear(ears_of(FakeWhisper(found), (1.0, 3.0)))
    assert (heard.text, heard.alternatives) == ("Lights on.", ("Light on.",))
    assert (heard.language, heard.language_confidence) == ("de", 0.7)
    assert heard.confidence == pytest.approx(0.8)


def test_language_and_hints_are_passed_on() -> None:
    model = FakeWhisper(said("Licht an."))
    hear(ears_of(model, (1.0, 3.0)), language="de", hints=["Licht an"])
    assert model.asked == [("de", ("Licht an",))]


@pytest.mark.parametrize("text", ["", " ", "...", "♪"])
def test_no_words_are_no_speech(text: str) -> None:
    assert hear(ears_of(FakeWhisper(said(text)), (1.0, 3.0))) == Hearing("")


def test_words_for_what_is_probably_no_speech_are_not_believed() -> None:
    invented = said("Thank you.", logprob=-1.3, no_speech=0.9)
    assert hear(ears_of(FakeWhisper(invented), (1.0, 3.0))) == Hearing("")
    mumbled = said("Thank you.", logprob=-1.3, no_speech=0.2)
    assert hear(ears_of(FakeWhisper(mumbled), (1.0, 3.0))).text == "Thank you."


@pytest.mark.parametrize(
    "wrong",
    [
        said("A single shot latte. A single shot latte."),
        said("medium, " * 40),
        said("Stop, stop, stop."),
        said("Lattice ingle shop.", logprob=-1.2),
    ],
)
def test_a_dubious_reading_is_made_again_in_the_full_window(wrong: Decoded) -> None:
    model = FakeWhisper(wrong, said("A single shot latte."))
    assert hear(ears_of(model, (1.0, 3.0))).text == "A single shot latte."
    assert model.windows == [8, 30]


def test_who_says_it_twice_is_believed() -> None:
    twice = said("Row, row, row your boat. Row, row, row your boat.")
    assert hear(ears_of(FakeWhisper(twice), (1.0, 5.0))).text == twice.texts[0]


def test_hints_that_mislead_are_dropped() -> None:
    model = FakeWhisper(
        said("the room was a light roast", logprob=-0.8), said("Der Raum", language="de", logprob=-0.3)
    )
    heard = hear(ears_of(model, (1.0, 3.0)), hints=["light roast"])
    assert (heard.text, heard.language) == ("Der Raum", "de")
    assert [hints for _, hints in model.asked] == [("light roast",), ()]
    assert model.windows == [8]


def test_hints_that_help_are_kept() -> None:
    model = FakeWhisper(said("light roast", logprob=-0.6), said("light rose", logprob=-0.9))
    assert hear(ears_of(model, (1.0, 3.0)), hints=["light roast"]).text == "light roast"


@pytest.mark.parametrize(
    ("scores", "heard"),
    [((-0.20, -0.25), "a light roast"), ((-0.20, -0.60), "a light rose")],
)
def test_of_readings_that_are_nearly_as_likely_the_hinted_one_is_taken(
    scores: tuple[float, ...], heard: str
) -> None:
    model = FakeWhisper(said("a light rose", "a light roast", scores=scores))
    hearing = hear(ears_of(model, (1.0, 3.0)), hints=["roast"])
    assert hearing.text == heard
    assert {hearing.text, *hearing.alternatives} == {"a light rose", "a light roast"}


def test_without_hints_the_likeliest_reading_is_taken() -> None:
    model = FakeWhisper(said("a light rose", "a light roast", scores=(-0.20, -0.21)))
    assert hear(ears_of(model, (1.0, 3.0))).text == "a light rose"


def test_a_reading_in_circles_is_not_taken_for_its_hinted_words() -> None:
    circles = "roast me a roast, roast me a roast"
    model = FakeWhisper(said("a light rose", circles, scores=(-0.2, -0.2)))
    assert hear(ears_of(model, (1.0, 3.0)), hints=["roast"]).text == "a light rose"
    assert len(model.asked) == 1


def test_a_doubtful_command_in_another_language_is_tried_in_english() -> None:
    model = FakeWhisper(
        said("lait trost", language="fr", sure=0.6, logprob=-0.7),
        said("light roast", language="en", sure=1.0, logprob=-0.3),
    )
    hearing = hear(ears_of(model, (1.0, 3.0)), hints=["roast"])
    assert (hearing.text, hearing.language) == ("light roast", "en")
    assert hearing.language_confidence == pytest.approx(0.4)
    assert [language for language, _ in model.asked] == ["", "en"]


@pytest.mark.parametrize(("logprob", "language"), [(-0.35, "en"), (-0.9, "pt")])
def test_a_short_command_of_expected_words_is_english_if_it_is_about_as_likely(
    logprob: float, language: str
) -> None:
    model = FakeWhisper(
        said("2 small, latte", language="pt", sure=0.86, logprob=-0.3),
        said("2 small latte.", language="en", sure=1.0, logprob=logprob),
    )
    hearing = hear(ears_of(model, (1.0, 3.0)), hints=["small", "latte"])
    assert hearing.language == language


@pytest.mark.parametrize(
    ("first", "language", "hints"),
    [
        (said("lait trost", language="fr", logprob=-0.2), "", ["roast"]),
        (said("lait trost", language="fr", logprob=-0.7), "fr", ["roast"]),
        (said("lait trost", language="fr", logprob=-0.7), "", []),
    ],
)
def test_english_is_not_tried_without_reason(first: Decoded, language: str, hints: list[str]) -> None:
    model = FakeWhisper(first)
    assert hear(ears_of(model, (1.0, 3.0)), language=language, hints=hints).language == "fr"
    assert "en" not in [language for language, _ in model.asked]


def test_the_language_stays_as_sure_as_it_was_detected() -> None:
    doubtful = said("Der Raum", language="de", sure=0.7, logprob=-0.8)
    retried = said("Der Traum", language="de", sure=1.0, logprob=-0.3)
    model = FakeWhisper(doubtful, said("there a room", sure=1.0, logprob=-2.0), retried)
    hearing = hear(ears_of(model, (1.0, 3.0)), hints=["roast"])
    assert (hearing.text, hearing.language, hearing.language_confidence) == ("Der Traum", "de", 0.7)


def test_what_repeats_itself_in_every_window_is_made_again_without_repetition() -> None:
    circles = said("Stop, stop, stop.")
    model = FakeWhisper(circles, circles, said("Stop."))
    assert hear(ears_of(model, (1.0, 3.0))).text == "Stop."
    assert model.varied == [False, False, True]


def test_words_have_their_times_in_the_recording() -> None:
    model = FakeWhisper(said("Lights on."), said("Thank you."))
    hearing = hear(ears_of(model, (5.0, 25.0), (40.0, 41.0)))
    assert hearing.text == "Lights on. Thank you."
    assert [(word.text, word.start, word.end) for word in hearing.words] == [
        ("Lights", 4.75, 5.25), ("on.", 5.25, 5.75), ("Thank", 39.75, 40.25), ("you.", 40.25, 40.75),
    ]  # fmt: skip


@pytest.mark.parametrize("timed", [True, False])
def test_words_from_further_off_are_left_out(timed: bool) -> None:
    random = np.random.default_rng(3)
    levels = [0.2, 0.2, 0.2, 0.2, 0.2, 0.02, 0.02, 0.02, 0.001]
    loud = np.repeat(levels, 8000) * random.normal(0, 1, 72_000)
    ears = ears_of(FakeWhisper(said("turn on the hall light goodbye my dear")), (0.0, 4.0))
    sound = Pcm(loud.astype(np.float32).clip(-1, 1), 16_000)
    hearing = asyncio.run(ears.transcribe(sound, timed=timed))
    asyncio.run(ears.close())
    assert hearing.text == "turn on the hall light"
    assert [word.text for word in hearing.words] == hearing.text.split()
    assert hearing.alternatives == ("turn on the hall light goodbye my dear",)


def test_times_that_nobody_wants_are_not_looked_for() -> None:
    random = np.random.default_rng(3)
    sound = np.repeat([0.001, 0.2, 0.2, 0.2, 0.2, 0.001], 8000) * random.normal(0, 1, 48_000)
    model = FakeWhisper(said("turn on the light"))
    ears = ears_of(model, (0.5, 2.5))
    hearing = asyncio.run(ears.transcribe(Pcm(sound.astype(np.float32).clip(-1, 1), 16_000), timed=False))
    asyncio.run(ears.close())
    assert (hearing.text, hearing.words, model.aligned) == ("turn on the light", (), [])


def test_speech_further_off_never_reaches_the_model() -> None:
    random = np.random.default_rng(4)
    sound = random.normal(0, 0.005, 160_000)
    sound[64_000:96_000] = random.normal(0, 0.2, 32_000)
    model = FakeWhisper(said("Lights on."))
    ears = ears_of(model, (0.5, 2.0), (4.0, 6.0), (8.0, 9.5))
    asyncio.run(ears.transcribe(Pcm(sound.astype(np.float32), 16_000)))
    asyncio.run(ears.close())
    assert len(model.sizes) == 1
    assert 2.0 <= model.sizes[0] <= 3.0


def test_where_nothing_was_said_no_words_are_timed() -> None:
    model = FakeWhisper(said("..."))
    assert hear(ears_of(model, (1.0, 3.0))) == Hearing("")
    assert model.aligned == []


def test_a_long_recording_is_heard_in_order() -> None:
    model = FakeWhisper(said("One."), said("Two."), said("Three."))
    heard = hear(ears_of(model, (1.0, 20.0), (25.0, 45.0), (50.0, 58.0)))
    assert heard.text == "One. Two. Three."
    assert heard.alternatives == ()
    assert all(size <= 29 for size in model.sizes)


def test_speech_that_had_to_be_cut_is_not_heard_twice() -> None:
    model = FakeWhisper(said("One."), said("Two."))
    hear(ears_of(model, (1.0, 40.0)))
    assert sum(model.sizes) == pytest.approx(39.0 + 0.25 + 0.35, abs=0.01)


def test_languages_without_spaces_are_joined_without() -> None:
    model = FakeWhisper(said("你好。", language="zh"))
    assert hear(ears_of(model, (1.0, 20.0), (25.0, 45.0))).text == "你好。你好。"


def test_the_language_is_that_of_most_of_it_and_settles_short_ends() -> None:
    model = FakeWhisper(
        said("Guten Tag.", language="de", sure=0.9), said("So.", language="de"), said("OK.", language="de")
    )
    heard = hear(ears_of(model, (0.0, 27.0), (30.0, 50.0), (57.0, 58.0), (86.0, 87.0)), seconds=90.0)
    assert heard.language == "de"
    assert [language for language, _ in model.asked] == ["", "", "de"]


def test_confidence_is_the_mean_by_seconds() -> None:
    model = FakeWhisper(said("One.", logprob=-0.1, sure=1.0), said("Two.", logprob=-0.4, sure=0.5))
    heard = hear(ears_of(model, (0.0, 20.0), (30.0, 40.0)))
    assert heard.confidence == pytest.approx(math.exp(-0.2))
    assert heard.language_confidence == pytest.approx((20 * 1.0 + 10 * 0.5) / 30)


def test_the_folder_is_asked_for_once_and_after_a_failure_again() -> None:
    asked: list[int] = []

    def folder() -> Path:
        asked.append(1)
        if len(asked) == 1:
            raise ModelUnavailable("not yet")
        return Path("nowhere")

    ears = WhisperEars(folder, load=lambda *_: FakeWhisper(said("Hm.")), find_speech=lambda _: [(0.0, 1.0)])

    async def main() -> None:
        assert not asked
        with pytest.raises(ModelUnavailable):
            await ears.prewarm()
        await asyncio.gather(*(ears.prewarm() for _ in range(5)), ears.transcribe(Pcm.silence(2.0, 16_000)))
        assert len(asked) == 2

    asyncio.run(main())
    asyncio.run(ears.close())


def test_cancelled_ears_stop_early_and_hear_on() -> None:
    began, go_on = threading.Event(), threading.Event()

    class Slow(FakeWhisper):
        def encode(self, samples: np.ndarray, seconds: int) -> object:
            began.set()
            assert go_on.wait(10)
            return super().encode(samples, seconds)

    model = Slow(said("Yes."))
    ears = ears_of(model, (0.0, 20.0), (30.0, 50.0), (60.0, 80.0))

    async def main() -> None:
        task = asyncio.create_task(ears.transcribe(Pcm.silence(90.0, 16_000)))
        await asyncio.to_thread(began.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
        assert (await ears.transcribe(Pcm.silence(90.0, 16_000))).text == "Yes. Yes. Yes."

    asyncio.run(main())
    asyncio.run(ears.close())
    assert len(model.windows) == 4


def test_an_incomplete_folder_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelUnavailable, match=r"model\.bin, tokenizer\.json missing") as caught:
        load_whisper(tmp_path, 1)
    assert caught.value.remedy


def test_a_broken_model_is_named(tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper")
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"):
        (tmp_path / name).write_bytes(b"not what it says")
    with pytest.raises(ModelUnavailable, match="broken"):
        load_whisper(tmp_path, 1)


def test_without_the_package_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).touch()
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(ModelUnavailable) as caught:
        load_whisper(tmp_path, 1)
    assert "omni-agent-framework[local]" in caught.value.remedy


@pytest.fixture(scope="module")
def whisper_folder() -> Path:
    from omni_agent.models.store import ModelStore

    return Path(ModelStore().ensure("hearing"))


@pytest.fixture(scope="module")
def whisper(whisper_folder: Path) -> WindowModel:
    return load_whisper(whisper_folder, 0)


def words(text: str) -> list[str]:
    plain = text.lower().replace("-", " ").replace("mister", "mr")
    return re.sub(r"[^\w\s']", "", plain).split()


def errors(truth: list[str], heard: list[str]) -> int:
    row = list(range(len(heard) + 1))
    for i, one in enumerate(truth, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (one != other))
    return row[-1]


def recording(path: Path) -> Pcm:
    samples, rate = soundfile.read(path, dtype="float32")
    return Pcm(np.asarray(samples, dtype=np.float32), rate)


@pytest.mark.models
@pytest.mark.data
def test_real_people_are_understood(whisper: WindowModel, test_data: Path) -> None:
    folder = test_data / "human_speech"
    ears = WhisperEars(folder, load=lambda *_: whisper)
    wrong = total = 0

    async def main() -> None:
        nonlocal wrong, total
        for name, truth in json.loads((folder / "transcripts.json").read_text(encoding="utf-8")).items():
            heard = await ears.transcribe(recording(folder / name))
            assert heard.language == truth["language"]
            assert heard.confidence > 0.5
            if truth["language"] == "en":
                wrong += errors(words(truth["text"]), words(heard.text))
                total += len(words(truth["text"]))

    asyncio.run(main())
    asyncio.run(ears.close())
    assert wrong / total <= 0.10


@pytest.mark.models
@pytest.mark.data
def test_a_long_recording_of_real_people_loses_nothing(whisper: WindowModel, test_data: Path) -> None:
    folder = test_data / "human_speech"
    truths = json.loads((folder / "transcripts.json").read_text(encoding="utf-8"))
    english = [name for name, truth in truths.items() if truth["language"] == "en"]
    gap = Pcm.silence(1.0, 16_000)
    parts = [piece for name in english * 2 for piece in (gap, recording(folder / name))]
    ears = WhisperEars(folder, load=lambda *_: whisper)
    heard = asyncio.run(ears.transcribe(Pcm.joined(parts, 16_000)))
    asyncio.run(ears.close())
    truth = [word for name in english * 2 for word in words(truths[name]["text"])]
    assert errors(truth, words(heard.text)) / len(truth) <= 0.10


@pytest.mark.models
@pytest.mark.parametrize("seconds", [0.3, 5.0, 31.0])
def test_noise_is_never_words(whisper: WindowModel, seconds: float) -> None:
    size = round(seconds * 16_000)
    random, time = np.random.default_rng(11), np.arange(size) / 16_000
    ears = WhisperEars(Path("nowhere"), load=lambda *_: whisper)

    async def main() -> None:
        for noise in (
            np.zeros(size), random.normal(0, 0.1, size), random.normal(0, 0.002, size),
            0.2 * np.sin(2 * np.pi * 50 * time), 0.3 * np.sin(2 * np.pi * 1000 * time),
        ):  # fmt: skip
            heard = await ears.transcribe(Pcm(noise.astype(np.float32), 16_000), hints=["turn on the light"])
            assert heard == Hearing("")

    asyncio.run(main())
    asyncio.run(ears.close())


@pytest.mark.models
@pytest.mark.data
def test_hints_sharpen_the_ear(whisper: WindowModel, test_data: Path) -> None:
    folder = test_data / "speech_to_intent"
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    hints = sorted({value for label in labels.values() for value in label["slots"].values()})
    ears = WhisperEars(folder, load=lambda *_: whisper)

    async def found(hints: list[str]) -> int:
        count = 0
        for name in sorted(labels)[::10]:
            heard = await ears.transcribe(recording(folder / "clips" / name), hints=hints)
            text = " ".join(words(heard.text))
            count += sum(value in text for value in labels[name]["slots"].values())
        return count

    async def main() -> tuple[int, int]:
        return await found([]), await found(hints)

    without, with_hints = asyncio.run(main())
    asyncio.run(ears.close())
    assert with_hints > without


@pytest.mark.models
@pytest.mark.data
def test_the_engine_keeps_to_whispers_limits(whisper: WindowModel, test_data: Path) -> None:
    sound = recording(test_data / "human_speech" / "utterance_de.flac")
    encoded = whisper.encode(sound.samples, 8)
    many = [f"{word} {i}" for i in range(400) for word in ("Leichenhalle",)]
    assert "Portal" in whisper.decode(encoded, seconds=sound.seconds, language="de-DE", hints=many).texts[0]
    detected = whisper.decode(encoded, seconds=sound.seconds, language="xx")
    assert detected.language == "de"
    assert 0.5 < detected.language_probability < 1
    assert whisper.decode(encoded, seconds=sound.seconds, language="jv").language == "jv"
    assert len(set(detected.texts)) == len(detected.texts)


@pytest.mark.models
def test_a_failing_engine_is_named(whisper: WindowModel) -> None:
    with pytest.raises(ModelError, match="the ears failed"):
        whisper.encode(np.zeros(16_000, dtype=np.float32), 100)
