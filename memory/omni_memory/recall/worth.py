"""What of all that shares words with a question is worth the tokens that telling it costs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cache

from omni_agent.memory import Recollection

from ..repository.utterances import grams
from . import lexicon
from .question import Question
from .ranking import Ranked

ANSWERED = 0.9
"""A fact that meets so much of a question answers it."""

BESIDE = 0.3
"""What an utterance must hold itself of a question that a fact answers."""

AGENT, QUESTION = 0.5, 0.75
"""What of a question about the user the agent's words, and a question of the user's, must hold themselves."""

CLOSE, ASKED = 0.5, 0.7
"""In passing, what holds less of the words is left out; of words that ask for something, more is wanted."""

SEVERAL, NEARLY = 3, 0.15
"""So many that fit about as well as the best fit none, in passing."""

SAME_WORDING = 0.7
"""What has so many of the words in the same order is the same phrase, most likely about something else."""

MOST_NAMED = 2
"""How many are told in passing of those that hold a name."""

_SHORT = 60  # letters of what may say nothing
_PARTS = re.compile(r"[^.!?？。！…]+[.!?？。！…]*")


def worth_telling(one: Ranked, question: Question, answered: bool, *, passing: bool = False) -> bool:
    """Whether an utterance is to be told.

    In passing it is what the user told, not what he asked: whether it fits, `fits_in_passing` tells.

    The user asks about himself: then what he said counts. The agent's "Okay." beside it, what the agent
    made up once, and what the user only asked are told where they hold much of what is looked for.
    """
    text = one.line.text
    if revokes(text) or (not one.held and says_nothing(text)):
        return False
    if passing:
        return one.line.speaker != "agent" and not asks(text)
    if not question.own:
        return True
    if answered and one.held < BESIDE:
        return False
    if one.line.speaker == "agent":
        return one.held >= AGENT
    return one.held >= QUESTION or not asks(text)


def fits_in_passing(text: str, held: float, question: Question, names: frozenset[str]) -> bool:
    """Whether something that the user told fits words that do not ask memory for it.

    It holds a name that they hold, or enough of them by itself. What the agent is asked of the world, or what
    it thinks, has nothing to do with what the user told; nor has what shares a turn of phrase.

    Args:
        text: What is known or was said.
        held: What of the words it holds itself, 0 to 1.
        question: The words.
        names: What they call by its name.
    """
    if names.intersection(lexicon.words_of(text)):
        return True
    if question.asks:
        return question.speaker != "agent" and held >= ASKED
    return held >= CLOSE and not _same_wording(question.words, text)


def in_passing(found: Sequence[Recollection], names: frozenset[str]) -> list[Recollection]:
    """What is told beside words that do not ask for it, of what fits them.

    The first words of an answer wait for all that is told. Where several fit as well, the words mean none.

    Args:
        found: What fits, best first.
        names: What the words call by its name.
    """
    named = [one for one in found if names.intersection(lexicon.words_of(one.text))][:MOST_NAMED]
    best = max((one.score for one in found), default=0.0)
    near = [one for one in found if one.score >= best - NEARLY]
    return named or (near if len(near) < SEVERAL else [])


def _same_wording(words: str, text: str) -> bool:
    mine, theirs = ([*lexicon.words_of(one), *grams(one)] for one in (words, text))
    shared = SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    return sum(block.size for block in shared) >= SAME_WORDING * len(mine)


def says_nothing(text: str) -> bool:
    """Whether words hold no matter: "Okay, I see." """
    return len(text) <= _SHORT and _idle().issuperset(lexicon.words_of(text)) and not grams(text)


@cache
def _idle() -> frozenset[str]:
    return lexicon.idle_words().union(*map(lexicon.function_words, lexicon.LANGUAGES))


def asks(text: str) -> bool:
    """Whether words only ask: each of their sentences is a question."""
    parts = [part.strip() for part in _PARTS.findall(text) if part.strip()]
    return bool(parts) and all(part.endswith(("?", "？")) for part in parts)


def revokes(text: str) -> bool:
    """Whether words ask for something to be forgotten."""
    words = lexicon.pattern("revoking", "words")
    # Only signs are looked for further on, which takes its time.
    return (words.match(text) if text.isascii() else words.search(text)) is not None
