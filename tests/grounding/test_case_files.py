"""The cases of grounding are well formed: every call in them fits the schema that it is written for."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from omni_agent.tool.formats import format_checker

FILES = sorted((Path(__file__).parent / "cases").glob("*.toml"))
KINDS = frozenset(
    {"plain", "invented", "forgotten", "missing", "paraphrase", "synonym", "negation", "correction"}
    | {"earlier", "two-calls", "number", "date", "sound-alike", "picture"}
)
NEEDED = {"kind", "said", "model", "want"}
FEWEST = 22

pytestmark = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


@cache
def content(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def schemas(path: Path) -> dict[str, dict[str, Any]]:
    return {tool["name"]: json.loads(tool["parameters"]) for tool in content(path)["tool"]}


def calls(case: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each call that the case holds: the model's, the wanted, those of earlier turns."""
    for call in (*case["model"], *case["want"]):
        name, arguments = call
        yield name, arguments
    for role, *said in case.get("earlier", ()):
        if role == "call":
            name, arguments = said
            yield name, arguments


def required(schema: dict[str, Any]) -> set[str]:
    """The names of required arguments, those of nested objects included."""
    names = set(schema.get("required", ()))
    for inner in (*schema.get("properties", {}).values(), schema.get("items")):
        if isinstance(inner, dict):
            names |= required(inner)
    return names


def test_tools_are_json_schemas(path: Path) -> None:
    datetime.fromisoformat(content(path)["now"])
    assert len(schemas(path)) == len(content(path)["tool"]), "two tools of one name"
    for tool in content(path)["tool"]:
        assert set(tool) == {"name", "description", "parameters"}
    for schema in schemas(path).values():
        Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object"


def test_calls_fit_their_schema(path: Path) -> None:
    checks = {
        name: Draft202012Validator(schema, format_checker=format_checker())
        for name, schema in schemas(path).items()
    }
    wrong = [
        f"{case['said']!r}: {error.json_path}: {error.message}"
        for case in content(path)["case"]
        for name, arguments in calls(case)
        for error in checks[name].iter_errors(arguments)
    ]
    assert wrong == []


def test_cases_are_well_formed(path: Path) -> None:
    for case in content(path)["case"]:
        said = case["said"]
        assert set(case) >= NEEDED, said
        assert set(case) <= NEEDED | {"ask", "earlier", "pictures"}, said
        assert case["kind"] in KINDS, said
        assert {turn[0] for turn in case.get("earlier", ())} <= {"user", "call", "assistant"}, said
        assert all(text.strip() for text in case.get("pictures", [])), said
        assert said.strip()


def test_what_is_asked_for_is_required(path: Path) -> None:
    for case in content(path)["case"]:
        asked = {name.rpartition(".")[2] for name in case.get("ask", ())}
        known = {name for called, _ in case["model"] for name in required(schemas(path)[called])}
        assert asked <= known, case["said"]
        # A call that lacks a required argument does not run.
        assert not asked or len(case["want"]) < len(case["model"]), case["said"]


def test_there_are_enough_cases_and_no_two_alike(path: Path) -> None:
    cases = content(path)["case"]
    assert len(cases) >= FEWEST
    assert len({json.dumps([case["said"], case["model"]]) for case in cases}) == len(cases)


def test_a_quarter_of_the_calls_is_right_already(path: Path) -> None:
    cases = content(path)["case"]
    assert sum(case["model"] == case["want"] for case in cases) * 4 >= len(cases)
