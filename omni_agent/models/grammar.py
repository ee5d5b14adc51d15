"""Tool specs as a GBNF grammar, in which a model either speaks or calls, and a call always fits its schema.

GBNF is llama.cpp's own notation (`grammars/README.md` in its repository). The JSON is spelled as
`json.dumps(..., ensure_ascii=False)` does: a call that is rendered back into the history is then the text
that was generated, and its prefix stays in the cache. Only numbers may end in zeros: a model that may not
write 112.0740 writes 112.07400000000001. Everything is bounded, so that a call always
ends. What a schema says beyond the grammar (patterns, ranges, conditions) is checked later, by the gate.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from .base import ANY_TOOL
from .notation import dumps, resolved
from .prompt import SAY

if TYPE_CHECKING:
    from ..messages import JsonObject, ToolSpec

MOST_CHARACTERS = 400
MOST_ITEMS = 32
MOST_CALLS = 8

# Beyond these depths a value may be any JSON: a schema that refers to itself has no finite grammar.
_NESTING = 12
_REFERENCES = 4
_LOOSE = 3
# An object of up to so many members may have them in any order: beyond, the orders are too many.
_FREE_ORDER = 6

_SHARED = rf"""text ::= [^<{{`\[ \t\r\n\x00-\x1F] words*
words ::= [^<\x00-\x09\x0B-\x1F] | "<" [^a-zA-Z_/|]
character ::= [^"\\\x00-\x1F\x7F] | "\\" ["\\nt]
string ::= "\"" character{{0,{MOST_CHARACTERS}}} "\""
key ::= "\"" character{{1,64}} "\": "
integer ::= "0" | "-"? [1-9] [0-9]{{0,15}}
fraction ::= "." [0-9]{{1,15}}
number ::= integer | "-"? ("0" | [1-9] [0-9]{{0,12}}) fraction | "-"? [1-9] fraction? "e-" [0-9]{{1,2}}
boolean ::= "true" | "false"
null ::= "null"
clock ::= [0-2] [0-9] ":" [0-5] [0-9] (":" [0-5] [0-9])? ("Z" | [-+] [0-2] [0-9] ":" [0-5] [0-9])?
day ::= [0-9]{{4}} "-" [01] [0-9] "-" [0-3] [0-9]
date ::= "\"" day "\""
time ::= "\"" clock "\""
date-time ::= "\"" day "T" clock "\""
"""
_SCALARS = frozenset({"string", "integer", "number", "boolean", "null"})
_FORMATS = frozenset({"date", "time", "date-time"})
_ANY = ("string", "number", "boolean", "null", "array", "object")


def grammar(tools: tuple[ToolSpec, ...], choice: str = "") -> str:
    """The GBNF grammar of an answer that is either words or calls of these tools; words only without tools.

    With a `choice` it is calls of that tool only, or of any. Compiled once for the same tools.
    """
    offered = [(spec.name, spec.parameters) for spec in tools if choice in ("", ANY_TOOL, spec.name)]
    return _compile(json.dumps(offered, ensure_ascii=False), talk=not choice)


def value_grammar(schema: JsonObject) -> str:
    """The GBNF grammar of one JSON value that fits a schema. Compiled once for the same schema."""
    return _compile_value(json.dumps(schema, ensure_ascii=False))


@lru_cache(maxsize=16)
def _compile_value(schema_json: str) -> str:
    rules = _Rules()
    root = rules.whole(json.loads(schema_json))
    return "\n".join([f"root ::= {root}", *rules.lines(), _SHARED])


@lru_cache(maxsize=64)
def _compile(tools_json: str, *, talk: bool) -> str:
    rules = _Rules()
    calls = [f"{_literal(name + ' ')} {rules.arguments(schema)}" for name, schema in json.loads(tools_json)]
    words = f"root ::= {_literal(SAY)} text"
    if not calls:
        return f"{words}\n{_SHARED}"
    some = f'call (" " call){{0,{MOST_CALLS - 1}}}'
    root = f"{words} | {some}" if talk else f"root ::= {some}"
    return "\n".join([root, f"call ::= {' | '.join(calls)}", *rules.lines(), _SHARED])


class _Rules:
    """The named rules of one grammar; equal bodies share a name."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._root: JsonObject = {}

    def lines(self) -> list[str]:
        return [f"{name} ::= {body}" for body, name in self._names.items()]

    def arguments(self, schema: JsonObject) -> str:
        """The rule of one tool's arguments, always an object."""
        self._root = schema
        target = resolved(schema, schema) if "$ref" in schema else schema
        return self._object(target if isinstance(target, dict) else {}, _NESTING, _REFERENCES)

    def whole(self, schema: JsonObject) -> str:
        """The rule of a value by itself."""
        self._root = schema
        return self._value(schema, _NESTING, _REFERENCES)

    def _rule(self, body: str) -> str:
        return self._names.setdefault(body, f"r{len(self._names)}")

    def _value(self, schema: object, nesting: int, references: int) -> str:
        if not isinstance(schema, dict) or nesting == 0:
            return self._loose(_LOOSE if nesting else 1)
        if "$ref" in schema:
            if references == 0:
                return self._loose(1)
            return self._value(resolved(schema, self._root), nesting - 1, references - 1)
        if "const" in schema:
            return self._rule(_literal(dumps(schema["const"])))
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            return self._rule(" | ".join(_literal(dumps(item)) for item in schema["enum"]))
        options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf", [])[:1]
        if options and isinstance(options, list):
            return self._rule(" | ".join(self._value(item, nesting - 1, references) for item in options))
        kinds = _kinds(schema)
        if len(kinds) == 1:
            return self._typed(kinds[0], schema, nesting, references)
        return self._rule(" | ".join(self._typed(kind, schema, nesting - 1, references) for kind in kinds))

    def _typed(self, kind: str, schema: JsonObject, nesting: int, references: int) -> str:
        if kind == "string":
            return self._string(schema)
        if kind in _SCALARS:
            return kind
        if kind == "array":
            return self._array(schema, nesting, references)
        return self._object(schema, nesting, references)

    def _string(self, schema: JsonObject) -> str:
        if "x-media" in schema:
            # A model reads no references: it names the kind, and what was shown is handed over.
            return self._rule(_literal(dumps(schema["x-media"])))
        if schema.get("format") in _FORMATS:
            return str(schema["format"])
        least = min(_count(schema, "minLength", 0), MOST_CHARACTERS)
        most = max(least, min(_count(schema, "maxLength", MOST_CHARACTERS), MOST_CHARACTERS))
        if (least, most) == (0, MOST_CHARACTERS):
            return "string"
        return self._rule(f'"\\"" character{{{least},{most}}} "\\""')

    def _array(self, schema: JsonObject, nesting: int, references: int) -> str:
        prefix = schema.get("prefixItems")
        if isinstance(prefix, list) and prefix:
            items = ' ", " '.join(self._value(item, nesting - 1, references) for item in prefix)
            return self._rule(f'"[" {items} "]"')
        item = self._value(schema.get("items", True), nesting - 1, references)
        return self._rule(_repeated("[", item, "]", *_bounds(schema, "minItems", "maxItems")))

    def _object(self, schema: JsonObject, nesting: int, references: int) -> str:
        properties = schema.get("properties") or {}
        extra = schema.get("additionalProperties", not properties)
        if not properties and extra is not False:
            member = f"key {self._value(extra, min(nesting - 1, _LOOSE), references)}"
            return self._rule(_repeated("{", member, "}", *_bounds(schema, "minProperties", "maxProperties")))
        required = [str(name) for name in schema.get("required", ())]
        named = {**properties, **{name: True for name in required if name not in properties}}
        member_of = {
            name: f"{_literal(dumps(name) + ': ')} {self._value(value, nesting - 1, references)}"
            for name, value in named.items()
        }
        if len(named) <= _FREE_ORDER:
            rest = self._any_order(member_of, frozenset(named), frozenset(required), opening="")
            return self._rule(f'"{{" {rest}')
        return self._rule(_members(member_of, [name for name in named if name in required]))

    def _any_order(
        self,
        member_of: dict[str, str],
        left: frozenset[str],
        required: frozenset[str],
        opening: str = '", " ',
    ) -> str:
        """The rest of an object in which these members are left to write, in whatever order."""
        ends = [] if left & required else ['"}"']
        more = [
            f"{opening}{text} {self._any_order(member_of, left - {name}, required)}"
            for name, text in member_of.items()
            if name in left
        ]
        return self._rule(" | ".join([*more, *ends]))

    def _loose(self, depth: int) -> str:
        """Any JSON, nested at most `depth` deep."""
        if depth == 0:
            return "string | number | boolean | null"
        inner = self._rule(self._loose(depth - 1))
        array, members = (
            _repeated("[", inner, "]", 0, MOST_ITEMS),
            _repeated("{", f"key {inner}", "}", 0, MOST_ITEMS),
        )
        return self._rule(f"string | number | boolean | null | {self._rule(array)} | {self._rule(members)}")


def _members(member_of: dict[str, str], required: list[str]) -> str:
    """An object with its required members first, in order, then any of the others, in order."""
    optional = [text for name, text in member_of.items() if name not in required]
    tails = [f'(", " {text})?' for text in optional]
    if required:
        return " ".join(['"{"', ' ", " '.join(member_of[name] for name in required), *tails, '"}"'])
    starts = [" ".join([text, *tails[index + 1 :]]) for index, text in enumerate(optional)]
    return f'"{{" ({" | ".join(starts)})? "}}"' if starts else '"{}"'


def _repeated(opening: str, item: str, closing: str, least: int, most: int) -> str:
    if most == 0:
        return f'"{opening}{closing}"'
    body = f'{item} (", " {item}){{{max(0, least - 1)},{most - 1}}}'
    return f'"{opening}" {body if least else f"({body})?"} "{closing}"'


def _bounds(schema: JsonObject, lower: str, upper: str) -> tuple[int, int]:
    least = min(_count(schema, lower, 0), MOST_ITEMS)
    return least, max(least, min(_count(schema, upper, MOST_ITEMS), MOST_ITEMS))


def _count(schema: JsonObject, key: str, default: int) -> int:
    value = schema.get(key, default)
    return int(value) if isinstance(value, int | float) and value >= 0 else default


def _kinds(schema: JsonObject) -> tuple[str, ...]:
    kind = schema.get("type")
    if kind is None:
        kind = "object" if "properties" in schema else "array" if "items" in schema else None
    kinds = tuple(kind) if isinstance(kind, list) else (kind,)
    return tuple(item for item in kinds if item in _SCALARS or item in ("array", "object")) or _ANY


def _literal(text: str) -> str:
    """`text` as a GBNF terminal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
