"""A store to learn into."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from omni_memory.database import Database
from omni_memory.repository.repository import Repository
from omni_memory.upgrading import prepare


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database to copy."""
    path = tmp_path_factory.mktemp("empty") / "memory.db"
    prepare(path)
    return path


@pytest.fixture
async def repository(tmp_path: Path, empty: Path, anyio_backend: str) -> AsyncIterator[Repository]:
    """An empty database of its own."""
    path = tmp_path / "memory.db"
    shutil.copy(empty, path)
    opened = Repository(Database(path))
    yield opened
    await opened.close()
