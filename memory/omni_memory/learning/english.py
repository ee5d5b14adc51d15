"""How English says whom a clause is about, where values end, and how they are written."""

from __future__ import annotations

import re

from .patterns import WORD
from .rules import kin_of

KIN = kin_of("en")
_PLURALS = ("parents", "kids", "children", "grandparents")
KINS = "|".join(sorted(map(re.escape, KIN), key=len, reverse=True))
AGES = (
    r"(?:older|younger|elder|big|little|baby|twin|new|late|dear|oldest|youngest|eldest|only|step|half|"
    r"old|lovely|darling|poor|other|own|ex|former|great)"
)
KIN_WORD = rf"(?:{AGES}[ -])?(?P<kin>{KINS})"
KIN_PLAIN = rf"(?:{AGES}[ -])?(?:{KINS})"
CAPITAL = r"(?-i:[A-ZÀ-ÖØ-Þ][\w'’.-]*)"
NAME = rf"{CAPITAL}(?: (?:(?-i:van|von|de|da|di|del|la|der|den|bin|al) )*{CAPITAL}){{0,3}}"

_PRONOUNS = r"i|we|he|she|it|they|you|my|our|his|her|its|their|this|that|there"
# Where a value ends: at a mark, at a word that begins another clause, or at the end. "and" alone goes on.
MARK = r"(?=\s*(?:$|[,;:!?()\[\]–—]|\.(?:\s|$)|\s-\s))"
JOIN = (
    rf"(?=(?:,\s+|,?\s+(?:and|but|so|or|because|then|plus)\s+)(?:{_PRONOUNS})(?:'\w+)?\s|"
    rf"\s+(?:i|we|he|she|they|my (?:name|{KINS})|our (?:{KINS}))\s|"
    r"\s+(?:but|because|since|as|which|who|where|when|while|though|although|that|if|so|until|unless|after|"
    r"before|except|than|whereas|whose|hence|please|thanks|thank)\b)"
)
AND = r"(?=\s+(?:and|or|then|plus)\s)"
END = rf"(?:{MARK}|{JOIN}|{AND})"
LIST_END = rf"(?:(?=\s*(?:$|[;:!?()\[\]–—]|\.(?:\s|$)|-\s))|{JOIN}|(?=,\s+(?:\w+\s+){{4,}}))"
VALUE = rf"(?P<o>{WORD}(?: {WORD}){{0,7}}?){END}"
LIST = rf"(?P<o>\S+(?: \S+){{0,15}}?){LIST_END}"

FILLER = (
    r"well|so|oh|ok|okay|yes|yeah|yep|no|nope|nah|hi|hey|hello|there|"
    r"everyone(?!(?:\s+\w+){0,5}\s+calls?\b)|actually|also|anyway|anyways|"
    r"look|listen|um|uh|er|hmm|"
    r"ah|right|sure|great|thanks|thank you|sorry|honestly|basically|frankly|now|today|then|first|by the "
    r"way|btw|"
    r"please (?:remember|keep in mind|make a note|note)(?: that)?|fyi|"
    r"for your information|just so you know|you know|you should know(?: that)?|as you know|i mean|"
    r"to be honest|in fact|of course|correction|wait|remember(?: that)?|note(?: that)?|good (?:morning|"
    r"evening|"
    r"afternoon)|please note(?: that)?|i(?:'d| would) like you to know(?: that)?|i told you(?: that)?|"
    r"i said(?: that)?|as i said|my point is(?: that)?|did you know(?: that)?|because|since|as|but|and|plus|"
    r"these days|currently|at the moment|lately|let me tell you(?: that)?|i want(?:ed)? you to know(?: "
    r"that)?|"
    r"i have to say(?: that)?|i should mention(?: that)?|don't forget(?: that)?|do not forget(?: that)?|"
    r"keep in mind(?: that)?|i am happy to say(?: that)?|good news|unfortunately|sadly|luckily|finally|"
    r"recently"
)
START = re.compile(
    rf"(?:\s*[,;:()–—]\s*|\s+-\s+|\s+|^)(?:(?:{FILLER})\b[\s,:!-]*)*(?:nice to meet you[\s,]*)?",
    re.IGNORECASE,
)

GO_ON = re.compile(r"(?:,|,?\s+(?:and|but))(?=\s)", re.IGNORECASE)
STEP = re.compile(r"\s*[,;:()–—]\s*|\s+-\s+|\s+(?=(?:and|but|so|because|plus|then)\s)", re.IGNORECASE)

RUN_ON = re.compile(
    rf"{STEP.pattern}|\s+(?=(?:(?:i|we)(?:\s+(?:am|have|live|work|like|love|hate|speak|moved|do not|study|"
    rf"play|drive)|'m)|"
    r"my (?:\w+ ){1,2}is)\s)",
    re.IGNORECASE,
)

_THEN_VERB = (
    r"(?=\s+(?:lives|works|is|has|likes|loves|speaks|plays|hates|studies|moved|was|turned|got|does|enjoys|"
    r"comes|grew|died|passed|started|quit|had|used|drives|married|will|always|never|teaches|runs|goes)\b)"
)
SUBJECT = re.compile(
    rf"(?:(?P<me>i|we)\b|(?:my|our)\s+(?:{AGES}[ -])?(?P<kin>{KINS}|{'|'.join(_PLURALS)})\b(?![-'])"
    rf"(?:,?\s+(?P<apposed>{NAME}|\w+{_THEN_VERB})(?!'s)\b,?)?|(?P<pronoun>he|she|it)\b|(?P<you>you)\b|"
    rf"(?P<named>[\w-]+)\b)",
    re.IGNORECASE,
)

_SMALL = frozenset({
    "van", "von", "de", "da", "di", "del", "la", "der", "den", "bin", "al", "of", "the", "and", "el", "in",
    "on", "at", "near",
})  # fmt: skip
_TAIL = re.compile(
    r"(?:,?\s+(?:too|as well|actually|by the way|btw|now|nowadays|lately|these days|at the moment|right now|"
    r"currently|"
    r"for now|please|though|again|you know|of course|haha|lol|today|any ?more|anyway|either|though|instead|"
    r"a lot|so much|very much|the most|most of all|the best|more than anything|with my \w+|with our \w+|"
    r"(?:ever )?since .*|for (?:the (?:past|last) )?(?:\w+|\d+) (?:years?|months?|weeks?|days?).*|"
    r"(?:last|this) (?:week|month|year|spring|summer|autumn|fall|winter|weekend|monday|tuesday|wednesday|"
    r"thursday|friday|saturday|sunday|january|february|march|april|may|june|july|august|september|october|"
    r"november|december)|in (?:january|february|march|april|may|june|july|august|september|october|november|"
    r"december|\d{4})(?: \d{4})?|(?:a|an|one|two|three|four|five|six|few|\w+|\d+) (?:few )?(?:days?|weeks?|"
    r"months?|years?) "
    r"ago|yesterday|recently|already|all my life|my whole life|forever|always))+$",
    re.IGNORECASE,
)
_DEICTIC = re.compile(
    r"\b(?:this|that|these|those|it|you|your|yours|them|here|there|him|her|me|one|something|nothing|anything|"
    r"everything|someone|what|how|when|why|where|who|to be|so|same|such)\b",
    re.IGNORECASE,
)
# Verbs, and prepositions at the end, show that words were cut where they go on.
_OPEN_END = re.compile(
    r"\b(?:are|is|was|were|have|has|had|can|will|did|does|do)\b|"
    r"\s(?:with|from|of|in|at|to|for|on|by|about|like|a lot)$|^a (?:lot|ton)\b|^to$",
    re.IGNORECASE,
)
_GENERAL = frozenset({
    "sea", "ocean", "mountains", "beach", "outdoors", "countryside", "cinema", "theatre", "theater",
    "opera", "city", "rain", "snow", "sun", "cold", "heat", "dark", "forest", "woods", "gym", "piano",
    "guitar", "violin", "winter", "summer", "autumn", "spring", "desert", "lakes", "lake", "blues", "news",
    "dentist", "coast", "stars",
})  # fmt: skip
_NO_THING = frozenset({
    "his", "her", "their", "its", "not", "no", "if", "my", "our", "especially", "particularly", "in", "at",
    "on", "with", "when", "from", "for", "by", "just", "well", "anyone", "anybody", "people", "is", "are",
    "and", "or",
})  # fmt: skip
_NO_PLACE = frozenset({
    "a", "an", "my", "our", "your", "his", "her", "hope", "fear", "peace", "night", "nights", "home",
    "work", "least", "first", "all", "once", "myself", "himself", "herself", "ourselves", "present", "is",
    "are", "was", "and", "times", "weekends", "time", "another", "some",
})  # fmt: skip
_THE_PLACES = frozenset({
    "hague", "netherlands", "bronx", "uk", "us", "usa", "states", "city", "country", "countryside", "suburbs",
    "coast", "highlands", "alps", "seaside", "mountains", "midlands", "philippines", "bahamas", "north",
    "south", "east", "west", "village", "town", "islands",
})  # fmt: skip
# Whose words end like the names of Susan and Julian.
_PEOPLES = frozenset({
    "german", "roman", "russian", "italian", "iranian", "belgian", "serbian", "persian", "syrian", "indian",
    "asian", "american", "mexican", "african", "korean", "european", "hungarian", "romanian", "bulgarian",
    "croatian", "slovenian", "slovakian", "austrian", "australian", "brazilian", "canadian", "norwegian",
    "ukrainian", "estonian", "latvian", "lithuanian", "armenian", "georgian", "albanian", "bosnian",
    "macedonian", "chilean", "cuban", "jamaican", "nigerian", "ghanaian", "kenyan", "ethiopian", "egyptian",
    "tunisian", "algerian", "libyan", "moroccan", "jordanian", "palestinian", "indonesian", "malaysian",
    "cambodian", "colombian", "peruvian", "bolivian", "argentinian", "venezuelan", "ecuadorian", "texan",
    "californian", "parisian", "christian", "lutheran", "anglican", "presbyterian", "vegan", "vegetarian",
    "pescatarian", "republican", "samoan", "tibetan", "mongolian", "catalan", "sicilian", "scandinavian",
})  # fmt: skip
_TIMES = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september|"
    r"october|november|december|christmas|easter|spring|summer|autumn|winter"
)
_NO_NAME = frozenset({
    "our", "their", "its", "all", "both", "everything", "a", "an", "the", "not", "no", "on", "in", "at",
    "so", "very", "too", "really", "just", "hard", "difficult", "long", "short", "what", "that", "it", "my",
    "your", "his", "her", "here", "there", "going", "getting", "being", "coming", "back", "later", "when",
    "if", "maybe", "tomorrow", "again", "anything", "whatever", "he", "she", "they", "this", "who", "you",
    "him", "them", "me", "us", "we", "i", "also", "one", "crazy", "old-fashioned", "sick", "dead", "nice",
    "great", "good", "bad", "ok", "okay", "fine", "happy", "sad", "angry", "tired", "late", "early", "busy",
    "cute", "sweet", "annoying", "awful", "amazing", "with", "for", "to", "from", "of", "and", "or",
    "always", "never", "still", "now", "about", "like", "usually", "often", "currently", "finally",
    "recently", "only", "then", "actually", "probably", "spelled", "pronounced", "visiting", "away", "home",
    "old", "young", "taken", "wrong", "right", "secret",
})  # fmt: skip
_TITLES = {
    "doctor": "Dr.",
    "dr": "Dr.",
    "dr.": "Dr.",
    "mister": "Mr.",
    "mr": "Mr.",
    "mrs": "Mrs.",
    "ms": "Ms.",
}


def cut(value: str) -> str:
    """A value without what trails it: "too", "these days", "since 2019"."""
    return _TAIL.sub("", value.strip(" ,.;:!?\"'")).strip(" ,.;:!?\"'")


def capitalised(value: str) -> str:
    """A proper noun as it is written; speech comes in small letters."""
    words = [_TITLES.get(word.lower(), word) for word in value.split()]
    return " ".join(
        word if word != word.lower() or (index and word in _SMALL) else _upper(word)
        for index, word in enumerate(words)
    )


def _upper(word: str) -> str:
    return "-".join(part[:1].upper() + part[1:] for part in word.split("-"))


def name(value: str) -> str:
    """A name of somebody, or empty: at most four words, none of which says that it is something else."""
    words = cut(value).removesuffix("'s").split()
    if not words or len(words) > 4 or words[0].lower() in _NO_NAME or not words[0][0].isalpha():
        return ""
    if any(word.lower() in _NO_NAME - _SMALL - {"and"} or not word[0].isalnum() for word in words[1:]):
        return ""
    return capitalised(" ".join(words))


def introduced(value: str) -> str:
    """Somebody's name after "I'm", which capitals alone tell from "I'm tired"; not a nationality or a "
    "faith."""
    given = value.split(" ", 1)[0]
    if given.isupper() or re.search(rf"(?:ish|ese|ic|im|ist)$|^(?:{_TIMES})$", given, re.IGNORECASE):
        return ""
    if given == given.lower() or given.lower() in _PEOPLES:
        return ""
    return name(value)


def tongue(value: str) -> str:
    """A language, without how much of it."""
    bare = re.sub(
        r"^(?:a (?:bit|little)(?: bit)? of|some|fluent|basic|both|only|a little)\s+",
        "",
        cut(value),
        flags=re.I,
    )
    return name(re.sub(r"\s+(?:fluently|well|natively)$", "", bare, flags=re.I))


def place(value: str) -> str:
    """Where somebody lives: a proper noun; "a small flat" and "the moment" are none."""
    words = cut(value)
    first = words.split(" ", 1)[0].lower() if words else ""
    if not words or first in _NO_PLACE or _DEICTIC.search(words) or len(words.split()) > 5:
        return ""
    if first == "the":
        rest = words[4:]
        return f"the {capitalised(rest)}" if rest and (rest != rest.lower() or rest in _THE_PLACES) else ""
    return ", ".join(capitalised(part) for part in words.split(", "))


def employer(value: str) -> str:
    """Where somebody works: a name, or "the council"."""
    words = cut(value)
    if re.match(r"(?:the|an?)\s", words, re.IGNORECASE):
        return words if len(words.split()) <= 5 and not _DEICTIC.search(words) else ""
    return place(words)


def thing(value: str) -> str:
    """Something liked, had or taken; empty for what only points: "it", "this song", "your voice"."""
    words = re.sub(r"^both\s", "", cut(value), flags=re.IGNORECASE)
    if not words or len(words.split()) > 7 or _DEICTIC.search(words) or not words[0].isalnum():
        return ""
    if words.split()[0].lower() in _NO_THING or _OPEN_END.search(words):
        return ""
    return re.sub(r"\b(?:my|our)\b", "their", words, flags=re.IGNORECASE)


def taste(value: str) -> str:
    """Something liked at all times: "the sea", but not "the colour" of what is being looked at."""
    words = thing(value)
    return "" if re.match(r"(?:all )?the\s+[a-z]", words) and words[4:].lower() not in _GENERAL else words


def phrase(value: str) -> str:
    """Any value of a few words."""
    return cut(value) if len(cut(value).split()) <= 8 else ""
