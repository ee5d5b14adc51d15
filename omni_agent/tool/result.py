"""A tool's result as what a model can take in: text, and media beside it."""

from __future__ import annotations

import json

from ..messages import Media, Text


def split(result: object) -> tuple[str, tuple[Media, ...]]:
    """The text of a result and the media in it: it may be one part, or a list of parts and anything else."""
    if not isinstance(result, list | tuple):
        result = [result] if isinstance(result, Media | Text) else result
    if not isinstance(result, list | tuple) or not any(isinstance(item, Media | Text) for item in result):
        return as_text(result), ()
    words = [
        item.text if isinstance(item, Text) else as_text(item)
        for item in result
        if not isinstance(item, Media)
    ]
    return "\n".join(words), tuple(item for item in result if isinstance(item, Media))


def as_text(result: object) -> str:
    """A tool's result as the text that the model reads: strings as they are, the rest as JSON.

    What JSON cannot hold is shown by its `str`; nothing raises.
    """
    if isinstance(result, str):
        return result
    from pydantic import TypeAdapter

    try:
        return TypeAdapter(object).dump_json(result).decode()
    except Exception:
        return json.dumps(str(result), ensure_ascii=False)
