"""From what a web server sent to text that can be read aloud."""

from __future__ import annotations

import codecs
import logging
import re

from omni_agent.errors import ToolError

__all__ = ["check_kind", "printable", "readable"]

# What it says of a page that it cannot read is for nobody: the tool says it.
logging.getLogger("trafilatura").addHandler(logging.NullHandler())

_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_DATA = re.compile(r"text/[\w.+-]+|application/(?:[\w.-]+\+)?(?:json|xml)")
# What browsers read as windows-1252 (https://encoding.spec.whatwg.org/#names-and-labels).
_WINDOWS = frozenset({"ascii", "iso8859-1"})
# Python's own, and slow or surprising on what strangers write
# (https://docs.python.org/3/library/codecs.html#python-specific-encodings).
_NO_CHARSET = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_DECLARED = re.compile(r"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE | re.ASCII)
_DECLARED_WITHIN = 1024
# The commands of a terminal (colours, titles), then every other control character but tab and line.
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


def check_kind(content_type: str) -> str:
    """The media type in a `Content-Type` header, if it is one that can be read.

    Raises:
        ToolError: It is not text, JSON or XML, or there is none.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if not kind:
        raise ToolError("The address does not tell what it holds, so it cannot be read.")
    if kind not in _PAGES and not _DATA.fullmatch(kind):
        named = kind if re.fullmatch(r"[\w.+-]{1,40}/[\w.+-]{1,40}", kind) else "something else"
        raise ToolError(f"That is not a page but {named}. Only text, JSON and XML can be read.")
    return kind


def readable(body: bytes, content_type: str) -> str:
    """Title and text of an HTML page, without its menus and scripts; other text as it is.

    Args:
        body: What was sent.
        content_type: The header, with its charset.

    Raises:
        ToolError: It is of a type that cannot be read, or has no text.
    """
    kind = check_kind(content_type)
    markup = "html" in kind or "xml" in kind
    places = (content_type, body[:_DECLARED_WITHIN].decode("latin-1") if markup else "")
    text = _decoded(body, [found[1] for place in places for found in _DECLARED.finditer(place)])
    text = _article(text) if kind in _PAGES else printable(text).strip()
    if not text:
        raise ToolError("There is no text at that address. A page made by scripts cannot be read.")
    return text


def printable(text: str) -> str:
    """Text without control characters and a terminal's commands; tabs and the ends of lines stay."""
    return _CONTROL.sub("", text.replace("\r\n", "\n"))


def _article(html: str) -> str:
    # Half a second to import.
    import trafilatura
    from lxml.etree import ParserError
    from lxml.html import HTMLParser, document_fromstring

    try:
        # As bytes, because lxml takes no text that declares a charset.
        tree = document_fromstring(html.encode("utf-8", "replace"), parser=HTMLParser(encoding="utf-8"))
    except ParserError:
        return ""
    title = " ".join(str(tree.findtext(".//title") or "").split())
    text = (trafilatura.extract(tree, include_comments=False) or trafilatura.html2txt(tree)).strip()
    return printable(f"{title}\n\n{text}" if title and text else text)


def _decoded(body: bytes, declared: list[str]) -> str:
    """Text in the charset of its byte order mark, or the first declared one that there is."""
    marked = [charset for mark, charset in _MARKS if body.startswith(mark)][:1]
    for name in marked + declared:
        try:
            charset = codecs.lookup(name).name
            if charset not in _NO_CHARSET:
                return body.decode("cp1252" if charset in _WINDOWS else charset, "replace")
        except (LookupError, UnicodeError):
            continue
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")
