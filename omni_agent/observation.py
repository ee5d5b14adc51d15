"""What a caller hands in, made ready for the graph: plain JSON, media by path or reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from .errors import InputError
from .media import MediaStore
from .speech.pcm import Pcm
from .state import Observation

Source: TypeAlias = str | Path | bytes


def observe(
    media: MediaStore, text: str, audio: Source | Pcm | None, images: Sequence[Source], video: Source | None
) -> list[Observation]:
    """The observations of one turn; bytes go through the media store, because state holds none.

    Raises:
        InputError: Nothing was handed in.
    """

    def reference(source: Source | Pcm) -> str:
        data = source.to_wav() if isinstance(source, Pcm) else source
        return media.put(data, "application/octet-stream") if isinstance(data, bytes) else str(data)

    words = text.encode("utf-8", "replace").decode()
    found: list[Observation] = [{"kind": "text", "content": words}] if words.strip() else []
    if audio is not None:
        found.append({"kind": "audio", "content": reference(audio)})
    found.extend(Observation(kind="image", content=reference(image)) for image in images)
    if video is not None:
        found.append({"kind": "video", "content": reference(video)})
    if not found:
        raise InputError(
            "there is nothing to answer",
            code="input_empty",
            remedy="give text, a recording, a picture or a clip",
        )
    return found
