"""A calculator: exact where numbers allow it, bounded in all it does, and without `eval`.

Numbers are fractions, so that 0.1 + 0.2 is 0.3; roots, logarithms and the like that come out irrational, and
fractions that grow beyond `_BITS`, go on as floats.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

from omni_agent.errors import ToolError
from omni_agent.tool import tool

from .phrases import FUNCTIONS, as_expression

__all__ = ["calculate"]

_Number: TypeAlias = Fraction | float

_BITS = 10_000
_DEPTH = 200
_LARGEST = Fraction(10**300)
_NAMES = ", ".join(FUNCTIONS)
_TOO_SMALL = "The result is too close to 0 to be told apart from it."
_TOO_LARGE = "The result is too large: no number may pass 10 to the power of 300."


@tool(effect="read")
def calculate(expression: str) -> str:
    """Calculate the result of a sum, exactly.

    Args:
        expression: What to work out, for example 12 * 7, 15% of 80, sqrt(81) or (3 + 4) ^ 2.
    """
    source = as_expression(expression)
    try:
        tree = ast.parse(source, mode="eval")
        result = _value(tree.body, source, 0)
    except ToolError:
        raise
    except ZeroDivisionError:
        raise ToolError("Division by zero has no result.") from None
    except OverflowError:
        raise ToolError(_TOO_LARGE) from None
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ToolError(f"'{expression.strip()[:60]}' is not a sum. Write it as 12 * (3 + 4).") from None
    return f"The answer is {_spoken(result)}."


def _value(node: ast.expr, source: str, depth: int) -> _Number:
    if depth > _DEPTH:
        raise ToolError("The expression is nested too deeply. Work it out in parts.")
    match node:
        case ast.Constant():
            return _constant(node, source)
        case ast.Name(id="pi"):
            return math.pi
        case ast.Name(id="e"):
            return math.e
        case ast.UnaryOp(op=ast.UAdd() | ast.USub() as sign, operand=operand):
            value = _value(operand, source, depth + 1)
            return -value if isinstance(sign, ast.USub) else value
        case ast.BinOp():
            return _bounded(_binary(node, source, depth))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _bounded(_call(name, [_value(item, source, depth + 1) for item in arguments]))
        case ast.Name(id=name):
            raise ToolError(f"'{name[:30]}' is not known. Use numbers, + - * / ^, pi, e and {_NAMES}.")
        case _:
            raise ToolError("Only one sum can be worked out. Write it as 12 * (3 + 4), with a point in 3.5.")


def _constant(node: ast.Constant, source: str) -> _Number:
    text = (ast.get_source_segment(source, node) or "").replace("_", "")
    if not re.fullmatch(r"(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", text):
        raise ToolError(f"'{text[:30]}' is not a number.")
    return _bounded(Fraction(text))


def _binary(node: ast.BinOp, source: str, depth: int) -> _Number:
    left, right = _value(node.left, source, depth + 1), _value(node.right, source, depth + 1)
    if _is_percent(node.right) and not _is_percent(node.left) and isinstance(node.op, ast.Add | ast.Sub):
        # As on a pocket calculator, 80 + 10% is 80 and a tenth of it.
        right = _apply(operator.mul, left, right)
    if isinstance(node.op, ast.Pow):
        return _power(left, right)
    return _apply(_OPERATORS[type(node.op)], left, right)


# Those that can be written with the signs that `as_expression` lets through, but for the power.
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


def _apply(operation: Callable[[Any, Any], Any], left: _Number, right: _Number) -> _Number:
    result: _Number = operation(left, right)
    if result == 0 and left and right and operation in {operator.mul, operator.truediv}:
        raise ToolError(_TOO_SMALL)
    return Fraction(result) if isinstance(result, int) else result


def _is_percent(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "percent"


def _power(base: _Number, exponent: _Number) -> _Number:
    whole = int(exponent) if isinstance(exponent, Fraction) and exponent.denominator == 1 else None
    if isinstance(base, Fraction) and whole is not None:
        if base == 0 and whole < 0:
            raise ZeroDivisionError
        if max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(whole) <= _BITS:
            return base**whole
    if isinstance(base, Fraction) and exponent == Fraction(1, 2):
        return _sqrt(base)
    if base == 0 and exponent < 0:
        raise ZeroDivisionError
    if base < 0 and whole is None:
        raise ToolError("A negative number has no real power that is not whole.")
    size = math.pow(abs(float(base)), whole if whole is not None else float(exponent))
    if size == 0 and base != 0:
        raise ToolError(_TOO_SMALL)
    return -size if base < 0 and whole is not None and whole % 2 else size


def _bounded(value: _Number) -> _Number:
    """The same number, as a float where the exact one has grown too long.

    Raises:
        ToolError: It is further from 0 than `_LARGEST`, closer to it than its inverse, or no number.
    """
    if not -_LARGEST <= value <= _LARGEST:
        raise ToolError(_TOO_LARGE)
    if value and abs(Fraction(value)) < 1 / _LARGEST:
        raise ToolError(_TOO_SMALL)
    if isinstance(value, Fraction) and value.denominator.bit_length() > _BITS:
        return float(value)
    return value


def _sqrt(value: _Number) -> _Number:
    if value < 0:
        raise ToolError("A negative number has no real square root.")
    if isinstance(value, Fraction):
        over, under = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if over * over == value.numerator and under * under == value.denominator:
            return Fraction(over, under)
    return math.sqrt(value)


def _cbrt(value: _Number) -> _Number:
    root = round(math.cbrt(value))
    return Fraction(root) if root**3 == value else math.cbrt(value)


def _tan(value: _Number) -> _Number:
    result = math.tan(value)
    if abs(result) > 1e15:
        raise ToolError("The tangent has no value at a right angle.")
    return result


def _log(value: _Number, base: _Number = Fraction(10)) -> _Number:
    if value <= 0 or base <= 0 or base == 1:
        raise ToolError("A logarithm needs a number above 0, and a base above 0 that is not 1.")
    if base == 10:
        return math.log10(value)
    return math.log2(value) if base == 2 else math.log(value) / math.log(base)


def _factorial(value: _Number) -> _Number:
    if value < 0 or value != int(value) or value > 150:
        raise ToolError("A factorial needs a whole number from 0 to 150.")
    return Fraction(math.factorial(int(value)))


def _round(value: _Number, digits: _Number = Fraction(0)) -> _Number:
    """Halves go away from zero, as people round, not to the even number as Python does."""
    if digits != int(digits) or not -30 <= digits <= 30:
        raise ToolError("Rounding needs a whole number of digits, up to 30.")
    scale = Fraction(f"1e{int(digits)}")
    exact = Fraction(value)
    rounded = math.floor(abs(exact) * scale + Fraction(1, 2)) / scale
    return rounded if exact >= 0 else -rounded


def _extreme(choose: Callable[..., _Number]) -> Callable[..., _Number]:
    return lambda first, *rest: choose((first, *rest))


_CALLS: dict[str, Callable[..., Any]] = {
    "sqrt": _sqrt,
    "cbrt": _cbrt,
    "abs": abs,
    "round": _round,
    "min": _extreme(min),
    "max": _extreme(max),
    "sin": math.sin,
    "cos": math.cos,
    "tan": _tan,
    "log": _log,
    "ln": lambda value: _log(value, math.e),
    "exp": lambda value: _power(math.e, value),
    "factorial": _factorial,
    "percent": lambda value: value / 100,
}


def _call(name: str, arguments: list[_Number]) -> _Number:
    if name not in _CALLS:
        raise ToolError(f"'{name[:30]}' is not known. The functions are {_NAMES}.")
    try:
        result: _Number = _CALLS[name](*arguments)
    except TypeError:
        raise ToolError(f"{name} cannot take {len(arguments)} numbers.") from None
    return result


def _spoken(value: _Number) -> str:
    """A number as a person can take it in: exact up to 21 digits, else rounded and called `about`."""
    if isinstance(value, Fraction):
        if value.denominator == 1 and abs(value) < 10**21:
            return str(value.numerator)
        decimals = next((n for n in range(1, 11) if (value * 10**n).denominator == 1), None)
        if decimals and abs(value) < 10**6:
            return _decimal(value, decimals)
        about = _rounded(float(value))
        simple = value.denominator <= 1000 and abs(value) < 10**6
        return f"about {about} (exactly {value})" if simple else f"about {about}"
    text = _rounded(value)
    return text if len(text.lstrip("-").replace(".", "")) <= 8 else f"about {text}"


def _decimal(value: Fraction, decimals: int) -> str:
    digits = str(abs(value) * 10**decimals).rjust(decimals + 1, "0")
    return ("-" if value < 0 else "") + f"{digits[:-decimals]}.{digits[-decimals:]}"


def _rounded(value: float) -> str:
    """Ten significant digits; very large and very small numbers with their power of ten in words."""
    if value == 0 or 1e-4 <= abs(value) < 1e15:
        text = f"{value:.10g}"
        return text if "e" not in text else str(round(value))
    mantissa, _, power = f"{value:.6e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')} times 10 to the power of {int(power)}"
