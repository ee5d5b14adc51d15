"""The calendar's tools: what is said, done once, and taken back; and what the clocks do to it."""

from __future__ import annotations

import asyncio
import itertools
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omni_tools import calendar
from omni_tools.calendar import Calendar
from omni_tools.readable import printable

from omni_agent.errors import ConfigError, ToolError
from omni_agent.tool import Toolbox, ToolContext

BERLIN = ZoneInfo("Europe/Berlin")
KEYS = itertools.count()
Call = Callable[..., str]


class Desk:
    """A calendar with a clock that stands still until it is moved."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.now = datetime(2026, 11, 23, 10, 0, tzinfo=BERLIN)
        self.box = Toolbox([Calendar(file=file)])

    def __call__(
        self, tool: str, *, key: str = "", undoes: str = "", user: str = "ada", **arguments: Any
    ) -> str:
        key = key or f"key-{next(KEYS)}"
        context = ToolContext(user, "s", "t", key, key, lambda message: None, undoes=undoes)
        run = self.box[tool].undo if undoes else self.box[tool].run
        assert run is not None
        answer = asyncio.run(_awaited(run, self.box[tool].validate(arguments), context))
        assert isinstance(answer, str)
        return answer

    def holds(self, *lines: str, ends: str = "\r\n") -> bytes:
        text = "".join(
            f"{line}{ends}" for line in ("BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR")
        )
        self.file.write_bytes(text.encode())
        return text.encode()


async def _awaited(run: Any, arguments: Any, context: ToolContext) -> object:
    return await run(arguments, context)


def event(*lines: str, uid: str = "one") -> tuple[str, ...]:
    return ("BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path / "calendar.ics")
    monkeypatch.setattr(calendar, "_now", lambda: desk.now)
    return desk


def test_schemas(desk: Desk) -> None:
    effects = {tool.name: tool.effect for tool in desk.box}
    assert effects == {
        "list_events": "read", "find_events": "read",
        "add_event": "write", "move_event": "write", "cancel_event": "write",
    }  # fmt: skip
    for tool in desk.box:
        assert 10 < len(tool.spec.description) <= 120
        assert tool.untrusted == (tool.effect == "read")
        assert (tool.undo is not None) == (tool.effect == "write")
        for schema in tool.spec.parameters["properties"].values():
            assert 3 < len(schema["description"]) <= 110
    assert desk.box["move_event"].spec.parameters["required"] == ["title"]
    assert desk.box["add_event"].spec.parameters["properties"]["time"]["format"] == "time"


def test_an_event_is_put_in_moved_and_cancelled(desk: Desk) -> None:
    assert desk("list_events") == "There is nothing in the calendar today."
    answer = desk("add_event", title="dentist", date="2026-11-24", time="09:00", place="Main Street")
    assert answer == "It is in the calendar: dentist, tomorrow at 9, until 10, Main Street."
    assert desk("list_events", day="tomorrow") == "Tomorrow: at 9 dentist, until 10, Main Street."
    assert desk("find_events", words="DENTIST main") == "dentist, tomorrow at 9, until 10, Main Street."
    answer = desk("move_event", title="the dentist", date="2026-11-27", time="15:30")
    assert answer == "It is moved: dentist, Friday, 27 November 2026 at 15:30, until 16:30."
    assert desk("list_events", day="tomorrow") == "There is nothing in the calendar tomorrow."
    assert desk("cancel_event", title="dentist").startswith("It is cancelled: dentist, Friday, 27 November")
    assert desk("find_events", words="dentist") == "No event has the words 'dentist'."


def test_the_home_folder_is_where_it_is_kept(home: Path, desk: Desk) -> None:
    desk.box = Toolbox([Calendar()])
    desk("add_event", title="tea", date="2026-11-23", time="16:00")
    assert b"SUMMARY:tea" in (home / "calendar.ics").read_bytes()


def test_only_the_day_or_only_the_time_may_change(desk: Desk) -> None:
    desk("add_event", title="lunch", date="2026-11-24", time="12:00", minutes=90)
    answer = desk("move_event", title="lunch", time="13:00")
    assert answer == "It is moved: lunch, tomorrow at 13:00, until 14:30."
    answer = desk("move_event", title="lunch", date="2026-11-25")
    assert answer == "It is moved: lunch, Wednesday, 25 November 2026 at 13:00, until 14:30."
    with pytest.raises(ToolError, match="Give a date or a time"):
        desk("move_event", title="lunch")


def test_days_and_weeks_are_told_day_by_day(desk: Desk) -> None:
    desk("add_event", title="party", date="2026-11-23", time="22:00", minutes=240)
    desk("add_event", title="yoga", date="2026-11-28", time="10:30", minutes=60)
    desk("add_event", title="late", date="2026-11-23", time="20:00", minutes=240)
    assert desk("list_events", day="tomorrow") == "Tomorrow: party, until 2."
    assert desk("list_events", day="this week") == (
        "Today: at 20:00 late, until midnight; at 22:00 party, until tomorrow at 2. "
        "Saturday, 28 November 2026: at 10:30 yoga, until 11:30."
    )
    assert desk("list_events", day="the weekend").startswith("Saturday")
    assert desk("list_events", days=6).count("until") == 3
    assert desk("list_events", day="next week") == (
        "There is nothing in the calendar from Monday, 30 November 2026 until Sunday, 6 December 2026."
    )


@pytest.mark.parametrize(
    ("tool", "arguments", "why"),
    [
        ("add_event", {"title": " \n", "date": "2026-11-24", "time": "09:00"}, "no title"),
        ("add_event", {"title": "x" * 121, "date": "2026-11-24", "time": "09:00"}, "title is too long"),
        ("add_event", {"title": "x", "date": "2026-11-24", "time": "09:00", "minutes": 0}, "from 1 minute"),
        ("add_event", {"title": "x", "date": "2026-11-24", "time": "09:00", "minutes": 10081}, "to 7 days"),
        ("add_event", {"title": "x", "date": "9999-12-31", "time": "23:30"}, "beyond the years"),
        ("add_event", {"title": "x", "date": "0001-01-01", "time": "00:00"}, "beyond the years"),
        ("list_events", {"day": "someday"}, "not a date"),
        ("list_events", {"days": 0}, "1 to 62 days"),
        ("list_events", {"days": 63}, "1 to 62 days"),
        ("list_events", {"day": "9999-12-31", "days": 2}, "beyond the years"),
        ("list_events", {"day": "9999-12-31"}, "beyond the years"),
        ("find_events", {"words": " "}, "Give some words"),
        ("move_event", {"title": "x", "date": "2026-11-24"}, "No event from today on is called 'x'"),
        ("cancel_event", {"title": "x", "date": "2026-11-24"}, "No event tomorrow is called 'x'"),
    ],
)
def test_what_makes_no_sense_is_refused(desk: Desk, tool: str, arguments: dict[str, Any], why: str) -> None:
    with pytest.raises(ToolError, match=why):
        desk(tool, **arguments)
    assert not desk.file.exists()


def test_an_unknown_zone_is_refused() -> None:
    for zone in ("Mars/Base", "../etc/passwd", "/etc/localtime"):
        with pytest.raises(ConfigError, match="no time zone"):
            Calendar(zone=zone)


def test_an_unclear_event_is_asked_about(desk: Desk) -> None:
    desk("add_event", title="call Anna", date="2026-11-24", time="09:00")
    desk("add_event", title="call Bob", date="2026-11-24", time="10:00")
    with pytest.raises(ToolError, match="'call' could be more than one event: 'call Anna', 'call Bob'"):
        desk("cancel_event", title="call")
    with pytest.raises(ToolError, match=r"called 'taxes'. There are: 'call Anna', 'call Bob'"):
        desk("move_event", title="taxes", time="12:00")
    desk("add_event", title="call Bob", date="2026-11-26", time="10:00")
    with pytest.raises(ToolError, match=r"more than one time of 'call Bob'.*Give the date"):
        desk("cancel_event", title="call Bob")
    assert "26 November" in desk("cancel_event", title="call Bob", date="2026-11-26")
    desk("add_event", title="call Bob", date="2026-11-24", time="08:00")
    assert desk("cancel_event", title="call Bob") == "It is cancelled: call Bob, tomorrow at 8, until 9."


def test_a_call_that_is_tried_again_is_done_once(desk: Desk) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("add_event", {"title": "tea", "date": "2026-11-24", "time": "09:00"}),
        ("move_event", {"title": "tea", "time": "11:00"}),
        ("cancel_event", {"title": "tea"}),
    ]
    for tool, arguments in calls:
        first, after = desk(tool, key=tool, **arguments), desk.file.read_bytes()
        assert desk(tool, key=tool, **arguments) == first
        assert desk.file.read_bytes() == after
    desk("add_event", key="add_event", user="bob", title="bob's", date="2026-11-24", time="09:00")
    assert desk.file.read_bytes().count(b"BEGIN:VEVENT") == 1


def test_a_change_that_a_crash_cut_off_is_done_when_it_is_tried_again(desk: Desk) -> None:
    arguments = {"title": "tea", "date": "2026-11-24", "time": "09:00"}
    before = desk.holds(*event("DTSTART:20261201T090000", "SUMMARY:other"))
    desk("add_event", key="k", **arguments)
    after = desk.file.read_bytes()
    desk.file.write_bytes(before)
    assert desk("add_event", key="k", **arguments).startswith("It is in the calendar: tea")
    assert desk.file.read_bytes() == after


def test_every_change_can_be_taken_back(desk: Desk) -> None:
    desk.holds(*event("DTSTART:20261201T090000", "SUMMARY:other"))
    add: dict[str, Any] = {"title": "tea", "date": "2026-11-24", "time": "09:00"}
    start = desk.file.read_bytes()
    desk("add_event", key="add", **add)
    added = desk.file.read_bytes()
    move: dict[str, Any] = {"title": "tea", "time": "11:00"}
    desk("move_event", key="move", **move)
    with pytest.raises(ToolError, match="changed again since"):
        desk("add_event", undoes="add", **add)
    assert desk("move_event", undoes="move", **move) == "'tea' is back at its time."
    assert desk("move_event", undoes="move", **move) == "'tea' is back at its time."
    assert desk.file.read_bytes() == added
    desk("cancel_event", key="cancel", title="tea")
    assert desk("cancel_event", undoes="cancel", title="tea") == "'tea' is back in the calendar."
    assert desk.file.read_bytes() == added
    assert desk("add_event", undoes="add", **add) == "'tea' is out of the calendar again."
    assert desk.file.read_bytes() == start
    assert desk("add_event", key="add", **add).startswith("It is in")
    assert desk.file.read_bytes() == start, "a late attempt does not bring back what was taken back"
    with pytest.raises(ToolError, match="changed nothing"):
        desk("add_event", undoes="never", **add)
    with pytest.raises(ToolError, match="changed nothing"):
        desk("add_event", undoes="add", user="bob", **add)


def test_a_cancelled_event_comes_back_where_it_stood(desk: Desk) -> None:
    days = ("first", "second", "third")
    lines = [event(f"DTSTART:2026112{n}T090000", f"SUMMARY:{day}", uid=day) for n, day in enumerate(days, 4)]
    before = desk.holds(*itertools.chain(*lines))
    for day in days:
        desk("cancel_event", key=day, title=day)
        desk("cancel_event", undoes=day, title=day)
        assert desk.file.read_bytes() == before


def test_a_time_that_the_clocks_skip_is_refused(desk: Desk) -> None:
    with pytest.raises(ToolError, match=r"02:30 does not exist on Sunday, 28 March 2027.*Ask for 03:30"):
        desk("add_event", title="x", date="2027-03-28", time="02:30")
    desk("add_event", title="x", date="2027-03-27", time="02:30")
    with pytest.raises(ToolError, match="does not exist"):
        desk("move_event", title="x", date="2027-03-28")


def test_of_a_time_that_comes_twice_the_first_is_taken(desk: Desk) -> None:
    desk("add_event", title="x", date="2027-10-31", time="02:30", minutes=60)
    assert b"DTSTART:20271031T003000Z" in desk.file.read_bytes()
    # An hour later the clock shows the same again.
    assert desk("list_events", day="2027-10-31").endswith("at 2:30 x, until 2:30.")


def test_a_length_is_kept_across_a_change_of_the_clocks(desk: Desk) -> None:
    answer = desk("add_event", title="night", date="2027-03-27", time="23:00", minutes=240)
    assert answer.endswith("until Sunday, 28 March 2027 at 4.")
    answer = desk("move_event", title="night", date="2027-03-26")
    assert answer.endswith("until Saturday, 27 March 2027 at 3.")


def test_what_repeats_at_nine_does_so_across_a_change_of_the_clocks(desk: Desk) -> None:
    desk.holds(*event("DTSTART;TZID=Europe/Berlin:20270301T090000", "RRULE:FREQ=DAILY", "SUMMARY:up"))
    for day in ("2027-03-27", "2027-03-28", "2027-03-29", "2027-10-30", "2027-10-31", "2027-11-01"):
        assert desk("list_events", day=day).endswith(": at 9 up."), day


def test_what_repeats_at_a_time_that_the_clocks_skip_is_told_at_the_next(desk: Desk) -> None:
    for zone in (";TZID=Europe/Berlin", ""):
        desk.holds(*event(f"DTSTART{zone}:20270301T023000", "RRULE:FREQ=DAILY", "SUMMARY:backup"))
        assert desk("list_events", day="2027-03-28").endswith(": at 3:30 backup."), zone
        assert desk("list_events", day="2027-03-29").endswith(": at 2:30 backup."), zone
        desk("cancel_event", title="backup", date="2027-03-28")
        assert f"EXDATE{zone}:20270328T023000".encode() in desk.file.read_bytes()


def test_a_traveller_sees_moments_moved_and_floating_times_not(desk: Desk) -> None:
    desk.holds(
        *event("DTSTART;TZID=Europe/Berlin:20261124T090000", "SUMMARY:meeting"),
        *event("DTSTART:20261124T070000", "SUMMARY:pills", uid="two"),
        *event("DTSTART;VALUE=DATE:20261124", "SUMMARY:holiday", uid="three"),
    )
    assert desk("list_events", day="tomorrow") == "Tomorrow: all day holiday; at 7 pills; at 9 meeting."
    desk.now = desk.now.astimezone(ZoneInfo("America/New_York"))
    assert desk("list_events", day="tomorrow") == "Tomorrow: all day holiday; at 3 meeting; at 7 pills."
    desk.box = Toolbox([Calendar(file=desk.file, zone="Asia/Tokyo")])
    assert desk("list_events", day="tomorrow") == "Tomorrow: all day holiday; at 7 pills; at 17:00 meeting."


def test_an_event_keeps_its_kind_of_time_when_it_is_moved(desk: Desk) -> None:
    desk.holds(
        *event("DTSTART;TZID=America/New_York:20261124T040000", "DURATION:PT45M", "SUMMARY:call"),
        *event("DTSTART:20261124T070000", "SUMMARY:pills", uid="two"),
        *event("DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261126", "SUMMARY:trip", uid="three"),
    )
    assert desk("move_event", title="call", time="11:00") == "It is moved: call, tomorrow at 11, until 11:45."
    desk("move_event", title="pills", time="08:00")
    answer = desk("move_event", title="trip", date="2026-11-30")
    assert answer == "It is moved: trip, Monday, 30 November 2026 all day, until Tuesday, 1 December 2026."
    data = desk.file.read_bytes()
    assert b"DTSTART;TZID=America/New_York:20261124T050000\r\n" in data
    assert b"DTEND;TZID=America/New_York:20261124T054500\r\n" in data
    assert b"DURATION" not in data
    assert b"DTSTART:20261124T080000\r\n" in data
    assert b"DTSTART;VALUE=DATE:20261130\r\nDTEND;VALUE=DATE:20261202\r\n" in data
    desk("move_event", title="trip", time="09:00")
    assert "at 9 trip, until 10" in desk("list_events", day="2026-11-30")


def test_one_time_of_a_series_is_moved_and_another_cancelled(desk: Desk) -> None:
    lines = ("DTSTART;TZID=Europe/Berlin:20261116T090000", "DURATION:PT15M", "RRULE:FREQ=WEEKLY")
    before = desk.holds(*event(*lines, "SUMMARY:standup", "X-ROOM:7"))
    with pytest.raises(ToolError, match=r"more than one time of 'standup'"):
        desk("cancel_event", title="standup")
    desk("cancel_event", key="c", title="standup", date="2026-11-30")
    assert desk("move_event", key="m", title="standup", time="14:00").startswith(
        "It is moved: standup, today at 14"
    )
    assert desk("list_events", day="today") == "Today: at 14:00 standup, until 14:15."
    assert desk("list_events", day="2026-11-30").startswith("There is nothing")
    assert desk("list_events", day="2026-12-07").endswith("at 9 standup, until 9:15.")
    assert desk.file.read_bytes().count(b"X-ROOM:7") == 2
    desk("move_event", title="standup", time="15:00", key="again")
    assert desk("list_events", day="today") == "Today: at 15:00 standup, until 15:15."
    desk("cancel_event", title="standup", date="2026-11-23", key="gone")
    assert desk("list_events", day="today") == "There is nothing in the calendar today."
    for key, tool in (
        ("gone", "cancel_event"),
        ("again", "move_event"),
        ("m", "move_event"),
        ("c", "cancel_event"),
    ):
        arguments = {"title": "standup"} | ({"time": "01:00"} if tool == "move_event" else {})
        desk(tool, undoes=key, **arguments)
    assert desk.file.read_bytes() == before


@pytest.mark.parametrize(
    ("start", "written", "length"),
    [
        (";VALUE=DATE:20251124", ";VALUE=DATE:20261124", "P1D"),
        (":20251124T080000Z", ":20261124T080000Z", "PT1H"),
        (":20251124T090000", ":20261124T090000", "PT1H"),
        (";TZID=America/New_York:20251124T030000", ";TZID=America/New_York:20261124T030000", "PT1H"),
    ],
)
def test_one_time_of_a_series_is_named_as_the_series_names_it(
    desk: Desk, start: str, written: str, length: str
) -> None:
    desk.holds(*event(f"DTSTART{start}", f"DURATION:{length}", "RRULE:FREQ=YEARLY", "SUMMARY:feast"))
    desk("cancel_event", key="k", title="feast", date="2026-11-24")
    assert f"\r\nEXDATE{written}\r\n".encode() in desk.file.read_bytes()
    assert desk("list_events", day="tomorrow") == "There is nothing in the calendar tomorrow."
    desk("cancel_event", undoes="k", title="feast")
    desk("move_event", title="feast", date="2026-11-25")
    assert f"\r\nRECURRENCE-ID{written}\r\n".encode() in desk.file.read_bytes()
    assert desk("list_events", day="tomorrow") == "There is nothing in the calendar tomorrow."
    assert "feast" in desk("list_events", day="2026-11-25")
    assert "feast" in desk("list_events", day="2027-11-24")


def test_a_series_that_was_changed_from_some_day_on_is_left_alone(desk: Desk) -> None:
    before = desk.holds(
        *event("DTSTART:20261101T090000", "RRULE:FREQ=DAILY", "SUMMARY:walk"),
        *event(
            "DTSTART:20261120T110000", "RECURRENCE-ID;RANGE=THISANDFUTURE:20261120T090000", "SUMMARY:walk"
        ),
    )
    assert desk("list_events", day="tomorrow") == "Tomorrow: at 11 walk."
    for tool, arguments in (("move_event", {"time": "12:00"}), ("cancel_event", {"date": "2026-11-24"})):
        with pytest.raises(ToolError, match="only be changed in the program"):
            desk(tool, title="walk", **arguments)
    assert desk.file.read_bytes() == before


def test_a_title_cannot_break_out_of_its_line(desk: Desk) -> None:
    title = "tea\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:evil, a;b\\n\x00\x1b[31m"
    desk("add_event", title=title, date="2026-11-24", time="09:00", place="x\nATTACH:y")
    data = desk.file.read_bytes()
    assert data.count(b"\nBEGIN:VEVENT") == data.count(b"\nSUMMARY") == 1
    assert b"\nATTACH" not in data
    assert b"\x1b" not in data
    assert "at 9 tea END:VEVENT BEGIN:VEVENT SUMMARY:evil, a;b\\n" in desk("list_events", day="tomorrow")


@given(title=st.text(min_size=1, max_size=110), place=st.text(max_size=60))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_title_comes_back_as_it_was_said(desk: Desk, title: str, place: str) -> None:
    desk.file.unlink(missing_ok=True)
    arguments = {"title": title, "date": "2026-11-24", "time": "09:00", "place": place}
    if not " ".join(printable(title.encode("utf-8", "replace").decode()).split()):
        with pytest.raises(ToolError, match="no title"):
            desk("add_event", **arguments)
        return
    told = desk("add_event", **arguments)
    assert desk.file.read_bytes().count(b"\nEND:VEVENT") == 1
    listed = re.match(r"It is in the calendar: (?P<title>.*), tomorrow at 9, until 10(?P<place>.*)", told)
    assert listed, told
    shown = desk("list_events", day="tomorrow")
    assert shown.startswith(f"Tomorrow: at 9 {listed['title']}, until 10{listed['place']}"), (shown, told)


def test_threads_and_users_lose_no_event(desk: Desk) -> None:
    def add(number: int) -> str:
        return desk(
            "add_event", title=f"event {number}", date="2026-11-24", time="09:00", user=f"u{number % 3}"
        )

    with ThreadPoolExecutor(6) as pool:
        assert len(list(pool.map(add, range(24)))) == 24
    assert desk.file.read_bytes().count(b"BEGIN:VEVENT") == 24


WRITER = """
import asyncio, sys
from pathlib import Path
from omni_tools.calendar import Calendar
from omni_agent.tool import ToolContext
add = Calendar(file=Path(sys.argv[1])).add_event
for n in range(8):
    key = f"{sys.argv[2]}-{n}"
    context = ToolContext("ada", "s", "t", key, key, lambda message: None)
    asyncio.run(add.run({"title": key, "date": "2026-11-24", "time": "09:00"}, context))
"""


def test_several_programs_write_at_once(desk: Desk, home: Path) -> None:
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path), "OMNI_AGENT_HOME": str(home)}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(desk.file), name],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors
    assert desk.file.read_bytes().count(b"BEGIN:VEVENT") == 16
    assert desk("list_events", day="2026-11-24").count("one-") == 8
