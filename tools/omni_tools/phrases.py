"""From a sum as it is said or typed to one expression in Python's notation."""

from __future__ import annotations

import re

from omni_agent.errors import ToolError

__all__ = ["FUNCTIONS", "as_expression"]

FUNCTIONS = (
    "sqrt",
    "cbrt",
    "abs",
    "round",
    "min",
    "max",
    "sin",
    "cos",
    "tan",
    "log",
    "ln",
    "exp",
    "factorial",
)

_NUMBER = r"(?:\d+(?:\.\d+)?|\.\d+)"
_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30,
    "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100,
    "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000,
}  # fmt: skip

_SIGNS = str.maketrans({
    "×": "*", "·": "*", "⋅": "*", "÷": "/", "−": "-", "–": "-", "π": " pi ", "√": " sqrt ", "²": "^2",
    "³": "^3", "$": "", "€": "", "£": "", "[": "(", "]": ")", "’": "'",
})  # fmt: skip

# In this order: a longer phrase stands before one that it contains.
_PHRASES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"^(?:what is|what's|whats|calculate|compute|how much is)\b", ""),
        (r"(?:=|\bequals?\b|\?|\bis what\b)[\s?=]*$", ""),
        (r"\bsquare root\b(?: of)?", "sqrt"),
        (r"\b(?:cube|cubic) root\b(?: of)?", "cbrt"),
        (r"\b(?:natural log|natural logarithm)\b(?: of)?", "ln"),
        (r"\b(?:logarithm|log10)\b(?: of)?", "log"),
        (r"\babsolute value\b(?: of)?", "abs"),
        (r"\b(sin|cos|tan|log|ln|exp|factorial|sqrt)(?:e|ine|gent)? of\b", r"\1"),
        (r"\b(?:multiplied by|times)\b", "*"),
        (r"\b(?:divided by|over)\b", "/"),
        (r"\b(?:raised )?to the power(?: of)?\b", "^"),
        (r"\bto the (\d+)(?:st|nd|rd|th)(?: power)?\b", r"^ \1"),
        (r"\bsquared\b", "^2"),
        (r"\bcubed\b", "^3"),
        (r"\bmod(?:ulo)?\b", " % "),
        (r"\bplus\b", "+"),
        (r"\b(?:minus|negative)\b", "-"),
        (r"\b(?:a )?half of\b", "1/2 *"),
        (r"\b(?:a )?third of\b", "1/3 *"),
        (r"\b(?:a )?quarter of\b", "1/4 *"),
        (r"\s*\bper ?cent\b", "%"),
        (r"(?<=[\d.])\s*point\s*(?=\d)", "."),
        (rf"({_NUMBER})% off\b", r"(1 - percent(\1)) *"),
        (rf"({_NUMBER})\s*% of\b", r"percent(\1) *"),
        (rf"({_NUMBER})%(?=\s*(?:[-+*/^),]|$))", r"percent(\1)"),
        (r"\bof\b", "*"),
        (rf"({_NUMBER})\s*(?:°|\bdegrees?\b)", r"(\1*pi/180)"),
        (rf"({_NUMBER})\s*(?:!|\bfactorial\b)", r"factorial(\1)"),
        (r"(?<=[\d)])(?:\s+x|(?<!\b0)x)\s*(?=[\d(.])", "*"),
        (r"(?<=[\d)])\s*(?=\()|(?<=\d)\s*(?=pi\b)", "*"),
        (r"\^", "**"),
        (rf"\b({'|'.join(FUNCTIONS)})\s+({_NUMBER}|pi\b|e\b)", r"\1(\2)"),
        (rf"\b({'|'.join(FUNCTIONS)})\s+(?=\()", r"\1"),
        (r"(?<![\w.])0+(?=\d)", ""),
    )
)


def as_expression(said: str) -> str:
    """The expression that somebody means; what is not understood stays as it is.

    Raises:
        ToolError: It is empty, longer than 300 characters, or holds signs that no sum has.
    """
    text = " ".join(said.split()).casefold()
    if not text or len(text) > 300:
        raise ToolError("The expression must have between 1 and 300 characters.")
    text = _without_separators(_with_digits(text.translate(_SIGNS).strip()))
    for pattern, replacement in _PHRASES:
        text = pattern.sub(replacement, text.strip())
    strange = re.search(r"[^a-z0-9_\s.,+\-*/%()]", text)
    if strange:
        raise ToolError(f"'{strange[0]}' cannot be worked out. Write the sum as 12 * (3 + 4).")
    return text.strip()


def _with_digits(text: str) -> str:
    """Number words as digits: `two hundred and five times 3 million` gives `205 times (3*1000000)`."""
    scales = "|".join(word for word, number in _WORDS.items() if number >= 100)
    text = re.sub(rf"\ba (?=(?:{scales})\b)", "one ", text)
    text = re.sub(rf"({_NUMBER}) ({scales})\b", lambda match: f"({match[1]}*{_WORDS[match[2]]})", text)
    words = "|".join(sorted(_WORDS, key=len, reverse=True))
    joint = r"(?:[ -]|(?:(?<=hundred)|(?<=thousand)|(?<=million)) and )"
    run = re.compile(rf"\b(?:{words})(?:{joint}(?:{words}))*\b")
    return run.sub(lambda match: str(_number(re.findall(r"[a-z]+", match[0].replace(" and ", " ")))), text)


def _number(words: list[str]) -> int:
    total, group, last = 0, 0, 100
    for word in words:
        value = _WORDS[word]
        if value == 100:
            group = max(group, 1) * 100
        elif value > 100:
            total, group = total + max(group, 1) * value, 0
        elif last >= 100 or (last >= 20 and 0 < value < 10):
            group += value
        else:
            raise ToolError(f"'{' '.join(words)[:60]}' is not one number. Write numbers in digits.")
        last = value
    return total + group


def _without_separators(text: str) -> str:
    """`1,234.5` without its comma; between the arguments of a function a comma stays one."""

    def joined(match: re.Match[str]) -> str:
        opened: list[bool] = []
        for position, sign in enumerate(text[: match.start()]):
            if sign == "(":
                opened.append(bool(re.search(r"\b(?:min|max|log|round)\s*$", text[:position])))
            elif sign == ")" and opened:
                opened.pop()
        return match[0] if opened and opened[-1] else match[0].replace(",", "")

    return re.sub(r"(?<![\d.])[1-9]\d{0,2}(?:,\d{3})+(?!\d)", joined, text)
