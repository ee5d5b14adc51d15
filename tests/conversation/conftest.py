from __future__ import annotations

import io

import pytest
from PIL import Image


@pytest.fixture
def picture() -> bytes:
    """A red square, as PNG."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "PNG")
    return buffer.getvalue()
