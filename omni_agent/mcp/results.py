"""What a server's tool gave, as text and media that a model can take in."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import ToolError
from ..media import MediaStore
from ..media.files import DEFAULT_LIMITS
from ..messages import Audio, Image

if TYPE_CHECKING:
    from mcp.types import BlobResourceContents, CallToolResult, ContentBlock, TextResourceContents

Shown: TypeAlias = str | Image | Audio


async def parts_of(result: CallToolResult, media: MediaStore) -> str | list[Shown]:
    """The result's text, and its pictures and sounds, which are kept in the store.

    Raises:
        ToolError: The server says that the call failed, in these words.
    """
    found = [await _part(block, media) for block in result.content]
    words = [part for part in found if isinstance(part, str)]
    if result.is_error:
        raise ToolError("\n".join(words).strip() or "it failed without saying why")
    if result.structured_content is not None and not _is_said(result.structured_content, words):
        found.append(json.dumps(result.structured_content, ensure_ascii=False))
    if all(isinstance(part, str) for part in found):
        return "\n".join(map(str, found)) or "Done."
    return found


async def resource(contents: TextResourceContents | BlobResourceContents, media: MediaStore) -> Shown:
    """A resource's text, or the picture or sound that it is; of anything else, what it is."""
    from mcp.types import TextResourceContents

    if isinstance(contents, TextResourceContents):
        return contents.text
    mime = contents.mime_type or "application/octet-stream"
    if mime.startswith(("image/", "audio/")):
        return await _kept(contents.blob, mime, media)
    return f"[a file, {contents.uri}, of type {mime}, {len(contents.blob) * 3 // 4:,} bytes]"


async def _part(block: ContentBlock, media: MediaStore) -> Shown:
    from mcp.types import AudioContent, EmbeddedResource, ImageContent, TextContent

    match block:
        case TextContent():
            return block.text
        case ImageContent() | AudioContent():
            return await _kept(block.data, block.mime_type, media)
        case EmbeddedResource():
            return await resource(block.resource, media)
        case link:
            about = f": {link.description}" if link.description else ""
            return f"[see {link.uri}, {link.title or link.name}{about}]"


async def _kept(data: str, mime: str, media: MediaStore) -> Shown:
    is_picture = mime.startswith("image/")
    what = "picture" if is_picture else "sound"
    most = DEFAULT_LIMITS.image_bytes if is_picture else DEFAULT_LIMITS.audio_bytes
    if len(data) * 3 // 4 > most:
        return f"[a {what} that is too large]"
    try:
        content = base64.b64decode(data, validate=True)
    except binascii.Error:
        return f"[a {what} that came broken]"
    ref = await asyncio.to_thread(media.put, content, mime)
    return Image(ref, mime) if is_picture else Audio(ref, mime)


def _is_said(structured: Any, words: list[str]) -> bool:
    """Whether the text says the same already, which the protocol advises: as JSON, or as the one value."""
    only = list(structured.values()) if isinstance(structured, dict) else [structured]
    if len(only) == 1 and [str(only[0])] == words:
        return True
    return any(_read(word) in (structured, *only[: len(only) == 1]) for word in words)


def _read(word: str) -> Any:
    try:
        return json.loads(word)
    except (ValueError, RecursionError):
        return object()
