"""German clauses: after "dass" the verb is at the end; as a sentence of its own it is second."""

from __future__ import annotations

import re

_PRONOUN = re.compile("ich|wir|du|er|sie|es|man", re.IGNORECASE)
_BEFORE_NOUN = re.compile(
    r"(?:mein|dein|sein|ihr|unser|euer|kein)\w*|der|die|das|den|dem|ein|eine", re.IGNORECASE
)
_NAMING = re.compile("ist|sind|war|hei(?:ß|ss)t|hei(?:ß|ss)en|bin")
_PREPOSITION = re.compile("in|im|an|am|auf|aus|bei|beim|mit|nach|von|vom|zu|zum|zur|seit|für")


def main_clause(clause: str) -> str:
    """A subordinate clause as a sentence: "mein Hund Rex heißt" becomes "mein Hund heißt Rex"."""
    *words, verb = clause.split() or [""]
    subject = _subject(words, verb)
    if len(words) <= subject or not verb.isalpha() or not verb.islower():
        return clause
    return " ".join([*words[:subject], verb, *words[subject:]])


def _subject(words: list[str], verb: str) -> int:
    """How many words the subject has."""
    if not words or _PRONOUN.fullmatch(words[0]) or not _BEFORE_NOUN.fullmatch(words[0]):
        return 1
    named = len(words) > 3 and words[2][:1].isupper() and _PREPOSITION.fullmatch(words[3])
    return 3 if named and not _NAMING.fullmatch(verb) else 2
