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
    (r"\bwe (?:have|'ve)\b|\bwe've\b", "the user has"),
    (r"\bwe were\b", "the user was"),
    (r"\bwe (?:do not|don't)\b", "the user does not"),
    (r"\bwe(?:'ll| will)\b", "the user will"),
    (r"\bwe(?:'d| would)\b", "the user would"),
    (r"\bwe (always|never|usually|often|only|also|still|really|both) ", r"the user \1 "),
    (r"\bwe\b", "the user"),
    (r"\byou are\b|\byou're\b", "the assistant is"),
    (r"\byour\b", "the assistant's"),
    (r"\byou\b", "the assistant"),
)
_ADVERBS = (
    r"(?:(?:always|never|usually|often|only|also|still|really|normally|mostly|sometimes|rarely|generally|both|"
    r"just|now|all|typically|hardly ever|no longer|already|currently|even) )*"
)
# After "the user" an English verb of the present takes an ending; forms that are past or helping do not.
_VERB = re.compile(
    rf"(?<=\bthe user )(?P<adverbs>{_ADVERBS})(?P<verb>like|love|hate|want|need|live|work|keep|park|"
    r"prefer|meet|take|go|start|use|owe|think|know|get|leave|play|eat|drink|sleep|study|drive|walk|run|read|"
    r"watch|speak|come|feel|pay|sing|bring|draw|teach|fix|cycle|help|wear|have|do|make|bake|grow|collect|"
    r"paint|knit|sew|repair|build|sell|brew|restore|coach|train|swim|row|dance|act|volunteer|belong|own|"
    r"manage|support|smoke|cook|clean|deliver|foster|breed|write|visit|see|call|ride|travel|commute|share|"
    r"rent|stay|find|try|practise|practice|rehearse|perform|look|put|give|buy|order|listen|stop|finish|wake|"
    r"catch|ring|phone|organise|translate|design|photograph)\b"
)
# What begins a sentence and says nothing of the user: "Coach, ", "Well, ", "Please remember that ".
_OPENING = re.compile(
    r"^(?:(?:please )?(?:remember|note|don't forget|do not forget|keep in mind)(?: that)?,? "
    r"(?=(?:i|my|our|we|the)\b)|"
    r"(?:oh|well|so|and|but|yes|yeah|no|hi|hey|hello|ok|okay|actually|anyway|by the way|good news|sorry)\b"
    r"[,!.]? (?!way|one)|"
    r"\w+, (?=(?:i|we)\b))+",
    re.IGNORECASE,
)
_FROM_AGENT = (
    (r"\byou're\b", "I am"),
    (r"\byou are\b", "I am"),
    (r"\byour\b", "my"),
    (r"\byou\b", "I"),
)


def third_person(words: str, verb: str = "") -> str:
    """English words of the user as a sentence about the user: "The user's key is under the mat."

    Words of another language are quoted.

    Args:
        words: As they were said.
        verb: What is known to be a verb of the present in them.
    """
    plain = words.strip().rstrip(".!? ")
    if not plain.isascii() and not re.search(r"\b(?:the|is|my|i|are)\b", plain, re.IGNORECASE):
        return f"The user said: “{plain}”."
    told = _OPENING.sub("", plain)
    for pattern, spelled in _ABOUT_USER:
        told = re.sub(pattern, spelled, told, flags=re.IGNORECASE)
    told = _VERB.sub(lambda found: found["adverbs"] + _with_ending(found["verb"]), told)
    if verb:
        own = rf"(?<=\bthe user )({_ADVERBS})({re.escape(verb)})\b"
        told = re.sub(own, lambda found: found[1] + _with_ending(found[2]), told)
    return f"{told[:1].upper()}{told[1:]}."


def _with_ending(verb: str) -> str:
    if verb == "have":
        return "has"
    if verb.endswith(("o", "ch", "sh", "ss", "x")):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if re.search(r"[^aeiou]y$", verb) else f"{verb}s"


def from_agent(told: str) -> str:
    """What the agent said of the user as the user would say it: "your dentist is" becomes "my dentist is"."""
    for pattern, spelled in _FROM_AGENT:
        told = re.sub(pattern, spelled, told, flags=re.IGNORECASE)
    return told
