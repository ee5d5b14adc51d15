"""English values that need a closer look: ages, occupations, and nouns that name what somebody has."""

from __future__ import annotations

import re

from .english import KIN, cut

# Words for those who do something, by their endings, and the most common that have none of these.
_WORKER = re.compile(
    r"(?:er|or|ist|ian|man|woman|ant|ent|eur|smith|wright|mate|maid|keeper|guard|officer|aide|hand|star)$"
)
_WORKERS = frozenset({
    "nurse", "chef", "cook", "pilot", "judge", "clerk", "coach", "spy", "priest", "monk", "nun", "vet",
    "mechanic", "architect", "paralegal", "dj", "ceo", "cto", "cfo", "mathematic", "midwife", "au pair",
    "mp", "gp", "housewife", "househusband", "stay-at-home", "intern", "apprentice", "trainee", "postdoc",
    "soldier", "athlete", "poet", "critic", "paramedic", "diplomat", "medic", "acrobat", "barista",
    "barber", "sommelier", "concierge", "welder", "freelance", "analyst", "bureaucrat", "detective",
    "representative", "executive", "model", "host", "hostess", "waitress", "actress", "stewardess",
    "professor", "student", "pharmacist", "surgeon", "tailor", "guide",
})  # fmt: skip
# Endings of a worker, but no work: what somebody is for a moment, or to others.
_NO_WORK = frozenset({
    "beginner", "lover", "fan", "believer", "member", "owner", "user", "customer", "listener", "beer",
    "winner", "loser", "sucker", "person", "human", "man", "woman", "father", "mother", "brother", "sister",
    "daughter", "parent", "stranger", "newcomer", "eater", "sleeper", "riser", "drinker", "smoker", "hater",
    "patient", "disaster", "monster", "mother-in-law", "foreigner", "fighter", "survivor", "passenger",
    "visitor", "neighbor", "resident", "adult", "million", "perfectionist", "optimist", "pessimist",
    "moment", "client", "liar", "tester", "christian", "italian", "american", "austrian", "german",
    "australian", "canadian", "russian", "brazilian", "indian", "norwegian", "hungarian", "vegetarian",
    "pescatarian", "virgin", "different", "runner", "teenager", "bit", "little", "night", "morning",
    "grandfather", "grandmother", "partner", "worrier", "reader", "talker",
})  # fmt: skip
# Nouns that people say "my" of without having anything.
_DISCOURSE = frozenset({
    "point", "question", "problem", "idea", "guess", "answer", "opinion", "advice", "fault", "turn",
    "mistake", "concern", "worry", "pleasure", "bad", "feeling", "impression", "understanding",
    "suggestion", "request", "choice", "issue", "wish", "dream", "hope", "fear", "day", "morning",
    "evening", "night", "week", "weekend", "head", "mind", "heart", "stomach", "back", "battery", "screen",
    "life", "world", "everything", "all", "view", "take", "reason", "reasoning", "theory", "assumption",
    "task", "next", "last", "first", "favourite", "own", "only", "whole", "order", "apologies", "word",
    "way", "thing", "time", "love", "goodness", "god", "only problem", "biggest problem", "best guess",
    "main point", "main question", "mood", "luck", "weather",
})  # fmt: skip
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS_SPOKEN = (
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
NUMBERS = {word: index for index, word in enumerate(_ONES)}
TENS = {word: 10 * index for index, word in enumerate(_TENS_SPOKEN, 2)}
_OLDEST = 125
_SHORTEST = 3


_SELECTING = frozenset(
    {"next", "last", "first", "favourite", "own", "only", "whole", "main", "biggest", "best"}
)


def number(words: str) -> str:
    """A number below a hundred as digits, or empty."""
    parts = re.split(r"[\s-]+", cut(words).lower())
    if len(parts) == 1 and parts[0].isdigit():
        return parts[0]
    if len(parts) == 1 and parts[0] in NUMBERS | TENS:
        return str((NUMBERS | TENS)[parts[0]])
    if len(parts) == 2 and parts[0] in TENS and 0 < NUMBERS.get(parts[1], 0) < 10:
        return str(TENS[parts[0]] + NUMBERS[parts[1]])
    return ""


def age(words: str) -> str:
    """How old somebody is, in years, or empty."""
    years = number(words)
    return years if years and 0 < int(years) <= _OLDEST else ""


def job(words: str) -> str:
    """An occupation with its article ("a nurse"), or empty for whatever else somebody may be."""
    plain = cut(words)
    parts = plain.lower().split()[1:]
    if not parts or len(parts) > 4 or set(parts) & _NO_WORK:
        return ""
    last = parts[-1]
    working = last in _WORKERS or parts[0] in _WORKERS or (_WORKER.search(last) and len(last) > 4)
    return plain if working else ""


_PRESENT = re.compile(r"\bthis (?:week|month|year|term|season|spring|summer|autumn|winter)\b", re.IGNORECASE)
_POINTS = re.compile(
    r"\b(?:this|that|these|those|you|your|yours|there|it|something|anything|nothing|them|him)\b",
    re.IGNORECASE,
)


def doing(words: str) -> str:
    """What somebody does or has, as it was said; empty where only those who were there know what is meant."""
    plain = " ".join(words.strip(" ,.;:!?\"'").split())
    return "" if _POINTS.search(_PRESENT.sub("", plain)) or len(plain) < _SHORTEST else plain


def noun(words: str) -> str:
    """What somebody has, as a predicate: "wifi password" becomes `wifi_password`; empty for "my point is"."""
    plain = re.sub(r"\b(?:my|our) ", "", words.lower().strip())
    plain = re.sub(r"^(?:new|old|current|own|dear|main|usual|regular) ", "", plain)
    parts = plain.replace("'s", "").replace("-", " ").split()
    if not parts or parts[0] in KIN or parts[0] in _SELECTING:
        return ""
    if plain in _DISCOURSE or parts[-1] in _DISCOURSE or parts[0] in _DISCOURSE - {"first", "last"}:
        return ""
    return "_".join(part for part in parts if part.isalnum())
