"""Sound over HTTP: speech made of text, and text of speech.

1. `codecs.py`: sound in the formats that clients ask for.
2. `speech.py`: a text is spoken; `speaking.py`, `voices.py`: how, and by whom.
3. `transcriptions.py`: a recording is written down; `stretches.py`, `segments.py`, `subtitles.py`: while it
   is heard, in sentences, and for reading along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from ..hosting import Hosting


def routes(hosting: Hosting) -> list[BaseRoute]:
    """`/v1/audio/speech`, `/v1/audio/transcriptions`, and a clear no to `/v1/audio/translations`."""
    from .paths import paths

    return paths()
