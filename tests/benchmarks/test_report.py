"""Figures of the benchmarks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.report import interval


@pytest.mark.parametrize(
    ("found", "of", "between"),
    [(4, 84, (0.019, 0.116)), (10, 123, (0.045, 0.143)), (0, 84, (0.0, 0.044)), (0, 0, (0.0, 1.0))],
)
def test_few_cases_leave_much_open(found: int, of: int, between: tuple[float, float]) -> None:
    assert interval(found, of) == pytest.approx(between, abs=0.001)


@given(st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_counted_share_lies_between(counted: tuple[int, int]) -> None:
    found, of = counted
    least, most = interval(found, of)
    assert 0 <= least <= round(found / of, 3) <= most <= 1
