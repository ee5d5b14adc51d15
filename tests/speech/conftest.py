"""Real voices for the tests that need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from pathlib import Path


class VoiceFolders(NamedTuple):
    """Where the voices' files are."""

    english: Path
    natural: Path


@pytest.fixture(scope="session")
def voice_folders() -> VoiceFolders:
    """The files of both voices, fetched once into the user's cache."""
    from omni_agent.models.store import ModelStore

    store = ModelStore()
    return VoiceFolders(store.ensure("voice-english"), store.ensure("voice-natural"))
