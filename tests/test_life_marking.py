"""The marks of a scripted life cannot be had by chance: what an answer must say, and how."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.life.marking import Wanted, mark
from benchmarks.life.script import ScriptMistake, read
from benchmarks.life.travel import TravelClock
from benchmarks.memory_life import Life, figures
from benchmarks.report import Arguments
from omni_agent.models.base import Done, ModelEvent, Request, TextDelta, Usage
from omni_agent.testing import ScriptedModel

SCRIPTS = sorted((Path(__file__).parents[1] / "benchmarks" / "life").glob("*.toml"))
HOME = Wanted(must=("Bristol",), stale=("Leeds",))
DRINK = Wanted(must=("coffee",), stale=("tea",))


@pytest.mark.parametrize(
    "answer",
    [
        "You live in Bristol.",
        "bristol!",
        "You used to live in Leeds, but now you live in Bristol.",
        "You moved from Leeds to Bristol in May.",
        "Bristol. Before that you lived in Leeds.",
        "You no longer live in Leeds; your home is Bristol.",
        "Bristol, not Leeds.",
        "You live in Bristol now, and you lived in Leeds before.",
    ],
)
def test_an_answer_may_tell_the_past_as_past(answer: str) -> None:
    assert mark(answer, HOME).answered


@pytest.mark.parametrize(
    ("answer", "superseded"),
    [
        ("", False),
        ("I don't know where you live.", False),
        ("You live in a lovely city.", False),
        ("You live in Leeds.", True),
        ("You live in Leeds and Bristol.", True),
        ("You are from Leeds.", True),
        ("Bristol is lovely, and you live in Leeds.", True),
        ("You used to live in Bristol.", False),
        ("I'm not sure whether it is Bristol.", False),
        ("I don't know if you live in Bristol.", False),
        ("Bristolian", False),
    ],
)
def test_what_is_not_the_answer_does_not_count(answer: str, superseded: bool) -> None:
    verdict = mark(answer, HOME)
    assert not verdict.answered
    assert bool(verdict.superseded) is superseded


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("I would make you a coffee instead of tea.", True),
        ("Coffee, since you stopped drinking tea.", True),
        ("You don't drink tea any more, so coffee.", True),
        ("A cup of tea or coffee.", False),
        ("A nice cup of tea.", False),
    ],
)
def test_a_changed_preference_is_told_as_it_is_now(answer: str, right: bool) -> None:
    assert mark(answer, DRINK).answered is right


def test_each_of_several_words_is_wanted() -> None:
    wanted = Wanted(all=("/Tuesdays?/", "/Sundays?/"), stale=("/Saturdays?/",))
    assert mark("You run on Tuesdays and Sundays.", wanted).answered
    assert not mark("You run on Sundays.", wanted).answered
    assert mark("You run on Tuesdays, Saturdays and Sundays before breakfast.", wanted).superseded
    assert mark("On Tuesday and Saturday, before breakfast.", wanted).superseded


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("I don't know your password hint.", True),
        ("You haven't told me that.", True),
        ("I have no record of it.", True),
        ("I'm sorry, I am unable to say.", True),
        ("Your hint is Hillcrest.", False),
        ("I don't know, maybe Hillcrest?", False),
        ("It is a flower.", False),
        ("", False),
    ],
)
def test_what_nobody_told_must_be_said_to_be_unknown(answer: str, right: bool) -> None:
    assert mark(answer, Wanted(unknown=True, never=("Hillcrest",))).answered is right


def test_another_users_word_is_no_answer_whatever_else_is_said() -> None:
    verdict = mark("You live in Bristol, like Marcus.", HOME, others=("Marcus", "Cardiff"))
    assert verdict.crossed == ("Marcus",)
    assert not verdict.answered


def test_a_question_about_the_past_wants_the_past() -> None:
    wanted = Wanted(must=("Leeds",), past=True)
    assert mark("You used to live in Leeds.", wanted).answered


def test_apostrophes_and_titles_do_not_matter() -> None:
    assert mark("It’s Dr. Huber.", Wanted(must=("Dr. Huber",))).answered
    assert mark("Your dentist is Dr Huber.", Wanted(must=("Dr. Huber",))).answered
    assert mark("I don’t know that.", Wanted(unknown=True)).answered


@given(st.text())
def test_no_answer_breaks_the_marking(answer: str) -> None:
    verdict = mark(answer, HOME, others=("Cardiff",))
    assert not (verdict.answered and (verdict.superseded or verdict.crossed))
    assert not verdict.answered or "bristol" in answer.lower()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_the_scripts_are_sound(path: Path) -> None:
    script = read(path)
    lines = [line for visit in script.visits for line in visit.lines]
    asked = [line for line in lines if line.wanted]
    assert (len(lines) - len(asked), len(asked)) == (60, 40)
    assert len(script.people) >= 2
    assert len(script.personas) >= 2
    assert any(line.yes for line in lines)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("parrot", ["", "I don't know.", "You told me."])
def test_no_constant_answer_gets_far(path: Path, parrot: str) -> None:
    asked = [line for visit in read(path).visits for line in visit.lines if line.wanted]
    assert sum(mark(parrot, line.wanted).answered for line in asked if line.wanted) <= 0.15 * len(asked)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_repeating_the_question_is_never_an_answer(path: Path) -> None:
    asked = [line for visit in read(path).visits for line in visit.lines if line.wanted]
    assert not [line.words for line in asked if line.wanted and mark(line.words, line.wanted).answered]


def test_a_limit_cuts_the_life_after_so_many_questions() -> None:
    script = read(SCRIPTS[0]).first(3)
    assert sum(line.wanted is not None for visit in script.visits for line in visit.lines) == 3
    assert script.visits[-1].lines[-1].wanted


BASE = """
[[personas]]
name = "Nora"
[[people]]
id = "a"
private = ["Ann"]
[[people]]
id = "b"
private = ["Bob"]
[[visits]]
person = "a"
persona = "Nora"
at = 2026-03-02T18:10:00Z
lines = [{}]
"""


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{ asks = "Is it Leeds?", must = ["Leeds"] }', "holds its own answer"),
        ('{ asks = "Where?" }', "wants nothing"),
        ('{ says = "Bob is my friend." }', "another person's own"),
        ('{ asks = "Where?", must = ["x"], mustnt = ["y"] }', "mustnt"),
        ('{ say = "Hello" }', "asks"),
        ("nonsense", "TOML"),
    ],
)
def test_a_script_that_means_nothing_is_refused(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "life.toml"
    path.write_text(BASE.replace("{}", line), encoding="utf-8")
    with pytest.raises(ScriptMistake, match=told):
        read(path)


def test_the_clock_jumps_forward_only() -> None:
    clock = TravelClock(datetime(2026, 3, 2, tzinfo=UTC))
    assert clock.now().date() == datetime(2026, 3, 2, tzinfo=UTC).date()
    clock.travel(datetime(2026, 5, 1, tzinfo=UTC))
    clock.travel(datetime(2026, 4, 1, tzinfo=UTC))
    assert clock.now().month == 5


class Parrot(ScriptedModel):
    """Says what it is shown of the user, and learns nothing by itself."""

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        yield TextDelta("[]" if request.format else f"Well. {request.background} {request.context}")
        yield Usage()
        yield Done("stop")


LIFE = """
[[personas]]
name = "Nora"
circle = "home"
[[personas]]
name = "Max"
circle = "home"
[[people]]
id = "a"
private = ["Ann", "Leeds"]
[[people]]
id = "b"
private = ["Bob"]
[[visits]]
person = "a"
persona = "Nora"
at = 2026-03-02T18:10:00Z
lines = [{ says = "My name is Ann." }, { says = "I live in Leeds." }]
[[visits]]
person = "b"
persona = "Max"
at = 2026-03-03T18:10:00Z
lines = [{ says = "My name is Bob." }]
[[visits]]
person = "a"
persona = "Max"
at = 2026-04-02T18:10:00Z
lines = [{ asks = "Where do I live?", kind = "home", must = ["Leeds"] }, { asks = "Who?", must = ["Zoe"] }]
"""


@pytest.mark.anyio
async def test_a_life_is_played_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNI_AGENT_HOME", str(tmp_path))
    path = tmp_path / "life.toml"
    path.write_text(LIFE, encoding="utf-8")
    told = Arguments(path, 0, True, Namespace(verbose=True, hasty=False))
    life = Life(read(path), tmp_path, Parrot(), told)
    async with AsyncExitStack() as stack:
        for agent in life.agents.values():
            await stack.enter_async_context(agent)
        await life.live()
        assert await life.false_facts() == []
    counted = figures(life.tally, [])
    assert (counted["answered"], counted["known"], counted["n"], counted["turns"]) == (0.5, 0.5, 2, 5)
    assert counted["other_user"] == 0
    assert counted["kinds"] == {"home": [1, 1], "other": [0, 1]}
