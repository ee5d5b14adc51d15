"""Which phonemes belong to which word, when an engine tells how long each phoneme lasts.

A reader such as espeak-ng runs words together ("of the" is one group of sounds) and takes them apart, so the
words are matched with the groups by what each word sounds like when it is read alone.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..spoken import SpokenWord

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MOST_WORDS, _MOST_GROUPS = 12, 6
_BAND = 12
# What a word without sound costs, a group without word, and each word or group that is joined to another.
_SILENT, _STRAY, _JOIN = 4.0, 3.0, 0.5


@dataclass(frozen=True, slots=True)
class TimedPhoneme:
    """A sign of a phonetic text and its place in the sound, in seconds."""

    sign: str
    begin: float
    end: float


def word_times(
    words: Sequence[str], phonemes: Sequence[TimedPhoneme], alone: Callable[[Sequence[str]], Sequence[str]]
) -> tuple[SpokenWord, ...]:
    """When each word is said; the pauses after words belong to none.

    Args:
        words: The words of what was said, in order.
        phonemes: The phonetic text with its spaces, marks and times.
        alone: The phonetic text of each word, read by itself; asked only where the groups are not the words.

    Returns:
        All the words, in order; none where nothing of it sounds.
    """
    groups = _groups(phonemes)
    if not groups or not words:
        return ()
    if len(groups) == len(words):
        return tuple(
            SpokenWord(word, group[0].begin, group[-1].end) for word, group in zip(words, groups, strict=True)
        )
    sounds = [_bare(said) for said in alone(words)]
    times: list[tuple[float, float]] = []
    for first, last, start, end in _matched(sounds, ["".join(p.sign for p in group) for group in groups]):
        signs = [phoneme for group in groups[start:end] for phoneme in group]
        times += _shared([len(sound) for sound in sounds[first:last]], signs, times[-1][1] if times else 0.0)
    return tuple(SpokenWord(word, *time) for word, time in zip(words, times, strict=True))


def _groups(phonemes: Sequence[TimedPhoneme]) -> list[list[TimedPhoneme]]:
    """What stands between spaces, without marks and stresses."""
    groups: list[list[TimedPhoneme]] = [[]]
    for phoneme in phonemes:
        if phoneme.sign.isspace():
            groups.append([])
        elif _sounds(phoneme.sign):
            groups[-1].append(phoneme)
        elif groups[-1] and _carries(phoneme.sign):
            last = groups[-1][-1]
            groups[-1][-1] = TimedPhoneme(last.sign, last.begin, phoneme.end)
    return [group for group in groups if group]


def _bare(phonetic: str) -> str:
    return "".join(sign for sign in phonetic if _sounds(sign))


def _sounds(sign: str) -> bool:
    """Whether a sign is a sound of its own: no stress, length, tone, mark or space."""
    return unicodedata.category(sign[0]) in ("Ll", "Lu", "Lo")


def _carries(sign: str) -> bool:
    """Whether a sign lengthens or colours the sound before it."""
    return unicodedata.category(sign[0]) in ("Lm", "Mn", "Sk") or sign in "→↗↘↓" or sign.isdigit()


def _matched(sounds: Sequence[str], groups: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """Runs of words with their runs of groups, `(first, last, start, end)`, that fit best together."""
    slope = len(groups) / len(sounds)
    best: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {(0, 0): (0.0, (0, 0))}
    for word in range(len(sounds) + 1):
        for group in range(len(groups) + 1):
            reached = best.get((word, group))
            if reached is None:
                continue
            for words, taken, cost in _moves(sounds, groups, word, group):
                to = (word + words, group + taken)
                if abs(to[1] - to[0] * slope) > _BAND and to != (len(sounds), len(groups)):
                    continue
                if to not in best or reached[0] + cost < best[to][0]:
                    best[to] = (reached[0] + cost, (word, group))
    at, runs = (len(sounds), len(groups)), []
    if at not in best:
        return [(0, len(sounds), 0, len(groups))]
    while at != (0, 0):
        before = best[at][1]
        runs.append((before[0], at[0], before[1], at[1]))
        at = before
    return _with_words(runs[::-1])


def _moves(
    sounds: Sequence[str], groups: Sequence[str], word: int, group: int
) -> list[tuple[int, int, float]]:
    """How many words and groups may be taken together from here, with what it costs."""
    moves: list[tuple[int, int, float]] = []
    if word < len(sounds):
        moves.append((1, 0, _SILENT if sounds[word] else 0.0))
    if group < len(groups):
        moves.append((0, 1, _STRAY))
    if word == len(sounds) or group == len(groups):
        return moves
    said, heard = Counter(sounds[word]), Counter(groups[group])
    moves.append((1, 1, _difference(said, heard)))
    merged = said.copy()
    for more in range(1, min(_MOST_WORDS, len(sounds) - word)):
        merged.update(sounds[word + more])
        moves.append((more + 1, 1, _difference(merged, heard) + more * _JOIN))
    apart = heard.copy()
    for more in range(1, min(_MOST_GROUPS, len(groups) - group)):
        apart.update(groups[group + more])
        moves.append((1, more + 1, _difference(said, apart) + more * _JOIN))
    return moves


def _difference(one: Counter[str], two: Counter[str]) -> int:
    """How unlike two sounds are: the signs of the longer one that the other has not, in any order."""
    return max(one.total(), two.total()) - (one & two).total()


def _with_words(runs: Sequence[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Groups that belong to no word go to the run before, or at the beginning to the one after."""
    kept: list[tuple[int, int, int, int]] = []
    start = 0
    for first, last, begin, end in runs:
        if first == last and kept:
            kept[-1] = (*kept[-1][:3], end)
        elif first != last:
            kept.append((first, last, min(begin, start) if not kept else begin, end))
    return kept


def _shared(
    lengths: Sequence[int], signs: Sequence[TimedPhoneme], otherwise: float
) -> list[tuple[float, float]]:
    """The time of these signs, shared out among words of these lengths."""
    if not signs:
        return [(otherwise, otherwise)] * len(lengths)
    total = sum(lengths) or len(lengths)
    parts = lengths if sum(lengths) else [1] * len(lengths)
    times = []
    passed = 0
    for part in parts:
        begin = _time(signs, passed / total, late=True)
        passed += part
        times.append((begin, max(begin, _time(signs, passed / total, late=False))))
    return times


def _time(signs: Sequence[TimedPhoneme], share: float, *, late: bool) -> float:
    """When that share of the signs is over; between two signs the later one's beginning if `late`."""
    at = share * len(signs)
    index = min(int(at), len(signs) - 1)
    if not late and at == index and index:
        return signs[index - 1].end
    sign = signs[index]
    return sign.begin + (at - index) * (sign.end - sign.begin)
