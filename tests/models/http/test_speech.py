"""Base64 in pieces of any cut to samples."""

from __future__ import annotations

import base64
import struct
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.errors import ModelError
from omni_agent.models.base import SpeechDelta
from omni_agent.models.http.speech import SpeechDecoder
from tests.models.http.asking import PCM
from tests.models.http.wires import base64_of, wav

PLACES = st.lists(st.integers(0), max_size=12)


def cut(text: str, places: list[int]) -> list[str]:
    ends = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[start:end] for start, end in pairwise(ends)]


def pcm_of(deltas: list[SpeechDelta]) -> bytes:
    return b"".join(delta.pcm for delta in deltas)


def decoded(pieces: list[str], rate: int = 24_000) -> list[SpeechDelta]:
    decoder = SpeechDecoder(rate)
    return [delta for piece in pieces for delta in decoder.feed(piece)]


@given(st.binary(min_size=2).map(lambda data: data[: len(data) // 2 * 2]), PLACES)
def test_base64_remainders_wait_for_the_next_piece(data: bytes, places: list[int]) -> None:
    data = b"\x01\x02" + data
    deltas = decoded(cut(base64_of(data), places))
    assert pcm_of(deltas) == data
    assert all(len(delta.pcm) % 2 == 0 for delta in deltas)


@given(st.lists(st.binary(min_size=1, max_size=9).filter(lambda part: part[:4] != b"RIFF"), min_size=1))
def test_an_odd_byte_waits_for_the_other_half_of_its_sample(parts: list[bytes]) -> None:
    parts = [b"\x01", *parts]
    whole = b"".join(parts)
    deltas = decoded([base64_of(part) for part in parts])
    assert pcm_of(deltas) == whole[: len(whole) // 2 * 2]


@given(PLACES, st.sampled_from([8_000, 16_000, 24_000, 44_100, 48_000]))
def test_a_wav_file_cut_anywhere_gives_its_samples_and_rate(places: list[int], rate: int) -> None:
    deltas = decoded(cut(base64_of(wav(PCM, rate)), places))
    assert pcm_of(deltas) == PCM
    assert {delta.sample_rate for delta in deltas} == {rate}


def test_a_wav_file_a_piece_leaves_no_header_among_the_samples() -> None:
    pieces = [base64_of(wav(PCM[start : start + 100])) for start in range(0, len(PCM), 100)]
    assert pcm_of(decoded(pieces)) == PCM


def test_wav_was_asked_for_but_bare_samples_came() -> None:
    assert pcm_of(decoded([base64_of(PCM)])) == PCM


def test_a_header_in_the_first_piece_only() -> None:
    """As of a file whose length was not known when it was begun."""
    file = wav(PCM)
    unknown = file[:40] + struct.pack("<I", 0xFFFF_FFFF) + file[44:]
    for whole in (unknown, file[:40] + struct.pack("<I", 0) + file[44:]):
        pieces = [whole[start : start + 300] for start in range(0, len(whole), 300)]
        assert pcm_of(decoded([base64_of(piece) for piece in pieces])) == PCM


def test_bare_samples_after_a_first_file_are_not_lost() -> None:
    assert pcm_of(decoded([base64_of(wav(PCM[:600])), base64_of(PCM[600:])])) == PCM


def test_chunks_behind_the_samples_are_no_sound() -> None:
    file = wav(PCM) + b"LIST" + struct.pack("<I", 4) + b"INFO"
    assert pcm_of(decoded([base64_of(file)] * 2)) == PCM * 2


def test_the_rate_that_a_chunk_names_counts_where_there_is_no_header() -> None:
    decoder = SpeechDecoder(24_000)
    (delta,) = decoder.feed(base64_of(PCM), rate=44_100)
    assert delta.sample_rate == 44_100
    (delta,) = decoder.feed(base64_of(wav(PCM, 16_000)), rate=44_100)
    assert delta.sample_rate == 16_000


def test_two_channels_become_one() -> None:
    frames = struct.pack("<6h", 100, 300, -32768, -32768, 32767, 32767)
    assert pcm_of(decoded([base64_of(wav(frames, channels=2))])) == struct.pack("<3h", 200, -32768, 32767)
    (delta,) = SpeechDecoder(24_000).feed(base64_of(frames), 24_000, 2)
    assert delta.pcm == struct.pack("<3h", 200, -32768, 32767)


def test_each_piece_may_be_padded_for_itself() -> None:
    pieces = [base64_of(PCM[:1]), base64_of(PCM[1:5]), base64_of(PCM[5:])]
    assert pieces[0].endswith("==")
    assert pcm_of(decoded(["".join(pieces)])) == PCM
    assert pcm_of(decoded(pieces)) == PCM


def test_line_breaks_within_base64_are_passed_over() -> None:
    text = base64.encodebytes(PCM).decode()
    assert "\n" in text
    assert pcm_of(decoded(cut(text, list(range(0, len(text), 61))))) == PCM


def test_an_empty_piece_is_no_error() -> None:
    assert decoded(["", "", base64_of(PCM), ""]) == [SpeechDelta(PCM, 24_000)]


def float_wav() -> bytes:
    body = (
        struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, 24_000, 96_000, 4, 32) + b"data" + struct.pack("<I", 0)
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (["%%%%"], "no base64"),
        (["QU=J"], "no base64"),
        ([base64_of(wav(PCM, 4))], "4 samples a second"),
        ([base64_of(wav(PCM, 960_000))], "960000 samples a second"),
        ([base64_of(float_wav())], "32 bits"),
        ([base64_of(b"RIFF\x00\x00\x00\x00WAVEdata\x04\x00\x00\x00....")], "without a format"),
    ],
)
def test_what_is_no_speech_is_an_error_with_a_way_out(pieces: list[str], said: str) -> None:
    with pytest.raises(ModelError, match=said) as raised:
        decoded(pieces)
    assert raised.value.code == "speech_invalid"
    assert "speech=no" in raised.value.remedy


@given(st.lists(st.text(), max_size=5))
def test_nothing_but_model_errors_comes_of_garbage(pieces: list[str]) -> None:
    with suppress(ModelError):
        decoded(pieces)


@given(st.lists(st.binary(max_size=80), max_size=5))
def test_nothing_but_model_errors_comes_of_broken_files(parts: list[bytes]) -> None:
    with suppress(ModelError):
        decoded([base64_of(b"RIFF" + part) for part in parts])
