"""Whose media are whose, within bounds, also after a restart."""

from __future__ import annotations

from pathlib import Path

from omni_agent.kept_owners import KeptOwners

ANA, BOB = "ana", "bob"


def test_it_is_read_back_from_its_file(tmp_path: Path) -> None:
    kept = KeptOwners(tmp_path / "belongings.db")
    kept.note("media://1", ANA)
    kept.note("media://1", BOB)
    kept.note("media://2", BOB)
    kept.close()
    kept = KeptOwners(tmp_path / "belongings.db")
    assert [kept.owns(ref, ANA) for ref in ("media://1", "media://2", "media://3")] == [True, False, False]
    assert kept.owns("media://1", BOB)
    kept.close()


def test_the_oldest_make_room_and_what_is_brought_again_is_new() -> None:
    kept = KeptOwners(most=2)
    for ref in ("media://1", "media://2", "media://1", "media://3"):
        kept.note(ref, ANA)
    assert [kept.owns(f"media://{n}", ANA) for n in (1, 2, 3)] == [True, False, True]


def test_what_is_erased_leaves_no_byte(tmp_path: Path) -> None:
    path = tmp_path / "belongings.db"
    kept = KeptOwners(path)
    kept.note("media://once", ANA)
    kept.note("media://once", BOB)
    kept.note("media://other", ANA)
    kept.note("media://third", BOB)
    kept.erase(["media://once"])
    assert not kept.owns("media://once", BOB)
    assert kept.owns("media://other", ANA)
    kept.erase([], ANA)
    assert not kept.owns("media://other", ANA)
    assert kept.owns("media://third", BOB)
    kept.close()
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"media://third" in written
    assert not [ref for ref in (b"once", b"other", b"ana") if ref in written]


def test_erasing_makes_no_file(tmp_path: Path) -> None:
    KeptOwners(tmp_path / "belongings.db").erase(["media://1"], ANA)
    assert not list(tmp_path.iterdir())
