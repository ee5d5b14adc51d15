"""Subtitles: a transcript in pieces that can be read while they are heard, as SRT and as WebVTT.

Limits of lines and times are those of Netflix's Timed Text Style Guide: two lines of 42 characters, seven
seconds at most. Sources of the formats: <https://www.w3.org/TR/webvtt1/>; SubRip has no standard.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .segments import UNSPACED, Segment

LINE, LINES, LONGEST = 42, 2, 7.0
_SHORTEST = 1.0
_PAUSES = ",;:.!?…、。，；：！？—–"


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown at a time.

    Attributes:
        start, end: Seconds from the beginning of the sound.
        lines: One under the other.
    """

    start: float
    end: float
    lines: tuple[str, ...]


def cues(segments: Sequence[Segment], seconds: float) -> list[Cue]:
    """Sentences as cues, in order and without overlap; a short one stays as long as there is time.

    Args:
        segments: In order.
        seconds: Length of the sound.
    """
    parts = [part for segment in segments for part in _parts(segment)]
    made = []
    for place, part in enumerate(parts, 1):
        latest = parts[place].start if place < len(parts) else max(seconds, part.end)
        end = max(part.end, min(part.start + _SHORTEST, latest))
        made.append(Cue(part.start, end, _lines(part)))
    return made


def srt(shown: Iterable[Cue]) -> str:
    """As SubRip."""
    return "".join(
        f"{number}\n{_time(cue.start, ',')} --> {_time(cue.end, ',')}\n{_plain(cue)}\n\n"
        for number, cue in enumerate(shown, 1)
    )


def vtt(shown: Iterable[Cue]) -> str:
    """As WebVTT."""
    written = (
        f"{_time(cue.start, '.')} --> {_time(cue.end, '.')}\n{_escaped(_plain(cue))}\n\n" for cue in shown
    )
    return "WEBVTT\n\n" + "".join(written)


def width(text: str) -> int:
    """How many columns it takes: signs of East Asian scripts take two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _parts(segment: Segment) -> Iterator[Segment]:
    """The segment in pieces that fit on a screen."""
    fits = len(_lines(segment)) <= LINES and segment.end - segment.start <= LONGEST
    if fits or len(segment.words) == 1:
        yield segment
        return
    cut = max(range(1, len(segment.words)), key=lambda place: _worth(segment, place))
    yield from _parts(Segment(segment.words[:cut], segment.language))
    yield from _parts(Segment(segment.words[cut:], segment.language))


def _worth(segment: Segment, place: int) -> float:
    """How well a segment parts before that word: in the middle, at a mark, in a pause."""
    before, after = segment.words[:place], segment.words[place:]
    widths = [sum(width(word.text) + 1 for word in words) for words in (before, after)]
    uneven = abs(widths[0] - widths[1]) / sum(widths)
    pause = min(after[0].start - before[-1].end, 1.0)
    return 0.4 * (before[-1].text[-1] in _PAUSES) + 0.4 * pause - uneven


def _lines(segment: Segment) -> tuple[str, ...]:
    """The text in lines of about the same width, as few as there can be."""
    text = segment.text
    if width(text) <= LINE:
        return (text,)
    pieces = list(text) if segment.language in UNSPACED else text.split(" ")
    space = "" if segment.language in UNSPACED else " "
    filled = _filled(pieces, space, LINE)
    if len(filled) != LINES:
        return tuple(filled)
    # The narrowest limit that still gives two lines makes them even.
    for limit in range(width(text) // LINES, LINE):
        if len(even := _filled(pieces, space, limit)) == LINES and max(map(width, even)) <= LINE:
            return tuple(even)
    return tuple(filled)


def _filled(pieces: Sequence[str], space: str, limit: int) -> list[str]:
    lines = [pieces[0]]
    for piece in pieces[1:]:
        longer = lines[-1] + space + piece
        if width(longer) <= limit:
            lines[-1] = longer
        else:
            lines.append(piece)
    return lines


def _time(seconds: float, mark: str) -> str:
    thousandths = round(seconds * 1000)
    whole, rest = divmod(thousandths, 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{mark}{rest:03d}"


def _plain(cue: Cue) -> str:
    # The arrow and empty lines are what the formats are made of.
    return "\n".join(" ".join(line.split()).replace("-->", "→") for line in cue.lines)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
