"""What is kept of answers: each caller's own, within bounds, also after a restart."""

from __future__ import annotations

from pathlib import Path

from omni_agent.kept_answers import KEPT_SECONDS, Kept, KeptAnswers
from omni_agent.messages import Message, Text

ANA, BOB = "ana", "bob"


def kept(id_: str, *, previous: str | None = None, at: int = 0, root: str = "1", user: str = "") -> Kept:
    body = {"id": id_, "previous_response_id": previous, "created_at": at}
    return Kept(body, root, (Message("user", (Text(f"words of {id_}"),)),), user)


def words(store: KeptAnswers, caller: str, id_: str) -> list[str]:
    found = store.conversation(caller, id_)
    return [message.text for message in found[1]] if found else []


def test_a_conversation_is_read_back_from_its_file(tmp_path: Path) -> None:
    store = KeptAnswers(tmp_path / "responses.db")
    for id_, previous in (("1", None), ("2", "1"), ("3", "2"), ("2b", "1")):
        store.put(ANA, kept(id_, previous=previous))
    store.close()
    store = KeptAnswers(tmp_path / "responses.db")
    assert words(store, ANA, "3") == ["words of 1", "words of 2", "words of 3"]
    assert words(store, ANA, "2b") == ["words of 1", "words of 2b"]
    assert store.body(ANA, "2") == kept("2", previous="1").body
    store.close()


def test_a_caller_sees_nothing_of_anothers() -> None:
    store = KeptAnswers()
    store.put(ANA, kept("1"))
    store.put(BOB, kept("2", previous="1"))
    assert store.body(BOB, "1") is None
    assert store.conversation(BOB, "1") is None
    assert not store.delete(BOB, "1")
    assert words(store, BOB, "2") == ["words of 2"]
    assert words(store, ANA, "1") == ["words of 1"]


def test_a_conversation_begins_after_what_was_deleted() -> None:
    store = KeptAnswers()
    for id_, previous in (("1", None), ("2", "1"), ("3", "2")):
        store.put(ANA, kept(id_, previous=previous))
    assert store.delete(ANA, "1")
    assert words(store, ANA, "3") == ["words of 2", "words of 3"]


def test_the_oldest_answers_of_a_caller_make_room_and_those_of_others_stay() -> None:
    store = KeptAnswers(most=2)
    store.put(BOB, kept("b"))
    for id_ in "1234":
        store.put(ANA, kept(id_))
    assert [store.body(ANA, id_) is not None for id_ in "1234"] == [False, False, True, True]
    assert store.body(BOB, "b")


def test_answers_end_with_their_time() -> None:
    store = KeptAnswers()
    store.put(ANA, kept("1", at=0))
    store.put(BOB, kept("2", at=KEPT_SECONDS))
    assert store.body(ANA, "1")
    store.put(BOB, kept("3", at=KEPT_SECONDS + 1))
    assert store.body(ANA, "1") is None
    assert store.body(BOB, "2")


def test_nothing_is_left_of_a_users_answers_when_he_wants_something_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "responses.db"
    store = KeptAnswers(path)
    store.put(ANA, kept("canary", user="ana/maria"))
    store.put(ANA, kept("other", user="ana/paul"))
    store.erase("ana/maria")
    assert not words(store, ANA, "canary")
    assert words(store, ANA, "other") == ["words of other"]
    assert not [file for file in tmp_path.iterdir() if b"canary" in file.read_bytes()]
    store.close()


def test_there_is_nothing_to_erase_where_no_file_is(tmp_path: Path) -> None:
    KeptAnswers(tmp_path / "responses.db").erase("ana")
    assert not list(tmp_path.iterdir())
