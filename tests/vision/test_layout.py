"""The order of lines on a page."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from omni_agent.messages import TextBox
from omni_agent.vision.layout import in_reading_order


def line(text: str, left: int, top: int, width: int = 300, height: int = 20) -> TextBox:
    return TextBox(text, (left, top, left + width, top + height))


def column(name: str, left: int, top: int, count: int, width: int = 300) -> list[TextBox]:
    return [line(f"{name}{i}", left, top + 30 * i, width) for i in range(count)]


def order(*lines: TextBox) -> list[str]:
    return [line.text for line in in_reading_order(lines)]


def test_one_column_from_the_top() -> None:
    assert order(*reversed(column("a", 0, 0, 4))) == ["a0", "a1", "a2", "a3"]


def test_a_row_from_the_left_although_it_leans() -> None:
    assert order(line("c", 700, 4), line("a", 0, 7), line("b", 350, 0)) == ["a", "b", "c"]


def test_columns_of_prose_one_after_the_other() -> None:
    left, right = column("a", 0, 0, 4), column("b", 340, 7, 4)
    assert order(*right, *left) == [f"{c}{i}" for c in "ab" for i in range(4)]


def test_headings_and_feet_stand_around_their_columns() -> None:
    page = [
        line("head", 100, 0, 500),
        *column("a", 0, 40, 4),
        *column("b", 340, 40, 4),
        line("foot", 0, 200, 640),
    ]
    assert order(*reversed(page)) == ["head", "a0", "a1", "a2", "a3", "b0", "b1", "b2", "b3", "foot"]


def test_a_receipt_is_read_by_rows() -> None:
    goods, prices = column("tea", 0, 0, 4), column("1.", 500, 3, 4, width=50)
    assert order(*prices, *goods) == ["tea0", "1.0", "tea1", "1.1", "tea2", "1.2", "tea3", "1.3"]


@given(
    st.lists(
        st.tuples(st.integers(0, 500), st.integers(0, 500), st.integers(0, 400), st.integers(0, 60)),
        max_size=40,
    )
)
def test_no_line_is_lost_or_doubled(boxes: list[tuple[int, int, int, int]]) -> None:
    lines = [line(str(i), *box) for i, box in enumerate(boxes)]
    assert sorted(order(*lines)) == sorted(str(i) for i in range(len(boxes)))


def test_a_crowded_page_is_read_in_time() -> None:
    page = [line(f"{i}", 0, 30 * i) for i in range(2_000)]
    assert order(*reversed(page)) == [str(i) for i in range(2_000)]
