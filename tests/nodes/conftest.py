"""The bar's tools start each test anew."""

from __future__ import annotations

import pytest

from tests.nodes.bar import ran


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()
