"""The catalogue: what is shipped, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.errors import ConfigError
from omni_agent.models.catalog import Archive, Catalog

SHA = "a" * 64
ENDPOINTS = '[endpoints]\nindex = "i"\nnpm = "n"\nhub = "h"\n'


def catalogue(sources: str, *, path: str = "model.bin", sha256: str = SHA, size: str = "10") -> str:
    return f"""{ENDPOINTS}
[parts.thing]
title = "A thing"
licence = "MIT"
default = true
[[parts.thing.groups]]
files = [{{ path = "{path}", bytes = {size}, sha256 = "{sha256}" }}]
sources = {sources}
"""


WHEEL = '{ wheel = "a-thing==1.0", member = "a_thing/{path}" }'


def test_the_shipped_parts_and_which_are_default() -> None:
    parts = {part.name: part for part in Catalog.shipped().parts}
    assert {name: part.default for name, part in parts.items()} == {
        "language": True,
        "language-small": False,
        "hearing": True,
        "voice-english": True,
        "voice-natural": True,
        "turn": True,
    }
    assert parts["language"].bytes == 1_117_320_768
    assert {file.path for file in parts["hearing"].files} == {
        "model.bin",
        "config.json",
        "tokenizer.json",
        "vocabulary.txt",
    }
    voices = [file for file in parts["voice-natural"].files if file.path.startswith("voices/")]
    assert len(voices) == 54
    assert {file.bytes for file in voices} == {510 * 1 * 256 * 4}
    assert len({file.sha256 for file in voices}) == 54


def test_every_hub_source_is_pinned() -> None:
    archives = {
        piece.archive
        for part in Catalog.shipped().parts
        for file in part.files
        for source in file.sources
        for piece in source
    }
    assert {a.version for a in archives if a.kind == "hub"}.isdisjoint({"main", "master", "HEAD"})
    assert all(a.version[0].isdigit() for a in archives if a.kind != "hub")


def test_a_source_names_archive_member_and_size() -> None:
    hub = '{ hub = "me/thing@abc", member = "deep/{path}" }'
    [part] = Catalog.parse(catalogue(f"[[{WHEEL}], [{hub}]]")).parts
    [file] = part.files
    (wheel,), (whole,) = file.sources
    assert (wheel.archive, wheel.member) == (Archive("wheel", "a-thing", "1.0"), "a_thing/model.bin")
    assert (whole.archive, whole.member) == (Archive("hub", "me/thing", "abc", "deep/model.bin", SHA), "")
    assert wheel.bytes == whole.bytes == 10


def test_an_unknown_part_is_named_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no model part 'thong' \(known are: thing\)"):
        Catalog.parse(catalogue(f"[[{WHEEL}]]")).part("thong")


@pytest.mark.parametrize(
    "text",
    [
        "no = toml = at all",
        "",
        ENDPOINTS,
        catalogue("[]"),
        catalogue("[[]]"),
        catalogue("[[3]]"),
        catalogue('[[{ wheel = "a-thing", member = "m" }]]'),
        catalogue('[[{ member = "m" }]]'),
        catalogue('[[{ wheel = "a==1", npm = "a@1", member = "m" }]]'),
        catalogue(
            '[[{ wheel = "a==1", member = "m", bytes = 4 }, { wheel = "b==1", member = "m", bytes = 5 }]]'
        ),
        catalogue('[[{ hub = "a/b@1", member = "m" }, { hub = "a/b@1", member = "n" }]]'),
        catalogue(f"[[{WHEEL}]]", sha256="A" * 64),
        catalogue(f"[[{WHEEL}]]", size="-1"),
        catalogue(f"[[{WHEEL}]]", size="true"),
        catalogue(f"[[{WHEEL}]]", path="../outside"),
        catalogue(f"[[{WHEEL}]]", path="/etc/passwd"),
        catalogue(f"[[{WHEEL}]]", path="a//b"),
        catalogue(f"[[{WHEEL}]]", path="."),
        catalogue(f"[[{WHEEL}]]", path="c:evil"),
        catalogue(f"[[{WHEEL}]]").replace("parts.thing", 'parts."../thing"'),
        catalogue(f"[[{WHEEL}]]").replace("default = true", 'default = "yes"'),
        catalogue(f"[[{WHEEL}]]").replace(
            "files = [", f'files = [{{path="model.bin",bytes=1,sha256="{SHA}"}},'
        ),
    ],
)
def test_a_wrong_catalogue_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        Catalog.parse(text)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from(["", "a", "==", "a==1", "a@", "{path}", SHA]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["path", "bytes", "sha256", "wheel", "npm", "hub", "member"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


def toml(value: object) -> str:
    match value:
        case None:
            return "1.5"
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case dict():
            return f"{{ {', '.join(f'{key} = {toml(item)}' for key, item in value.items())} }}"
        case _:
            return f'"{value}"'


@given(VALUES)
def test_any_sources_are_read_or_refused(value: object) -> None:
    try:
        [part] = Catalog.parse(catalogue(toml(value))).parts
    except ConfigError:
        return
    for source in part.files[0].sources:
        assert sum(piece.bytes for piece in source) == part.files[0].bytes
        assert all(piece.archive.name and piece.archive.version for piece in source)
