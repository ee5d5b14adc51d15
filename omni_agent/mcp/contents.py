"""What a tool gave, as the protocol has it."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import OmniError
from ..media import MediaStore
from ..messages import Audio, Image, Media, ToolResult

if TYPE_CHECKING:
    from mcp.types import CallToolResult, ContentBlock

_MEDIA = "media://"


async def result_of(result: ToolResult, media: MediaStore) -> CallToolResult:
    """A tool's result: its text, then its pictures, sounds and clips."""
    from mcp.types import CallToolResult, TextContent

    if result.status != "done":
        return failure(result.content)
    words = result.content or not result.media
    blocks: list[ContentBlock] = [TextContent(text=_encodable(result.content))] if words else []
    for part in result.media:
        try:
            blocks.append(await asyncio.to_thread(_block, part, media))
        except (OmniError, OSError) as error:
            # The tool has done its work all the same.
            blocks.append(TextContent(text=f"[{part.type} that cannot be shown: {error}]"))
    return CallToolResult(content=blocks)


def failure(why: str) -> CallToolResult:
    """A call that failed, in words for the client's model."""
    from mcp.types import CallToolResult, TextContent

    return CallToolResult(content=[TextContent(text=_encodable(why))], is_error=True)


def _block(part: Media, media: MediaStore) -> ContentBlock:
    from mcp.types import AudioContent, BlobResourceContents, EmbeddedResource, ImageContent

    content = media.get(part.ref) if part.ref.startswith(_MEDIA) else Path(part.ref).read_bytes()
    data = base64.b64encode(content).decode()
    if isinstance(part, Image):
        return ImageContent(data=data, mime_type=part.mime)
    if isinstance(part, Audio):
        return AudioContent(data=data, mime_type=part.mime)
    clip = BlobResourceContents(uri=f"file:///{Path(part.ref).name}", blob=data, mime_type=part.mime)
    return EmbeddedResource(resource=clip)


def _encodable(text: str) -> str:
    """As UTF-8 can hold it, whatever a tool gave."""
    return text.encode("utf-8", "replace").decode()
