"""The real embedded models, loaded once for all end-to-end tests."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import pytest

from omni_agent.config import Settings
from omni_agent.models.cascade import Cascade, local


@pytest.fixture(scope="session")
def cascade() -> Iterator[Cascade]:
    """`model="local"`, shared: each test makes its own agents with it."""
    model = local(Settings())
    yield model
    anyio.run(model.close)
