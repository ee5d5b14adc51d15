"""Who and what the user names in passing: "Basil, our spaniel, ...", "my aunt Rosalind always says ...".

Such a name is the user's own even where the rest of the sentence is somebody else's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from omni_agent.memory import USER, Statement

from ..kin import BREEDS
from ..predicates import FAMILY
from .english import AGES, KIN, KIN_WORD, NAME, name
from .rules import Talk, state
from .telling import third_person
from .values_en import noun

_ADJECTIVES = rf"(?:(?:{AGES}|\w+ed|little|wee|beloved)[ -]){{0,2}}"
_WITHOUT_NAME = r"(?!(?-i:I|I'm|I'll|I've|I'd)\b)"
_NAMED = rf"(?P<o>{_WITHOUT_NAME}{NAME})"
_END = r"(?=\s*(?:$|[,;:!?()–—]|\.(?:\s|$)))"
_TITLED = r"(?P<o>(?:Dr|Mr|Mrs|Ms|Miss|Prof|Professor|Doctor)\.? (?-i:[A-ZÀ-ÖØ-Þ])[\w'’-]+)"
_GROUPS = {
    "twins": "child", "triplets": "child", "kids": "child", "children": "child", "little ones": "child",
    "boys": "son", "sons": "son", "girls": "daughter", "daughters": "daughter", "brothers": "brother",
    "sisters": "sister", "parents": "parent", "dogs": "dog", "cats": "cat", "grandchildren": "grandchild",
    "grandkids": "grandchild", "flatmates": "flatmate", "friends": "friend", "cousins": "cousin",
    "nieces": "niece", "nephews": "nephew", "horses": "horse", "rabbits": "rabbit",
}  # fmt: skip
_SEVERAL = re.compile(
    rf"\b(?:(?:my|our)\s+(?:\w+ ){{0,2}}?|the\s+(?=twins|triplets|kids|children|boys|girls|dogs|cats))"
    rf"(?P<group>{'|'.join(_GROUPS)}),?\s+(?P<all>{NAME}(?:,\s+{NAME})*,?\s+(?:and|&)\s+{NAME})",
    re.IGNORECASE,
)
_AND = re.compile(r",?\s+(?:and|&)\s+|,\s+", re.IGNORECASE)
_KIN_NAME = re.compile(rf"\b(?:my|our)\s+{_ADJECTIVES}{KIN_WORD}\s+{_NAMED}", re.IGNORECASE)
_KIN_APPOSED = re.compile(rf"\b(?:my|our)\s+{_ADJECTIVES}{KIN_WORD},\s+{_NAMED}{_END}", re.IGNORECASE)
# Not "In Paris, my sister, ...", nor "Thanks, Max, my friend".
_NAME_KIN = re.compile(
    rf"(?<!\bin )(?<!\bat )(?<!\bnear )(?<!\bfrom )\b{_NAMED}(?:,? of course)?,\s+"
    rf"(?:my|our)\s+{_ADJECTIVES}(?!friend|mate|pal|buddy){KIN_WORD}{_END}",
    re.IGNORECASE,
)
_TITLED_ROLES = (
    re.compile(rf"\b(?:my|our)\s+(?P<noun>[\w-]+(?: [\w-]+)?),?\s+{_TITLED}", re.IGNORECASE),
    re.compile(rf"\b{_TITLED},\s+(?:my|our)\s+(?P<noun>[\w-]+){_END}", re.IGNORECASE),
)
# "Our old green Fiesta": what is not somebody is something.
_THING = re.compile(
    r"\b(?:my|our)\s+(?P<o>(?:(?:old|new|little|trusty|second-hand|red|blue|green|white|black|grey|gray|silver|"
    r"yellow|orange|brown|pink|purple|vintage|beloved)\s+)+(?-i:[A-Z])[\w-]+)",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"\b(?:an?|my|our)\s+(?:\w+ )??(?P<noun>(?!book|film|movie|song|show|series|game|guy|man|woman|person|"
    r"bloke|band|app|website|recipe|thing|something|programme|program|podcast|play|girl|boy|lady|chap|place|"
    r"is\b|are\b|was\b|were\b|name)[\w-]+)(?:, (?:and )?| (?:and )?)"
    r"(?:(?:it|which|that|they|we|i)(?:'s| is| have|'ve)? )?(?:called|named|call)(?: it| him| her)? "
    rf"{_NAMED}",
    re.IGNORECASE,
)
# In speech without capitals a name shows by the verb after it, and only after words that nobody says else.
_SMALL = re.compile(
    rf"\b(?:my|our)\s+{KIN_WORD}\s+(?P<o>[a-z]+)(?=\s+(?:is|was|has|had|will|always|never|says|said|lives|"
    r"works|likes|loves|i|we|and (?:i|we)|turned|got)\b)"
)
_NO_SMALL = re.compile(
    r"(?:i|we|he|she|they|it|who|that|this|and|or|but|is|was|has|had|in|at|on|of|to|for|as|so|if|then|there|"
    r"here|now|today|tomorrow|yesterday|tonight|\w+day|also|just|still|never|always|often|once|really|only|"
    r"even|actually|usually|probably|\w+ly|\w+ing|\w+ed|tongue|law|both|all|too|back|always|said|says|told|"
    r"thinks?|knows?|wants?|likes?|loves?|does|did|does|lives?|works?|went|got|goes|one|because|where|when|"
    r"what|how|why|made|makes|gave|gives|took|takes|put|came|comes|left|needs?|thought|knew|food|time|home)$"
)


def named(words: str, talk: Talk) -> list[Statement]:
    """What the user names in a sentence: his people and animals, each with a name.

    The names are known to the rest of the turn.
    """
    said = list(dict.fromkeys(_found(words)))
    for one in said:
        if one.subject == USER:
            talk.names = {**talk.names, one.object.lower(): one.object}
    if len({one.object for one in said if one.subject == USER}) == 1:
        talk.last = said[0].object
    return said


def _found(words: str) -> Iterator[Statement]:
    for found in _SEVERAL.finditer(words):
        for value in filter(None, map(name, _AND.split(found["all"]))):
            yield state(USER, _GROUPS[found["group"].lower()], value)
    patterns = (_KIN_NAME, _KIN_APPOSED, _NAME_KIN) if words != words.lower() else (_SMALL,)
    for pattern in patterns:
        for found in pattern.finditer(words):
            yield from _of_kin(found["kin"].lower(), found["o"], small=pattern is _SMALL)
    yield from _things(words)


def _things(words: str) -> Iterator[Statement]:
    """What has a name or a title, and is nobody of the family."""
    for found in _THING.finditer(words):
        if found["o"].split()[-1].lower() not in KIN:
            article = "an" if found["o"][0].lower() in "aeiou" else "a"
            yield replace(state(USER, "owns", found["o"]), text=f"The user has {article} {found['o']}.")
    for pattern in (_CALLED, *_TITLED_ROLES):
        for found in pattern.finditer(words):
            value, role = name(found["o"]), noun(found["noun"])
            if not value or not role:
                continue
            said = state(USER, role, value)
            yield replace(said, text=third_person(words)) if pattern is _CALLED else said


def _of_kin(word: str, spoken: str, *, small: bool) -> Iterator[Statement]:
    kin = KIN[word]
    value = name(re.sub(r"['’]s?\b.*$", "", spoken))
    if not value or (
        small and (kin not in FAMILY | {"friend", "best_friend", "boss"} or _NO_SMALL.match(spoken))
    ):
        return
    yield state(USER, kin, value)
    if word in BREEDS:
        yield state(value, "breed", word)
