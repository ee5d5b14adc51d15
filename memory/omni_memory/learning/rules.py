"""Rules that read sure facts out of a sentence: one engine, a table for each language.

A sentence is scanned from clause to clause. Where a clause begins with somebody ("I", "my sister Eva") and
goes on as a rule says ("live in ..."), its words become statements. A rule is tried nowhere else, so that
"the man who lives in Graz" says nothing about the user. Speech has neither capitals nor commas at times: a
clause that was understood is also the start of the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from omni_agent.memory import AGENT, USER, Statement

from ..kin import BREEDS, read_in
from ..predicates import RELATIONS, is_many, kind_of, past, sentence, told
from .dating import dated
from .telling import third_person

SURE = 0.9
"""Confidence of what a rule reads."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows somebody in a clause, and what it says.

    Attributes:
        pattern: Matched right after the subject. Group `o` is the value, `noun` a predicate of its own words.
        predicate: What it states; with a `noun` a prefix of it ("favourite"), or empty.
        sort: How the value is read: a key of the language's `readers`.
        several: The value may be a list.
        ends: It is over: `over` says so of what was, `not` only denies it.
        value: The value, where the words of the rule say it all.
        about: Who it is about, if not the clause's subject: the agent, `last` for the one spoken of before,
            `kin` or `named` for the one that such a group names, `of_user` where the subject is the value.
        also_ends: Predicates that are over with it.
        beside: Predicate of a second value, the group `x`: whom somebody is married to.
        words: The fact is told by the user's own words: those of the `clause`, or all of the `sentence`.
    """

    pattern: re.Pattern[str]
    predicate: str
    sort: str = "thing"
    several: bool = False
    ends: str = ""
    value: str = ""
    about: str = ""
    also_ends: tuple[str, ...] = ()
    beside: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Language:
    """How one language says things.

    Attributes:
        code: ISO 639-1.
        subject: Whom a clause is about; groups `me`, `kin`, `apposed`, `pronoun`, `named`, `you`.
        start: What may stand before a clause.
        step: What a clause that was not understood must be followed by.
        run_on: The same after a clause about the user: speech may go on without a word between.
        go_on: What joins a second verb to the same subject.
        bare: Rules from the start of a clause, about the user; the first that fits counts.
        rules: Rules from where its subject ends.
        readers: By sort: cleans a value, or refuses it with an empty text.
        expand: Spellings that are written out first ("I'm").
        split: Where a list is cut.
        name: Cleans a name.
        kin: Words for whom somebody belongs with, and their predicates.
    """

    code: str
    subject: re.Pattern[str]
    start: re.Pattern[str]
    step: re.Pattern[str]
    run_on: re.Pattern[str]
    go_on: re.Pattern[str]
    bare: tuple[Rule, ...]
    rules: tuple[Rule, ...]
    readers: Mapping[str, Callable[[str], str]]
    expand: tuple[tuple[re.Pattern[str], str], ...] = ()
    split: re.Pattern[str] = re.compile(r"\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+|\s*&\s*")
    name: Callable[[str], str] = str.strip
    kin: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Talk:
    """What a rule needs to know of what was said before in the same turn.

    Attributes:
        at: When it is said.
        names: Names that are known, by their lower case.
        last: Whom "she" or "it" means.
        who: Whom the last clause was about.
    """

    at: datetime
    names: Mapping[str, str]
    last: str = ""
    who: str = ""


def state(subject: str, predicate: str, value: str, *, confidence: float = SURE) -> Statement:
    """A statement in the canonical words of its predicate."""
    text = sentence(subject, predicate, value)
    many = is_many(predicate)
    return Statement(subject, predicate, value, text, kind_of(predicate), confidence, many)


def kin_of(code: str) -> Mapping[str, str]:
    """Words of a language for whom somebody belongs with, and what they are called here."""
    return read_in(code)


def scan(words: str, language: Language, talk: Talk) -> tuple[list[Statement], bool]:
    """What a sentence states, and whether all of its clauses were understood."""
    for pattern, spelled in language.expand:
        words = pattern.sub(spelled, words)
    found: list[Statement] = []
    place, whole, talk.who = 0, True, ""
    while place < len(words):
        skipped = language.start.match(words, place)
        begin = skipped.end() if skipped else place
        read = _clause(words, begin, language, talk) or _going_on(words, place, language, talk)
        if read is not None:
            said, place = read
            following = language.step.search(words, place)
            found += dated(said, words[begin : following.start() if following else None], talk.at)
            continue
        whole = False
        user = language.subject.match(words, begin)
        step = language.run_on if user and user.groupdict().get("me") else language.step
        if begin >= len(words) or (found_next := step.search(words, begin + 1)) is None:
            break
        place = found_next.start()
    return found, whole


def _clause(words: str, begin: int, language: Language, talk: Talk) -> tuple[list[Statement], int] | None:
    """What the clause that begins here states, and where it ends."""
    if found := _fitting(language.bare, words, (begin, begin), USER, language, talk):
        return found
    subject = language.subject.match(words, begin)
    if subject is None:
        return None
    who, stated = _who(subject, language, talk)
    if not who:
        return None
    rules = [rule for rule in language.rules if (rule.about == AGENT) == (who == AGENT)]
    if found := _fitting(rules, words, _span(subject), who, language, talk):
        return [*stated, *found[0]], found[1]
    return (stated, subject.end()) if stated else None


def _going_on(words: str, begin: int, language: Language, talk: Talk) -> tuple[list[Statement], int] | None:
    """What a second verb says of the subject before: "Eva lives in Graz and works at Siemens"."""
    joined = language.go_on.match(words, begin) if talk.who else None
    if joined is None:
        return None
    rules = [rule for rule in language.rules if rule.about != AGENT]
    return _fitting(rules, words, (None, joined.end()), talk.who, language, talk)


def _fitting(
    rules: Iterable[Rule], words: str, place: tuple[int | None, int], who: str, language: Language, talk: Talk
) -> tuple[list[Statement], int] | None:
    """What the first rule that fits here reads, and where it ends.

    A `place` is where the clause begins, None where its subject says nothing by itself, and where rules do.
    """
    for rule in rules:
        if (matched := rule.pattern.match(words, place[1])) and (
            said := list(_read(rule, matched, _about(rule, matched, who, language, talk), language, talk))
        ):
            if rule.words:
                said[0] = replace(said[0], text=_in_own_words(rule, matched, place[0], who))
            _remember_last(said, said[0].subject, talk)
            talk.who = who
            return said, matched.end()
    return None


def _span(subject: re.Match[str]) -> tuple[int | None, int]:
    return (None if subject.groupdict().get("pronoun") else subject.start()), subject.end()


def _in_own_words(rule: Rule, matched: re.Match[str], begin: int | None, who: str) -> str:
    """The user's words, told of the user."""
    if rule.words == "sentence":
        return third_person(matched.string)
    clause = matched.string[matched.start() if begin is None else begin : matched.end()].strip(" ,")
    if begin is None:
        clause = f"{'I' if who == USER else told(who)} {clause}"
    if who.lower() != who:
        clause = re.sub(rf"\b{re.escape(who.lower())}\b", who, clause)
    doing = matched.groupdict().get("o") or ""
    return third_person(clause, doing.split()[0] if rule.predicate in ("habit", "job") and doing else "")


def _who(subject: re.Match[str], language: Language, talk: Talk) -> tuple[str, list[Statement]]:
    """Whom the clause is about, and what naming them states ("my sister Eva")."""
    groups = {name: value for name, value in subject.groupdict().items() if value}
    if "me" in groups or subject.groupdict().get("silent") is not None:
        return USER, []
    if "you" in groups:
        return AGENT, []
    if "pronoun" in groups:
        return talk.last, []
    if "kin" in groups:
        kin = language.kin.get(groups["kin"].lower(), groups["kin"].lower().replace(" ", "_"))
        if apposed := language.name(groups.get("apposed", "")):
            talk.last = apposed
            return apposed, [state(USER, kin, apposed)]
        talk.last = kin
        return kin, []
    named = groups.get("named", "").removesuffix("'s")
    known = talk.names.get(named.lower(), "")
    return known, []


def _remember_last(said: list[Statement], who: str, talk: Talk) -> None:
    for statement in said:
        if statement.predicate in RELATIONS and not statement.ends:
            talk.last = statement.object
        elif statement.predicate == "owns" and (kin := read_in("en").get(statement.object.split()[-1])):
            talk.last = kin
    if who not in (USER, AGENT) and said[0].predicate not in RELATIONS:
        talk.last = who


def _read(
    rule: Rule, matched: re.Match[str], who: str, language: Language, talk: Talk
) -> Iterator[Statement]:
    groups = {name: value for name, value in matched.groupdict().items() if value}
    predicate = _predicate(rule, groups, language)
    if not predicate or not who:
        return
    # "She is called Eva" of somebody who had no name yet names the relation, not the person.
    if predicate == "name" and who in RELATIONS:
        who, predicate = USER, who
    if rule.about == "of_user" or (predicate == "name" and who not in (USER, AGENT)):
        if predicate != "name" and who not in (USER, *RELATIONS):
            yield state(USER, predicate, who)
        return
    yield from _valued(rule, groups, who, predicate, language, talk)
    if rule.beside and (beside := language.name(groups.get("x", ""))):
        yield state(who, rule.beside, beside)
    for other in rule.also_ends:
        yield replace(state(who, other, ""), ends=True)


def _valued(
    rule: Rule, groups: Mapping[str, str], who: str, predicate: str, language: Language, talk: Talk
) -> Iterator[Statement]:
    """A statement for each value that is named."""
    raw = rule.value or groups.get("o", "")
    for value in language.split.split(raw) if rule.several else [raw]:
        cleaned = rule.value or language.readers[rule.sort](value)
        if raw and not cleaned:
            break
        if cleaned or (rule.ends and not raw):
            yield _ended(state(who, predicate, cleaned), rule, talk)
        if cleaned and (kind := groups.get("kin", "").lower()) in BREEDS and language.code == "en":
            yield state(cleaned, "breed", kind)


def _about(rule: Rule, matched: re.Match[str], who: str, language: Language, talk: Talk) -> str:
    if rule.about == "last":
        return talk.last
    if rule.about == "of_user":
        return who
    if rule.about == "named":
        return language.name(matched["who"])
    if rule.about == "kin":
        return language.kin.get(matched["kin"].lower(), "")
    return rule.about or who


def _predicate(rule: Rule, groups: Mapping[str, str], language: Language) -> str:
    if "kin" in groups and rule.about != "kin":
        return language.kin.get(groups["kin"].lower(), "")
    if "noun" not in groups:
        return rule.predicate
    noun = language.readers["noun"](groups["noun"])
    return "_".join(filter(None, (rule.predicate, noun))) if noun else ""


def _ended(said: Statement, rule: Rule, talk: Talk) -> Statement:
    if rule.ends == "over":
        return replace(said, text=past(said.text), ends=True, valid_to=talk.at)
    return replace(said, ends=True) if rule.ends else said
