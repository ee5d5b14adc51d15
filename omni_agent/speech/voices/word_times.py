"""When each word is said: from the sound alone, and from what is spoken back to what is written.

A voice that knows its timing returns `Spoken`. For any other, `timed` finds the words in the sound by its
pauses and by how long each word takes to say. `placed` carries the times of "three p.m." back to "3 pm".
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from ...events import WordTime
from ...persona.length import UNSPACED, seconds
from ..spoken import Spoken, SpokenWord
from .sounding import stretches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..pcm import Pcm

_WIDE_MARKS = "\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
_PIECE = re.compile(rf"[{UNSPACED}]|(?!\s)[{_WIDE_MARKS}]|[^\s{UNSPACED}{_WIDE_MARKS}]+")
_SMALL = frozenset("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶー々ゝゞ〜")
_ENDING = re.compile(r"[.,;:!?…—。、！？，；：।॥؟،؛][\"'”’»)\]」』】）》〉]*$")
_OPENING = frozenset("([{«“‘„「『《（—–")

# Said before and after a word, beside its letters.
WORD_SECONDS = 0.06
# What it costs, in seconds, that a pause falls where no mark is, and each second of a pause within a word;
# how far a pause may lie from where the words' lengths would have it.
_NO_MARK, _UNUSED, _FARTHEST = 0.25, 2.0, 1.5


def pieces(text: str) -> list[tuple[int, int]]:
    """Where the words of `text` are: what stands between spaces, each sign of a script that has none.

    Marks belong to the word that they touch. What has neither letter nor figure is no word.
    """
    spans: list[tuple[int, int]] = []
    pending = -1
    for found in _PIECE.finditer(text):
        start, end = found.span()
        touches = bool(spans) and spans[-1][1] == start and found[0] not in _OPENING
        if not any(map(str.isalnum, found[0])) or (touches and _continues(found[0])):
            if touches:
                spans[-1] = (spans[-1][0], end)
            elif pending < 0:
                pending = start
            if touches or end == len(text) or text[end].isspace():
                pending = -1
            continue
        spans.append((pending if pending >= 0 else start, end))
        pending = -1
    return spans


def words_of(text: str) -> list[str]:
    """The words of `text`, as `pieces` has them."""
    return [text[start:end] for start, end in pieces(text)]


def _continues(sign: str) -> bool:
    return sign in _SMALL or unicodedata.category(sign[0])[0] == "M"


def timed(words: Sequence[str], pcm: Pcm) -> tuple[SpokenWord, ...]:
    """When each word is said, told from the sound: all words, in order, without overlap.

    Pauses are set against the words that end a clause and against the time that the words take; between two
    pauses each word has its share. Where nothing sounds, the words share the whole.
    """
    if not words:
        return ()
    sounding = stretches(pcm.samples, pcm.rate) or [(0.0, pcm.seconds)]
    lengths = [seconds(word) + WORD_SECONDS for word in words]
    times: list[SpokenWord] = []
    for count, begin, end in _runs(words, lengths, sounding):
        first = len(times)
        edges = [0.0, *accumulate(lengths[first : first + count])]
        scale = (end - begin) / edges[-1]
        times += [
            SpokenWord(word, min(end, begin + edges[i] * scale), min(end, begin + edges[i + 1] * scale))
            for i, word in enumerate(words[first : first + count])
        ]
    return tuple(times)


def known(pcm: Pcm, text: str) -> tuple[SpokenWord, ...]:
    """The words of `text` in `pcm`, which speaks it: as the voice tells, or else as it sounds."""
    if isinstance(pcm, Spoken) and pcm.words:
        return pcm.words
    return timed(words_of(text), pcm)


def _runs(
    words: Sequence[str], lengths: Sequence[float], sounding: Sequence[tuple[float, float]]
) -> list[tuple[int, float, float]]:
    """How many words are said from when to when; the runs end in pauses, with a mark if they can."""
    voiced = [*accumulate(end - begin for begin, end in sounding)]
    said = [0.0, *accumulate(lengths)]
    scale = voiced[-1] / said[-1]
    # By the number of words before the pause at hand: the least cost, and the (pause, words) that lead there.
    best: dict[int, tuple[float, tuple[tuple[int, int], ...]]] = {0: (0.0, ())}
    for pause, (one, two) in enumerate(pairwise(sounding)):
        quiet = two[0] - one[1]
        reached = {count: (cost + _UNUSED * quiet, cuts) for count, (cost, cuts) in best.items()}
        for before, (cost, cuts) in best.items():
            for count in range(before + 1, len(words)):
                off = abs(said[count] * scale - voiced[pause])
                if off > _FARTHEST:
                    continue
                total = cost + off + _mark_cost(words[count - 1], words[count])
                if count not in reached or total < reached[count][0]:
                    reached[count] = (total, (*cuts, (pause, count)))
        best = reached
    cuts = min(best.values())[1]
    firsts = [(0, 0), *((pause + 1, count) for pause, count in cuts), (len(sounding), len(words))]
    return [
        (after - before, sounding[first][0], sounding[last - 1][1])
        for (first, before), (last, after) in pairwise(firsts)
    ]


def _mark_cost(before: str, after: str) -> float:
    return 0.0 if _ENDING.search(before) or after[0] in _OPENING else _NO_MARK


def placed(text: str, said: Sequence[SpokenWord], alone: Callable[[str], str] = str) -> tuple[WordTime, ...]:
    """When each word of a written text is said, from the times of the words that were spoken for it.

    Words that are the same in both are anchors. Between two anchors a written word has the spoken words that
    stand for it when it is spoken alone ("20" and "twenty"), and what is left is shared out.

    Args:
        text: As it was written.
        said: The spoken words, in order.
        alone: What is spoken for a written word.

    Returns:
        All words of `text`, in order; one that is not spoken has the time at which it is passed over.
    """
    spans = pieces(text)
    if not said:
        return ()
    written = [text[start:end] for start, end in spans]
    owners = _owners(written, [_plain(word.text) for word in said], alone)
    return tuple(
        WordTime(start, end, round(begin * 1000), round(until * 1000))
        for (start, end), (begin, until) in zip(spans, _times(owners, len(spans), said), strict=True)
    )


def _plain(word: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", word).casefold() if char.isalnum())


def _owners(
    written: Sequence[str], said: Sequence[str], alone: Callable[[str], str]
) -> list[tuple[float, float]]:
    """Which spoken words, from and until (parts of a word too), stand for each written word."""
    plain = [_plain(word) for word in written]
    spans: list[tuple[float, float]] = []
    for kind, first, last, start, end in _opcodes(plain, said):
        if kind == "equal":
            spans += [(float(start + i), start + i + 1.0) for i in range(last - first)]
        elif last - first == 1:
            spans.append((float(start), float(end)))
        else:
            spans += _divided(written[first:last], said[start:end], start, alone)
    return spans


def _divided(
    written: Sequence[str], said: Sequence[str], offset: int, alone: Callable[[str], str]
) -> list[tuple[float, float]]:
    """The same for written words of which none is spoken as it stands."""
    spoken = [[_plain(word) for word in words_of(alone(word))] for word in written]
    owner = [number for number, words in enumerate(spoken) for _ in words]
    flat = [word for words in spoken for word in words]
    # edges[n]: where the spoken words of the written word n begin, as far as that is certain.
    edges: dict[int, float] = {0: 0.0, len(written): float(len(said))}
    for kind, first, last, start, end in _opcodes(flat, said):
        if kind != "equal":
            continue
        for i in range(last - first):
            if first + i and owner[first + i] != owner[first + i - 1]:
                edges[owner[first + i]] = float(start + i)
        if last < len(flat) and owner[last] != owner[last - 1]:
            edges.setdefault(owner[last], float(end))
    weights = [0.0, *accumulate(sum(map(seconds, words)) for words in spoken)]
    return _between(edges, weights, offset)


def _between(edges: dict[int, float], weights: Sequence[float], offset: int) -> list[tuple[float, float]]:
    """Edges that are not certain, shared out by weight between those that are."""
    known = sorted(edges)
    places: list[float] = []
    for left, right in pairwise(known):
        whole = weights[right] - weights[left]
        for number in range(left, right):
            share = (weights[number] - weights[left]) / whole if whole else (number - left) / (right - left)
            places.append(edges[left] + share * max(0.0, edges[right] - edges[left]))
    places.append(edges[known[-1]])
    places = [place + offset for place in accumulate(places, max)]
    return list(pairwise(places))


def _opcodes(one: Sequence[str], two: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    return SequenceMatcher(None, one, two, autojunk=False).get_opcodes()


def _times(
    owners: Sequence[tuple[float, float]], count: int, said: Sequence[SpokenWord]
) -> list[tuple[float, float]]:
    times: list[tuple[float, float]] = []
    for first, last in owners:
        earliest = times[-1][1] if times else 0.0
        if last <= first:
            times.append((earliest, earliest))
            continue
        begin = max(_at(said, first, late=True), earliest)
        times.append((begin, max(begin, _at(said, last, late=False))))
    return times


def _at(said: Sequence[SpokenWord], place: float, *, late: bool) -> float:
    """The time at a place among the spoken words; between two words the later one's beginning if `late`."""
    index = min(int(place), len(said) - 1)
    if not late and place == index and index:
        return said[index - 1].end
    word = said[index]
    return word.begin + (place - index) * (word.end - word.begin)
