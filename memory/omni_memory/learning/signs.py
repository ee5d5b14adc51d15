"""Japanese and Chinese, which are written without spaces: patterns looked for anywhere in a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from omni_agent.memory import USER, Statement

from ..predicates import past
from .dating import dated
from .patterns import rules, table
from .rules import Rule, Talk, kin_of, state


@dataclass(frozen=True, slots=True)
class Signs:
    """How such a language says things: group `o` of a rule is the value, `kin` or `noun` its predicate."""

    rules: tuple[Rule, ...]
    split: re.Pattern[str]
    kin: Mapping[str, str]


def signs(code: str) -> Signs:
    """The language of a file beside this one."""
    parts = table(code)["parts"]
    kin = kin_of(code)
    words = "|".join(sorted(map(re.escape, kin), key=len, reverse=True))
    return Signs(rules(code, "rules", {**parts, "KIN": f"(?P<kin>{words})"}), re.compile(parts["split"]), kin)


def scan_signs(words: str, language: Signs, talk: Talk) -> tuple[list[Statement], bool]:
    """What a sentence states, and whether anything of it was understood."""
    found: list[Statement] = []
    taken: list[tuple[int, int]] = []
    for rule in language.rules:
        for match in rule.pattern.finditer(words):
            if not any(match.start() < end and start < match.end() for start, end in taken):
                taken.append(match.span())
                found += _stated(rule, match, language, talk)
    return dated(found, words, talk.at), bool(found)


def _stated(rule: Rule, match: re.Match[str], language: Signs, talk: Talk) -> list[Statement]:
    predicate = _predicate(rule, match, language)
    said = [state(USER, predicate, value) for value in language.split.split(match["o"]) if value]
    if not rule.ends:
        return said
    return [replace(one, text=past(one.text), ends=True, valid_to=talk.at) for one in said]


def _predicate(rule: Rule, match: re.Match[str], language: Signs) -> str:
    groups = match.groupdict()
    if groups.get("kin"):
        return language.kin[groups["kin"]]
    return f"{rule.predicate}_{groups['noun']}" if groups.get("noun") else rule.predicate
