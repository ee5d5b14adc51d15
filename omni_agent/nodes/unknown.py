"""Whether the user asks for something of his own that nothing tells: then a small model has to hear so.

Left to itself it makes something up, whatever its system prompt says of what it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile

UNKNOWN = "nothing about that. Say that you do not know it."

ANSWER = (
    "Answer with the names and details that the user has told you, the newest where they differ. "
    "What the user has not told you, you do not know: then say so."
)

_NEAR = 0.23
"""From what nearness on one word may tell of another: a beagle of a dog, but not a wife of a landlord."""

_FAR = 0.17
"""The same where no name or sort is asked for."""

_MOST_KEYS = 3
_ASKS = re.compile(
    r"[?？]\s*$|^\W*(?:and |so |now |please |tell me,? |do you (?:still )?(?:know|remember) )*"
    r"(?:what|which|where|when|who|whose|how (?:old|long|many|much|tall))\b",
    re.IGNORECASE,
)
_OWN = re.compile(r"\b(?:my|our)\s+", re.IGNORECASE)
# For somebody's or something's name or sort. The answer to another question may share no meaning with it.
_IDENTITY = re.compile(
    r"\b(?:(?:sur|nick)?names?|called|make|brand|model|breed|colour|color|number|who(?:['’]s| is| was)?)\b",
    re.IGNORECASE,
)
_SELF = re.compile(r"\b(?:i|we|me|us)\b|\bhome (?:now|these days|nowadays)\b|\bis home\b", re.IGNORECASE)
_THEIRS = re.compile(r"\b(?:his|her|hers|their|he|she|they)\b", re.IGNORECASE)
_NAMED = re.compile(r"(?<=[\w,] )[A-Z][a-z]+")
_ADVICE = re.compile(
    r"\b(?:should|could|can(?!['’]t\b)|would|shall|do you (?:think|suggest|recommend)|how (?:do|to)|what if|"
    r"you)\b",
    re.IGNORECASE,
)
_KNOW = re.compile(
    r"\b(?:(?:do|can|could|would) |d['’])you (?:still )?(?:know|remember|recall|tell me|remind me)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+")
# What does not tell one thing of the user's from another.
_GENERIC = """
    name names surname nickname call called again kind sort type place thing time day date year week town
    city country home part old new first last full own favourite favorite best most long many much often
    ever usually always currently nowadays days moment present before after while am were being became
    become want like remember said told mention mentioned another other same live living job profession
    occupation career d'you i'm
"""

# A brother is near a sister in meaning, and one tells nothing of the other.
_KIN = tuple(
    frozenset(line.split())
    for line in (
        "mother mum mom mam mama mummy mommy parents folks",
        "father dad papa daddy parents folks",
        "sister sis siblings twin",
        "brother bro siblings twin",
        "son lad boy kid kids child children baby twins",
        "daughter girl lass kid kids child children baby twins",
        "wife missus married spouse",
        "husband hubby married spouse",
        "aunt auntie",
        "uncle",
        "grandmother grandma granny gran nan nana grandparents",
        "grandfather grandpa grandad granddad grandparents",
        "niece sister's brother's",
        "nephew sister's brother's",
        "cousin",
    )
)


def of_own(words: str) -> bool:
    """Whether the user asks for something about himself; English words only."""
    asks = _ASKS.search(words) and not _ADVICE.search(_KNOW.sub("", words))
    return bool(asks and (_OWN.search(words) or _SELF.search(words)))


def asks_of_another(words: str) -> bool:
    """Whether a question may be about somebody or something besides the user: "what is my wife's job?"."""
    return any(pattern.search(words) for pattern in (_OWN, _THEIRS, _NAMED, _IDENTITY))


def of_another(words: str) -> bool:
    """Whether the user asks for something about somebody: "What's his job?", "Where does Eva live?"."""
    asks = _ASKS.search(words) and not _ADVICE.search(_KNOW.sub("", words))
    return bool(asks and (_THEIRS.search(words) or _NAMED.search(words)))


def of_own_name(words: str) -> bool:
    """Whether the user asks what he himself is called, which people seldom tell in such words."""
    return of_own(words) and names(words) and not _keys(words)


def names(words: str) -> bool:
    """Whether the user asks who or what something is called, or of what sort it is."""
    return _IDENTITY.search(words) is not None


def unanswered(words: str, told: Iterable[str]) -> bool:
    """Whether the user asks for something of his own of which nothing that is told speaks.

    In doubt it is false: English words only, and only with the word vectors installed.

    Args:
        words: The user's.
        told: What the model will see beside them.
    """
    from ..grounding.meaning import available, nearness
    from ..grounding.words import stem

    keys = _keys(words)
    if not keys or not available():
        return False
    seen = {word.lower() for text in told for word in _WORD.findall(text)}
    stems = {stem(word) for word in seen}
    least = _NEAR if names(words) else _FAR

    def told_of(key: str) -> bool:
        if kin := [group for group in _KIN if key in group or key.removesuffix("s") in group]:
            # "My sister's girl" is a niece, and a sister by herself is none.
            return any(
                (word if "'" in word else stem(word)) in seen | stems for group in kin for word in group
            )
        return stem(key) in stems or any(nearness(key, one) >= least for one in seen)

    return not any(map(told_of, keys))


def _keys(words: str) -> list[str]:
    """What it is of the user's that is asked for; nothing where no such thing is."""
    from ..grounding.words import FUNCTION_WORDS

    if not of_own(words):
        return []
    own = list(_OWN.finditer(words))
    idle = FUNCTION_WORDS | frozenset(_GENERIC.split())
    if own:
        after = [_WORD.findall(words[one.end() :])[:_MOST_KEYS] for one in own]
        found = [word for piece in after for word in _until(piece, FUNCTION_WORDS)]
    else:
        found = _WORD.findall(words)
    plain = (re.sub("['’]s$", "", word.lower()) for word in found)
    return [word for word in plain if word not in idle and len(word) > 1]


def _until(words: list[str], ends: frozenset[str]) -> Iterable[str]:
    return takewhile(lambda word: word.lower() not in ends, words)
