"""Sound on the wire: however it is cut, the same samples."""

from __future__ import annotations

import base64
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.errors import ModelError
from omni_agent.models.realtime.sound import SpeechDecoder, packets
from omni_agent.speech.pcm import Pcm


@given(st.binary(max_size=200), st.lists(st.integers(0, 300), max_size=8))
def test_any_cut_of_base64_gives_the_same_samples(data: bytes, cuts: list[int]) -> None:
    text = base64.b64encode(data).decode("ascii")
    decoder, places = SpeechDecoder(), [0, *sorted(cuts), len(text)]
    pieces = [decoder.feed(text[start:end]) for start, end in itertools.pairwise(places)]
    assert b"".join(pieces) == data[: len(data) - len(data) % 2]
    assert all(len(piece) % 2 == 0 for piece in pieces)
    assert decoder.count == len(data) - len(data) % 2


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=6))
def test_pieces_that_are_each_padded_give_the_same_samples(parts: list[bytes]) -> None:
    decoder, data = SpeechDecoder(), b"".join(parts)
    given_back = b"".join(decoder.feed(base64.b64encode(part).decode("ascii")) for part in parts)
    assert given_back == data[: len(data) - len(data) % 2]


@pytest.mark.parametrize("piece", ["####", "ab=c", "AAA\n", "ünïcode!"])
def test_what_is_no_base64_is_an_error(piece: str) -> None:
    with pytest.raises(ModelError, match="no base64"):
        SpeechDecoder().feed(piece)


@given(st.integers(1, 40_000), st.sampled_from([8_000, 16_000, 24_000, 48_000]))
def test_packets_are_the_whole_sound(count: int, rate: int) -> None:
    sound = Pcm(np.full(count, 0.25, dtype=np.float32), rate)
    made = [base64.b64decode(packet) for packet in packets(sound, 24_000)]
    seconds = sum(map(len, made)) / 2 / 24_000
    assert seconds == pytest.approx(max(sound.seconds, 0.11 if sound.seconds < 0.1 else 0), abs=0.001)
    assert max(map(len, made)) <= 4800
