"""What a server's tool gave, as text and media."""

from __future__ import annotations

from typing import Any

import pytest
from mcp.types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from omni_agent.errors import ToolError
from omni_agent.mcp.results import parts_of
from omni_agent.media import MediaStore
from omni_agent.messages import Audio, Image
from tests.mcp.servers.odd import PIXEL

pytestmark = pytest.mark.anyio


async def parts(*content: Any, **more: Any) -> Any:
    return await parts_of(CallToolResult(content=list(content), **more), MediaStore())


async def test_texts_are_one_text() -> None:
    assert await parts(TextContent(text="a"), TextContent(text="b")) == "a\nb"
    assert await parts() == "Done."


@pytest.mark.parametrize(
    ("text", "structured", "told"),
    [
        ("", {"a": 1}, '\n{"a": 1}'),
        ('{"a": 1}', {"a": 1}, '{"a": 1}'),
        ("1", {"result": 1}, "1"),
        ("hi", {"result": "hi"}, "hi"),
        ("It is warm.", {"degrees": 21}, 'It is warm.\n{"degrees": 21}'),
    ],
)
async def test_structures_are_told_once(text: str, structured: Any, told: str) -> None:
    assert await parts(TextContent(text=text), structured_content=structured) == told


async def test_media_are_kept() -> None:
    picture, sound = await parts(
        ImageContent(data=PIXEL, mime_type="image/png"), AudioContent(data=PIXEL, mime_type="audio/wav")
    )
    assert isinstance(picture, Image)
    assert isinstance(sound, Audio)
    assert MediaStore().get(picture.ref).startswith(b"\x89PNG")


async def test_what_comes_broken_is_said() -> None:
    assert (
        await parts(ImageContent(data="no base64!", mime_type="image/png")) == "[a picture that came broken]"
    )


async def test_resources_are_text() -> None:
    told = await parts(
        EmbeddedResource(resource=TextResourceContents(uri="memo://1", text="Buy milk.")),
        EmbeddedResource(
            resource=BlobResourceContents(uri="memo://2", blob="UEsDBA==", mime_type="application/zip")
        ),
        ResourceLink(uri="memo://3", name="three", description="The third."),
    )
    assert told.splitlines() == [
        "Buy milk.",
        "[a file, memo://2, of type application/zip, 6 bytes]",
        "[see memo://3, three: The third.]",
    ]


async def test_errors_are_raised_in_the_servers_words() -> None:
    with pytest.raises(ToolError, match=r"^no such bird$"):
        await parts(TextContent(text="no such bird"), is_error=True)
    with pytest.raises(ToolError, match="without saying why"):
        await parts(is_error=True)
