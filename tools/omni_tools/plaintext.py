"""From a file's bytes to its text."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from omni_agent.errors import ToolError

__all__ = ["PlainText", "decoded"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\b\x1b")) + b"\x7f"
_GUESSED_FROM = 50_000
_FEWEST = 12


@dataclass(frozen=True, slots=True)
class PlainText:
    """A text, and the charset in which more of it is to be written."""

    text: str
    charset: str


def decoded(data: bytes, *, whole: bool = True) -> PlainText:
    """The text in a file.

    Args:
        data: The file, or its start.
        whole: Whether that is all of it; otherwise the last sign may be cut in two.

    Raises:
        ToolError: It is no text.
    """
    for mark, charset in _MARKS:
        if data.startswith(mark):
            decoder = codecs.getincrementaldecoder(charset)("replace")
            return PlainText(decoder.decode(data[len(mark) :], final=whole), charset)
    if data.startswith(b"%PDF-"):
        raise ToolError("It is a PDF. Only plain text can be read.")
    strange = len(data) - len(data.translate(None, _CONTROL))
    if b"\0" in data or strange * 10 > len(data):
        raise ToolError(
            "It is no text: a picture, a sound or a program, perhaps. Only plain text can be read."
        )
    try:
        return PlainText(codecs.getincrementaldecoder("utf-8")().decode(data, final=whole), "utf-8")
    except UnicodeDecodeError:
        charset = _guessed(data)
        return PlainText(data.decode(charset, "replace"), charset)


def _guessed(data: bytes) -> str:
    """The charset of a text that is not UTF-8.

    A guess goes by the letters beyond ASCII. Western texts have few, and would be taken for anything.
    """
    beyond = sum(byte > 127 for byte in data[:_GUESSED_FROM])
    if beyond >= _FEWEST and beyond * 10 > min(len(data), _GUESSED_FROM):
        try:
            from charset_normalizer import from_bytes
        except ImportError:
            return "cp1252"
        best = from_bytes(data[:_GUESSED_FROM]).best()
        if best is not None:
            return best.encoding
    return "cp1252"
