"""Sound that carries its own words, so that a spoken conversation needs no models.

`said` writes each word into its sound, one byte a tone pair, as telephones dial; `words_in` reads them back
from any stretch of it: a prefix gives the words that were said so far. It survives resampling down to 8 kHz,
other levels and silence around it, but not a second voice over it: words that were talked over are lost.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ..messages import HeardWord
from ..speech.pcm import Pcm
from ..speech.spoken import Spoken, SpokenWord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

Symbol: TypeAlias = tuple[int, int]

RATE = 16_000
# A word's middle is a mark, its length, its bytes and their sum, each 20 ms of one low and one high tone,
# which are half a byte each. Before and after it hums: two hums, in turn, tell one word from the next.
_SYMBOL = 0.02
_LOW = 400.0 + 100.0 * np.arange(18)
_HIGH = 2300.0 + 80.0 * np.arange(16)
_MARK: Symbol = (16, 0)
_HUM = 17
_AROUND = 3
# The reader looks at 15 ms every 5 ms.
_WINDOW, _HOP = 240, 80
_STEP = round(_SYMBOL * RATE) // _HOP
_FAINTEST = 0.0005


def said(text: str, *, seconds: float | None = None, rate: int = RATE, level: float = 0.15) -> Spoken:
    """A sound that says these words; its own `words` tell when.

    Args:
        text: Words with spaces between; each at most 255 bytes long in UTF-8.
        seconds: How long it takes; by default 75 ms a letter, as people speak, or what the tones need.
        rate: Samples a second, 8000 or more.
        level: Root mean square of the samples.

    Raises:
        ValueError: The words do not fit into so little time, or one of them is too long.
    """
    words = text.split()
    needs = [(_AROUND + 1 + len(word.encode())) * _SYMBOL for word in words]
    natural = [max(need, 0.075 * (len(word) + 1)) for word, need in zip(words, needs, strict=True)]
    spare = (sum(natural) if seconds is None else seconds) - sum(needs)
    if spare < -1e-9 or any(len(word.encode()) > 255 for word in words):
        raise ValueError(f"{text!r} needs {sum(needs):.2f} s, and words of at most 255 bytes")
    wish = sum(natural) - sum(needs)
    pieces, spoken, begin = [], [], 0.0
    for number, (word, need) in enumerate(zip(words, needs, strict=True)):
        share = (natural[number] - need) / wish if wish else 1 / len(words)
        end = begin + need + spare * share
        pieces.append(_word(word, number, round(end * rate) - round(begin * rate), rate))
        spoken.append(SpokenWord(word, begin, end))
        begin = end
    samples = np.concatenate(pieces) if pieces else np.zeros(round((seconds or 0.0) * rate), np.float32)
    return Spoken(samples * np.float32(level), rate, tuple(spoken))


def noise(seconds: float, *, rate: int = RATE, level: float = 0.15, seed: int = 0) -> Pcm:
    """White noise, as loud as a voice, without words: a cough, a chair, a passing car."""
    samples = np.random.default_rng(seed).normal(0.0, level, round(seconds * rate))
    return Pcm(samples.astype(np.float32), rate)


def words_in(audio: Pcm) -> tuple[HeardWord, ...]:
    """The words whose middle is in a sound, in order, with their times to about 10 ms."""
    symbols = _symbols(audio.resampled(RATE).samples)
    words: list[HeardWord] = []
    for mark in _marks(symbols):
        if found := next(filter(None, (_read(symbols, mark + shift) for shift in (0, -1, 1))), None):
            text, after = found
            first, last = _hummed(symbols, mark, -1), _hummed(symbols, after, 1)
            words.append(HeardWord(text, _time(first), _time(last), 1.0))
    return tuple(words)


def _word(word: str, number: int, length: int, rate: int) -> NDArray[np.float32]:
    data = word.encode()
    coded = [_MARK, *(divmod(byte, 16) for byte in (len(data), *data, (len(data) + sum(data)) % 256))]
    middle = np.concatenate([_tones(symbol, round(_SYMBOL * rate), rate) for symbol in coded])
    before = (length - len(middle)) // 2
    hum = (_HUM, number % 2)
    after = _tones(hum, length - len(middle) - before, rate)
    return np.concatenate([_tones(hum, before, rate), middle, after])


@lru_cache(1024)
def _tones(symbol: Symbol, length: int, rate: int) -> NDArray[np.float32]:
    """Two tones of the same strength; together their root mean square is 1."""
    turns = 2 * np.pi * np.arange(length) / rate
    low, high = symbol
    tones: NDArray[np.float32] = (np.sin(turns * _LOW[low]) + np.sin(turns * _HIGH[high])).astype(np.float32)
    return tones


def _symbols(samples: NDArray[np.float32]) -> NDArray[np.int64]:
    """The low and the high tone of each window, shape `(windows, 2)`; -1 where it is too faint."""
    if len(samples) < _WINDOW:
        return np.zeros((0, 2), np.int64)
    windows = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP])
    turns = 2 * np.pi * np.arange(_WINDOW)[:, None] / RATE * np.concatenate([_LOW, _HIGH])
    shape = np.hanning(_WINDOW)[:, None] / (_WINDOW / 2)
    real, imaginary = (windows @ (shape * wave).astype(np.float32) for wave in (np.cos(turns), np.sin(turns)))
    found = np.split(np.hypot(real, imaginary), [len(_LOW)], axis=1)
    loud = np.minimum(found[0].max(1), found[1].max(1)) > _FAINTEST
    best: NDArray[np.int64] = np.stack([np.where(loud, strength.argmax(1), -1) for strength in found], 1)
    return best


def _marks(symbols: NDArray[np.int64]) -> Iterator[int]:
    """The windows in the middle of each mark."""
    (at,) = np.nonzero((symbols == _MARK).all(1))
    for run in np.split(at, np.nonzero(np.diff(at) > 1)[0] + 1):
        if len(run):
            yield int(run[0] + run[-1]) // 2


def _read(symbols: NDArray[np.int64], mark: int) -> tuple[str, int] | None:
    """The word behind a mark, and the window of its last symbol."""

    def byte(number: int) -> int:
        at = mark + number * _STEP
        low, high = symbols[at] if 0 <= at < len(symbols) else (-1, -1)
        return int(low * 16 + high) if 0 <= low < 16 else -1

    length = byte(1)
    data = [byte(2 + number) for number in range(max(length, 0))]
    if length <= 0 or min(data) < 0 or byte(2 + length) != (length + sum(data)) % 256:
        return None
    return bytes(data).decode(errors="replace"), mark + (2 + length) * _STEP


def _hummed(symbols: NDArray[np.int64], at: int, way: int) -> int:
    """The window where a word begins or ends: as far as the hum next to its middle goes."""
    at += way * _STEP
    if not (0 <= at < len(symbols) and symbols[at][0] == _HUM):
        return at - way * (_STEP // 2)
    hum = symbols[at].tolist()
    while 0 <= at + way < len(symbols) and symbols[at + way].tolist() == hum:
        at += way
    return at


def _time(window: int) -> float:
    return round(max(0, window * _HOP + _WINDOW / 2) / RATE, 3)
