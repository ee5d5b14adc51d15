"""English: its table of rules, with what `english.py` knows of words and values."""

from __future__ import annotations

from . import english as en
from .patterns import WORD, rules, table
from .rules import Language
from .spellings_en import EXPAND
from .values_en import age, doing, job, noun

_READERS = {
    "name": en.name,
    "introduced": en.introduced,
    "tongue": en.tongue,
    "place": en.place,
    "employer": en.employer,
    "thing": en.thing,
    "taste": en.taste,
    "phrase": en.phrase,
    "value": en.phrase,
    "age": age,
    "job": job,
    "noun": noun,
    "doing": doing,
    "role": lambda words: f"the user's {words[3:]}",
}

_PARTS = {
    **table("en")["parts"],
    "W": WORD,
    "KIN": en.KIN_WORD,
    "KIN_ONLY": en.KIN_PLAIN,
    "NAME": en.NAME,
    "CAPITAL": en.CAPITAL,
    "VALUE": en.VALUE,
    "LIST": en.LIST,
    "END": en.END,
    "MARK": en.MARK,
}
_EVERYDAY = _PARTS | table("en_everyday")["parts"]

ENGLISH = Language(
    code="en",
    subject=en.SUBJECT,
    start=en.START,
    step=en.STEP,
    run_on=en.RUN_ON,
    go_on=en.GO_ON,
    bare=rules("en", "bare", _PARTS) + rules("en_everyday", "bare", _EVERYDAY),
    rules=rules("en", "rules", _PARTS) + rules("en_everyday", "rules", _EVERYDAY),
    readers=_READERS,
    expand=EXPAND,
    name=en.name,
    kin=en.KIN,
)
