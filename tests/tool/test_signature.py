"""From the types of a function to a schema, and from arguments back to those types."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, Union
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel, Field, JsonValue, conlist, field_validator
from typing_extensions import TypedDict

from omni_agent import Tool, ToolContext, tool
from omni_agent.errors import ToolArgumentError, ToolDefinitionError
from omni_agent.media import MediaStore
from omni_agent.messages import Image
from omni_agent.models.grammar import grammar
from omni_agent.tool import ToolMemory
from tests.tool.running import context, run


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Folder(BaseModel):
    name: str
    inside: list[Folder] = []


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: Annotated[int, Field(ge=0, le=9)] = 9


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    name: str


class Even(BaseModel):
    number: int

    @field_validator("number")
    @classmethod
    def even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("must be even")
        return value


@dataclass
class Point:
    x: float
    y: float = 0.0
    tags: list[str] = field(default_factory=list)


class Options(TypedDict):
    title: str
    size: NotRequired[int]


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


def tool_for(hint: Any) -> Tool:
    """A tool with one parameter of this type, which gives that back."""

    def echo(value):  # type: ignore[no-untyped-def]
        """Echo."""
        return value

    echo.__annotations__ = {"value": hint}
    return tool(echo)


def called(made: Tool, value: object) -> Any:
    return run(made.run(made.validate({"value": value}), context()))


TYPES: list[tuple[Any, Any, Any, Any]] = [
    (int, 3, 3, "x"),
    (float, 1, 1.0, []),
    (bool, True, True, 2),
    (Color, "red", Color.RED, "green"),
    (Level, 2, Level.HIGH, 3),
    (Literal["a", 1], 1, 1, "b"),
    (Color | None, None, None, "x"),
    (int | list[str], ["a"], ["a"], {}),
    (Union[Point, str], {"x": 1}, Point(1), 3.5),  # noqa: UP007
    (Folder, {"name": "a", "inside": [{"name": "b"}]}, Folder(name="a", inside=[Folder(name="b")]), {}),
    (Pet, {"kind": "dog", "name": "Rex"}, Dog(name="Rex"), {"kind": "cat", "lives": 10}),
    (list[Pet], [{"kind": "cat"}], [Cat()], [{"kind": "cow"}]),
    (Point, {"x": 1, "tags": ["a"]}, Point(1, 0, ["a"]), {"y": 1}),
    (Options, {"title": "a"}, {"title": "a"}, {"size": 1}),
    (tuple[int, str], [1, "a"], (1, "a"), [1]),
    (set[int], [1, 2], {1, 2}, [1, 1]),
    (conlist(int, min_length=1, max_length=2), [1], [1], []),
    (dict[str, int], {"a": 1}, {"a": 1}, {"a": []}),
    (dict[Literal["a"], int], {"a": 1}, {"a": 1}, {"b": 1}),
    (dict[Annotated[str, Field(pattern="^x")], int], {"x": 1}, {"x": 1}, None),
    (Annotated[int, Field(gt=0, lt=10, multiple_of=3)], 9, 9, 10),
    (Annotated[str, Field(min_length=2, max_length=3, pattern="^a")], "ab", "ab", "ba"),
    (date, "2025-03-01", date(2025, 3, 1), "2025-02-30"),
    (time, "10:00", time(10), "25:00"),
    (datetime, "2025-03-01T10:00", datetime(2025, 3, 1, 10), "today"),
    (timedelta, "PT90M", timedelta(minutes=90), "a while"),
    (UUID, "5f0c2e4e9a4b4c399d0f6f1f0c8ed2b1", UUID("5f0c2e4e9a4b4c399d0f6f1f0c8ed2b1"), "x"),
    (AnyUrl, "https://example.org/", AnyUrl("https://example.org/"), "example"),
    (Path, "a/b", Path("a/b"), []),
    (Decimal, "1.5", Decimal("1.5"), []),
    (JsonValue, {"a": [1]}, {"a": [1]}, None),
    (Any, {"a": [1]}, {"a": [1]}, None),
]


@pytest.mark.parametrize(("hint", "written", "meant", "wrong"), TYPES, ids=lambda item: str(item)[:40])
def test_types_work_both_ways(hint: Any, written: Any, meant: Any, wrong: Any) -> None:
    made = tool_for(hint)
    assert called(made, written) == meant
    assert "root ::=" in grammar((made.spec,))
    if wrong is not None:
        with pytest.raises(ToolArgumentError):
            made.validate({"value": wrong})


def test_only_a_type_that_refers_to_itself_keeps_its_definition() -> None:
    schema = tool_for(list[Folder]).spec.parameters
    assert schema["properties"]["value"]["items"] == {"$ref": "#/$defs/Folder"}
    assert list(schema["$defs"]) == ["Folder"]
    assert "$ref" not in json.dumps(tool_for(Pet).spec.parameters)


def test_data_in_a_schema_are_left_as_they_are() -> None:
    def remember(value: dict[str, str] | None = None, title: str = "title") -> None:
        """Remember."""

    remember.__defaults__ = ({"title": "x"}, "title")
    properties = tool(remember).spec.parameters["properties"]
    assert properties["value"]["default"] == {"title": "x"}
    assert properties["title"] == {"type": "string", "default": "title"}


def test_any_parameter_name_will_do() -> None:
    def odd(schema: int, copy: int = 1, model_config: int = 2, _hidden: int = 3, model_x: int = 4) -> Any:
        """Odd names."""
        return schema, copy, model_config, _hidden, model_x

    made = tool(odd)
    assert list(made.spec.parameters["properties"]) == [
        "schema",
        "copy",
        "model_config",
        "_hidden",
        "model_x",
    ]
    assert run(made.run({"schema": 7, "_hidden": 8}, context())) == (7, 1, 2, 8, 4)


def test_descriptions_come_from_the_docstring_or_the_field() -> None:
    def book(
        table: Annotated[int, Field(description="From the field.")],
        seats: int = Field(2, ge=1, description="Chairs."),
        name: Annotated[str, Field(description="Replaced.")] = "",
    ) -> Any:
        """Book.

        Args:
            name: From the docstring.
        """
        return table, name

    made = tool(book)
    properties = made.spec.parameters["properties"]
    assert [p["description"] for p in properties.values()] == [
        "From the field.",
        "Chairs.",
        "From the docstring.",
    ]
    assert properties["seats"]["minimum"] == 1
    assert properties["seats"]["default"] == 2
    assert made.spec.parameters["required"] == ["table"]
    assert run(made.run({"table": 4}, context())) == (4, "")


def test_a_default_that_json_cannot_hold_stays_with_the_function() -> None:
    marker = object()

    def work(value: int | None = marker) -> Any:  # type: ignore[assignment]
        """Work."""
        return value

    made = tool(work)
    assert "default" not in made.spec.parameters["properties"]["value"]
    assert run(made.run({}, context())) is marker


def test_what_only_the_type_knows_is_told_in_short() -> None:
    made = tool_for(Even)
    with pytest.raises(ToolArgumentError) as raised:
        called(made, {"number": 3})
    assert raised.value.message == "value.number: Value error, must be even"


def test_the_context_is_injected_also_where_it_may_be_missing() -> None:
    async def whoami(turn: ToolContext | None = None) -> str:
        """Who am I?"""
        assert turn
        return turn.user

    made = tool(whoami)
    assert made.spec.parameters["properties"] == {}
    assert run(made.run({}, context())) == "u"


def test_media_may_be_in_any_holder() -> None:
    made = tool_for(dict[str, tuple[Image, ...] | None])
    value = made.spec.parameters["properties"]["value"]["additionalProperties"]["anyOf"][0]
    assert value["items"]["x-media"] == "image"
    assert called(tool_for(Annotated[set[Image], Field(max_length=2)]), []) == set()
    assert called(made, {"a": None}) == {"a": None}


def test_media_parameters_take_references(tmp_path: Path, picture: bytes) -> None:
    async def look(image: Image, more: list[Image] | None = None) -> Any:
        """Look."""
        return image, more

    made = tool(look)
    properties = made.spec.parameters["properties"]
    assert properties["image"]["type"] == "string"
    assert properties["image"]["x-media"] == "image"
    assert "root ::=" in grammar((made.spec,))
    store = MediaStore(tmp_path)
    ref = store.put(picture, "image/png")
    there = ToolContext("u", "s", "t", "c", "k", report=print, memory=ToolMemory(), media=store)
    image, more = run(made.run(made.validate({"image": ref, "more": [ref]}), there))
    assert (image.ref, image.width, image.height) == (ref, 4, 3)
    assert more == [image]
    with pytest.raises(ToolArgumentError, match="image"):
        made.validate({"image": "/etc/passwd"})
    with pytest.raises(ToolArgumentError, match="media://"):
        run(made.run({"image": "media://" + "0" * 64}, there))


@pytest.fixture
def picture() -> bytes:
    import io

    from PIL import Image as Picture

    out = io.BytesIO()
    Picture.new("RGB", (4, 3), "red").save(out, "PNG")
    return out.getvalue()


class Order(BaseModel):
    drink: Color
    pets: list[Pet] = Field(max_length=2)
    when: date | None = None
    at: Point
    folder: Folder | None = None
    shots: Annotated[int, Field(ge=1, le=3)] = 1
    notes: dict[str, float] = {}


folders = st.recursive(
    st.builds(Folder, name=st.text(), inside=st.just([])),
    lambda inner: st.builds(Folder, name=st.text(), inside=st.lists(inner, max_size=2)),
    max_leaves=4,
)
finite = st.floats(allow_nan=False, allow_infinity=False)
orders = st.builds(
    Order,
    drink=st.sampled_from(Color),
    pets=st.lists(st.builds(Cat, lives=st.integers(0, 9)) | st.builds(Dog, name=st.text()), max_size=2),
    when=st.none() | st.dates(),
    at=st.builds(Point, x=finite, y=finite, tags=st.lists(st.text(), max_size=2)),
    folder=st.none() | folders,
    shots=st.integers(1, 3),
    notes=st.dictionaries(st.text(), finite, max_size=2),
)
ORDER = tool_for(Order)


@given(orders)
def test_what_a_model_type_writes_its_tool_reads(order: Order) -> None:
    assert called(ORDER, order.model_dump(mode="json")) == order


def test_what_cannot_be_told_in_json_is_refused() -> None:
    class Odd:
        pass

    with pytest.raises(ToolDefinitionError, match="echo"):
        tool_for(Odd)
    with pytest.raises(ToolDefinitionError, match="missing"):
        tool_for("missing")
