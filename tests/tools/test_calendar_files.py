"""Calendar files as other programs write them, broken ones, and those made to do harm."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omni_tools import calendar_file, occurrences
from omni_tools.ics import parsed

from omni_agent.errors import ToolError

from .test_calendar import Desk, desk, event

__all__ = ["desk"]

GOOGLE = """BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:ada@example.com
X-WR-TIMEZONE:Europe/Berlin
BEGIN:VTIMEZONE
TZID:Europe/Berlin
X-LIC-LOCATION:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
DTSTART:20261124T080000Z
DTEND:20261124T090000Z
DTSTAMP:20261101T120000Z
UID:g1@google.com
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Ada
 ;X-NUM-GUESTS=0:mailto:ada@example.com
DESCRIPTION:Bring the card\\nand the letter
LOCATION:Main Street 5\\, Berlin
SEQUENCE:2
STATUS:CONFIRMED
SUMMARY:Dentist\\; check-up with a title that is long enough to be folded in
 to two lines
BEGIN:VALARM
ACTION:DISPLAY
UID:alarm-1
TRIGGER:-P0DT0H30M0S
DESCRIPTION:This is an event reminder
END:VALARM
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Berlin:20261102T090000
DTEND;TZID=Europe/Berlin:20261102T091500
RRULE:FREQ=WEEKLY;BYDAY=MO,TU
EXDATE;TZID=Europe/Berlin:20261123T090000
UID:g2@google.com
SUMMARY:Standup
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Berlin:20261124T110000
DTEND;TZID=Europe/Berlin:20261124T111500
UID:g2@google.com
RECURRENCE-ID;TZID=Europe/Berlin:20261124T090000
SUMMARY:Standup\\, later
END:VEVENT
BEGIN:VEVENT
DTSTART:20261124T100000Z
UID:g3@google.com
STATUS:CANCELLED
SUMMARY:Gone
END:VEVENT
END:VCALENDAR
"""

APPLE = """BEGIN:VCALENDAR
CALSCALE:GREGORIAN
PRODID:-//Apple Inc.//macOS 14.0//EN
VERSION:2.0
X-APPLE-CALENDAR-COLOR:#1BADF8
BEGIN:VEVENT
DTSTART;VALUE=DATE:16041124
RRULE:FREQ=YEARLY
SUMMARY:Anna’s birthday
TRANSP:TRANSPARENT
UID:a1
X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC
END:VEVENT
BEGIN:VEVENT
DTSTART:20261124T073000
DURATION:PT1H30M
SUMMARY:Swimming 🏊
UID:a2
X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-APPLE-RADIUS=49.9;X-TITLE="Pool: big;
  one, two":geo:52.5,13.4
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261123
DTEND;VALUE=DATE:20261126
SUMMARY:Fair
UID:a3
END:VEVENT
BEGIN:VTODO
UID:t1
SUMMARY:Not an event
END:VTODO
END:VCALENDAR
"""

OUTLOOK = """BEGIN:VCALENDAR
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
VERSION:2.0
METHOD:PUBLISH
X-MS-OLK-FORCEINSPECTOROPEN:TRUE
BEGIN:VTIMEZONE
TZID:Custom Office Time
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
CLASS:PUBLIC
DTSTART;TZID="W. Europe Standard Time":20261124T090000
DTEND;TZID="W. Europe Standard Time":20261124T093000
SUMMARY;LANGUAGE=en-us:Review
UID:040000008200E00074C5B7101A82E008
X-ALT-DESC;FMTTYPE=text/html:<html><body>x: y\\, z</body></html>
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Custom Office Time:20261124T140000
DTEND;TZID=Custom Office Time:20261124T150000
SUMMARY:Far call
UID:o2
END:VEVENT
BEGIN:VEVENT
DTSTART:20261124T200000Z
SUMMARY:No end
UID:o3
END:VEVENT
END:VCALENDAR
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            GOOGLE,
            "Tomorrow: at 9 Dentist; check-up with a title that is long enough to be folded into two lines, "
            "until 10, Main Street 5, Berlin; at 11 Standup, later, until 11:15.",
        ),
        (
            APPLE,
            "Tomorrow: all day Fair, until Wednesday, 25 November 2026; all day Anna’s birthday; "
            "at 7:30 Swimming 🏊, until 9.",
        ),
        (OUTLOOK, "Tomorrow: at 9 Review, until 9:30; at 12 Far call, until 13:00; at 21:00 No end."),
    ],
    ids=["google", "apple", "outlook"],
)
@pytest.mark.parametrize("ends", ["\r\n", "\n"])
def test_exports_are_read_and_everything_in_them_is_kept(desk: Desk, text: str, told: str, ends: str) -> None:
    before = ("\ufeff" if "Outlook" in text else "").encode() + text.replace("\n", ends).encode()
    desk.file.write_bytes(before)
    answer = desk("list_events", day="tomorrow")
    assert sorted(answer.rstrip(".").split("; ")) == sorted(told.rstrip(".").split("; "))
    desk("add_event", key="k", title="tea", date="2026-12-24", time="16:00")
    after = desk.file.read_bytes()
    start, end = after.index(b"BEGIN:VEVENT", len(before) - 20), after.rindex(b"END:VCALENDAR")
    assert after[:start] + after[end:] == before
    assert (b"\r\n" in after) == (ends == "\r\n")
    desk("add_event", undoes="k", title="tea", date="2026-12-24", time="16:00")
    assert desk.file.read_bytes() == before


def test_what_a_moved_event_has_besides_its_time_is_kept(desk: Desk) -> None:
    desk.file.write_text(GOOGLE, newline="")
    desk("move_event", title="dentist check-up", time="10:00")
    after = desk.file.read_text()
    gone = {"DTSTART:20261124T080000Z", "DTEND:20261124T090000Z", "DTSTAMP:20261101T120000Z", "SEQUENCE:2"}
    assert set(GOOGLE.splitlines()) - set(after.splitlines()) == gone
    new = [line for line in after.splitlines() if line not in GOOGLE.splitlines()]
    assert new[:2] == ["DTSTART:20261124T090000Z", "DTEND:20261124T100000Z"]
    assert new[-1] == "SEQUENCE:3"
    assert "at 10 Dentist" in desk("list_events", day="tomorrow")


def test_letters_that_are_folded_apart_are_joined(desk: Desk) -> None:
    before = desk.holds(*event("DTSTART:20261124T090000", "SUMMARY:Café"))
    desk.file.write_bytes(before.replace(b"\xc3\xa9", b"\xc3\r\n \xa9"))
    assert desk("list_events", day="tomorrow") == "Tomorrow: at 9 Café."


def test_an_old_charset_is_kept_as_it_is(desk: Desk) -> None:
    before = desk.holds(*event("DTSTART:20261124T090000", "SUMMARY:Caf#")).replace(b"#", b"\xe9")
    desk.file.write_bytes(before)
    assert desk("list_events", day="tomorrow") == "Tomorrow: at 9 Caf\ufffd."
    desk("move_event", title="caf", time="10:00")
    assert b"SUMMARY:Caf\xe9" in desk.file.read_bytes()


def test_an_event_without_uid_can_be_changed_and_taken_back(desk: Desk) -> None:
    before = desk.holds("BEGIN:VEVENT", "DTSTART:20261124T090000", "SUMMARY:tea", "END:VEVENT")
    desk("move_event", key="k", title="tea", time="10:00")
    assert desk("list_events", day="tomorrow") == "Tomorrow: at 10 tea."
    desk("move_event", undoes="k", title="tea", time="10:00")
    assert desk.file.read_bytes() == before


def test_one_odd_event_does_not_hide_the_others(desk: Desk) -> None:
    for odd in ("DTSTART:soon", "X-NOTHING:1", "DTSTART:20261124T090000\r\nRRULE:FREQ=BANANA"):
        desk.holds(*event("DTSTART:20261124T090000", "SUMMARY:tea"), *event(odd, "SUMMARY:odd", uid="two"))
        answer = desk("list_events", day="tomorrow")
        assert answer == "Tomorrow: at 9 tea. Some events are of a kind that could not be worked out."


@pytest.mark.parametrize(
    "data",
    [
        b"hello", b"\x00" * 100, b"BEGIN:VCALENDAR\r\n", b"END:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", b"<html></html>\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".encode("utf-16"),
        GOOGLE.encode()[:900], b"BEGIN:VCALENDAR\r\n" + b"BEGIN:X\r\n" * 50_000,
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_and_left_as_it_is(desk: Desk, data: bytes) -> None:
    desk.file.write_bytes(data)
    for tool, arguments in (
        ("list_events", {}),
        ("find_events", {"words": "x"}),
        ("add_event", {"title": "x", "date": "2026-11-24", "time": "09:00"}),
        ("cancel_event", {"title": "x"}),
    ):
        with pytest.raises(ToolError, match=r"broken at line \d+, so it is left as it is"):
            desk(tool, **arguments)
    assert desk.file.read_bytes() == data


def test_an_empty_file_is_an_empty_calendar(desk: Desk) -> None:
    desk.file.write_bytes(b"")
    assert desk("list_events") == "There is nothing in the calendar today."
    desk("add_event", title="tea", date="2026-11-23", time="16:00")
    assert desk("list_events") == "Today: at 16:00 tea, until 17:00."


@given(st.binary(max_size=300) | st.text("BEGINDVCALRT:;\r\n \t", max_size=200).map(str.encode))
@settings(max_examples=300)
def test_any_bytes_are_a_calendar_or_are_refused(data: bytes) -> None:
    for around in (b"%s", b"BEGIN:VCALENDAR\r\n%s\r\nEND:VCALENDAR\r\n"):
        try:
            ics = parsed(around % data)
        except ToolError:
            continue
        assert parsed(ics.replaced("new", b"BEGIN:VEVENT\r\nUID:new\r\nEND:VEVENT\r\n")).raw("new")
        for event_ in ics.events:
            assert ics.data[event_.at :].startswith(event_.raw)


def test_a_file_that_may_only_be_read_is_read_only(desk: Desk) -> None:
    before = desk.holds(*event("DTSTART:20261124T090000", "SUMMARY:tea"))
    desk.file.chmod(0o444)
    assert desk("list_events", day="tomorrow") == "Tomorrow: at 9 tea."
    with pytest.raises(ToolError, match="may be read only, so nothing was changed"):
        desk("cancel_event", key="k", title="tea")
    assert desk.file.read_bytes() == before
    with pytest.raises(ToolError, match="changed nothing"):
        desk("cancel_event", undoes="k", title="tea")
    desk.file.chmod(0o640)
    assert desk("cancel_event", key="k", title="tea").startswith("It is cancelled")
    assert desk.file.stat().st_mode & 0o777 == 0o640


def test_what_is_no_file_is_refused(desk: Desk, tmp_path: Path) -> None:
    desk.file.mkdir()
    with pytest.raises(ToolError, match="not a file"):
        desk("list_events")
    (tmp_path / "plain").touch()
    nowhere = Desk(tmp_path / "plain" / "calendar.ics")
    with pytest.raises(ToolError, match="cannot be changed"):
        nowhere("add_event", title="x", date="2026-11-24", time="09:00")


def test_a_link_stays_a_link(desk: Desk, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere" / "real.ics"
    real.parent.mkdir()
    desk.file.symlink_to(real)
    desk("add_event", title="tea", date="2026-11-24", time="09:00")
    assert desk.file.is_symlink()
    assert b"SUMMARY:tea" in real.read_bytes()


def test_a_write_that_fails_leaves_the_file_and_no_trace(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = desk.holds(*event("DTSTART:20261124T090000", "SUMMARY:tea"))

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(ToolError, match="cannot be changed: no space left on device"):
            desk("cancel_event", key="k", title="tea")
    assert desk.file.read_bytes() == before
    assert {path.name for path in desk.file.parent.glob("*calendar.ics*")} <= {
        "calendar.ics",
        ".calendar.ics.lock",
    }
    assert desk("cancel_event", key="k", title="tea").startswith("It is cancelled")


def test_another_program_that_writes_at_the_same_moment_wins(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.holds(*event("DTSTART:20261124T090000", "SUMMARY:tea"))
    sync, theirs = os.fsync, b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"

    def meanwhile(handle: int) -> None:
        sync(handle)
        desk.file.write_bytes(theirs)

    monkeypatch.setattr(os, "fsync", meanwhile)
    with pytest.raises(ToolError, match=r"changed the calendar just now. Try again"):
        desk("cancel_event", title="tea")
    assert desk.file.read_bytes() == theirs


RULES = [
    "FREQ=SECONDLY", "FREQ=SECONDLY;COUNT=1000000000", "FREQ=MINUTELY;INTERVAL=1", "FREQ=HOURLY",
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1",
    "FREQ=DAILY;FREQ=SECONDLY", "FREQ=SECONDLY;FREQ=DAILY", "FREQ=DAILY,SECONDLY", "freq=secondly",
    "FREQ=YEARLY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=" + ",".join(map(str, range(60))),
    "FREQ=DAILY;BYDAY=" + ",".join(["MO"] * 10_000),
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=range(len(RULES)))
@pytest.mark.parametrize("fold", ["", "\r\n "])
def test_a_rule_with_billions_of_times_is_not_worked_out(desk: Desk, rule: str, fold: str) -> None:
    bomb = f"RR{fold}ULE:{rule[:7]}{fold}{rule[7:]}"
    desk.holds(
        *event("DTSTART:19700101T000000", bomb, "SUMMARY:bomb"),
        *event("DTSTART:20261124T090000", "SUMMARY:tea", uid="two"),
    )
    start = time.monotonic()
    answer = desk("list_events", day="tomorrow")
    assert answer == "Tomorrow: at 9 tea. Some events are of a kind that could not be worked out."
    assert desk("find_events", words="bomb").startswith("No event has the words 'bomb'. Some events")
    assert time.monotonic() - start < 30


def test_a_bomb_may_hide_in_a_zone_or_under_an_alarm(desk: Desk) -> None:
    bomb = ("BEGIN:STANDARD", "DTSTART:00010101T000000", "RRULE:FREQ=SECONDLY", "TZOFFSETFROM:+0000",
            "TZOFFSETTO:+0100", "END:STANDARD")  # fmt: skip
    zone = ("BEGIN:VTIMEZONE", "TZID:Bomb", *bomb, "END:VTIMEZONE")
    for where in ((*zone, *event("DTSTART;TZID=Bomb:20261124T090000", "SUMMARY:tea")),
                  event("DTSTART;TZID=Bomb:20261124T090000", *zone, "SUMMARY:tea")):  # fmt: skip
        desk.holds(*where)
        start = time.monotonic()
        assert desk("list_events", day="tomorrow") == "Tomorrow: at 9 tea."
        assert time.monotonic() - start < 30


def test_many_slow_rules_end_after_some_seconds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occurrences, "_SECONDS", 0.2)
    slow = [
        line
        for n in range(400)
        for line in event("DTSTART:19000101T090000", "RRULE:FREQ=DAILY", "SUMMARY:slow", uid=f"u{n}")
    ]
    desk.holds(*slow)
    start = time.monotonic()
    assert desk("list_events", day="tomorrow").endswith("could not be worked out.")
    assert time.monotonic() - start < 30


def crowded(desk: Desk, count: int) -> float:
    """Seconds that a calendar with so many events takes to list, search and add to."""
    days = (
        f"20{year:02}{month:02}{day:02}"
        for year in range(26, 99)
        for month in range(1, 13)
        for day in range(1, 29)
    )
    many = [
        line
        for n, day in zip(range(count), days, strict=False)
        for line in event(f"DTSTART:{day}T09{n % 60:02}00Z", f"SUMMARY:event {n}", uid=f"u{n}")
    ]
    desk.holds(*many)
    start = time.process_time()
    desk("list_events", day="tomorrow")
    assert desk("find_events", words="event 330").startswith("event 330, ")
    desk("add_event", title="tea", date="2026-11-24", time="07:00")
    assert desk("list_events", day="tomorrow").startswith("Tomorrow: at 7 tea")
    return time.process_time() - start


def test_many_events_cost_in_proportion(desk: Desk) -> None:
    crowded(desk, 400)
    # Eight times as many: a cost that grows with the square would be sixty-four times as much.
    assert crowded(desk, 24_000) < 20 * crowded(desk, 3_000)


def test_a_file_that_is_too_large_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_file, "_LARGEST", 2_000_000)
    before = desk.holds(*event("DTSTART:20261124T090000", "SUMMARY:tea", "DESCRIPTION:" + "x" * 2_000_000))
    for tool, arguments in (("list_events", {}), ("cancel_event", {"title": "tea"})):
        with pytest.raises(ToolError, match="too large: more than 2 megabytes"):
            desk(tool, **arguments)
    assert desk.file.read_bytes() == before


def test_a_long_listing_is_cut(desk: Desk) -> None:
    lines = [
        line
        for n in range(60)
        for line in event(f"DTSTART:20261124T09{n:02}00", f"SUMMARY:{'word ' * 80}", uid=f"u{n}")
    ]
    desk.holds(*lines)
    answer = desk("list_events", day="tomorrow")
    assert answer.endswith(" And 35 more after that.")
    assert len(answer) < 4000
