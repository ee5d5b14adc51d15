"""A talk with a memory of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from .talk import Talk, talking


@pytest.fixture
async def talk(empty_file: bytes, tmp_path: Path) -> AsyncIterator[Talk]:
    path = tmp_path / "memory.db"
    path.write_bytes(empty_file)
    async with talking(path) as made:
        yield made
