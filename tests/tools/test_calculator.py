"""The calculator: exact, bounded, and never anything but an answer or a ToolError."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from omni_tools import calculator
from omni_tools.calculator import calculate

from omni_agent.errors import ToolError

Run = Callable[..., str]
# The fixture is a plain function: nothing of one example reaches the next.
generated = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def test_schemas(examine: Callable[..., None]) -> None:
    examine(calculator, {"calculate": "read"})


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("12 * 7", "84"),
        ("0.1 + 0.2", "0.3"),
        ("10 / 4", "2.5"),
        ("1 / 3", "about 0.3333333333 (exactly 1/3)"),
        ("7 // 2", "3"),
        ("7 % 3", "1"),
        ("7 % -3", "-2"),
        ("2 ^ 10", "1024"),
        ("2 ** -2", "0.25"),
        ("-2 ^ 2", "-4"),
        ("(3 + 4) * 2", "14"),
        ("2(3 + 4)", "14"),
        ("sqrt(81)", "9"),
        ("sqrt(2)", "about 1.414213562"),
        ("sqrt(0.25)", "0.5"),
        ("4 ** 0.5", "2"),
        ("abs(-3)", "3"),
        ("round(2.675, 2)", "2.68"),
        ("round(-2.5)", "-3"),
        ("max(1,200)", "200"),
        ("min(3, 1, 2)", "1"),
        ("sin(30 degrees)", "0.5"),
        ("cos(pi)", "-1"),
        ("log(1000)", "3"),
        ("log(8, 2)", "3"),
        ("ln(e)", "1"),
        ("exp(0)", "1"),
        ("5!", "120"),
        ("factorial(0)", "1"),
        ("12 × 7 ÷ 3 − 1", "27"),
        ("√81 + 5²", "34"),
        ("1,234.5 + 1", "1235.5"),
        ("1,000,000 / 2", "500000"),
        ("007 + 1", "8"),
        ("3x4", "12"),
        ("(1 + 2) * 1,000", "3000"),
        ("round((1,000 + 500) / 7)", "214"),
        ("sqrt(pi ^ 2)", "about 3.141592654"),
        ("tan(45 degrees)", "1"),
        ("1.000001 ** 10000", "about 1.010050162"),
        ("(-2.5) ** 401", "about -3.749242 times 10 to the power of 159"),
        ("$80 * 2 =", "160"),
        ("15% of 80", "12"),
        ("80 + 15%", "92"),
        ("80 - 15%", "68"),
        ("50% + 10%", "0.6"),
        ("20% off 80", "64"),
        ("7.5%", "0.075"),
        ("123456789 * 987654321", "121932631112635269"),
        ("1 / 421875", "about 2.37037 times 10 to the power of -6"),
        ("2 ^ 100", "about 1.267651 times 10 to the power of 30"),
        ("1 / 10 ^ 40", "about 1 times 10 to the power of -40"),
    ],
)
def test_sums(run: Run, expression: str, answer: str) -> None:
    assert run(calculate, expression=expression) == f"The answer is {answer}."


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("12 times 7", "84"),
        ("twelve times seven", "84"),
        ("What is 5 plus 5?", "10"),
        ("square root of 81", "9"),
        ("square root of 81 plus 19", "28"),
        ("cube root of 27", "3"),
        ("15 percent of 80", "12"),
        ("10 divided by 4", "2.5"),
        ("5 squared", "25"),
        ("2 to the power of 8", "256"),
        ("2 to the 5th power", "32"),
        ("minus 5 plus 3", "-2"),
        ("half of 90", "45"),
        ("2/3 of 90", "60"),
        ("7 mod 3", "1"),
        ("factorial of 5", "120"),
        ("sine of 30 degrees", "0.5"),
        ("two hundred and five times three", "615"),
        ("seventy-five minus twenty-five", "50"),
        ("a hundred plus one", "101"),
        ("3 million divided by 2", "1500000"),
        ("three point five times 2", "7"),
    ],
)
def test_spoken_sums(run: Run, said: str, answer: str) -> None:
    assert run(calculate, expression=said) == f"The answer is {answer}."


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("1 / 0", "Division by zero"),
        ("5 % (3 - 3)", "Division by zero"),
        ("0 ** -1", "Division by zero"),
        ("0 ** -0.5", "Division by zero"),
        ("(1/3) ** 600 * (1/7) ** 200", "too close to 0"),
        ("(1/3) ** 9999", "too close to 0"),
        ("exp(-1000)", "too close to 0"),
        ("10 ** -301", "too close to 0"),
        ("sqrt(-1)", "no real square root"),
        ("(-8) ** (1/3)", "no real power"),
        ("ln 0", "above 0"),
        ("tan(90 degrees)", "right angle"),
        ("9 ** 9 ** 9", "too large"),
        ("10 ** 301", "too large"),
        ("exp(1000)", "too large"),
        ("1e999", "too large"),
        ("1e99999999", "not a number"),
        ("1000!", "0 to 150"),
        ("factorial(2.5)", "0 to 150"),
        ("factorial(-1)", "0 to 150"),
        ("round(1, 99999999)", "up to 30"),
        ("-" * 290 + "1", "nested too deeply"),
        ("1" * 301, "between 1 and 300"),
        ("", "between 1 and 300"),
        ("   ", "between 1 and 300"),
        ("1 +", "not a sum"),
        ("((", "not a sum"),
        ("5 5", "not a sum"),
        ("5 km * 2", "not a sum"),
        ("3,5 * 2", "with a point"),
        ("x + 1", "'x' is not known"),
        ("open(1)", "'open' is not known"),
        ("max()", "cannot take 0 numbers"),
        ("sqrt(1, 2)", "cannot take 2 numbers"),
        ("one two", "Write numbers in digits"),
        ("0x10", "not a number"),
        ("3j", "not a number"),
        ("__import__('os')", "cannot be worked out"),
        ("(1).real", "Only one sum"),
        ("1 if 2 else 3", "Only one sum"),
        ("1 < 2", "cannot be worked out"),
        ("max(*1)", "Only one sum"),
        ("max(1, **2)", "Only one sum"),
        ("5 // 0.0", "Division by zero"),
    ],
)
def test_what_cannot_be_worked_out_is_refused_in_a_sentence(run: Run, expression: str, why: str) -> None:
    with pytest.raises(ToolError) as caught:
        run(calculate, expression=expression)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


numbers = st.integers(0, 999).map(str) | st.decimals(0, 99, places=2).map(str)
trees = st.recursive(
    numbers,
    lambda part: (
        st.tuples(part, st.sampled_from(["+", "-", "*", "/", "//", " % "]), part).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        )
        | part.map(lambda inner: f"(-{inner})")
        | st.tuples(part, st.integers(0, 4))
        .map(lambda t: f"({t[0]}) ** {t[1]}")
        .map(lambda text: f"({text})")
    ),
    max_leaves=8,
)


def exactly(expression: str) -> Fraction:
    """What Python makes of the same expression, its numbers being fractions."""
    fractions = re.sub(r"(?<!\*\* )\b\d+(?:\.\d+)?", lambda match: f"Fraction('{match[0]}')", expression)
    result = eval(fractions, {"Fraction": Fraction})
    return Fraction(result)


def number(answer: str) -> Fraction:
    text = answer.removeprefix("The answer is ").removesuffix(".").removeprefix("about ").split(" (")[0]
    mantissa, _, power = text.partition(" times 10 to the power of ")
    return Fraction(mantissa) * Fraction(10) ** int(power or 0)


@given(expression=trees)
@generated
def test_it_agrees_with_python(run: Run, expression: str) -> None:
    # More powers of powers than these leave exact arithmetic, as they should.
    assume(len(expression) <= 300 and expression.count("**") <= 3)
    try:
        expected = exactly(expression)
    except ZeroDivisionError:
        with pytest.raises(ToolError, match="Division by zero"):
            run(calculate, expression=expression)
        return
    try:
        answer = run(calculate, expression=expression)
    except ToolError as error:
        assume("too large" not in error.message)
        raise
    assert abs(number(answer) - expected) <= abs(expected) * Fraction(1, 10**6)
    if "about" not in answer:
        assert number(answer) == expected


@given(
    expression=st.text(max_size=60)
    | st.text("0123456789+-*/%^().,!ex pi", max_size=60)
    | st.lists(
        st.sampled_from(
            [
                "sqrt",
                "of",
                "(",
                ")",
                "percent",
                "two",
                "hundred",
                "5",
                "0",
                "-",
                "%",
                "to the power of",
                "log",
            ]
        ),
        max_size=12,
    ).map(" ".join)
)
@generated
def test_any_text_ends_in_an_answer_or_a_tool_error(run: Run, expression: str) -> None:
    with suppress(ToolError):
        assert run(calculate, expression=expression).startswith("The answer is ")


@pytest.mark.parametrize(
    "expression",
    [
        "9**" * 60 + "9",
        "(" * 140 + "1" + ")" * 140,
        "1.0000001 ** 9999999",
        "(1/3) ** 5000 " + "* 3" * 60,
        "2^" * 99 + "2",
    ],
)
def test_hard_sums_end_soon(run: Run, expression: str) -> None:
    began = time.perf_counter()
    with suppress(ToolError):
        run(calculate, expression=expression)
    assert time.perf_counter() - began < 30
