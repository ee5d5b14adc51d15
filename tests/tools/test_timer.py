"""Timers: they outlive the program and tell the truth about the clock."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omni_tools import timer
from omni_tools.timer import cancel_timer, list_timers, set_timer

from omni_agent.alarms import ToolAlarms
from omni_agent.errors import ToolError
from omni_agent.tool import Tool, ToolContext

Run = Callable[..., str]


class Moment:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 14, 5, tzinfo=ZoneInfo("Europe/Berlin"))

    def pass_by(self, **length: float) -> None:
        self.now = (self.now.astimezone(ZoneInfo("UTC")) + timedelta(**length)).astimezone(self.now.tzinfo)


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> Moment:
    moment = Moment()
    monkeypatch.setattr(timer, "_now", lambda: moment.now)
    return moment


def test_schemas(examine: Callable[..., None]) -> None:
    examine(timer, {"set_timer": "write", "list_timers": "read", "cancel_timer": "write"})


def test_a_timer_counts_down_and_runs_out(run: Run, moment: Moment) -> None:
    assert run(list_timers) == "There are no timers."
    assert run(set_timer, minutes=5, label="tea") == "The tea timer is set for 5 minutes, until 14:10."
    moment.pass_by(minutes=2, seconds=30)
    assert run(list_timers) == "The tea timer has 2 minutes and 30 seconds left, until 14:10."
    moment.pass_by(minutes=2, seconds=30)
    assert run(list_timers) == "The tea timer ran out at 14:10, 0 seconds ago."
    moment.pass_by(hours=1)
    assert run(list_timers) == "The tea timer ran out at 14:10, 1 hour ago."


def test_lengths_add_up_and_days_are_named(run: Run) -> None:
    answer = run(set_timer, hours=1, minutes=30, seconds=15)
    assert answer == "The timer is set for 1 hour and 30 minutes, until 15:35."
    answer = run(set_timer, hours=12, label="bread timer")
    assert answer == "The bread timer is set for 12 hours, until 02:05 on Monday, 23 November 2026."


def test_the_same_label_gets_a_number(run: Run) -> None:
    run(set_timer, minutes=5)
    assert run(set_timer, minutes=7).startswith("The timer 2 is set")
    assert run(list_timers).count("left") == 2


def test_the_soonest_comes_first(run: Run) -> None:
    run(set_timer, hours=2, label="bread")
    run(set_timer, minutes=3, label="egg")
    assert run(list_timers).index("egg") < run(list_timers).index("bread")


def test_a_call_that_is_tried_again_sets_one_timer(run: Run) -> None:
    first = run(set_timer, minutes=5, label="tea", key="same")
    assert run(set_timer, minutes=5, label="tea", key="same") == first
    assert run(list_timers).count("tea") == 1


def test_the_clock_going_forward_does_not_shorten_a_timer(run: Run, moment: Moment) -> None:
    moment.now = datetime(2026, 3, 29, 1, 30, tzinfo=moment.now.tzinfo)
    assert run(set_timer, hours=1).endswith("for 1 hour, until 03:30.")
    moment.pass_by(minutes=45)
    assert "has 15 minutes left" in run(list_timers)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({}, "How long"),
        ({"minutes": 0}, "How long"),
        ({"seconds": 0.2}, "How long"),
        ({"minutes": -5}, "from 0 up"),
        ({"minutes": 5, "seconds": -1}, "from 0 up"),
        ({"minutes": float("nan")}, "from 0 up"),
        ({"hours": float("inf")}, "from 0 up"),
        ({"hours": 99, "seconds": 1}, "99 hours at most"),
        ({"minutes": 1e300}, "99 hours at most"),
        ({"minutes": 5, "label": "x" * 41}, "too long"),
    ],
)
def test_lengths_that_make_no_sense_are_refused(run: Run, arguments: dict[str, object], why: str) -> None:
    with pytest.raises(ToolError, match=why):
        run(set_timer, **arguments)
    assert run(list_timers) == "There are no timers."


@given(
    hours=st.floats(0, 50), minutes=st.floats(0, 600), seconds=st.floats(1, 600), passed=st.floats(0, 300_000)
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_timer_has_time_left_until_its_length_has_passed(
    run: Run, moment: Moment, hours: float, minutes: float, seconds: float, passed: float
) -> None:
    run(set_timer, hours=hours, minutes=minutes, seconds=seconds, label="egg")
    moment.pass_by(seconds=passed)
    left = hours * 3600 + minutes * 60 + seconds - passed
    answer = run(list_timers)
    run(cancel_timer, label="egg")
    if abs(left) > 1:
        assert ("ran out" in answer) == (left < 0)


@pytest.mark.parametrize("said", ["tea", "Tea", "tea timer", "the tea timer", "téa", "tee"])
def test_a_timer_is_cancelled_by_what_it_is_called(run: Run, said: str) -> None:
    run(set_timer, minutes=5, label="tea")
    run(set_timer, minutes=5, label="potatoes")
    assert run(cancel_timer, label=said) == "The tea timer is cancelled."
    assert "tea" not in run(list_timers)


def test_the_only_timer_needs_no_name(run: Run) -> None:
    run(set_timer, minutes=5, label="tea")
    assert run(cancel_timer, label="timer") == "The tea timer is cancelled."


def test_all_timers_can_be_cancelled(run: Run) -> None:
    run(set_timer, minutes=5, label="tea")
    run(set_timer, minutes=5, label="egg")
    assert run(cancel_timer, label="all") == "All timers are cancelled: tea, egg."
    assert run(list_timers) == "There are no timers."


def test_an_unclear_name_is_asked_about(run: Run) -> None:
    with pytest.raises(ToolError, match="no timers to cancel"):
        run(cancel_timer, label="tea")
    run(set_timer, minutes=5, label="green tea")
    run(set_timer, minutes=6, label="black tea")
    with pytest.raises(ToolError, match=r"more than one timer. The timers are: green tea, black tea"):
        run(cancel_timer, label="tea")
    with pytest.raises(ToolError, match=r"is no timer. The timers are: green tea, black tea"):
        run(cancel_timer, label="laundry")


def test_users_do_not_see_each_other(run: Run) -> None:
    run(set_timer, minutes=5, label="tea", user="ada")
    assert run(list_timers, user="bob") == "There are no timers."
    with pytest.raises(ToolError):
        run(cancel_timer, label="all", user="bob")
    assert "tea" in run(list_timers, user="ada")


def test_timers_of_yesterday_are_forgotten(run: Run, moment: Moment) -> None:
    run(set_timer, minutes=5, label="tea")
    moment.pass_by(days=2)
    run(set_timer, minutes=5, label="egg")
    assert "tea" not in run(list_timers)


def test_another_program_finds_the_timers(run: Run, home: Path) -> None:
    run(set_timer, minutes=5, label="tea")
    with closing(sqlite3.connect(home / "timers.db")) as database:
        rows = database.execute("SELECT user, label, seconds FROM timers").fetchall()
    assert rows == [("ada", "tea", 300.0)]


def test_a_broken_file_is_named(run: Run, home: Path) -> None:
    home.mkdir()
    (home / "timers.db").write_bytes(b"no database" * 100)
    with pytest.raises(ToolError, match=r"timers\.db cannot be used"):
        run(list_timers)


def call(tool: Tool, alarms: ToolAlarms, key: str, *, undo: bool = False, **arguments: object) -> object:
    """One call, or the taking back of the one with that key, with alarms that outlive it."""
    own = f"undo {key}" if undo else key
    context = ToolContext(
        "ada", "s", "t", own, own, lambda message: None, alarms=alarms, undoes=key if undo else ""
    )
    run = tool.undo if undo else tool.run
    assert run is not None

    async def main() -> object:
        return await run(tool.validate(arguments), context)

    return asyncio.run(main())


def told(alarms: ToolAlarms) -> list[tuple[str, str]]:
    zone = ZoneInfo("Europe/Berlin")
    return [(f"{alarm.at.astimezone(zone):%H:%M}", alarm.text) for alarm in alarms.pending()]


def test_a_timer_says_when_it_is_up() -> None:
    alarms = ToolAlarms()
    call(set_timer, alarms, "one", minutes=5, label="tea")
    call(set_timer, alarms, "two", minutes=7)
    call(set_timer, alarms, "three", minutes=9, label="Timer")
    call(set_timer, alarms, "one", minutes=5, label="tea")
    assert told(alarms) == [
        ("14:10", "The tea timer is up."),
        ("14:12", "The timer is up."),
        ("14:14", "The Timer 2 is up."),
    ]


def test_an_alarm_goes_off_after_the_length_whatever_the_clocks_do(moment: Moment) -> None:
    alarms = ToolAlarms()
    moment.now = datetime(2026, 3, 29, 1, 30, tzinfo=moment.now.tzinfo)
    call(set_timer, alarms, "one", hours=1)
    assert told(alarms) == [("03:30", "The timer is up.")]


def test_a_cancelled_timer_says_nothing() -> None:
    alarms = ToolAlarms()
    for label in ("tea", "egg", "bread"):
        call(set_timer, alarms, label, minutes=5, label=label)
    call(cancel_timer, alarms, "cancel", label="tea")
    assert [text for _, text in told(alarms)] == ["The egg timer is up.", "The bread timer is up."]
    call(cancel_timer, alarms, "cancel all", label="all")
    assert told(alarms) == []


def test_setting_a_timer_is_taken_back(moment: Moment) -> None:
    alarms = ToolAlarms()
    call(set_timer, alarms, "one", minutes=5, label="tea")
    call(set_timer, alarms, "two", minutes=5, label="tea")
    assert call(set_timer, alarms, "two", undo=True, minutes=5) == "The tea 2 timer is taken back."
    assert told(alarms) == [("14:10", "The tea timer is up.")]
    with pytest.raises(ToolError, match="no longer there"):
        call(set_timer, alarms, "two", undo=True, minutes=5)
    with pytest.raises(ToolError, match="no longer there"):
        call(set_timer, alarms, "never", undo=True, minutes=5)
    moment.pass_by(minutes=5)
    with pytest.raises(ToolError, match="ran out already"):
        call(set_timer, alarms, "one", undo=True, minutes=5)


def test_an_alarm_that_cannot_be_set_leaves_no_timer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: ToolAlarms, key: str, at: datetime, text: str) -> None:
        raise ToolError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(ToolAlarms, "set", broken)
        with pytest.raises(ToolError, match="disk is full"):
            run(set_timer, minutes=5)
    assert run(list_timers) == "There are no timers."


def test_a_timer_is_read_back_before_it_is_cancelled() -> None:
    assert isinstance(cancel_timer.question, str)
    assert cancel_timer.question.format(label="tea") == "Cancel the timer 'tea'?"


def test_a_cancelled_timer_runs_again_when_that_is_taken_back(moment: Moment) -> None:
    alarms = ToolAlarms()
    for label in ("tea", "egg"):
        call(set_timer, alarms, label, minutes=5 if label == "tea" else 50, label=label)
    assert call(cancel_timer, alarms, "all", label="all") == "All timers are cancelled: tea, egg."
    assert call(cancel_timer, alarms, "all", label="all") == "All timers are cancelled: tea, egg."
    moment.pass_by(minutes=10)
    call(set_timer, alarms, "new", minutes=90, label="egg")
    assert call(cancel_timer, alarms, "all", undo=True, label="all") == "Running again: egg timer."
    assert [text for _, text in told(alarms)] == ["The egg 2 timer is up.", "The egg timer is up."]
    with pytest.raises(ToolError, match="taken back already"):
        call(cancel_timer, alarms, "all", undo=True, label="all")
    call(set_timer, alarms, "soup", minutes=5, label="soup")
    call(cancel_timer, alarms, "no soup", label="soup")
    moment.pass_by(minutes=10)
    with pytest.raises(ToolError, match="stays cancelled"):
        call(cancel_timer, alarms, "no soup", undo=True, label="soup")


def test_half_a_sign_in_a_label_becomes_a_question_mark(run: Callable[..., str]) -> None:
    assert run(set_timer, minutes=5, label="tea \ud83c").startswith("The tea ? timer is set")
