"""A voice model is made to hand over how long each phoneme lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.speech.voices.onnx_outputs import DURATION, with_durations

if TYPE_CHECKING:
    from tests.speech.conftest import VoiceFolders


def field(number: int, content: bytes | int) -> bytes:
    if isinstance(content, int):
        return bytes([number << 3, content])
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def value(name: str) -> bytes:
    """A tensor of floats of one dimension."""
    tensor = field(1, 1) + field(2, field(1, field(2, b"n")))
    return field(1, name.encode()) + field(2, field(1, tensor))


def model(*operators: str) -> bytes:
    """A chain of operators from `x` to `y`, in the wire format of onnx.proto."""
    names = ["x", *(f"t{number}" for number in range(1, len(operators))), "y"]
    nodes = [
        field(1, field(1, names[n].encode()) + field(2, names[n + 1].encode()) + field(4, operator.encode()))
        for n, operator in enumerate(operators)
    ]
    graph = b"".join(nodes) + field(2, b"g") + field(11, value("x")) + field(12, value("y"))
    size = len(graph)
    return (
        field(1, 8)
        + bytes([7 << 3 | 2, size & 0x7F | 0x80, size >> 7] if size > 127 else [7 << 3 | 2, size])
        + graph
        + field(8, field(2, 17))
    )


@pytest.mark.parametrize("operator", ["Ceil", "Round"])
def test_the_rounded_lengths_become_an_output(operator: str) -> None:
    found = with_durations(model("Abs", operator, "Neg"))
    assert found is not None
    session = onnxruntime.InferenceSession(found, providers=["CPUExecutionProvider"])
    assert [output.name for output in session.get_outputs()] == ["y", DURATION]
    result, lengths = session.run(None, {"x": np.array([-1.4, 2.6], np.float32)})
    expected = np.array([2, 3] if operator == "Ceil" else [1, 3], np.float32)
    np.testing.assert_array_equal(lengths, expected)
    np.testing.assert_array_equal(result, -expected)


@pytest.mark.parametrize("operators", [["Abs"], ["Ceil", "Ceil"], ["Round", "Abs", "Round"]])
def test_a_model_that_leaves_it_open_stays_as_it_is(operators: list[str]) -> None:
    assert with_durations(model(*operators)) is None


@given(st.binary(max_size=200))
def test_what_is_no_model_is_none(data: bytes) -> None:
    assert with_durations(data) is None


@given(st.data())
def test_a_model_that_breaks_off_does_no_harm(data: st.DataObject) -> None:
    whole = model("Abs", "Ceil", "Neg")
    broken = whole[: data.draw(st.integers(0, len(whole) - 1))]
    found = with_durations(broken)
    assert found is None or found.startswith(broken)


@pytest.mark.models
def test_the_voices_have_them(voice_folders: VoiceFolders) -> None:
    for path in (*voice_folders.english.glob("*.onnx"), *voice_folders.natural.glob("*.onnx")):
        assert with_durations(path.read_bytes()) is not None
