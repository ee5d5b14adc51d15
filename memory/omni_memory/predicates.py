"""What predicates mean: how they are told, how much they matter, which hold side by side.

The vocabulary is closed for what people often say of themselves; whatever else somebody has ("my dentist is
...") is its noun in snake_case, told as "The user's dentist is ...".
"""

from __future__ import annotations

from omni_agent.memory import AGENT, USER, FactKind, Statement

NOTE = "note"
"""Predicate of what the user had remembered word for word."""

TOLD = "told"
"""Predicate of a sentence of the user's that is kept in his own words."""

OPPOSITES = {
    "likes": ("dislikes", "avoids"),
    "dislikes": ("likes",),
    "avoids": ("likes", "eats"),
    "eats": ("avoids",),
}
"""Of the same thing only one of these holds: the later one."""

FAMILY = frozenset({
    "mother", "father", "parent", "sister", "brother", "sibling", "son", "daughter", "child", "wife",
    "husband", "spouse", "partner", "fiance", "girlfriend", "boyfriend", "grandmother", "grandfather",
    "aunt", "uncle", "cousin", "niece", "nephew", "grandson", "granddaughter", "stepmother", "stepfather",
    "stepson", "stepdaughter", "stepbrother", "stepsister", "mother_in_law", "father_in_law",
    "sister_in_law", "brother_in_law", "son_in_law", "daughter_in_law", "godmother", "godfather",
    "goddaughter", "godson", "twin",
})  # fmt: skip
CIRCLE = frozenset({
    "friend", "best_friend", "boss", "manager", "colleague", "coworker", "neighbour", "roommate",
    "flatmate", "teacher", "doctor", "dentist", "therapist", "coach", "landlord", "babysitter", "tutor",
    "mentor", "lawyer", "hairdresser", "assistant",
})  # fmt: skip
PETS = frozenset({
    "dog", "cat", "horse", "rabbit", "hamster", "parrot", "bird", "fish", "turtle", "snake", "pony",
    "puppy", "kitten", "pet", "budgie",
})  # fmt: skip
RELATIONS = FAMILY | CIRCLE | PETS

_SINGLE_RELATIONS = frozenset({
    "mother", "father", "wife", "husband", "spouse", "partner", "fiance", "girlfriend", "boyfriend",
    "mother_in_law", "father_in_law", "boss", "best_friend", "dentist", "doctor", "therapist", "landlord",
    "hairdresser",
})  # fmt: skip
_MANY = frozenset({
    "likes", "dislikes", "avoids", "eats", "allergic_to", "speaks", "learns", "plays", "hobby", "owns",
    "visited", "event", "goal", "plan", "condition", "takes", "habit", "skill", "family", "pet", "schedule",
    "does_not", "fears", "is", TOLD,
})  # fmt: skip
_MANY_ENDED = frozenset({
    "lived_in", "studied_at",
})  # fmt: skip

_TEMPLATES = {
    "name": "{owner} name is {o}.",
    "breed": "{s} is a {o}.",
    "called": "{owner} nickname is {o}.",
    "pronouns": "{owner} pronouns are {o}.",
    "lives_in": "{s} lives in {o}.",
    "comes_from": "{s} comes from {o}.",
    "born_in": "{s} was born in {o}.",
    "grew_up_in": "{s} grew up in {o}.",
    "lived_in": "{s} lived in {o}.",
    "works_at": "{s} works at {o}.",
    "works_in": "{s} works in {o}.",
    "job": "{s} works as {o}.",
    "studies": "{s} studies {o}.",
    "studied_at": "{s} studied at {o}.",
    "studies_at": "{s} studies at {o}.",
    "age": "{s} is {o} years old.",
    "birthday": "{owner} birthday is {o}.",
    "birth_year": "{s} was born in {o}.",
    "likes": "{s} likes {o}.",
    "dislikes": "{s} does not like {o}.",
    "avoids": "{s} does not eat or drink {o}.",
    "eats": "{s} eats {o}.",
    "allergic_to": "{s} is allergic to {o}.",
    "diet": "{s} is {o}.",
    "condition": "{s} has {o}.",
    "takes": "{s} takes {o}.",
    "speaks": "{s} speaks {o}.",
    "learns": "{s} is learning {o}.",
    "plays": "{s} plays {o}.",
    "owns": "{s} has {o}.",
    "marital_status": "{s} is {o}.",
    "nationality": "{s} is {o}.",
    "height": "{s} is {o} tall.",
    "number_of_children": "{s} has {o} children.",
    "is": "{s} is {o}.",
    "role": "{s} is {o}.",
    NOTE: "{o}",
    TOLD: "{o}",
}
_NO_JOBS = ("retired", "unemployed")
_IMPORTANCE = {
    "name": 1.0, "called": 0.95, "pronouns": 0.95, "allergic_to": 0.95, "condition": 0.9, "takes": 0.9,
    "diet": 0.85, "lives_in": 0.85, "job": 0.8, "works_at": 0.8, "marital_status": 0.8, "birthday": 0.8,
    "age": 0.75, "avoids": 0.7, "speaks": 0.65, "comes_from": 0.65, "studies": 0.65, "role": 0.9, NOTE: 0.85,
    "likes": 0.45, "dislikes": 0.45, "eats": 0.4, "plays": 0.45, "learns": 0.45, "owns": 0.4, "event": 0.3,
}  # fmt: skip
_DEFAULT_IMPORTANCE = 0.5
# What is known of others than the user matters a little less.
_OF_OTHERS = 0.8
# So does what nobody but a model read.
_OF_GUESSES, _READ = 0.7, 0.75

_PREFERENCES = frozenset({
    "likes", "dislikes", "avoids", "eats",
})  # fmt: skip


def is_many(predicate: str) -> bool:
    """Whether several values may hold at once."""
    base = predicate.removeprefix("ex_")
    if base in _MANY or base in _MANY_ENDED or predicate == NOTE:
        return True
    return base in RELATIONS - _SINGLE_RELATIONS


def kind_of(predicate: str) -> FactKind:
    """What sort of statement a predicate makes."""
    if predicate in _PREFERENCES or predicate.startswith("favourite"):
        return "preference"
    if predicate in RELATIONS:
        return "relation"
    return "event" if predicate == "event" else "fact"


def importance(said: Statement) -> float:
    """How much a statement matters, 0 to 1: who the user is and health first, tastes later, events last."""
    value = _IMPORTANCE.get(said.predicate, _DEFAULT_IMPORTANCE)
    if said.predicate in FAMILY:
        value = 0.85
    elif said.predicate in CIRCLE | PETS:
        value = 0.65
    elif said.predicate.startswith("favourite"):
        value = 0.5
    if said.confidence < _READ:
        value *= _OF_GUESSES
    return round(value if said.subject in (USER, AGENT) else value * _OF_OTHERS, 3)


def sentence(subject: str, predicate: str, value: str) -> str:
    """A statement as one sentence in the third person: "The user's dentist is Dr. Huber."

    A subject that is no name but a relation ("sister") is told as the user's.
    """
    who = told(subject)
    owner = f"{who}'" if who.endswith("s") and subject not in RELATIONS else f"{who}'s"
    if predicate == "job" and value in _NO_JOBS:
        predicate = "is"
    template = _TEMPLATES.get(predicate) or "{owner} {noun} is {o}."
    words = template.format(s=who, owner=owner, noun=predicate.replace("_", " "), o=value.rstrip(" ."))
    return words[:1].upper() + words[1:]


_PAST = (("lives in", "lived in"), ("works", "worked"), ("likes", "liked"), ("does not", "did not"),
         ("is", "was"), ("has", "had"), ("speaks", "spoke"), ("plays", "played"), ("eats", "ate"),
         ("studies", "studied"))  # fmt: skip


def past(told: str) -> str:
    """A sentence of `sentence` in the past tense: "The user lived in Graz." """
    for now, then in _PAST:
        if f" {now} " in told:
            return told.replace(f" {now} ", f" {then} ", 1)
    return told


def told(subject: str) -> str:
    """Whom a statement is about, as a sentence names him: "The user's sister"; names stay as they are."""
    if subject == USER:
        return "The user"
    if subject == AGENT:
        return "The assistant"
    return f"The user's {subject.replace('_', ' ')}" if subject.lower() == subject else subject
