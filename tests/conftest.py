"""Shared fixtures: every test has a home and a clock of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import anyio
import hypothesis
import pytest

from omni_agent.config import Settings
from omni_agent.models.cascade import Cascade, local

# Speed is the benchmarks' matter: a busy machine must not fail a property. The same examples every time, so
# that a change fails by its own doing; `make explore` looks for new ones.
hypothesis.settings.register_profile("ours", deadline=None, derandomize=True, max_examples=60)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=1000, print_blob=True)
hypothesis.settings.load_profile("ours")

DATA = Path(os.environ.get("OMNI_AGENT_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh OMNI_AGENT_HOME, so that no test sees another's state or the user's."""
    folder = tmp_path / "home"
    monkeypatch.setenv("OMNI_AGENT_HOME", str(folder))
    # Nor the keys in the user's keyring.
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return folder


@pytest.fixture
def nothing_deleted() -> None:
    """No recipe is gone yet."""
    from tests.recipes import deleted

    deleted.clear()


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real recordings, scans and questions."""
    if not DATA.is_dir():
        pytest.skip(f"no test data at {DATA}: set OMNI_AGENT_TEST_DATA")
    return DATA


class Kept(Cascade):
    """One that an agent which closes does not unload: the next test has use for it."""

    async def close(self) -> None:
        """Not yet."""


@pytest.fixture(scope="session")
def cascade() -> Iterator[Cascade]:
    """`model="local"`, loaded once: each test makes its own agents with it."""
    model = local(Settings())
    yield Kept(model._language, model.senses)
    anyio.run(model.close)
