"""Reminders: they come when the clock says so, also to a program that was started anew."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omni_tools import reminders
from omni_tools.readable import printable
from omni_tools.reminders import cancel_reminder, list_reminders, remind_me, remind_me_in

from omni_agent.alarms import Alarms, ToolAlarms
from omni_agent.errors import ToolError
from omni_agent.tool import Tool, ToolContext

KEYS = itertools.count()


class Desk:
    """Tools with one store of alarms, and a clock that stands still until it is moved."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
        self.alarms = Alarms(path)

    def __call__(
        self, tool: Tool, *, key: str = "", undoes: str = "", user: str = "ada", **arguments: Any
    ) -> str:
        key = key or f"key-{next(KEYS)}"
        context = ToolContext(
            user,
            "s",
            "t",
            key,
            key,
            lambda message: None,
            alarms=ToolAlarms(self.alarms, user),
            undoes=undoes,
        )
        run = tool.undo if undoes else tool.run
        assert run is not None

        async def main() -> object:
            return await run(tool.validate(arguments), context)

        answer = asyncio.run(main())
        assert isinstance(answer, str)
        return answer

    def due(self, user: str = "ada") -> list[str]:
        return [alarm.text for alarm in self.alarms.take_due(user, self.now)]

    def at(self) -> list[str]:
        return [f"{alarm.at.astimezone(UTC):%Y-%m-%d %H:%M}" for alarm in self.alarms.pending("ada")]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    desk = Desk(tmp_path / "alarms.db")
    monkeypatch.setattr(reminders, "_now", lambda: desk.now)
    yield desk
    desk.alarms.close()


def test_schemas() -> None:
    tools = {name: getattr(reminders, name) for name in reminders.__all__}
    effects = {
        "remind_me": "write",
        "remind_me_in": "write",
        "list_reminders": "read",
        "cancel_reminder": "write",
    }
    assert {name: tool.effect for name, tool in tools.items()} == effects
    for tool in tools.values():
        assert 10 < len(tool.spec.description) <= 120
        assert (tool.undo is not None) == (tool.effect == "write")
        for schema in tool.spec.parameters["properties"].values():
            assert 3 < len(schema["description"]) <= 110
    assert tools["remind_me"].spec.parameters["required"] == ["text", "time"]


def test_a_reminder_is_set_listed_and_said(desk: Desk) -> None:
    assert desk(list_reminders) == "There are no reminders."
    answer = desk(remind_me, text="call the dentist", time="15:00")
    assert answer == "I will remind you today at 15:00: call the dentist."
    answer = desk(remind_me, text="Is the oven off?", time="09:00", date="2026-11-27")
    assert answer == "I will remind you Friday, 27 November 2026 at 9: Is the oven off?"
    answer = desk(remind_me_in, text="take the pills.", minutes=1.5)
    assert answer == "I will remind you today at 10:01: take the pills."
    assert desk(list_reminders) == (
        "3 reminders. Today at 10:01: take the pills; today at 15:00: call the dentist; "
        "Friday, 27 November 2026 at 9: Is the oven off?"
    )
    desk.now += timedelta(minutes=2)
    assert desk.due() == ["Reminder: take the pills."]
    desk.now += timedelta(days=4)
    assert desk.due() == ["Reminder: call the dentist.", "Reminder: Is the oven off?"]


def test_a_program_that_is_started_anew_still_says_it(desk: Desk) -> None:
    desk(remind_me, text="call", time="15:00")
    desk.alarms.close()
    desk.alarms = Alarms(desk.path)
    assert desk(list_reminders) == "1 reminder. Today at 15:00: call."
    desk.now += timedelta(days=1)
    assert desk.due() == ["Reminder: call."]


@pytest.mark.parametrize(
    ("now", "time", "date", "utc"),
    [
        ("2026-11-23 10:00", "09:00", None, "2026-11-24 08:00"),
        ("2026-11-23 10:00", "10:00", None, "2026-11-24 09:00"),
        ("2026-11-23 10:00", "10:01", None, "2026-11-23 09:01"),
        ("2026-11-23 10:00", "15:00:00Z", None, "2026-11-23 14:00"),
        ("2026-12-31 23:59", "00:00", None, "2026-12-31 23:00"),
        # The clocks go forward on 28 March 2027 at 2:00 and back on 31 October 2027 at 3:00.
        ("2027-03-27 10:00", "09:00", None, "2027-03-28 07:00"),
        ("2027-03-28 01:00", "02:30", None, "2027-03-29 00:30"),
        ("2027-03-28 10:00", "02:30", None, "2027-03-29 00:30"),
        ("2027-10-30 10:00", "09:00", None, "2027-10-31 08:00"),
        ("2027-10-30 10:00", "02:30", None, "2027-10-31 00:30"),
        ("2027-10-31 02:40", "02:30", None, "2027-10-31 01:30"),
        ("2027-10-31 02:40", "02:30", "2027-10-31", "2027-10-31 01:30"),
        ("2027-10-31 03:40", "02:30", None, "2027-11-01 01:30"),
    ],
)
def test_a_time_is_the_next_one_that_the_clock_shows(
    desk: Desk, now: str, time: str, date: str | None, utc: str
) -> None:
    desk.now = datetime.fromisoformat(now).replace(tzinfo=desk.now.tzinfo)
    desk(remind_me, text="x", time=time, **({"date": date} if date else {}))
    assert desk.at() == [utc]


def test_minutes_are_minutes_whatever_the_clocks_do(desk: Desk) -> None:
    desk.now = datetime(2027, 3, 28, 1, 30, tzinfo=desk.now.tzinfo)
    assert desk(remind_me_in, text="x", minutes=60) == "I will remind you today at 3:30: x."
    assert desk.at() == ["2027-03-28 01:30"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"text": " . ", "time": "12:00"}, "be reminded of"),
        ({"text": "x" * 301, "time": "12:00"}, "too long"),
        ({"text": "x", "time": "09:00", "date": "2026-11-23"}, "time is over: it is 10 now"),
        ({"text": "x", "time": "12:00", "date": "2026-11-22"}, "time is over"),
        ({"text": "x", "time": "02:30", "date": "2027-03-28"}, "Ask for 03:30"),
        ({"text": "x", "time": "12:00", "date": "2037-11-22"}, "more than ten years"),
        ({"text": "x", "time": "12:00", "date": "9999-12-31"}, "more than ten years"),
        ({"text": "x", "time": "00:00", "date": "0001-01-01"}, "beyond the years"),
        ({"text": "x", "minutes": 0}, "more than 0"),
        ({"text": "x", "minutes": -5}, "more than 0"),
        ({"text": "x", "minutes": float("nan")}, "more than 0"),
        ({"text": "x", "minutes": float("inf")}, "more than 0"),
        ({"text": "x", "minutes": 1e300}, "at most ten years"),
    ],
)
def test_what_makes_no_sense_is_refused(desk: Desk, arguments: dict[str, Any], why: str) -> None:
    with pytest.raises(ToolError, match=why):
        desk(remind_me_in if "minutes" in arguments else remind_me, **arguments)
    assert desk(list_reminders) == "There are no reminders."


def test_there_is_an_end_to_how_many(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "_MOST", 12)
    for number in range(12):
        desk(remind_me_in, text=f"number {number}", minutes=number + 1)
    with pytest.raises(ToolError, match="12 reminders already"):
        desk(remind_me_in, text="x", minutes=1)
    assert desk(list_reminders).endswith("; and 2 more.")
    assert desk(remind_me_in, text="x", minutes=1, user="bob").startswith("I will")


def test_a_call_that_is_tried_again_is_done_once(desk: Desk) -> None:
    first = desk(remind_me_in, text="tea", minutes=5, key="k")
    desk.now += timedelta(minutes=1)
    assert desk(remind_me_in, text="tea", minutes=5, key="k") == first
    assert desk.at() == ["2026-11-23 09:05"]
    desk.now += timedelta(minutes=10)
    assert desk.due() == ["Reminder: tea."]
    assert desk(remind_me_in, text="tea", minutes=5, key="k") == first
    assert desk.at() == []
    desk(remind_me_in, text="tea", minutes=5)
    gone = desk(cancel_reminder, text="tea", key="c")
    assert desk(cancel_reminder, text="tea", key="c") == gone


@pytest.mark.parametrize(
    "said", ["call the dentist", "dentist", "Call the Dentist", "the dentist", "call dentist"]
)
def test_a_reminder_is_cancelled_by_what_it_is_about(desk: Desk, said: str) -> None:
    desk(remind_me, text="call the dentist", time="15:00")
    desk(remind_me, text="water the plants", time="16:00")
    assert desk(cancel_reminder, text=said) == "The reminder is cancelled: today at 15:00, call the dentist."
    assert desk(list_reminders) == "1 reminder. Today at 16:00: water the plants."
    assert "water" in desk(cancel_reminder, text="my reminder")


def test_an_unclear_reminder_is_asked_about(desk: Desk) -> None:
    with pytest.raises(ToolError, match="no reminders to cancel"):
        desk(cancel_reminder, text="x")
    desk(remind_me, text="call Anna", time="15:00")
    desk(remind_me, text="call Bob", time="16:00")
    with pytest.raises(
        ToolError, match=r"'call' could be more than one reminder. There are: 'call Anna', 'call Bob'"
    ):
        desk(cancel_reminder, text="call")
    with pytest.raises(ToolError, match="'taxes' is no reminder"):
        desk(cancel_reminder, text="taxes")
    desk(remind_me, text="call Anna", time="17:00")
    assert desk(cancel_reminder, text="call Anna").startswith("The reminder is cancelled: today at 15:00")


def test_setting_and_cancelling_are_taken_back(desk: Desk) -> None:
    desk(remind_me, text="tea", time="15:00", key="set")
    desk(remind_me, text="cake", time="16:00")
    assert desk(cancel_reminder, text="all", key="all") == "All 2 reminders are cancelled."
    assert desk(cancel_reminder, undoes="all", text="all") == "The reminders are set again."
    assert desk(cancel_reminder, undoes="all", text="all") == "The reminders are set again."
    assert desk(list_reminders) == "2 reminders. Today at 15:00: tea; today at 16:00: cake."
    assert desk(remind_me, undoes="set", text="tea", time="15:00") == "The reminder is taken back."
    assert desk(list_reminders) == "1 reminder. Today at 16:00: cake."
    desk(cancel_reminder, text="cake", key="late")
    desk.now += timedelta(days=1)
    with pytest.raises(ToolError, match="has passed"):
        desk(cancel_reminder, undoes="late", text="cake")
    assert desk(remind_me, undoes="set", text="tea", time="15:00") == "The reminder is taken back."
    desk(remind_me, text="tea", time="15:00", key="given")
    desk.now += timedelta(days=1)
    assert desk.due() == ["Reminder: tea."]
    with pytest.raises(ToolError, match="given already"):
        desk(remind_me, undoes="given", text="tea", time="15:00")
    for tool, arguments in ((remind_me, {"text": "x", "time": "09:00"}), (cancel_reminder, {"text": "x"})):
        with pytest.raises(ToolError, match="too long ago"):
            desk(tool, undoes="never", **arguments)


def test_users_do_not_see_each_other(desk: Desk) -> None:
    desk(remind_me, text="secret", time="15:00", key="k")
    assert desk(list_reminders, user="bob") == "There are no reminders."
    with pytest.raises(ToolError):
        desk(cancel_reminder, text="all", user="bob")
    with pytest.raises(ToolError):
        desk(remind_me, undoes="k", user="bob", text="secret", time="15:00")
    desk(remind_me, text="mine", time="15:00", key="k", user="bob")
    assert "secret" in desk(list_reminders)


def test_alarms_of_other_tools_are_left_alone(desk: Desk) -> None:
    ToolAlarms(desk.alarms, "ada").set("timer tea", desk.now + timedelta(minutes=5), "The tea timer is up.")
    assert desk(list_reminders) == "There are no reminders."
    desk(remind_me, text="x", time="15:00")
    desk(cancel_reminder, text="all")
    assert len(desk.alarms.pending("ada")) == 1


def test_many_at_once_are_all_kept(desk: Desk) -> None:
    def remind(number: int) -> str:
        return desk(remind_me_in, text=f"number {number}", minutes=10, key=f"k{number % 20}")

    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(remind, range(40)))) == 40
    assert len(desk.alarms.pending("ada")) == 20


@given(text=st.text(min_size=1, max_size=200))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_words_come_back_on_one_line(desk: Desk, text: str) -> None:
    about = " ".join(printable(text.encode("utf-8", "replace").decode()).split()).rstrip(" .")
    if not about:
        with pytest.raises(ToolError, match="be reminded of"):
            desk(remind_me, text=text, time="15:00")
        return
    told = about if about.endswith(("!", "?")) else f"{about}."
    assert desk(remind_me, text=text, time="15:00") == f"I will remind you today at 15:00: {told}"
    assert desk(list_reminders) == f"1 reminder. Today at 15:00: {told}"
    desk.now += timedelta(days=1)
    assert desk.due() == [f"Reminder: {told}"]
    desk.now -= timedelta(days=1)


def test_a_broken_file_is_named(desk: Desk, home: Path) -> None:
    home.mkdir()
    (home / "reminders.db").write_bytes(b"no database" * 100)
    with pytest.raises(ToolError, match=r"reminders\.db cannot be used"):
        desk(remind_me, text="x", time="15:00")
    assert desk.at() == []


def test_an_alarm_that_cannot_be_set_leaves_no_trace(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: ToolAlarms, key: str, at: datetime, text: str) -> None:
        raise sqlite3.OperationalError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(ToolAlarms, "set", broken)
        with pytest.raises(ToolError, match="disk full"):
            desk(remind_me, text="x", time="15:00", key="k")
    assert desk(remind_me, text="x", time="15:00", key="k").startswith("I will")
    assert len(desk.at()) == 1
