"""From what a person calls a place to its time zone.

Zone names come from `zoneinfo`; which country has which zones comes from the tables that the `tzdata`
package carries (`iso3166.tab`, `zone.tab`, in the public domain). Only what those do not hold is in
`places.toml`: large cities without a zone of their own, states, and the spoken names of zones.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from difflib import get_close_matches
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

from omni_agent.errors import ToolError

__all__ = ["Place", "find_place", "local_now"]

_HERE = frozenset(
    {"", "here", "local", "local time", "home", "my place", "my location", "current location", "now"}
)

_AREAS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic",
     "Australia", "Europe", "Indian", "Pacific"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A place and its time zone.

    Attributes:
        name: As it is said in an answer, for example `Asia/Tokyo` or `Tokyo (Asia/Tokyo)`.
        zone: Its time zone.
    """

    name: str
    zone: tzinfo


def local_now() -> datetime:
    """The moment, in this machine's time zone."""
    return datetime.now(_local_zone())


def find_place(said: str, here: tzinfo) -> Place:
    """The place that somebody means.

    Args:
        said: A zone (`Europe/Berlin`, `UTC+2`), a city, a country or a state, with or without its country
            after a comma; empty or `here` for the local one.
        here: The local time zone.

    Raises:
        ToolError: No such place is known, or it has several time zones: the message names some.
    """
    words = " ".join(said.replace("−", "-").split())
    if _folded(words) in _HERE:
        return Place(getattr(here, "key", None) or "your time zone", here)
    offset = re.fullmatch(
        r"(?:utc|gmt)\s*([+-])\s*(\d{1,2})(?::?([0-5]\d))?", words.replace("−", "-"), re.IGNORECASE
    )
    if offset:
        return _at_offset(offset[1], int(offset[2]), int(offset[3] or 0))
    zone = _zones_folded().get(words.casefold().replace(" ", "_"))
    if zone:
        return Place(zone, ZoneInfo(zone))
    key = _key(words)
    return Place(f"{_title(words)} ({key})", ZoneInfo(key))


def _at_offset(sign: str, hours: int, minutes: int) -> Place:
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if sign == "-" else 1)
    if abs(offset) > timedelta(hours=14):
        raise ToolError(f"No place is {hours} hours from UTC; offsets go from UTC-12 to UTC+14.")
    return Place(
        f"UTC{sign}{hours}" + (f":{minutes:02}" if minutes else ""), timezone(offset) if offset else UTC
    )


def _key(words: str) -> str:
    """Zone of a city, state or country; of `city, region` the zone that fits both."""
    whole = _cities().get(_folded(words)) or _zone_of_country(words)
    if whole:
        return whole
    city, comma, region = words.partition(",")
    if not comma:
        raise ToolError(f"The time zone of '{words[:60]}' is not known. {_suggestion(words)}")
    of_city, code = _cities().get(_folded(city)), _country_code(region)
    if code:
        if of_city and of_city in _zones_of(code):
            return of_city
        return _zone_of_country(region) or ""
    of_region = _cities().get(_folded(region))
    found = of_region or of_city
    if not found:
        raise ToolError(f"The time zone of '{words[:60]}' is not known. {_suggestion(city)}")
    return found


def _zone_of_country(name: str) -> str | None:
    code = _country_code(name)
    if code is None:
        return None
    wide = _told()["wide"]
    if code in wide:
        cities = ", ".join(wide[code])
        raise ToolError(f"{_title(name.strip())} has several time zones. Name a city, such as {cities}.")
    return _zones_of(code)[0]


def _country_code(name: str) -> str | None:
    return _countries().get(_folded(name))


def _suggestion(words: str) -> str:
    known = {**_cities(), **_countries()}
    close = get_close_matches(_folded(words), known, n=3, cutoff=0.8)
    if not close:
        return "Name a large city in the same time zone, for example Paris."
    return f"Did you mean {' or '.join(_title(name) for name in close)}?"


def _folded(words: str) -> str:
    plain = unicodedata.normalize("NFKD", words.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"^the ", "", " ".join(re.sub(r"[_\-.'’]", " ", plain).split()))


def _title(words: str) -> str:
    """A name as it is written: `los angeles` gives `Los Angeles`, `São Paulo` and `UK` stay."""
    if not words.islower():
        return words
    return words.upper() if len(words) <= 3 else " ".join(word.capitalize() for word in words.split())


@cache
def _zones_folded() -> dict[str, str]:
    """`Area/City` names and UTC; the rest (`Japan`, `EST5EDT`) are old links, better told by country."""
    return {zone.casefold(): zone for zone in available_timezones() if "/" in zone or zone == "UTC"}


@cache
def _cities() -> dict[str, str]:
    """Folded name to zone; a name of ours stands over one of the zone database."""
    cities: dict[str, str] = {}
    for zone in sorted(available_timezones()):
        area, _, city = zone.rpartition("/")
        if area.split("/")[0] in _AREAS and city not in {"North", "South", "West"}:
            cities[_folded(city)] = zone
    return cities | {_folded(name): zone for zone, names in _told()["zones"].items() for name in names}


@cache
def _countries() -> dict[str, str]:
    """Folded name to ISO 3166 code, of all with a time zone; `Samoa (western)` also without the bracket."""
    countries: dict[str, str] = {}
    for code, name in _rows("iso3166.tab"):
        if _zones_of(code):
            countries.setdefault(_folded(name), code)
            countries.setdefault(_folded(name.split("(")[0]), code)
    return countries | {_folded(name): code for code, names in _told()["countries"].items() for name in names}


@cache
def _told() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((resources.files("omni_tools") / "places.toml").read_text(encoding="utf-8"))


@cache
def _zones_of(code: str) -> tuple[str, ...]:
    return tuple(row[2] for row in _rows("zone.tab") if row[0] == code)


def _rows(name: str) -> list[list[str]]:
    text = (resources.files("tzdata") / "zoneinfo" / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


@cache
def _local_zone() -> tzinfo:
    import tzlocal

    try:
        return tzlocal.get_localzone()
    except (LookupError, ValueError, OSError):
        # A TZ such as "CET-1CEST" names no zone: its offset of this moment is the best there is.
        return datetime.now().astimezone().tzinfo or UTC
