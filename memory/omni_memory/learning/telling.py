"""The user's own words turned round: told of the user, or read as the agent's."""

from __future__ import annotations

import re

_ABOUT_USER = (
    (r"\bi am\b|\bi'm\b", "the user is"),
    (r"\bi was\b", "the user was"),
    (r"\b(?:i have|i've)\b(?! \w+ed\b)", "the user has"),
    (r"\b(?:i have|i've)\b", "the user has"),
    (r"\bi (?:do not|don't)\b", "the user does not"),
    (r"\bi(?:'ll| will)\b", "the user will"),
    (r"\bi(?:'d| would)\b", "the user would"),
    (r"\bi (always|never|usually|often|only|also|still|really) ", r"the user \1 "),
    (r"\bi\b", "the user"),
    (r"\bmy\b|\bour\b", "the user's"),
    (r"\b(?:mine|ours)\b", "the user's"),
    (r"\b(?:me|us|myself)\b", "the user"),
    (r"\bwe are\b|\bwe're\b", "the user is"),
    (r"\bwe\b", "the user"),
    (r"\byou are\b|\byou're\b", "the assistant is"),
    (r"\byour\b", "the assistant's"),
    (r"\byou\b", "the assistant"),
)
# After "the user" an English verb of the present takes an ending; forms that are past or helping do not.
_VERB = re.compile(
    r"(?<=\bthe user )(like|love|hate|want|need|live|work|keep|park|prefer|meet|take|go|start|use|owe|think|"
    r"know|get|leave|play|eat|drink|sleep|study|drive|walk|run|read|watch|speak|come|feel|pay|sing|bring)\b"
)
_FROM_AGENT = (
    (r"\byou're\b", "I am"),
    (r"\byou are\b", "I am"),
    (r"\byour\b", "my"),
    (r"\byou\b", "I"),
)


def third_person(words: str) -> str:
    """English words of the user as a sentence about the user: "The user's key is under the mat."

    Words of another language are quoted.
    """
    plain = words.strip().rstrip(".!? ")
    if not plain.isascii() and not re.search(r"\b(?:the|is|my|i|are)\b", plain, re.IGNORECASE):
        return f"The user said: “{plain}”."
    told = plain
    for pattern, spelled in _ABOUT_USER:
        told = re.sub(pattern, spelled, told, flags=re.IGNORECASE)
    told = _VERB.sub(lambda verb: _with_ending(verb[0]), told)
    return f"{told[:1].upper()}{told[1:]}."


def _with_ending(verb: str) -> str:
    if verb.endswith(("o", "ch", "sh", "ss")):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if re.search(r"[^aeiou]y$", verb) else f"{verb}s"


def from_agent(told: str) -> str:
    """What the agent said of the user as the user would say it: "your dentist is" becomes "my dentist is"."""
    for pattern, spelled in _FROM_AGENT:
        told = re.sub(pattern, spelled, told, flags=re.IGNORECASE)
    return told
