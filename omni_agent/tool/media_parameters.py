"""Parameters typed `Image`, `Audio` or `Video`: the model hands over a reference, the function gets the part.

They may stand alone or in `list`, `tuple`, `set`, `dict`, optional and union types. In a field of a model or
dataclass they are what they are anywhere else: an object with a `ref`, which is not looked up.
"""

from __future__ import annotations

import types
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from ..errors import ToolArgumentError
from ..messages import REFERENCE, Audio, Image, Video

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..media import MediaStore
    from ..messages import JsonObject

_KINDS: dict[type, tuple[str, str]] = {
    Image: ("image", "a picture"),
    Audio: ("audio", "a sound"),
    Video: ("video", "a clip"),
}
_HOLDERS: frozenset[Any] = frozenset({list, tuple, set, frozenset, dict, Union, types.UnionType})


def with_references(hint: Any) -> Any:
    """A type in which every `Image`, `Audio` and `Video` is read from a `media://` reference.

    Their schema is a string with the pattern `REFERENCE` and the hint `x-media`, which is `image`, `audio`
    or `video`.
    """
    if isinstance(hint, type) and hint in _KINDS:
        return _reference(hint)
    origin: Any = get_origin(hint)
    arguments = get_args(hint)
    if origin is Annotated:
        return Annotated[(with_references(arguments[0]), *arguments[1:])]
    if origin not in _HOLDERS:
        return hint
    changed = [item if item is Ellipsis else with_references(item) for item in arguments]
    if origin in (Union, types.UnionType):
        return reduce(or_, changed) if origin is types.UnionType else Union[tuple(changed)]  # noqa: UP007
    return origin[tuple(changed)]


def handed_over(arguments: JsonObject, schema: JsonObject, shown: Mapping[str, Sequence[str]]) -> JsonObject:
    """The arguments, with what was shown wherever the schema wants media.

    Models cannot read references, so whatever they write stands for the media themselves: one takes the first
    of its kind, a list takes all. A required one is filled in.

    Args:
        arguments: What the model wrote.
        schema: The tool's parameters.
        shown: `media://` references by kind (`image`, `audio`, `video`).
    """
    properties = schema.get("properties") or {}
    wanted = {name: part for name, part in properties.items() if isinstance(part, dict) and _wants(part)}
    needed = {*arguments, *schema.get("required", ())}
    given = {name: arguments.get(name) for name in wanted if name in needed}
    handed = {name: _handed(value, wanted[name], shown) for name, value in given.items()}
    return {**arguments, **{name: value for name, value in handed.items() if value is not None}}


def _wants(schema: object) -> bool:
    """Whether a schema, or one of its options or items, is a reference."""
    if not isinstance(schema, dict):
        return False
    return "x-media" in schema or any(map(_wants, (schema.get("items"), *schema.get("anyOf", ()))))


def _handed(value: Any, schema: JsonObject, shown: Mapping[str, Sequence[str]]) -> Any:
    options = [option for option in schema.get("anyOf", ()) if _wants(option)]
    if options:
        return None if value is None else _handed(value, options[0], shown)
    if "x-media" in schema:
        references = shown.get(schema["x-media"], ())
        return value if value in references or not references else references[0]
    kind = schema["items"].get("x-media", "")
    references = shown.get(kind, ())
    known = isinstance(value, list) and value and all(one in references for one in value)
    return value if known or not references else list(references)


async def loaded(value: Any, store: MediaStore) -> Any:
    """The value, with each media part in it filled in from the store.

    Raises:
        ToolArgumentError: There is nothing under a reference, or something else than is wanted.
    """
    if isinstance(value, Image | Audio | Video):
        return await _loaded_part(value, store)
    if type(value) in (list, tuple, set, frozenset):
        return type(value)([await loaded(item, store) for item in value])
    if type(value) is dict:
        return {key: await loaded(item, store) for key, item in value.items()}
    return value


async def _loaded_part(part: Image | Audio | Video, store: MediaStore) -> Image | Audio | Video:
    from ..errors import MediaError
    from ..media import load_audio, load_image, load_video

    try:
        match part:
            case Image():
                return await load_image(store, part.ref)
            case Audio():
                return (await load_audio(store, part.ref))[0]
            case Video():
                return await load_video(store, part.ref)
    except MediaError as error:
        raise ToolArgumentError(error.message) from None


def _reference(kind: type) -> Any:
    from pydantic import BeforeValidator, WithJsonSchema

    word, noun = _KINDS[kind]

    def read(value: object) -> object:
        return kind(ref=value) if isinstance(value, str) else value

    schema = {
        "type": "string",
        "pattern": f"^{REFERENCE}$",
        "x-media": word,
        "description": f"reference of {noun}",
    }
    return Annotated[kind, BeforeValidator(read), WithJsonSchema(schema)]
